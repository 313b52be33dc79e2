"""The lanes ``django-tenants``: ``migrate_schemas`` of a Django project, by its standard and its parallel executor."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from benchmarks.peers.files import make_schemas, started, write_files
from benchmarks.peers.place import python_with
from benchmarks.shop import FORWARD, Fleet, Work
from migrator.local import Postgres
from migrator.model.migration import Migration

_SITE = Path(__file__).with_name("django_site")
_MIGRATION = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = {before!r}
    operations = [migrations.RunSQL([{sql!r}])]
"""
_NAMES = {"standard": "django-tenants", "multiprocessing": "django-tenants mp"}


class DjangoTenants:
    """A project with one application for the tenants, whose migrations run our files' SQL as it is."""

    works = FORWARD
    most: int | None = 100

    def __init__(self, postgres: Postgres, home: Path, connections: int, executor: str) -> None:
        self._python, self.version = python_with("django-tenants", "Django")
        self.name = _NAMES[executor]
        self._postgres, self._home, self._executor, self._processes = postgres, home, executor, connections
        shutil.copytree(_SITE, home)
        steps = (*Work.HISTORY.steps, *Work.INCREMENT.steps)
        write_files(home / "shop" / "migrations", steps, _migration, ".py")
        for package in ("shop", "shop/migrations", "customers/migrations"):
            (home / package).mkdir(exist_ok=True)
            (home / package / "__init__.py").touch()
        self._manage(postgres.url(), "makemigrations", "customers")

    def prepare(self, fleet: Fleet) -> None:
        """The public schema's tables, and a row for each tenant."""
        url = self._postgres.url(fleet.database)
        self._manage(url, "migrate_schemas", "--shared")
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            query = "INSERT INTO public.customers_customer (schema_name) SELECT unnest(%s)"
            cursor.execute(query, [list(fleet.schemas)])

    def run(self, work: Work, fleet: Fleet) -> None:
        """Let it go over all tenants."""
        if work is Work.HISTORY:
            make_schemas(self._postgres, fleet)
        to = ["shop", f"{len(Work.HISTORY.steps):04}"] if work is Work.HISTORY else []
        command = ["migrate_schemas", "--tenant", f"--executor={self._executor}", *to]
        self._manage(self._postgres.url(fleet.database), *command)

    def _manage(self, url: str, *command: str) -> None:
        at = urlsplit(url)
        environment = {
            "DJANGO_SETTINGS_MODULE": "site_settings",
            "PYTHONPATH": str(self._home),
            "PGHOST": at.hostname or "",
            "PGPORT": str(at.port),
            "PGDATABASE": at.path.lstrip("/"),
            "PGUSER": at.username or "",
            "PGPASSWORD": at.password or "",
            "TENANT_PROCESSES": str(self._processes),
        }
        started(self.name, [self._python, "-m", "django", *command], self._home, environment)


def _migration(number: int, step: Migration) -> str:
    before = [("shop", f"{number - 1:04}_step")] if number > 1 else []
    return _MIGRATION.format(before=before, sql=step.sql)
