"""The page of health, and what probes and Prometheus ask."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from migrator.web.handlers import Document, Page
from migrator.web.health_watch import HealthWatch, checked
from migrator.web.hub import Frame, Hub
from migrator.web.stream import Stream
from tasks import health, metrics

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


class Alive(Document):
    """Whether this process lives and reaches its control database."""

    async def get(self) -> None:
        """200 or 503, with what was found."""
        status, document = await self.asked(health.healthz)
        self.set_status(status)
        self.write_json(document)


class Ready(Document):
    """Whether events that come now are carried out."""

    async def get(self) -> None:
        """200 or 503, with what was found."""
        status, document = await self.asked(health.readyz)
        self.set_status(status)
        self.write_json(document)


class Metrics(Document):
    """Flower's own metrics, and behind them those of the ledger."""

    async def get(self) -> None:
        """In the text format of Prometheus."""
        page = await self.asked(metrics.metrics_page)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest() + page)


class HealthReader:
    """The newest checkup as a frame."""

    def __init__(self, hub: Hub) -> None:
        self._watch = HealthWatch(hub.probes, EVERY_SECONDS)

    def __call__(self) -> Frame:
        """Empty until the first one is made."""
        return Frame({"checkup": self._watch.seen()})
