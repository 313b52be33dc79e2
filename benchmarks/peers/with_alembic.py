"""The lane ``alembic``: the good way to do it with Alembic, one process that loops over the tenants."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import alembic
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, make_url

from benchmarks.shop import FORWARD, Fleet, Work
from migrator.local import Postgres
from migrator.model.migration import Migration

_REVISION = '''"""{step}"""

from alembic import op

revision = {number!r}
down_revision = {before!r}


def upgrade():
    op.execute({sql!r})
'''


class WithAlembic:
    """One ``command.upgrade`` per tenant over one connection; Alembic's module globals allow no threads."""

    name = "alembic"
    works = FORWARD
    most = None
    version = alembic.__version__

    def __init__(self, postgres: Postgres, home: Path) -> None:
        self._postgres = postgres
        self._config = Config()
        self._config.set_main_option("script_location", str(home))
        self._config.set_main_option("path_separator", "os")
        write_environment(home, (*Work.HISTORY.steps, *Work.INCREMENT.steps))

    def prepare(self, fleet: Fleet) -> None:
        """Nothing: the environment was written once and knows no fleet."""

    def run(self, work: Work, fleet: Fleet) -> None:
        """Upgrade every schema, a commit each."""
        revision = _number(len(Work.HISTORY.steps)) if work is Work.HISTORY else "head"
        url = make_url(self._postgres.url(fleet.database)).set(drivername="postgresql+psycopg2")
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            for schema in fleet.schemas:
                self._upgrade(connection, schema, revision, new=work is Work.HISTORY)

    def _upgrade(self, connection: Connection, schema: str, revision: str, *, new: bool) -> None:
        self._config.attributes.update(connection=connection, schema=schema)
        make = f"CREATE SCHEMA {schema}; " if new else ""
        with connection.begin():
            connection.exec_driver_sql(f"{make}SET LOCAL search_path TO {schema}, public")
            command.upgrade(self._config, revision)


def write_environment(home: Path, steps: Sequence[Migration]) -> None:
    """An Alembic script directory with one revision per file, each with the file's SQL as it is."""
    (home / "versions").mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("alembic_env.py"), home / "env.py")
    for number, step in enumerate(steps, start=1):
        before = _number(number - 1) if number > 1 else None
        text = _REVISION.format(step=step.script, number=_number(number), before=before, sql=step.sql)
        (home / "versions" / f"{_number(number)}.py").write_text(text)


def _number(number: int) -> str:
    return f"{number:04}"
