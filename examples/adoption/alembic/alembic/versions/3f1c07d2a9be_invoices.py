"""Invoices

Revision ID: 3f1c07d2a9be
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "3f1c07d2a9be"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(40), nullable=False, unique=True),
        sa.Column("cents", sa.BigInteger, nullable=False),
    )


def downgrade():
    op.drop_table("invoice")
