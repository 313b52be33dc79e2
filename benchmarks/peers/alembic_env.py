"""Alembic's env.py, copied into the environment that the benchmark makes; runs once per tenant.

The caller has opened the transaction, made the schema and set search_path, so a tenant is one commit here too.
"""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table_schema=given["schema"])
with context.begin_transaction():
    context.run_migrations()
