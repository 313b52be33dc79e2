"""How far a command is that looks into many targets by itself: a bar with ETA on a terminal, else a line at times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from migrator.cli.output import note
from migrator.watch.progress import rate_and_eta, spoken_seconds

LINE_EVERY_SECONDS = 10.0


@contextmanager
def counting(total: int, what: str) -> Iterator[Callable[[], None]]:
    """Counts up to ``total`` on stderr while the block runs; what it gives is called once for each, by any thread."""
    console = Console(stderr=True)
    if not console.is_terminal or total < 2:
        yield _Lines(total, what).advance
        return
    columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


class _Lines:
    """Says nothing of what is over soon."""

    def __init__(self, total: int, what: str) -> None:
        self._total, self._what, self._done = total, what, 0
        self._lock, self._began = threading.Lock(), time.monotonic()
        self._next = self._began + LINE_EVERY_SECONDS

    def advance(self) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + LINE_EVERY_SECONDS
            note(sentence(self._what, self._done, self._total, now - self._began))


def sentence(what: str, done: int, total: int, seconds: float) -> str:
    """How far it is: ``validate: 412/1000 targets, ETA 40s``."""
    _, eta = rate_and_eta(done, total, seconds)
    return f"{what}: {done}/{total} targets" + (f", ETA {spoken_seconds(eta)}" if eta and done < total else "")
