"""The pages, documents and streams of executions, and the ways to steer them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Connection
from tornado.web import HTTPError

from migrator.fleet import ledger, registry, views
from migrator.model.event import EventType
from migrator.model.holder import spoken
from migrator.model.target import Database
from migrator.watch.execution_view import chart_view, execution_view, summary_view, targets_view
from migrator.watch.performance import performance_of
from migrator.web.activity import ActivityWatch
from migrator.web.answers import Action, Document, Page
from migrator.web.asking import ask
from migrator.web.hub import Frame
from migrator.web.stream import Stream
from tasks import desk
from tasks.steering import steer_here

MOST_LISTED = 50


class ExecutionsPage(Page):
    """The list of executions."""

    def get(self) -> None:
        """Filled by its stream."""
        self.render_page("migrator_executions.html", active_page="executions")


class ExecutionPage(Page):
    """One execution."""

    async def get(self, execution_id: str) -> None:
        """404 with a sentence for one that the ledger does not have."""
        await self.asked(_row, execution_id)
        self.render_page("migrator_execution.html", active_page="executions", execution=execution_id)


class ExecutionsDocument(Document):
    """The newest executions."""

    async def get(self) -> None:
        """As the list shows them."""
        self.write_json((await self.asked(read_executions)).document)


class ExecutionDocument(Document):
    """One execution, with its targets and its chart."""

    async def get(self, execution_id: str) -> None:
        """As the page shows it."""
        frame = await self.asked(ExecutionReader(execution_id))
        self.write_json({**frame.document, "cells": frame.cells})


class TargetDocument(Document):
    """What became of one target: ``?database=...&schema=...&stage=1``."""

    async def get(self, execution_id: str) -> None:
        """404 for one that has no part in the execution."""
        place = [self.get_query_argument(name, "") for name in ("database", "schema")]
        stage = self.get_query_argument("stage", "1")
        if not stage.isdecimal():
            raise HTTPError(400, "the stage is a number, counted from 1")
        found = await self.asked(_outcome, execution_id, *place, int(stage))
        if found is None:
            raise HTTPError(404, "execution %s has no such target", execution_id)
        self.write_json(found)


class PerformanceDocument(Document):
    """What an execution cost: databases, migrations compared with their last runs, the slowest targets."""

    async def get(self, execution_id: str) -> None:
        """As ``migrator performance`` has it."""
        self.write_json(await self.asked(_performance, execution_id))


class Steer(Action):
    """Pause, resume, cancel or retry, as the command of that name does."""

    async def post(self, execution_id: str, action: str) -> None:
        """Answers with the sentence that the command prints."""
        self.write_json(await self.asked(steer_here, execution_id, action, self.by))


class RollBack(Action):
    """Ask for a rollback, as the command does."""

    async def post(self, execution_id: str) -> None:
        """Answers with the id under which the rollback will be found."""
        wishes = {name: self.wishes[name] for name in ("strategy",) if name in self.wishes}
        event_id = await self.asked(_roll_back, execution_id, self.by, wishes)
        self.set_status(202)
        self.write_json({"event": event_id, "summary": f"the rollback was asked for; it is execution {event_id}"})


class ExecutionStream(Stream):
    """One execution, live."""

    async def get(self, execution_id: str) -> None:
        """Ends with the execution."""
        await self.asked(_row, execution_id)
        await self.follow(("execution", execution_id), lambda: ExecutionReader(execution_id, self.hub.probes))


class ExecutionsStream(Stream):
    """The executions, live; never ends by itself."""

    async def get(self) -> None:
        """A frame whenever one of them moves."""
        await self.follow("executions", lambda: read_executions)


class ExecutionReader:
    """Reads one execution again and again; its targets, which are many, only when they are other ones."""

    def __init__(self, execution_id: str, probes: ThreadPoolExecutor | None = None) -> None:
        self.execution_id = execution_id
        self._activity = ActivityWatch(execution_id, probes) if probes else None
        self._targets: list[list[Any]] = []
        self._known: object = None
        self._chart: dict[str, Any] = {}
        self._chart_due = 0.0

    def __call__(self) -> Frame:
        """The frame of this moment. Raises UnknownExecution."""
        with desk.store().begin() as connection:
            document, cells = execution_view(connection, self.execution_id)
            known = (len(cells), [wave["total"] for stage in document["stages"] for wave in stage["waves"]])
            if known != self._known:
                self._targets, self._known = targets_view(connection, self.execution_id), known
            document["targets"] = self._targets
            if self._activity and self._activity.is_due:
                self._activity.look(_at_work(connection, self.execution_id))
            if time.monotonic() >= self._chart_due or document["is_end"]:
                self._chart = chart_view(connection, self.execution_id)
                self._chart_due = time.monotonic() + 1
            document["chart"] = self._chart
        document["activity"] = self._activity.seen() if self._activity else []
        return Frame(document, cells, is_end=document["is_end"])


def read_executions() -> Frame:
    """The newest executions, as a frame."""
    with desk.store().begin() as connection:
        found = ledger.executions(connection, MOST_LISTED)
    return Frame({"executions": [summary_view(row) for row in found]})


def _at_work(connection: Connection, execution_id: str) -> list[Database]:
    return [registry.find_database(connection, id_) for id_ in views.running_databases(connection, execution_id)]


def _row(execution_id: str) -> None:
    with desk.store().begin() as connection:
        ledger.execution(connection, execution_id)


def _outcome(execution_id: str, database_id: str, schema_name: str, stage: int) -> dict[str, Any] | None:
    with desk.store().begin() as connection:
        row = views.one_outcome(connection, execution_id, database_id, schema_name, stage)
    if row is None:
        return None
    return {**row._mapping, "lease_holder": spoken(row.lease_holder) if row.lease_holder else None}


def _roll_back(execution_id: str, by: str, wishes: dict[str, Any]) -> str:
    """Send the event, checked here and now. Raises UnknownExecution, BadPayload or BrokerUnreachable."""
    _row(execution_id)
    return ask(EventType.ROLLBACK_REQUESTED, {"execution_id": execution_id, "requested_by": by, **wishes})


def _performance(execution_id: str) -> dict[str, Any]:
    _row(execution_id)
    with desk.store().begin() as connection:
        return performance_of(connection, execution_id)
