"""Traces, received by a collector of the test's own: an event is one trace, also when all messages were lost."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import tasks
from migrator import client
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until


class Collector:
    """Takes spans by OTLP over HTTP and keeps them."""

    def __init__(self) -> None:
        self.spans = spans = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                request = ExportTraceServiceRequest.FromString(body)
                spans.extend(s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def named(self, name):
        return [span for span in list(self.spans) if span.name == name]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def worker_settings(collector):
    quick = {"MIGRATOR_LEASE": "3", "MIGRATOR_UPKEEP_EVERY": "0.5", "OTEL_BSP_SCHEDULE_DELAY": "100"}
    return quick | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}


def facts(span) -> dict[str, str]:
    return {each.key.removeprefix("migrator."): each.value.string_value for each in span.attributes}


@pytest.mark.usefixtures("celery_setup")
def test_an_event_its_lanes_and_its_targets_are_one_trace(fleet, collector):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(6)
    asked = tasks.migration_requested.delay(request_id="r1", scope="tenant", requested_by="test")
    assert asked.get(timeout=60)["done"] == 6
    targets = wait_until(lambda: len(found := collector.named("target")) == 6 and found, "not all targets were told")
    [event] = {span.trace_id for span in collector.named("run/migrator.migration.requested")}
    assert {span.trace_id for span in targets} == {event}
    parents = {span.parent_span_id for span in targets}
    lanes = wait_until(  # a lane is told after its targets
        lambda: (found := collector.named("run/migrator.lane")) and parents <= {s.span_id for s in found} and found,
        "a target is not part of a lane",
    )
    assert {span.trace_id for span in lanes} == {event}
    assert {facts(span)["tenant"] for span in targets} == {str(n) for n in range(1, 7)}
    assert {facts(span)["execution"] for span in targets} == {asked.id}
    statements = {span.parent_span_id for span in collector.spans if span.trace_id == event}
    assert {span.span_id for span in targets} <= statements


def test_what_upkeep_sends_again_belongs_to_the_trace_of_its_event(fleet, collector, celery_setup, beat):
    fleet.write("V1__slow.sql", FIRST + "SELECT pg_sleep(0.3);")
    fleet.register(12)
    asked = tasks.migration_requested.delay(request_id="r2", scope="tenant", requested_by="test")
    wait_until(lambda: (row := fleet.execution(asked.id)) and row.done >= 2, "nothing was done")
    celery_setup.worker.kill()
    celery_setup.broker.container.client.flushall()  # no message is left that could carry the context
    before = len(collector.named("target"))
    celery_setup.worker.restart()
    wait_until(lambda: fleet.event(asked.id).status.is_end, "it was not driven on", 90)
    wait_until(lambda: len(collector.named("target")) > before, "no target was told afterwards")
    [event] = {span.trace_id for span in collector.named("run/migrator.migration.requested")}
    assert {span.trace_id for span in collector.named("target")} == {event}


@pytest.mark.usefixtures("celery_setup")
def test_the_trace_of_a_publisher_goes_on_from_the_outbox_to_the_task(fleet, collector):
    fleet.register(1)
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    url = fleet.services.postgres.url(fleet.names["control"])
    with closing(psycopg2.connect(url)) as connection, connection:
        metadata = {"traceparent": f"00-{trace}-{span}-01"}
        client.publish(connection, "tenant.deleted", {"tenant_id": "1"}, metadata=metadata)
        client.publish(connection, "tenant.deleted", {"tenant_id": "2"}, metadata={"traceparent": "nonsense"})
    runs = wait_until(
        lambda: len(found := collector.named("run/migrator.tenant.deleted")) == 2 and found, "not both were told"
    )
    assert sum((run.trace_id.hex(), run.parent_span_id.hex()) == (trace, span) for run in runs) == 1


def test_without_traces_nothing_of_their_extra_is_imported(fleet):
    code = "import sys, tasks; from tasks import tracing; tracing.begin(); print(*sys.modules)"
    environment = {**os.environ, **fleet.environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    parts = ("instrumentation", "exporter", "sdk.trace")
    ours = tuple(f"opentelemetry.{part}" for part in parts)  # redis' client imports its API for metrics where it is
    assert "tasks.tracing" in done.stdout.split()
    assert [name for name in done.stdout.split() if name.startswith(ours)] == []
