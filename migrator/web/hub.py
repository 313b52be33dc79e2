"""One reader of the ledger for each thing that is looked at, however many look: what the streams are fed from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from tornado.ioloop import IOLoop

from migrator.errors import MigratorError

FASTEST = 0.25
"""Seconds from one look at the ledger to the next, at the least: four frames a second."""
SLOWEST = 0.75
SHARE = 20
"""A look that took long is followed by a rest of so many times its time, up to the slowest: reading stays cheap."""
MOST_CLIENTS = 200

T = TypeVar("T")

log = structlog.get_logger("migrator.web")


@dataclass(frozen=True, slots=True)
class Frame:
    """What there is to see: a document, and a letter for each of many cells."""

    document: dict[str, Any]
    cells: str = ""
    is_end: bool = False

    def since(self, before: Frame | None) -> tuple[str, dict[str, Any]] | None:
        """The name and data of what tells somebody who saw ``before`` the difference; None for none."""
        if before is None or len(before.cells) != len(self.cells):
            return "complete", {**self.document, "cells": self.cells}
        old = before.document
        changed = {k: v for k, v in self.document.items() if k not in old or (v is not old[k] and v != old[k])}
        gone = {name: None for name in old if name not in self.document}
        if before.cells != self.cells:
            pairs = enumerate(zip(before.cells, self.cells, strict=True))
            changed["changed_cells"] = [[at, new] for at, (was, new) in pairs if was != new]
        return ("change", {**changed, **gone}) if changed or gone else None


Reader = Callable[[], Frame]


class HubFull(Exception):
    """So many are looking already that one more would harm the others."""


@dataclass(eq=False)
class Listener:
    """One client of a feed."""

    feed: Feed
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def frame(self) -> Frame | None:
        """The newest; those in between are of no interest any more."""
        return self.feed.frame

    @property
    def trouble(self) -> str | None:
        """Why nothing could be read lately."""
        return self.feed.trouble

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more."""
        return self.feed.is_over

    async def news(self, seconds: float) -> bool:
        """Wait for something new; False when so many seconds have passed without."""
        try:
            await asyncio.wait_for(self.wake.wait(), seconds)
        except TimeoutError:
            return False
        self.wake.clear()
        return True


class Feed:
    """Reads one thing while somebody looks at it, and keeps the newest frame for whoever comes later."""

    def __init__(self, read: Reader, threads: ThreadPoolExecutor) -> None:
        self._read, self._threads = read, threads
        self.listeners: set[Listener] = set()
        self.frame: Frame | None = None
        self.trouble: str | None = None
        self.is_over = False
        self.looks = 0

    async def run(self) -> None:
        """Look again and again, until nobody listens or there is nothing more to come."""
        try:
            while self.listeners and not (self.frame and self.frame.is_end):
                started = time.monotonic()
                await self._look()
                took = time.monotonic() - started
                await asyncio.sleep(min(max(FASTEST - took, took * SHARE), SLOWEST))
        finally:
            self.is_over = True
            self._wake()

    async def _look(self) -> None:
        before = (self.frame, self.trouble)
        self.looks += 1
        try:
            self.frame = await IOLoop.current().run_in_executor(self._threads, self._read)
            self.trouble = None
        except MigratorError as error:
            self.trouble = str(error)
        if before != (self.frame, self.trouble):
            self._wake()

    def _wake(self) -> None:
        for listener in self.listeners:
            listener.wake.set()


class Hub:
    """All feeds of this process, and how many look at them."""

    def __init__(self, most: int = MOST_CLIENTS) -> None:
        self.most = most
        self.threads = ThreadPoolExecutor(4, "ledger")
        """Of their own: what Flower asks its workers must not hold up what we ask the ledger."""
        self.probes = ThreadPoolExecutor(4, "activity")
        """For what is asked of target databases, which may be slow."""
        self._kept: dict[str, Any] = {}
        self._feeds: dict[Hashable, Feed] = {}
        self._running: set[asyncio.Task[None]] = set()

    @property
    def clients(self) -> int:
        """How many look now."""
        return sum(len(feed.listeners) for feed in self._feeds.values())

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What lives as long as this process, made when it is first wanted."""
        if name not in self._kept:
            self._kept.setdefault(name, make())
        found: T = self._kept[name]
        return found

    def join(self, key: Hashable, make: Callable[[], Reader]) -> Listener:
        """Look at what ``key`` names; the first who does starts its reader. Raises HubFull."""
        if self.clients >= self.most:
            raise HubFull
        feed = self._feeds.get(key)
        is_new = feed is None or feed.is_over
        if feed is None or is_new:
            feed = self._feeds[key] = Feed(make(), self.threads)
        listener = Listener(feed)
        feed.listeners.add(listener)
        if is_new:
            self._start(key, feed)
        elif feed.frame:
            listener.wake.set()
        return listener

    def leave(self, listener: Listener) -> None:
        """Look no more."""
        listener.feed.listeners.discard(listener)

    def _start(self, key: Hashable, feed: Feed) -> None:
        task = asyncio.get_running_loop().create_task(feed.run())
        self._running.add(task)

        def ended(done: asyncio.Task[None]) -> None:
            self._running.discard(done)
            if self._feeds.get(key) is feed:
                del self._feeds[key]
            if not done.cancelled() and (error := done.exception()):
                log.error("a feed broke, those who listened will come again", feed=str(key), exc_info=error)

        task.add_done_callback(ended)
