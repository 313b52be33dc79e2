"""What a migration sends to the server, as text for people."""

from __future__ import annotations

from typing import Any

from migrator.errors import NoOfflineSql
from migrator.model.migration import Migration


def as_sql(migration: Migration, memo: dict[Any, Any] | None = None) -> str:
    """The SQL of a migration, or of a way back; for code that cannot be known before it runs, a comment that says so.

    ``memo``: a dict that is given for one migration after the other, in their order; Alembic's need it.
    """
    if migration.code is None:
        return migration.sql.strip()
    if migration.author_version is None:
        return f"-- code and not SQL: {migration.description}, {migration.path}"
    from migrator.folder.alembic.offline import offline_sql

    try:
        return offline_sql(migration, memo=memo).strip()
    except NoOfflineSql as error:
        return f"-- revision {migration.author_version}: {error}"
