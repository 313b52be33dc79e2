"""When an invoice is due

Revision ID: 8ad4e6b15c70
Revises: 3f1c07d2a9be
"""

import sqlalchemy as sa
from alembic import op

revision = "8ad4e6b15c70"
down_revision = "3f1c07d2a9be"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("invoice", sa.Column("due_on", sa.Date))


def downgrade():
    op.drop_column("invoice", "due_on")
