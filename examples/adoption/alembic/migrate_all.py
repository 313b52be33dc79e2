"""Alembic in a loop: every tenant to the newest revision, one after the other; the first that fails ends it."""

import subprocess

from sqlalchemy import create_engine, text

TENANTS = text(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\_%' ORDER BY 1")


def main():
    with create_engine("postgresql+psycopg2://").connect() as connection:
        tenants = connection.scalars(TENANTS).all()
    for tenant in tenants:
        command = ["alembic", "-x", f"tenant={tenant}", "upgrade", "head"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
