"""Files for several database systems beside each other: ``1_x.postgres.up.sql``, ``1_x.mysql.up.sql``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_OURS = frozenset(("postgres", "postgresql", "pg", "pgsql", "psql"))
_FOREIGN = frozenset(
    ("mysql", "mariadb", "sqlite", "sqlite3", "mssql", "sqlserver", "oracle", "cockroach", "cockroachdb")
) | frozenset(("crdb", "clickhouse", "snowflake", "redshift", "spanner", "duckdb", "db2", "h2", "cassandra"))
_TAGS = _OURS | _FOREIGN | {"autocommit"}


def ours(files: Iterable[Path]) -> list[Path]:
    """Without the files of other systems, and without a general file that PostgreSQL has its own one for."""
    kept = [file for file in files if not _tags(file) & _FOREIGN]
    special = {file.with_name(bare_name(file)) for file in kept if _tags(file) & _OURS}
    return [file for file in kept if _tags(file) & _OURS or file.with_name(bare_name(file)) not in special]


def bare_name(file: Path) -> str:
    """The file's name without the tags that say for which system and how it is meant."""
    first, *rest = file.name.split(".")  # a README may have no other part
    return ".".join((first, *(part for part in rest[:-1] if part not in _TAGS), *rest[-1:]))


def own_tag(file: Path) -> str:
    """The tag with its dot by which a file says that it is for PostgreSQL; empty where it does not say so."""
    return next((f".{tag}" for tag in file.name.split(".") if tag in _OURS), "")


def _tags(file: Path) -> frozenset[str]:
    return frozenset(file.name.split(".")[1:-1]) & _TAGS
