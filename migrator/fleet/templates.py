"""Templates, kept for every worker to use."""

from __future__ import annotations

from sqlalchemy import Connection

from migrator.fleet.store import first, run
from migrator.model.template import NoTemplate, Template


def find(connection: Connection, digest: str, server: int) -> Template | NoTemplate | None:
    """The template of a folder's state for a server's major version, or why there can be none; None while unknown."""
    row = first(connection, "template", digest=digest, server=server)
    if row is None:
        return None
    if row.body is None:
        return NoTemplate(digest, server, row.reason)
    return Template(digest, server, row.version, row.body, row.fingerprint)


def names_itself(connection: Connection, digest: str, server: int) -> str | None:
    """Where a schema made from the template says its own name as text; empty for nowhere, None while nobody looked."""
    row = first(connection, "template", digest=digest, server=server)
    return row.names_schema if row is not None else None


def note_names(connection: Connection, digest: str, server: int, names_schema: str) -> None:
    """Keep what was found about that."""
    run(connection, "note_names", digest=digest, server=server, names_schema=names_schema)


def claim(connection: Connection, digest: str, server: int, seconds: float, *, again: bool = False) -> bool:
    """Take it upon oneself to make a template; False when it is made, or somebody else is at it.

    ``again``: whoever was at it last was ourselves, and is no more.
    """
    found = first(connection, "claim_template", digest=digest, server=server, seconds=seconds, again=again)
    return found is not None


def keep(connection: Connection, made: Template | NoTemplate) -> None:
    """Store what came out."""
    template = made if isinstance(made, Template) else None
    run(
        connection,
        "keep_template",
        digest=made.digest,
        server=made.server,
        version=template.version if template else None,
        body=template.body if template else None,
        fingerprint=template.fingerprint if template else None,
        reason=made.reason if isinstance(made, NoTemplate) else None,
    )
