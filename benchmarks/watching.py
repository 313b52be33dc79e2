"""What progress and measuring cost beside the work itself: with and without, in turn, in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.shop import MIGRATIONS, NEXT, ROOT, Work, WorkDiffers
from migrator.fleet import MIGRATIONS as CONTROL
from migrator.fleet import SCHEMA, claims, events, ledger, registry
from migrator.fleet.claims import Claimer
from migrator.fleet.ledger import Request
from migrator.fleet.store import Store
from migrator.folder import read_folder
from migrator.local import LocalServices, Postgres
from migrator.model.event import Event, EventType
from migrator.model.execution import Failure, Outcome, OutcomeState
from migrator.model.folder import Folder
from migrator.model.migration import Migration
from migrator.model.plan import by_scope, make_plan
from migrator.model.rollout import Rollout
from migrator.model.target import Database, DatabaseKind, Scope, Target, Tenant
from migrator.schema import history
from migrator.schema.engine import Change, Engine
from migrator.schema.rules import Rules
from migrator.schema.script import Script
from migrator.schema.session import Session, open_url

PROGRESS_EVERY = 0.5
"""Seconds between two reports of a lane, the default."""
LIMIT = 0.02
"""Of a run's time, what both together may cost."""
EXECUTION = "watched"
_PATH = "SELECT {},".format(
    ", ".join(
        f"set_config('migrator.{name}', current_setting('{name}'), true)"
        for name in ("search_path", "lock_timeout", "statement_timeout")
    )
)
"""As the engine's query of this name: the first lap goes on with it."""
_SHOW = f"""
import time
from tasks import mirror
found = []
for _ in range(40):
    started = time.perf_counter()
    mirror.show({EXECUTION!r}, "one/schema")
    found.append((time.perf_counter() - started) * 1000)
print(min(found))
"""


@dataclass(frozen=True)
class Watching:
    """In milliseconds, each the quickest of many, and what it is of the work."""

    work: Work
    turns: int
    plain_ms: float
    measuring_ms: float
    """What is added to a target by asking what its migrations cost."""
    writing_ms: float
    """What is added to writing a target's outcome down."""
    showing_ms: float
    """One report of a lane about its execution."""

    @property
    def share(self) -> float:
        """Of the time of a lane."""
        return (self.measuring_ms + self.writing_ms) / self.plain_ms + self.showing_ms / 1000 / PROGRESS_EVERY

    def as_markdown(self) -> str:
        """One sentence for people."""
        return (
            f"Watching {self.work.named}, {self.turns} turns: a target takes {self.plain_ms:.2f} ms, measuring adds "
            f"{self.measuring_ms:+.3f} ms and writing it down {self.writing_ms:+.3f} ms; showing progress takes "
            f"{self.showing_ms:.2f} ms every {PROGRESS_EVERY} s: {self.share:+.1%} in all (limit {LIMIT:.0%})"
        )


def watch(services: LocalServices, home: Path, turns: int) -> list[Watching]:
    """The whole history and one increment, each for so many pairs of schemas."""
    postgres = services.postgres
    postgres.create_database("watching")
    postgres.create_database("watching_control")
    with closing(open_url(postgres.url("watching_control"))) as session:
        Engine(read_folder(CONTROL), Rules(shared_schemas=())).migrate(session, SCHEMA)
    store = Store(postgres.url("watching_control"))
    try:
        _open(store, [f"{kind}_{turn}" for turn in range(turns) for kind in ("plain", "measured")])
        return list(_watched(postgres, store, turns, _showing(services, home)))
    finally:
        store.dispose()


def _watched(postgres: Postgres, store: Store, turns: int, showing: float) -> Iterator[Watching]:
    before = read_folder(MIGRATIONS / "tenant")
    with closing(open_url(postgres.url("watching"))) as session:
        for work in (Work.HISTORY, Work.INCREMENT):
            folder = before if work is Work.HISTORY else _increment(before)
            pairs = list(_pairs(session, folder, turns))
            plain = _quick([change.seconds * 1000 for change, _ in pairs])
            writing = _writing(store, [measured for _, measured in pairs])
            yield Watching(work, turns, plain, _measuring(session, work.steps), writing, showing)


def _quick(found: Sequence[float]) -> float:
    """The quickest one: what else runs on the machine makes things slower, never quicker."""
    return min(found)


def _measuring(session: Session, steps: Sequence[Migration]) -> float:
    """Milliseconds that measuring adds to a transaction: the same laps with and without it, in turn."""
    scripts = {measures: Script(session, steps, measures=measures) for measures in (False, True)}
    found: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(400):
        measures = bool(turn % 2)
        script = scripts[measures]
        laps = "".join(script.lap(session, number) for number in range(len(steps) + 1))
        text = f"RESET ALL; BEGIN; SET LOCAL search_path TO public; {_PATH}{laps}COMMIT;"
        text += session.text(history.laps(len(steps), measures=measures))
        started = time.perf_counter()
        session.rows(text)
        found[measures].append((time.perf_counter() - started) * 1000)
    return _quick(found[True]) - _quick(found[False])


def _increment(before: Folder) -> Folder:
    """The history with the next migration behind it."""
    return replace(before, versioned=(*before.versioned, *read_folder(NEXT).versioned))


def _pairs(session: Session, folder: Folder, turns: int) -> Iterator[tuple[Change, Change]]:
    """Each pair in another order; all schemas are made by one session, which gets slower with each."""
    engines = {"plain": Engine(folder, Rules(measures=False)), "measured": Engine(folder, Rules())}
    for turn in range(turns):
        order = ("plain", "measured") if turn % 2 else ("measured", "plain")
        found = {kind: engines[kind].migrate(session, f"{kind}_{turn}") for kind in order}
        if found["plain"].applied != found["measured"].applied:
            raise WorkDiffers("a target that was measured had something else done to it")
        yield found["plain"], found["measured"]


def _open(store: Store, names: list[str]) -> None:
    with store.begin() as connection:
        registry.add_database(connection, Database("watching", "watching", DatabaseKind.TENANT))
        for name in names:
            registry.add_tenant(connection, Tenant(name, name, "watching", name))
        events.receive(connection, Event(EXECUTION, EventType.MIGRATION_REQUESTED))
        plan = make_plan(by_scope([Target("watching", name, Scope.TENANT, name) for name in names]), Rollout(canary=0))
        ledger.open_execution(connection, EXECUTION, plan, Request("benchmark", {}))


def _writing(store: Store, changes: list[Change], lease: float = 3600.0) -> float:
    """Milliseconds that costs and durations add to an outcome, in batches as large as a lane's within its interval.

    A target that failed has neither, so it is what is compared with. Each write is taken back again.
    """
    quickest = max(median(change.seconds for change in changes), 0.001)
    most = max(1, min(len(changes), round(PROGRESS_EVERY / quickest)))
    with store.begin() as connection:
        claimed = claims.claim(connection, Claimer(EXECUTION, "watching", 1, "benchmark", lease), most)
    pairs = list(zip(claimed, changes, strict=False))
    done = [Outcome(claim, OutcomeState.DONE, seconds=change.seconds, laps=change.laps) for claim, change in pairs]
    bare = [Outcome(claim, OutcomeState.FAILED, seconds=c.seconds, failure=Failure("x")) for claim, c in pairs]
    found = [(_written(store, done), _written(store, bare)) for _ in range(40)]
    added = _quick([one for one, _ in found]) - _quick([other for _, other in found])
    with store.begin() as connection:
        claims.give_back(connection, Claimer(EXECUTION, "watching", 1, "benchmark", lease))
    return added / len(pairs)


def _written(store: Store, outcomes: list[Outcome]) -> float:
    with suppress(_TakenBack), store.begin() as connection:
        started = time.perf_counter()
        claims.write_outcomes(connection, EXECUTION, outcomes)
        took = (time.perf_counter() - started) * 1000
        raise _TakenBack
    return took


class _TakenBack(Exception):
    """Ends a transaction that is not to be committed."""


def _showing(services: LocalServices, home: Path) -> float:
    """Milliseconds for one report of a lane: the ledger is read, task state and Flower are told."""
    environment = {**os.environ, **services.environment(), "PYTHONPATH": str(ROOT)}
    environment["MIGRATOR_CONTROL_URL"] = services.postgres.url("watching_control")
    done = subprocess.run(
        [sys.executable, "-c", _SHOW], env=environment, cwd=home, check=True, capture_output=True, text=True
    )
    return float(done.stdout)
