"""Alembic without us: its own commands' steps in one schema of a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg2
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool


def plain_alembic(url: str, schema: str, scripts: Path) -> Callable[[str, str], None]:
    """A function to be called as ``alembic("upgrade", "head")``; the env.py of the directory is not run."""
    config = Config()
    config.set_main_option("script_location", str(scripts))

    def run(command: str, target: str) -> None:
        directory = ScriptDirectory.from_config(config)
        steps = {"upgrade": directory._upgrade_revs, "downgrade": directory._downgrade_revs}[command]
        engine = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(url), poolclass=pool.NullPool)
        with (
            engine.begin() as connection,
            EnvironmentContext(config, directory, fn=lambda heads, _: steps(target, heads)) as env,
        ):
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}, public")
            env.configure(connection=connection, version_table_schema=schema)
            env.run_migrations()

    return run
