"""The timeline: what happened, on one axis of time, and as a file to keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tornado.web import HTTPError

from migrator.watch.timeline import MOST, Kind, timeline
from migrator.web.answers import Document, Page
from tasks import desk

USUAL = timedelta(hours=6)


class TimelinePage(Page):
    """The timeline."""

    def get(self) -> None:
        """Filled by its document, which its script asks for again and again."""
        kinds = [kind.value for kind in Kind]
        self.render_page("migrator_timeline.html", active_page="timeline", kinds=kinds)


class TimelineDocument(Document):
    """What happened: ``?since=...&until=...&kind=wave&kind=alert&download=yes``."""

    async def get(self) -> None:
        """The last six hours unless told otherwise; of more than 1,000 happenings the newest."""
        until = self._moment("until") or datetime.now(UTC)
        since = self._moment("since") or until - USUAL
        if since >= until:
            raise HTTPError(400, "since has to be before until")
        kinds = self._kinds()
        if self.get_query_argument("download", "") == "yes":
            name = f"timeline-{since:%Y%m%dT%H%M%SZ}-{until:%Y%m%dT%H%M%SZ}.json"
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.write_json(await self.asked(read_timeline, since, until, kinds))

    def _kinds(self) -> list[Kind] | None:
        try:
            return [Kind(said) for said in self.get_query_arguments("kind")] or None
        except ValueError:
            raise HTTPError(400, "a kind is one of %s", ", ".join(Kind)) from None

    def _moment(self, name: str) -> datetime | None:
        said = self.get_query_argument(name, "")
        if not said:
            return None
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            raise HTTPError(400, "%s is a moment such as 2026-01-31T12:00:00Z", name) from None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_timeline(since: datetime, until: datetime, kinds: list[Kind] | None) -> dict[str, Any]:
    """The happenings as one document, oldest first."""
    with desk.store().begin() as connection:
        found = timeline(connection, since, until, kinds, MOST)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "is_cut": len(found) >= MOST,
        "happenings": [each.document() for each in found],
    }
