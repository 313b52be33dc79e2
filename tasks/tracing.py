"""Traces by OpenTelemetry: an event, its lanes and targets as one trace. An extra; unwanted, nothing is imported.

The instrumentation of Celery carries the context from message to message. What the ledger sends again starts from
upkeep, so the context is kept with the event and taken up from there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import structlog
from celery.signals import worker_process_init, worker_process_shutdown
from sqlalchemy import Connection

from migrator.fleet import events
from tasks import desk

LONGEST_ATTRIBUTE = 2000
"""Characters of a statement that a span keeps."""
FLUSH_MILLISECONDS = 2000
_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

log = structlog.get_logger("migrator.tracing")


class _Tracing:
    """That of this process, once it is on."""

    tracer: Any = None
    provider: Any = None


def is_wanted() -> bool:
    """As the setting says; without one, whether OpenTelemetry's own variables name somewhere to send traces to."""
    chosen = desk.settings().traces
    if chosen is not None:
        return chosen
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "")
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return exporter != "none" and bool(exporter or any(map(os.environ.get, endpoints)))


@worker_process_init.connect
def begin(**_: Any) -> None:
    """In each process that runs tasks, because the thread that exports does not come through a fork."""
    if _Tracing.tracer is not None or not is_wanted():
        return
    if find_spec("opentelemetry.instrumentation.celery") is None:
        log.warning("traces are wanted and their extra is not there: pip install 'migrator[otel]'")
        return
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "migrator")
    provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: name}), span_limits=SpanLimits(max_attribute_length=LONGEST_ATTRIBUTE)
    )
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    CeleryInstrumentor().instrument(tracer_provider=provider)
    # psycopg2-binary is the same module under another name, which the instrumentation's own check does not know
    Psycopg2Instrumentor().instrument(tracer_provider=provider, skip_dep_check=True)
    _Tracing.provider, _Tracing.tracer = provider, provider.get_tracer("migrator")


def _exporter() -> Any:
    if os.environ.get("OTEL_TRACES_EXPORTER") == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


@worker_process_shutdown.connect
def _end(**_: Any) -> None:
    if _Tracing.provider is not None:
        _Tracing.provider.force_flush(FLUSH_MILLISECONDS)


@contextmanager
def span(name: str, **facts: Any) -> Iterator[None]:
    """A span of our own, with facts as its attributes; nothing at all while there are no traces."""
    if _Tracing.tracer is None:
        yield
        return
    known = {f"migrator.{key}": value for key, value in facts.items() if value is not None}
    with _Tracing.tracer.start_as_current_span(name, attributes=known):
        yield


def keep(connection: Connection, event_id: str) -> None:
    """Keep the context in which an event was first taken up, with the event."""
    if _Tracing.tracer is not None and (context := _context()):
        events.keep_trace(connection, event_id, context)


@contextmanager
def resumed(event_id: str) -> Iterator[None]:
    """What is sent inside belongs to the trace of an event, where one is kept."""
    kept = None
    if _Tracing.tracer is not None:
        with desk.store().begin() as connection:
            kept = events.kept_trace(connection, event_id)
    with within(kept):
        yield


@contextmanager
def within(parent: str | None) -> Iterator[None]:
    """What is sent inside belongs to a trace, in W3C's form; None for no other than now."""
    if _Tracing.tracer is None or parent is None:
        yield
        return
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract({"traceparent": parent}))
    try:
        yield
    finally:
        context.detach(token)


def as_parent(said: object) -> str | None:
    """What a publisher named as its trace, None where that is none in W3C's form."""
    return said if isinstance(said, str) and _PARENT.fullmatch(said) else None


def _context() -> str | None:
    from opentelemetry import propagate

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")
