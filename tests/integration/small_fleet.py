"""A small fleet for tests of the control database."""

from __future__ import annotations

from migrator.fleet import events, ledger, registry, waves
from migrator.fleet.claims import Claimer
from migrator.fleet.ledger import Request
from migrator.model.event import Event, EventType
from migrator.model.execution import Claim, Failure, Outcome, OutcomeState
from migrator.model.plan import by_scope, make_plan
from migrator.model.rollout import Rollout
from migrator.model.target import Database, DatabaseKind, Scope, Target, Tenant

ALL_AT_ONCE = Rollout(canary=0, max_failures="100%")
FOLDERS = {"tenant": "0123456789abcdef"}


def database(id_: str = "eu-1", kind: str = "tenant", **more) -> Database:
    return Database(id_, f"db_{id_}", DatabaseKind(kind), username="migrator", region="eu", **more)


def tenant(id_: str, database_id: str = "eu-1", **more) -> Tenant:
    return Tenant(id_, f"slug-{id_}", database_id, more.pop("schema_name", f"tenant_{id_}"), "eu", **more)


def found(count: int, database_id: str = "eu-1") -> list[Target]:
    """Targets in the order of their schemas."""
    ids = [f"{number:03d}" for number in range(count)]
    return [Target(database_id, f"tenant_{id_}", Scope.TENANT, f"{database_id}-{id_}") for id_ in ids]


def register(connection, targets) -> None:
    """Databases and tenants that targets need."""
    for database_id in sorted({target.database_id for target in targets}):
        registry.add_database(connection, database(database_id, _kind(targets, database_id)))
    for target in targets:
        if target.tenant_id:
            named = tenant(target.tenant_id, target.database_id, schema_name=target.schema_name)
            registry.add_tenant(connection, named)


def _kind(targets, database_id: str) -> str:
    scope = next(target.scope for target in targets if target.database_id == database_id)
    return {Scope.ADMIN: "admin", Scope.REGIONAL: "shared", Scope.TENANT: "tenant"}[scope]


def opened(store, targets, id_: str = "e1", current: int = 0, rollout: Rollout = ALL_AT_ONCE) -> str:
    """An execution over these targets, its first wave sent out."""
    with store.begin() as connection:
        register(connection, targets)
        events.receive(connection, Event(id_, EventType.MIGRATION_REQUESTED))
        plan = make_plan(by_scope(targets), rollout, current=current)
        ledger.open_execution(connection, id_, plan, Request("ann", FOLDERS, rollout=rollout))
        if targets:
            waves.note_sent(connection, id_, 1)
    return id_


def lane(holder: str = "one", database_id: str = "eu-1", *, seconds: float = 60, execution: str = "e1", wave: int = 1):
    return Claimer(execution, database_id, wave, holder, seconds)


def done(claim: Claim, *applied: str) -> Outcome:
    return Outcome(claim, OutcomeState.DONE, "1", "2", applied or ("V2__b.sql",), 0.5)


def failed(claim: Claim, message: str = "V2__b.sql:3 failed") -> Outcome:
    failure = Failure(message, "42P07", "V2__b.sql", 3, "CREATE TABLE b ()")
    return Outcome(claim, OutcomeState.FAILED, seconds=0.1, failure=failure)
