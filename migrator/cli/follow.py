"""Waits for an event to end, and shows on stderr how its execution gets on. The ledger is asked, not the broker."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy import Row

from migrator.cli import control
from migrator.cli.output import note, say
from migrator.errors import EXIT_INTERRUPTED
from migrator.fleet import events, ledger
from migrator.fleet.store import Store
from migrator.model.event import Event
from migrator.model.execution import ExecutionState
from migrator.watch.progress import rate_and_eta, spoken_seconds

POLL_SECONDS = 0.2
HINT_AFTER_SECONDS = 5.0
LINE_EVERY_SECONDS = 2.0


def followed(event_id: str) -> Event:
    """The event when it has ended.

    Ctrl-C ends the watching alone: it is said what the work is doing and how to watch or stop it, and the process
    ends with the exit code of an interruption.
    """
    known = control.store()
    try:
        return follow(known, event_id)
    except KeyboardInterrupt:
        for line in farewell(event_id, _standing(known, event_id)):
            note(line)
        sys.exit(EXIT_INTERRUPTED)


def farewell(event_id: str, standing: Row[Any] | None) -> list[str]:
    """What a person is told who stops watching: where things are, that they go on, and what can be done about it."""
    again = f"watch it again: migrator watch {event_id}"
    if standing is None:
        return [f"stopped watching; event {event_id} goes on: it is taken up as soon as a worker is free", again]
    state = ExecutionState(standing.state)
    at = f"{sentence(standing)}; it is {state.spoken}"
    if state.is_end:
        return [f"stopped watching; execution {event_id} has ended: {at}", f"see it: migrator show {event_id}"]
    steps = ["resume" if state is ExecutionState.PAUSED else "pause", "cancel"]
    stops = [f"{step} it: migrator {step} {event_id}" for step in steps]
    return [f"stopped watching; execution {event_id} goes on without you, now at {at}", again, *stops]


def _standing(known: Store, event_id: str) -> Row[Any] | None:
    with known.begin() as connection:
        return ledger.execution(connection, event_id) if ledger.has_execution(connection, event_id) else None


def follow(store: Store, event_id: str) -> Event:
    """The event when it has ended. An interruption ends only the watching; the event goes on."""
    shown = _Bar() if Console(stderr=True).is_terminal else _Lines()
    hint_at = time.monotonic() + HINT_AFTER_SECONDS
    with shown:
        while True:
            with store.begin() as connection:
                event = events.find(connection, event_id)
                known = ledger.has_execution(connection, event_id)
                row = ledger.execution(connection, event_id) if known else None
            if row is not None:
                shown.show(row)
            if event is not None and event.status.is_end:
                return event
            if event is None and time.monotonic() > hint_at:
                note("no worker has taken it up yet; 'celery -A tasks worker' starts one, or 'migrator local up'")
                hint_at = float("inf")
            time.sleep(POLL_SECONDS)


def tell(event: Event, as_json: bool, show: Callable[[Console, dict[str, Any]], None]) -> None:
    """Print how an event ended and leave with the exit code for it."""
    report = dict(event.report or {"event": event.id, "state": "failed", "summary": event.error_message})
    say(as_json, report, lambda console: show(console, report))
    if event.exit_code:
        sys.exit(event.exit_code)


def sentence(row: Row[Any]) -> str:
    """An execution's progress for people: counts, rate and ETA."""
    ended = row.done + row.failed
    rate, eta = rate_and_eta(ended, row.total, float(row.seconds))
    parts = [f"{ended}/{row.total} schemas"]
    if row.failed:
        parts.append(f"{row.failed} failed")
    if row.waves > 1:
        parts.append(f"wave {row.wave} of {row.waves}")
    if rate:
        parts.append(f"{rate:.0f}/s")
    if eta and ended < row.total:
        parts.append(f"ETA {spoken_seconds(eta)}")
    return ", ".join(parts)


class _Bar:
    """A live bar for a terminal."""

    def __init__(self) -> None:
        columns = (BarColumn(40), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task: TaskID | None = None

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, row: Row[Any]) -> None:
        """Draw the execution as it stands."""
        if self._task is None:
            self._task = self._progress.add_task("", total=row.total)
        self._progress.update(self._task, completed=row.done + row.failed, description=sentence(row))


class _Lines:
    """A line now and then, where there is no terminal."""

    def __init__(self) -> None:
        self._said, self._next = "", 0.0

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def show(self, row: Row[Any]) -> None:
        """Say how far it is, when that is news."""
        said = sentence(row)
        ended = row.done + row.failed == row.total
        if said != self._said and (ended or time.monotonic() >= self._next):
            note(said)
            self._said, self._next = said, time.monotonic() + LINE_EVERY_SECONDS
