"""The page of health."""

from __future__ import annotations

from migrator.web.answers import Document, Page
from migrator.web.health_watch import HealthWatch, checked
from migrator.web.hub import Frame, Hub
from migrator.web.stream import Stream

EVERY_SECONDS = 5.0


class HealthPage(Page):
    """Everything that an installation needs, each ok, warn or fail."""

    def get(self) -> None:
        """Filled by its stream."""
        self.render_page("migrator_health.html", active_page="health")


class HealthDocument(Document):
    """A checkup, made now."""

    async def get(self) -> None:
        """Takes a few seconds at the most."""
        self.write_json(await self.asked(checked))


class HealthStream(Stream):
    """The newest checkup, live."""

    async def get(self) -> None:
        """A frame every few seconds."""
        await self.follow("health", lambda: HealthReader(self.hub))


class HealthReader:
    """The newest checkup as a frame."""

    def __init__(self, hub: Hub) -> None:
        self._watch = HealthWatch(hub.probes, EVERY_SECONDS)

    def __call__(self) -> Frame:
        """Empty until the first one is made."""
        return Frame({"checkup": self._watch.seen()})
