"""``migrator database`` and ``migrator tenant``: the registry. Changes are events, as an application's are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import click
from sqlalchemy import Row

from migrator.cli.control import send, store
from migrator.cli.follow import followed, tell
from migrator.cli.output import json_option, say, say_table, show_record
from migrator.fleet import facts, readiness, registry
from migrator.model.event import Event, EventType
from migrator.model.target import Database, DatabaseKind

SECONDS, WAIT = click.FloatRange(0, min_open=True), click.FloatRange(0)
WAY = ("name", "host", "port", "username", "credential")
"""What of a database leads to it."""


class SpareCount(click.IntRange):
    """A number, or ``default`` for what the setting says."""

    def __init__(self) -> None:
        super().__init__(0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """``default`` as the registry takes it."""
        return registry.SPARES_AS_SET if value == "default" else super().convert(value, param, ctx)


@click.group()
def database() -> None:
    """The databases of the fleet."""


@database.command("add")
@click.argument("database_id", metavar="ID")
@click.option("--name", required=True, help="Its name on its server.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in DatabaseKind]),
    default="tenant",
    show_default=True,
    help="What it is for.",
)
@click.option("--host", default="localhost", show_default=True, help="Its server.")
@click.option("--port", default=5432, show_default=True, help="Of its server.")
@click.option("--username", required=True, help="The user that migrates.")
@click.option("--region", default="default", show_default=True, help="Where it is.")
@click.option("--migration-timeout", default=300, show_default=True, help="Seconds one statement may take.")
@click.option("--credential", help="env:NAME, file:PATH or command:...; else libpq's own ways.")
@click.option("--lanes", type=click.IntRange(1), help="How many lanes may work on it at once; else the setting.")
@click.option("--breaker-failures", type=click.IntRange(1), help="So many failures open its breaker; else the setting.")
@click.option("--breaker-wait", type=SECONDS, help="Seconds until its first probe; else the setting.")
@click.option("--migrate/--no-migrate", "auto_migrate", default=True, help="Migrate it at once.")
@click.option("--spares", type=click.IntRange(0), help="How many spare schemas to keep ready; else the setting.")
@json_option
def add_database(
    database_id: str,
    name: str,
    kind: str,
    credential: str | None,
    lanes: int | None,
    breaker_failures: int | None,
    breaker_wait: float | None,
    spares: int | None,
    as_json: bool,
    **more: Any,
) -> None:
    """Register a database.

    Example: migrator database add eu-1 --name shop_eu --host db.eu --username migrator --credential env:EU_PASSWORD
    """
    is_new = False
    if credential or lanes or breaker_failures or breaker_wait or spares is not None:
        fields = {key: more[key] for key in ("host", "port", "username", "region", "migration_timeout")}
        here = Database(database_id, name, DatabaseKind(kind), credential=credential, lanes=lanes, **fields)
        here = replace(here, breaker_failures=breaker_failures, breaker_open_seconds=breaker_wait)
        is_new = _add_here(replace(here, spares=spares))
    _carry_out(
        EventType.DATABASE_CREATED,
        {"database_id": database_id, "database_name": name, "connection_type": kind, **more},
        as_json,
        lambda event: _as_new(event, database_id) if is_new else event,
    )


@database.command("show")
@click.argument("database_id", metavar="ID")
@json_option
def show_database(database_id: str, as_json: bool) -> None:
    """Show one database: how it is registered, its breaker, how many tenants it has and what is at work there.

    Example: migrator database show eu-1
    """
    with store().begin() as connection:
        found = registry.find_database(connection, database_id)
        document = {
            **asdict(found),
            "labels": dict(found.labels),
            "tenants": facts.count_tenants(connection, database_id),
            "breaker": _breaker(facts.last_breaker(connection, database_id)),
            "pace": _pace(facts.pace_of(connection, database_id)),
            "executions": [_at_work(row) for row in facts.at_work(connection, database_id)],
        }
    say(as_json, document, lambda console: show_record(console, document))


@database.command("list")
@json_option
def list_databases(as_json: bool) -> None:
    """List the databases of the fleet.

    Example: migrator database list --json
    """
    with store().begin() as connection:
        found = registry.databases(connection)
    headings = ("id", "kind", "region", "address", "username", "credential")
    rows = ((d.id, d.kind.value, d.region, d.address, d.username, d.credential) for d in found)
    say_table(as_json, headings, rows, "no database is registered; 'migrator database add' registers one")


@database.command("remove")
@click.argument("database_id", metavar="ID")
@json_option
def remove_database(database_id: str, as_json: bool) -> None:
    """Retire a database; nothing in it is dropped.

    Example: migrator database remove eu-1
    """
    _carry_out(EventType.DATABASE_DELETED, {"database_id": database_id}, as_json)


@database.command("set")
@click.argument("database_id", metavar="ID")
@click.option("--name", help="Its name on its server.")
@click.option("--host", help="Its server.")
@click.option("--port", type=click.IntRange(1, 65535), help="Of its server.")
@click.option("--username", help="The user that migrates.")
@click.option("--region", help="Where it is.")
@click.option("--credential", help="env:NAME, file:PATH or command:...; an empty one for libpq's own ways.")
@click.option("--lanes", type=click.IntRange(0), help="How many lanes may work on it at once; 0 for the setting.")
@click.option("--migration-timeout", type=click.IntRange(1), help="Seconds one statement may take.")
@click.option(
    "--breaker-failures", type=click.IntRange(0), help="So many failures open its breaker; 0 for the setting."
)
@click.option("--breaker-wait", type=WAIT, help="Seconds until its first probe; 0 for the setting.")
@click.option(
    "--spares",
    type=SpareCount(),
    help="How many spare schemas to keep ready for new tenants; 'default' for the setting.",
)
@json_option
def set_database(database_id: str, breaker_wait: float | None, as_json: bool, **changes: Any) -> None:
    """Change where a database is and how it is worked on; what is not named stays.

    An application says where it is by an event database.updated. Its breaker is closed when the way to it changed.

    Example: migrator database set eu-1 --lanes 2 --breaker-failures 3 --breaker-wait 5
    """
    with store().begin() as connection:
        changed = registry.change_database(connection, database_id, changes | {"breaker_open_seconds": breaker_wait})
    if changed and any(changes[name] is not None for name in WAY):
        _forget_breaker(database_id)
    said = f"database {database_id} is changed" if changed else f"database {database_id} was so already"
    document = {"database": database_id, "changed": changed, "summary": said}
    say(as_json, document, lambda console: console.print(said, markup=False))


@click.group()
def tenant() -> None:
    """The tenants of the fleet."""


@tenant.command("add")
@click.argument("tenant_id", metavar="ID")
@click.option("--slug", help="A short readable name; the id when not given.")
@click.option("--database", "database_id", required=True, help="The database its schema is in.")
@click.option("--schema", "schema_name", required=True, help="Its schema.")
@click.option("--region", default="default", show_default=True, help="Where it is.")
@click.option("--migrate/--no-migrate", "auto_migrate", default=True, help="Make and migrate its schema at once.")
@json_option
def add_tenant(tenant_id: str, slug: str | None, as_json: bool, **more: Any) -> None:
    """Register a tenant and migrate its schema.

    Example: migrator tenant add 7 --slug acme --database eu-1 --schema tenant_acme
    """
    _carry_out(EventType.TENANT_CREATED, {"tenant_id": tenant_id, "tenant_slug": slug or tenant_id, **more}, as_json)


@tenant.command("show")
@click.argument("tenant_id", metavar="ID")
@json_option
def show_tenant(tenant_id: str, as_json: bool) -> None:
    """Show one tenant as it is registered, with the version that the ledger knows of; 'explain' says why.

    Example: migrator tenant show 7
    """
    with store().begin() as connection:
        found = registry.find_tenant(connection, tenant_id)
        known = readiness.look(connection, tenant_id)
    document = {
        **asdict(found),
        "labels": dict(found.labels),
        "version": known.version,
        "state": known.state.value,
        "execution": known.execution,
        "since": known.since,
    }
    say(as_json, document, lambda console: show_record(console, document))


@tenant.command("list")
@click.option("--database", "database_id", help="Only those of this database.")
@json_option
def list_tenants(database_id: str | None, as_json: bool) -> None:
    """List the tenants of the fleet.

    Example: migrator tenant list --database eu-1
    """
    with store().begin() as connection:
        found = registry.tenants(connection, database_id)
    headings = ("id", "slug", "database", "schema", "region")
    rows = ((t.id, t.slug, t.database_id, t.schema_name, t.region) for t in found)
    say_table(as_json, headings, rows, "no tenant is registered; 'migrator tenant add' registers one")


@tenant.command("remove")
@click.argument("tenant_id", metavar="ID")
@json_option
def remove_tenant(tenant_id: str, as_json: bool) -> None:
    """Retire a tenant; its schema is not dropped.

    Example: migrator tenant remove 7
    """
    _carry_out(EventType.TENANT_DELETED, {"tenant_id": tenant_id}, as_json)


def _forget_breaker(database_id: str) -> None:
    from tasks.breakers import breakers
    from tasks.databases import MOVED

    breakers().forget(database_id, MOVED)


def _add_here(database: Database) -> bool:
    """Straight into the registry: as an event, ``command:`` would let in everybody who reaches the broker."""
    with store().begin() as connection:
        return registry.add_database(connection, database)


def _as_new(event: Event, database_id: str) -> Event:
    """The event found the database registered, a moment before and by this command."""
    report = event.report
    if report is None or report.get("execution") is not None:
        return event
    return replace(event, report={**report, "summary": f"database {database_id} is registered", "changed": 1})


def _carry_out(
    type_: EventType, payload: dict[str, Any], as_json: bool, told: Callable[[Event], Event] = lambda event: event
) -> None:
    """Send an event, wait for its end and say how it ended."""
    event = told(followed(send(type_, payload)))
    tell(event, as_json, lambda console, report: console.print(report["summary"], markup=False))


def _breaker(row: Row[Any] | None) -> dict[str, Any] | None:
    return {"state": row.state, "reason": row.reason, "since": row.at, "by": row.by} if row is not None else None


def _pace(row: Row[Any] | None) -> dict[str, Any] | None:
    return {"lanes": row.lanes, "budget": row.budget, "reason": row.reason} if row is not None else None


def _at_work(row: Row[Any]) -> dict[str, Any]:
    return {"execution": row.id, "state": row.state, "kind": row.kind, "waiting": row.waiting, "running": row.running}
