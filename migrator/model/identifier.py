"""Which schema names we accept."""

import re

from migrator.errors import BadSchemaName

MAX_BYTES = 63
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def checked_schema_name(name: str) -> str:
    """The name itself, or BadSchemaName with the rule it breaks.

    Stricter than PostgreSQL, which accepts anything between double quotes: a name that needs no quoting
    cannot be mangled by a pooler, a dump or somebody's shell script either.
    """
    if reason := _broken_rule(name):
        raise BadSchemaName(name=name, reason=reason)
    return name


def quoted(*names: str) -> str:
    """A name, or a path of names, as PostgreSQL reads it in a text: for ``regclass`` and patterns of pg_dump.

    Where a statement takes an identifier it is psycopg2.sql that quotes it.
    """
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def _broken_rule(name: str) -> str | None:
    if not name:
        return "is empty"
    if len(name.encode()) > MAX_BYTES:
        return f"is {len(name.encode())} bytes long, PostgreSQL cuts names at {MAX_BYTES}"
    if not _PLAIN.fullmatch(name):
        return "is not a plain identifier"
    if name.lower().startswith("pg_") or name.lower() == "information_schema":
        return "is reserved by PostgreSQL"
    return None
