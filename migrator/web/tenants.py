"""The page of a tenant: where it stands and why, what was done to it, and what can be done."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLong
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from migrator.fleet import facts
from migrator.model.causes import explain
from migrator.model.event import EventType
from migrator.model.execution import ExecutionState
from migrator.model.explanation import TenantFacts
from migrator.web.answers import Action, Document, Page
from migrator.web.asking import ask
from migrator.web.hub import Frame, Hub
from migrator.web.stream import Stream
from tasks import desk
from tasks.explaining import facts_of

MOST_OUTCOMES = 30
PATIENCE_SECONDS = 5.0
"""For so long a page waits for a tenant's own database."""
WINDOW_MINUTES = 60
"""A drift check that did not begin by then is not made."""


class TenantPage(Page):
    """One tenant."""

    async def get(self, tenant_id: str) -> None:
        """404 with a sentence for one that is not registered and never was."""
        await self.asked(read_tenant, tenant_id)
        self.render_page("migrator_tenant.html", active_page="fleet", tenant=tenant_id)


class TenantDocument(Document):
    """What the control database knows of one tenant."""

    async def get(self, tenant_id: str) -> None:
        """Where it lives, and what became of it in each execution."""
        self.write_json((await self.asked(read_tenant, tenant_id)).document)


class ExplanationDocument(Document):
    """Why a tenant is at its version: what its own database says too."""

    async def get(self, tenant_id: str) -> None:
        """Waits a few seconds for that database, not more; that it does not answer is an answer."""
        self.write_json(await self.asked(explained, tenant_id, self.hub))


class TenantStream(Stream):
    """What the control database knows of one tenant, live."""

    async def get(self, tenant_id: str) -> None:
        """Never ends by itself."""
        await self.asked(read_tenant, tenant_id)
        await self.follow(("tenant", tenant_id), lambda: lambda: read_tenant(tenant_id))


class MigrateTenant(Action):
    """Bring one tenant to the newest version."""

    async def post(self, tenant_id: str) -> None:
        """Answers with the id of the execution to come."""
        event_id = await self.asked(migrate_tenant, tenant_id, self.by)
        self.set_status(202)
        self.write_json({"event": event_id, "summary": f"tenant {tenant_id} will be migrated by execution {event_id}"})


class CheckDrift(Action):
    """Compare a tenant's catalog with those of its peers."""

    async def post(self, tenant_id: str) -> None:
        """Answers with the id of the execution to come."""
        event_id = await self.asked(check_drift, tenant_id, self.by)
        self.set_status(202)
        self.write_json({"event": event_id, "summary": f"execution {event_id} looks for drift in its database"})


def read_tenant(tenant_id: str) -> Frame:
    """A tenant as the control database has it. Raises UnknownTenant."""
    with desk.store().begin() as connection:
        row = facts.tenant(connection, tenant_id)
        outcomes = facts.outcomes_of(connection, row.database_id, row.schema_name, MOST_OUTCOMES)
        peers = facts.count_tenants(connection, row.database_id)
    return Frame(
        {
            "tenant": row.id,
            "slug": row.slug,
            "database": row.database_id,
            "schema": row.schema_name,
            "region": row.region,
            "labels": row.labels,
            "state": row.state,
            "database_state": row.database_state,
            "template_version": row.template_version,
            "created_at": row.created_at.isoformat(),
            "peers": peers,
            "outcomes": [_outcome(each) for each in outcomes],
        }
    )


def explained(tenant_id: str, hub: Hub) -> dict[str, Any]:
    """The explanation with its evidence. One that is slow goes on by itself; who asks again waits for the same."""
    looks: dict[str, Future[TenantFacts]] = hub.kept("explanations", dict)
    look = looks.get(tenant_id)
    if look is None or look.done():
        look = looks[tenant_id] = hub.probes.submit(facts_of, tenant_id, PATIENCE_SECONDS)
    try:
        found = look.result(PATIENCE_SECONDS)
    except TooLong:
        late = f"its database did not answer within {PATIENCE_SECONDS:.0f} s; what the ledger knows is still true"
        return {"sentence": late, "is_current": False, "is_known": False, "causes": [], "history": [], "pending": []}
    finally:
        if look.done():
            looks.pop(tenant_id, None)
    said = explain(found)
    return {
        "sentence": said.sentence,
        "is_current": said.is_current,
        "is_known": found.unreachable is None,
        "causes": [asdict(cause) for cause in said.causes],
        "version": found.version,
        "newest": found.newest,
        "pending": found.pending,
        "history": [asdict(each) for each in found.history],
        "looked_at": datetime.now(UTC).isoformat(),
    }


def migrate_tenant(tenant_id: str, by: str) -> str:
    """Ask for it as ``migrator migrate --tenant`` does."""
    read_tenant(tenant_id)
    payload = {"scope": "tenant", "target_tenants": [tenant_id], "requested_by": by}
    return ask(EventType.MIGRATION_REQUESTED, payload)


def check_drift(tenant_id: str, by: str) -> str:
    """Ask for a look at all tenants of its database: drift is to be unlike one's peers."""
    found = read_tenant(tenant_id).document
    payload = {
        "maintenance_id": f"drift check by {by}"[:200],
        "maintenance_type": "drift",
        "target_databases": [found["database"]],
        "scheduled_time": datetime.now(UTC).isoformat(),
        "maintenance_window": WINDOW_MINUTES,
    }
    return ask(EventType.MAINTENANCE_SCHEDULED, payload)


def _outcome(row: Row[Any]) -> dict[str, Any]:
    state = ExecutionState(row.execution_state)
    return {
        "execution": row.execution_id,
        "kind": row.kind,
        "execution_state": state.value,
        "is_end": state.is_end,
        "requested_by": row.requested_by,
        "stage": row.stage,
        "state": row.state,
        "from_version": row.from_version,
        "to_version": row.to_version,
        "applied": row.applied,
        "seconds": row.seconds,
        "refused": row.refused,
        "sqlstate": row.sqlstate,
        "error": row.error_message,
        "script": row.script,
        "line": row.line,
        "statement": row.statement,
        "at": (row.finished_at or row.created_at).isoformat(),
    }
