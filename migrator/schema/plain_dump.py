"""pg_dump's text of one schema, as statements that can be sent to a server inside a transaction."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

from migrator.errors import MigratorError
from migrator.model.identifier import quoted
from migrator.schema.pg_child import address, child
from migrator.schema.pg_tools import PgTools
from migrator.schema.session import Session

_FOR_PSQL = re.compile(r"^\\(?:un)?restrict .*$\n?", re.MULTILINE)
_HEADER_END = re.compile(r"^-- Name: ", re.MULTILINE)
_HEADER = "SET LOCAL check_function_bodies = false;\nSELECT pg_catalog.set_config('search_path', '', true);\n"
"""What of pg_dump's own header matters inside a transaction: bodies may name what comes later, names are qualified."""


def plain_dump(
    session: Session, schema: str, tools: PgTools, *options: str, failed: Callable[[str], MigratorError]
) -> str:
    """A schema as text, owners left out. Raises what ``failed`` makes of the reason when pg_dump ends badly."""
    words = [
        tools["pg_dump"],
        "--format=plain",
        f"--schema={quoted(schema)}",
        "--no-owner",
        "--strict-names",
        "--no-password",
        *options,
        f"--dbname={address(session.connection, 'migrator dump')}",
    ]
    with child(words, session.connection, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as dump:
        text = b"".join(dump.chunks()).decode()
        if dump.end() != 0:
            raise failed(dump.refusal[1])
    return _for_a_server(text)


def _for_a_server(text: str) -> str:
    """Without what is psql's, and with a header that ends with the transaction."""
    text = _FOR_PSQL.sub("", text)
    start = _HEADER_END.search(text)
    return _HEADER + (text[start.start() :] if start else "")
