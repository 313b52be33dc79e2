"""Writes Django's migrations as SQL files, a pair for each, which also keep Django's own table in step."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, router
from django.db.migrations import Migration, RunPython
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

NAME = re.compile(r"(\d+)_(.+)\.up\.sql")


class Command(BaseCommand):
    """Files that are there already are left as they are, so it may be called after each ``makemigrations``."""

    help = "Write the migrations that have no SQL file yet"

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument("--schema", required=True, help="a tenant's schema, whose catalog tells names")

    def handle(self, *, folder, schema, **_):
        connection.set_schema(schema)
        folder.mkdir(parents=True, exist_ok=True)
        loader = MigrationLoader(connection, replace_migrations=False)
        export = Export(loader, folder)
        by_hand = [name for name in map(export.write, planned(loader)) if name]
        if by_hand:
            raise CommandError(
                f"Python, not SQL: write {', '.join(by_hand)} by hand, with its row in django_migrations"
            )


class Export:
    """A folder of SQL files, numbered in Django's order; what comes later gets the next number."""

    def __init__(self, loader: MigrationLoader, folder: Path) -> None:
        self.loader, self.folder, self.last = loader, folder, 0
        found = (NAME.fullmatch(file.name) for file in folder.iterdir())
        self.numbers = {match[2]: int(match[1]) for match in found if match}

    def write(self, migration: Migration) -> str | None:
        """Write both files of a migration; returns the name of one that a person has to write."""
        name = f"{migration.app_label}_{migration.name}"
        is_there = name in self.numbers
        self.last = self.numbers.setdefault(name, self._next())
        stem = f"{self.last:04}_{name}"
        if is_there:
            return None
        if runs_python(migration, "code"):
            return f"{stem}.up.sql"
        table = [] if self.last > 1 else table_of_django()
        self._file(f"{stem}.up.sql", [*table, *self._sql(migration), row(migration)])
        undo = self._way_back(migration)
        if undo is not None:
            self._file(f"{stem}.down.sql", [*undo, no_row(migration)])
        return None

    def _next(self) -> int:
        taken = {0, *self.numbers.values()}
        return self.last + 1 if self.last + 1 not in taken else max(taken) + 1

    def _way_back(self, migration: Migration) -> list[str] | None:
        if runs_python(migration, "reverse_code"):
            return None
        try:
            return self._sql(migration, backwards=True)
        except IrreversibleError:
            return None

    def _sql(self, migration: Migration, *, backwards: bool = False) -> list[str]:
        return self.loader.collect_sql([(migration, backwards)]) if is_for_tenants(migration) else []

    def _file(self, name: str, lines: list[str]) -> None:
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def planned(loader: MigrationLoader) -> list[Migration]:
    """All migrations of all apps, each behind what it depends on."""
    keys = {key: None for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)}
    return [loader.graph.nodes[key] for key in keys]


def is_for_tenants(migration: Migration) -> bool:
    """Those of shared apps only have their row in a tenant's schema, as with ``migrate_schemas``."""
    return router.allow_migrate(connection.alias, migration.app_label)


def runs_python(migration: Migration, way: str) -> bool:
    """Whether one way of it has work that is no SQL."""
    steps = [each for each in migration.operations if isinstance(each, RunPython)]
    work = any(getattr(each, way) not in (None, RunPython.noop) for each in steps)
    return work and is_for_tenants(migration)


def table_of_django() -> list[str]:
    """For schemas that do not exist yet."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.create_model(MigrationRecorder.Migration)
    return editor.collected_sql


def row(migration: Migration) -> str:
    """What Django notes when it has applied a migration."""
    values = f"'{migration.app_label}', '{migration.name}', now()"
    return f"INSERT INTO django_migrations (app, name, applied) VALUES ({values});"


def no_row(migration: Migration) -> str:
    """What Django notes when it has taken a migration back."""
    return f"DELETE FROM django_migrations WHERE app = '{migration.app_label}' AND name = '{migration.name}';"
