"""A new tenant's way through the control database in as few round trips as can be; see ``together``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from migrator.errors import UnknownDatabase
from migrator.fleet import claims, lanes, ledger, registry, spares, waves
from migrator.fleet.claims import Claimer
from migrator.fleet.lanes import Budget
from migrator.fleet.ledger import Request
from migrator.fleet.store import together
from migrator.model.execution import Claim, Outcome
from migrator.model.plan import Plan
from migrator.model.spare import Spare
from migrator.model.target import Database, Tenant


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a newcomer stands when it comes."""

    database: Database
    is_open: bool
    """Whether its event has its execution already: it came before."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What was claimed for a newcomer, or what was ``missing``, and then the transaction is to be rolled back."""

    claim: Claim | None = None
    spare: Spare | None = None
    missing: str = ""


def arrive(connection: Connection, event_id: str, tenant: Tenant) -> Arrival:
    """Register a tenant. Raises what ``add_tenant`` raises; the transaction's commit does not wait for the disk."""
    names = {"event_id": event_id, "tenant_id": tenant.id, "database_id": tenant.database_id}
    row = together(
        connection, ("flush_later", {}), ("add_tenant", registry.tenant_row(tenant)), ("newcomer_facts", names)
    )
    if row is None or row.id is None:
        raise UnknownDatabase(database=tenant.database_id)
    if not row.is_open and not row.is_fresh:
        registry.add_tenant(connection, tenant)
    return Arrival(registry.as_database(row), row.is_open)


def begin(
    connection: Connection, claimer: Claimer, plan: Plan, request: Request, digest: str, budget: Budget
) -> Claimed:
    """Open the execution of a plan with one target, and claim that, a slot and a spare."""
    id_, database_id, holder = claimer.execution_id, claimer.database_id, claimer.holder
    row = together(
        connection,
        ("open_execution", ledger.execution_row(id_, plan, request)),
        ("add_outcomes", ledger.outcome_rows(id_, plan)),
        ("add_waves", waves.wave_rows(id_, plan.waves)),
        ("send_wave", {"id": id_, "wave": claimer.wave}),
        ("claim_spare", {"database_id": database_id, "digest": digest, "execution_id": id_}),
        ("take_lane", lanes.slot_wanted(database_id, holder, budget, claimer.lease_seconds, budget.total)),
        ("claim", claims.claim_wanted(claimer, 1)),
        ("newcomer_begun", {"id": id_, "holder": holder}),
    )
    if row is None or row.is_busy:
        return Claimed(missing="another execution has the schema")
    if row.state is None:
        return Claimed(missing="none is ready at the folder's state")
    if row.slot is None:
        return Claimed(missing="no slot of the database is free")
    claim = Claim(database_id, row.schema, row.fence, row.tenant_id, row.stage, row.number)
    return Claimed(claim, spares.as_spare(row))


def end(connection: Connection, claimer: Claimer, spare: Spare, outcome: Outcome) -> Row[Any] | None:
    """Write the outcome, free what was claimed and close the execution; its row, None where something is left to do."""
    place = {"database_id": claimer.database_id, "holder": claimer.holder}
    return together(
        connection,
        ("forget_spare", {"database_id": spare.database_id, "schema_name": spare.schema_name}),
        ("leave_lane", place),
        ("write_outcomes", claims.outcomes_written(claimer.execution_id, [outcome])),
        ("newcomer_ended", {"id": claimer.execution_id}),
    )
