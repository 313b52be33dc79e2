"""What monitoring asks of the dashboard: health, readiness and metrics, for those who are let in."""

from __future__ import annotations

from collections.abc import Callable

from tornado.ioloop import IOLoop

from migrator.web.answers import Document
from migrator.web.flower_parts import Metrics
from migrator.web.security import ClosedToStrangers
from tasks.health import Answer, healthz, readyz
from tasks.metrics import metrics_page

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""


class Probe(Document):
    """Answers with a status and what was found; asked in a thread that no stream waits for."""

    async def answer(self, question: Callable[[], Answer]) -> None:
        """200 or 503, both with the document."""
        status, document = await IOLoop.current().run_in_executor(self.hub.probes, question)
        self.set_status(status)
        self.write_json(document)


class Healthz(Probe):
    """Whether the dashboard lives and reaches the control database."""

    async def get(self) -> None:
        """For a probe that restarts the dashboard."""
        await self.answer(healthz)


class Readyz(Probe):
    """Whether events that come now are carried out."""

    async def get(self) -> None:
        """For monitoring."""
        await self.answer(readyz)


class MetricsPage(ClosedToStrangers, Metrics):
    """Flower's metrics, and ours behind them."""

    async def get(self) -> None:
        """In Prometheus' text format."""
        await super().get()
        self.write(
            await IOLoop.current().run_in_executor(self.application.settings["migrator_hub"].probes, metrics_page)
        )
        self.set_header("Content-Type", TEXT)
