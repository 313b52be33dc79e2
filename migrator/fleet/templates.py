"""Templates, kept for every worker to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row

from migrator.fleet.store import first, rows, run
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


@dataclass(frozen=True, slots=True)
class Making:
    """A template that somebody makes, or is about to."""

    digest: str
    server: int
    """The major version."""
    database_id: str
    """Where its scratch schemas are."""
    version: str | None
    """Up to which the folder is replayed."""


def claim(connection: Connection, making: Making, seconds: float, *, again: bool = False) -> bool:
    """Take it upon oneself to make a template; False when it is made, or somebody else is at it.

    ``again``: whoever was at it last was ourselves, and is no more.
    """
    return first(connection, "claim_template", **asdict(making), seconds=seconds, again=again) is not None


def renew(connection: Connection, making: Making, seconds: float) -> None:
    """Whoever makes it is still at it."""
    run(connection, "renew_template", digest=making.digest, server=making.server, seconds=seconds)


def leave(connection: Connection, making: Making) -> None:
    """It was given up: nobody is at it, and nobody was lost."""
    run(connection, "leave_template", digest=making.digest, server=making.server)


def take_lost(connection: Connection) -> Sequence[Row[Any]]:
    """Take the templates (database_id, version) whose maker was lost."""
    return rows(connection, "take_lost_templates")


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
