"""Server-sent events: everything at once for whoever comes, then what changed, a heartbeat, and an end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from migrator.web.answers import Document, plain
from migrator.web.hub import Frame, HubFull, Listener, Reader

HEARTBEAT_SECONDS = 5.0
RETRY_MILLISECONDS = 2000
LONGEST_SECONDS = 3600.0
"""Then the browser connects anew, and has to authenticate anew."""

FULL = (
    "{most} windows are open on this dashboard's streams already, which is the most it serves; close some, "
    "or reload this page"
)


class Stream(Document):
    """``event: complete`` with the whole document, ``event: change`` with the keys that changed, ``event: end``.

    A client that lost its connection simply comes again: what it saw before does not matter, the first frame is
    always complete. Nothing is queued: whoever reads slowly gets the newest.
    """

    async def follow(self, key: Hashable, make: Callable[[], Reader]) -> None:
        """Stream what ``key`` names until it ends, the client leaves, or it has to authenticate again."""
        try:
            listener = self.hub.join(key, make)
        except HubFull:
            self.set_header("Retry-After", "30")
            raise HTTPError(503, FULL.format(most=self.hub.most)) from None
        self._listener = listener
        try:
            self._begin()
            await self._tell(listener)
        except StreamClosedError:
            return
        finally:
            self.hub.leave(listener)

    def on_connection_close(self) -> None:
        """Nobody is there any more."""
        if listener := getattr(self, "_listener", None):
            self.hub.leave(listener)
            self._is_gone = True
            listener.wake.set()

    _is_gone = False
    _listener: Listener | None = None

    def _begin(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-store, no-transform")
        self.set_header("X-Accel-Buffering", "no")  # nginx would hold frames back
        self.write(f"retry: {RETRY_MILLISECONDS}\n\n")

    async def _tell(self, listener: Listener) -> None:
        seen: Frame | None = None
        troubled: str | None = None
        number, until = 0, time.monotonic() + LONGEST_SECONDS
        await self.flush()
        while not self._is_gone and time.monotonic() < until:
            if not await listener.news(HEARTBEAT_SECONDS):
                self.write(": heartbeat\n\n")
            if listener.trouble != troubled:
                troubled = listener.trouble
                self._send("trouble", {"sentence": troubled})
            if listener.frame is not None and (told := listener.frame.since(seen)):
                seen, number = listener.frame, number + 1
                self._send(*told, number)
            if listener.is_over:
                self._send("end", {"is_end": bool(seen and seen.is_end)})
            await self.flush()
            if listener.is_over:
                return

    def _send(self, event: str, data: dict[str, Any], number: int | None = None) -> None:
        counted = f"id: {number}\n" if number else ""
        self.write(f"{counted}event: {event}\ndata: {json.dumps(data, default=plain)}\n\n")
