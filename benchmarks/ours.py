"""The lane ``ours``: an event is published, its report comes back, and everything in between counts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery.exceptions import TimeoutError as NotYet
from celery.result import AsyncResult

from benchmarks.shop import NEXT, Fleet, Work, WorkDiffers
from benchmarks.workers import Workers
from migrator import client
from migrator.local import Postgres

_PATIENCE_SECONDS = 1800.0
_LOOK_SECONDS = 5.0
"""How often it is checked, while an answer is out, that the workers live."""


class Ours:
    """The client's side: publishes through ``migrator.client`` and waits with ``AsyncResult.get``."""

    name = "ours"
    works = tuple(Work)
    most = None

    def __init__(self, postgres: Postgres, workers: Workers, folder: Path) -> None:
        self._postgres, self._workers, self._folder = postgres, workers, folder
        self._increments: dict[str, str] = {}
        """The execution of the increment, by database."""

    def prepare(self, fleet: Fleet) -> None:
        """Register database and tenants, and take the increment out of the workers' folder again."""
        for step in Work.INCREMENT.steps:
            (self._folder / "tenant" / step.script).unlink(missing_ok=True)
        self.reports([self._register_database(fleet.database)])
        self.reports([_register_tenant(fleet.database, schema) for schema in fleet.schemas])

    def run(self, work: Work, fleet: Fleet) -> None:
        """Ask for the migration of the fleet's database, or for its rollback, and wait for the report."""
        if work is Work.INCREMENT:
            shutil.copytree(NEXT, self._folder / "tenant", dirs_exist_ok=True)
        if work is Work.ROLLBACK:
            asked = client.rollback_requested.delay(
                execution_id=self._increments[fleet.database], requested_by="benchmark"
            )
        else:
            asked = ask(fleet.database)
        if work is Work.INCREMENT:
            self._increments[fleet.database] = asked.id
        _check(self.reports([asked])[0], work, fleet)

    def reports(self, results: Sequence[AsyncResult]) -> list[dict[str, Any]]:
        """What became of events, each waited for; raises what the worker raised."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            return [self._report(result, deadline) for result in results]
        finally:
            for result in results:
                result.forget()  # while the backend lives; a forgotten one does not look for it when it is gone

    def _report(self, result: AsyncResult, deadline: float) -> dict[str, Any]:
        """Woken by the result backend; raises what the worker raised."""
        while True:
            try:
                report: dict[str, Any] = result.get(timeout=_LOOK_SECONDS)
            except NotYet:
                self._workers.check()
                if time.monotonic() > deadline:
                    raise
            else:
                return report

    def _register_database(self, name: str) -> AsyncResult:
        return client.database_created.delay(
            database_id=name,
            database_name=name,
            connection_type="tenant",
            region="here",
            host="127.0.0.1",
            port=self._postgres.port,
            username="postgres",
            auto_migrate=False,
        )


def ask(*databases: str, **more: Any) -> AsyncResult:
    """Publish a request to bring all tenants of some databases up to date."""
    return client.migration_requested.delay(
        request_id=str(uuid4()), scope="tenant", target_databases=list(databases), requested_by="benchmark", **more
    )


def _register_tenant(database: str, schema: str) -> AsyncResult:
    return client.tenant_created.delay(
        tenant_id=f"{database}-{schema}",
        tenant_slug=schema,
        database_id=database,
        schema_name=schema,
        region="here",
        auto_migrate=False,
    )


def _check(report: dict[str, Any], work: Work, fleet: Fleet) -> None:
    """Hold the report against what must have been done."""
    many = len(fleet.schemas)
    done, skipped = (0, many) if work is Work.NOTHING else (many, 0)
    found = (report["state"], report["done"], report["skipped"])
    if found != ("completed", done, skipped) or (work.steps and report["applied"] != many * len(work.steps)):
        raise WorkDiffers(f"ours, {work.named}: {done} were to be done and {skipped} skipped, got {report['summary']}")
