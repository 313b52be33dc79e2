"""A new tenant from end to end, by a spare and by the template, beside a task that does nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from celery.result import AsyncResult

from benchmarks.newcomer import write_history
from benchmarks.processor import Meter
from benchmarks.section import Goal
from benchmarks.shop import WorkDiffers
from benchmarks.stage import workers_on
from migrator import client
from migrator.local import LocalServices
from migrator.local.services import CONTROL_DATABASE
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.session import Session, open_url

SPARES = 4
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Doorstep:
    """From publishing to the report, in milliseconds: medians, and the 90th of a hundred."""

    migrations: int
    turns: int
    nothing_ms: float
    spare_ms: float
    spare_best_ms: float
    spare_slow_ms: float
    template_ms: float
    ratio: float
    """Of a spare to a task that does nothing, the median of the pairs."""
    cpu_ms: tuple[float, float]
    """Of the server and of workers, broker and sender, from publishing a spare's event to its report; the mean."""

    @property
    def goal(self) -> Goal:
        """What a pool promises."""
        said = f"spare, publish to result, median, after {self.migrations} migrations"
        return Goal("d", said, 20, self.spare_ms, "ms")

    def as_markdown(self) -> str:
        """One sentence for people."""
        return (
            f"One new tenant from event to report after {self.migrations} migrations, {self.turns} turns: "
            f"a task that does nothing {self.nothing_ms:.1f} ms, spare {self.spare_ms:.1f} ms "
            f"(best {self.spare_best_ms:.1f} ms, p90 {self.spare_slow_ms:.1f} ms; processor {self.cpu_ms[0]:.1f} ms "
            f"of the server and {self.cpu_ms[1]:.1f} ms of the others), template {self.template_ms:.1f} ms; "
            f"a spare is x{self.ratio:.2f} of nothing and x{self.spare_ms / self.template_ms:.2f} of the template"
        )


def doorstep(services: LocalServices, home: Path, migrations: int, turns: int) -> Doorstep:
    """Tenants in one database that has spares, and in one that has none, in turn. Raises WorkDiffers."""
    bin_ = str(services.postgres.bin)
    with workers_on(services, home, 2, {"MIGRATOR_PG_BIN": bin_, "MIGRATOR_UPKEEP_EVERY": "60"}) as stage:
        workers = stage.workers
        shutil.rmtree(stage.folder / "tenant")
        write_history(stage.folder / "tenant", migrations)
        names = {way: f"doorstep_{way}_{migrations}" for way in ("spare", "template")}
        for name in names.values():
            services.postgres.create_database(name)
            _answer(_database(services, name))
        with closing(open_url(services.postgres.url(CONTROL_DATABASE))) as control:
            control.run(f"UPDATE migrator.database SET spares = {SPARES} WHERE id = '{names['spare']}'")
            _answer(_tenant(names["template"], "first"))
            _wait(workers.check, lambda: control.rows("SELECT 1 FROM migrator.template WHERE made_at IS NOT NULL"))
            client.app().send_task("migrator.spares", (names["spare"],), queue="low")
            turning = _Turns(control, workers.check, names, stage.meter(workers=True))
            for turn in range(-min(turns, WARM_UP), 0):
                turning.one(turn)
            samples = [turning.one(turn) for turn in range(turns)]
        _check(services, names, turns)
    nothing, spare, template = (list(found) for found in zip(*samples, strict=True))
    ratios = [each / none for none, each, _ in samples]
    slow = quantiles(spare, n=10)[-1] if len(spare) > 1 else spare[0]
    used = [sum(each) * 1000 / len(turning.used) for each in zip(*turning.used, strict=True)]
    return Doorstep(
        migrations,
        turns,
        median(nothing),
        median(spare),
        min(spare),
        slow,
        median(template),
        median(ratios),
        (used[0], used[1]),
    )


WARM_UP = 10
"""Turns that are not counted: each child of the workers connects to the databases in its first."""


class _Turns:
    """The three ways in turn; nobody makes spares while they are measured."""

    def __init__(self, control: Session, check: Callable[[], None], names: dict[str, str], meter: Meter) -> None:
        self._control, self._check, self._names, self._meter = control, check, names, meter
        self.used: list[tuple[float, float]] = []
        """Processor seconds of the server and of the others, each turn's that counts."""

    def one(self, turn: int) -> tuple[float, float, float]:
        """Milliseconds for nothing, for a spare and for the template."""
        full = f"SELECT 1 FROM migrator.spare WHERE state = 'ready' HAVING count(*) = {SPARES}"
        _wait(self._check, lambda: self._control.rows(full))
        nothing = _timed(lambda: client.app().send_task("celery.accumulate", (1,), queue="high"))
        before = self._meter.read()
        spare = _timed(lambda: _tenant(self._names["spare"], _named(turn)))
        after = self._meter.read()
        if turn >= 0:
            self.used.append((after[0] - before[0], after[1] - before[1]))
        return nothing, spare, _timed(lambda: _tenant(self._names["template"], _named(turn)))


def _named(turn: int) -> str:
    """Of its schema; those that do not count have names of their own."""
    return f"tenant_{turn}" if turn >= 0 else f"early_{-turn}"


def _timed(send: Callable[[], AsyncResult]) -> float:
    started = time.perf_counter()
    _answer(send())
    return (time.perf_counter() - started) * 1000


def _answer(result: AsyncResult) -> Any:
    try:
        return result.get(timeout=_PATIENCE_SECONDS)
    finally:
        result.forget()


def _wait(check: Callable[[], None], condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        check()
        if time.monotonic() > deadline:
            raise WorkDiffers("the pool of spares was not filled")
        time.sleep(0.05)


def _database(services: LocalServices, name: str) -> AsyncResult:
    where = {"host": "127.0.0.1", "port": services.postgres.port, "username": "postgres", "region": "here"}
    return client.database_created.delay(
        database_id=name, database_name=name, connection_type="tenant", auto_migrate=False, **where
    )


def _tenant(database: str, schema: str) -> AsyncResult:
    return client.tenant_created.delay(
        tenant_id=f"{database}-{schema}", tenant_slug=schema, database_id=database, schema_name=schema, region="here"
    )


def _check(services: LocalServices, names: dict[str, str], turns: int) -> None:
    wanted = [f"tenant_{turn}" for turn in range(turns)]
    found: set[str] = set()
    for name in names.values():
        with closing(open_url(services.postgres.url(name))) as session:
            prints = fingerprints_of(session, wanted)
            if len(prints) != len(wanted):
                raise WorkDiffers(f"database {name} has {len(prints)} of {len(wanted)} tenants")
            found |= set(prints.values())
    if len(found) != 1:
        raise WorkDiffers("a tenant from a spare is not like one from the template")
