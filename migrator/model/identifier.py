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
