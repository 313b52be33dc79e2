"""Which registered targets somebody means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migrator.errors import UnknownTargets
from migrator.fleet import registry
from migrator.model.target import Database, Scope, Target
from tasks import desk

MOST_NAMED = 10


def wanted_targets(
    scope: Scope | str,
    databases: Sequence[str] | None = None,
    schemas: Sequence[str] | None = None,
    tenants: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> tuple[list[Target], dict[str, Database]]:
    """The targets of a scope, or of "all", and every registered database; None for names means all.

    ``labels``: only targets that have all of these. Raises UnknownTargets when a name leads to none.
    """
    scopes = list(Scope) if scope == "all" else [Scope(scope)]
    with desk.store().begin() as connection:
        found = registry.targets(
            connection,
            scopes,
            own_schema=desk.settings().own_schema,
            databases=databases,
            schemas=schemas,
            tenants=tenants,
        )
        known = {database.id: database for database in registry.databases(connection)}
    _refuse_unknown("database", databases, set(known))
    _refuse_unknown("schema", schemas, {target.schema_name for target in found})
    _refuse_unknown("tenant", tenants, {target.tenant_id or "" for target in found})
    return [target for target in found if (labels or {}).items() <= dict(target.labels).items()], known


def _refuse_unknown(kind: str, wanted: Sequence[str] | None, known: set[str]) -> None:
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        raise UnknownTargets(kind=kind, names=", ".join(unknown[:MOST_NAMED]) + more)
