"""Migrates the tenant that is named on the command line: alembic -x tenant=tenant_acme upgrade head."""

from alembic import context
from sqlalchemy import create_engine, text

TENANT = context.get_x_argument(as_dictionary=True)["tenant"]

with create_engine("postgresql+psycopg2://").connect() as connection:
    connection.execute(text(f'SET search_path TO "{TENANT}"'))
    connection.commit()
    connection.dialect.default_schema_name = TENANT
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
