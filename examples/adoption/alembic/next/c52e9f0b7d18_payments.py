"""Payments

Revision ID: c52e9f0b7d18
Revises: 8ad4e6b15c70
"""

import sqlalchemy as sa
from alembic import op

revision = "c52e9f0b7d18"
down_revision = "8ad4e6b15c70"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("invoice_id", sa.Integer, sa.ForeignKey("invoice.id"), nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
    )
    op.create_index("payment_by_invoice", "payment", ["invoice_id"])


def downgrade():
    op.drop_table("payment")
