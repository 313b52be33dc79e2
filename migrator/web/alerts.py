"""The page of alerts: what is wrong and was, who was told, and the operator's word on it."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any

from tornado.web import HTTPError

from migrator.fleet import alerts
from migrator.watch.alerts.shown import alert_list, alert_page
from migrator.web.answers import Action, Document, Page
from migrator.web.hub import Frame
from migrator.web.stream import Stream
from tasks import desk

MOST_LISTED = 200
LONGEST_SILENCE = 30 * 24 * 3600.0
LONGEST_REASON = 500


class AlertsPage(Page):
    """The list of alerts."""

    def get(self) -> None:
        """Filled by its stream."""
        self.render_page("migrator_alerts.html", active_page="alerts")


class AlertsDocument(Document):
    """Open alerts, and behind them past ones."""

    async def get(self) -> None:
        """As the page lists them."""
        self.write_json((await self.asked(read_alerts)).document)


class AlertDocument(Document):
    """One alert with what became of it and who was told."""

    async def get(self, alert_id: str) -> None:
        """404 for one that there never was."""
        self.write_json(await self.asked(read_alert, int(alert_id)))


class AlertsStream(Stream):
    """The list, live."""

    async def get(self) -> None:
        """A frame whenever an alert fires, changes or is resolved."""
        await self.follow("alerts", lambda: read_alerts)


class Silence(Action):
    """Tell nobody of an open alert for a while."""

    async def post(self, alert_id: str) -> None:
        """The body says for how many ``seconds``, and may say ``because``."""
        seconds, because = self.wishes.get("seconds"), self.wishes.get("because") or None
        if not isinstance(seconds, int | float) or not (math.isfinite(seconds) and 0 < seconds <= LONGEST_SILENCE):
            raise HTTPError(400, "seconds says how long, at most 30 days; nothing was done")
        if because is not None and not (isinstance(because, str) and len(because) <= LONGEST_REASON):
            raise HTTPError(400, "because is a text of at most %d characters; nothing was done", LONGEST_REASON)
        said = await self.asked(silence, int(alert_id), float(seconds), self.by, because)
        self.write_json({"alert": int(alert_id), "summary": said})


class Unsilence(Action):
    """End a silence."""

    async def post(self, alert_id: str) -> None:
        """What is still open is told again."""
        said = await self.asked(unsilence, int(alert_id), self.by)
        self.write_json({"alert": int(alert_id), "summary": said})


def read_alerts() -> Frame:
    """The list as a frame."""
    with desk.store().begin() as connection:
        return Frame({"alerts": alert_list(connection, resolved=True, most=MOST_LISTED)})


def read_alert(alert_id: int) -> dict[str, Any]:
    """Raises UnknownAlert."""
    with desk.store().begin() as connection:
        return alert_page(connection, alert_id)


def silence(alert_id: int, seconds: float, by: str, because: str | None) -> str:
    """Raises UnknownAlert or AlertOver."""
    with desk.store().begin() as connection:
        until = alerts.silence(connection, alert_id, seconds, by, because)
    return f"nobody is told of alert {alert_id} before {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def unsilence(alert_id: int, by: str) -> str:
    """Raises UnknownAlert."""
    with desk.store().begin() as connection:
        changed = alerts.unsilence(connection, alert_id, by)
    return f"alert {alert_id} is silenced no more" if changed else f"alert {alert_id} was not silenced"
