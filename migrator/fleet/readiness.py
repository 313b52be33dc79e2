"""Whether a tenant is at a version, as far as the ledger knows: one query."""

from __future__ import annotations

from sqlalchemy import Connection

from migrator.errors import UnknownTenant
from migrator.fleet.store import first
from migrator.model.readiness import LastKnown, Readiness, judged


def look(connection: Connection, tenant_id: str, version: str | None = None) -> Readiness:
    """Whether a tenant's schema is at a version or above. Raises UnknownTenant, and BadVersion.

    One statement, by keys: from the newest outcome of this schema back to the first that tells its version, however
    many executions and tenants there are.
    """
    found = first(connection, "readiness", tenant=tenant_id)
    if found is None:
        raise UnknownTenant(tenant=tenant_id)
    known = LastKnown(
        is_active=found.is_active,
        execution=found.execution_id,
        is_done=found.state == "done",
        version=found.to_version,
        at=found.finished_at,
    )
    return judged(tenant_id, known, version)
