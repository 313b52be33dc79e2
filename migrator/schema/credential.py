"""Where a database's password comes from: a reference, never the password itself."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from migrator.errors import BadCredential

COMMAND_LIMIT_SECONDS = 10


def password_for(reference: str | None, database_id: str) -> str | None:
    """The password a reference leads to; None leaves it to libpq (.pgpass, service file, PGPASSWORD).

    ``env:NAME`` reads a variable, ``file:PATH`` the first line of a file, ``command:...`` the first line that
    a command prints. Raises BadCredential without ever quoting what was found.
    """
    if not reference:
        return None
    kind, _, where = reference.partition(":")
    read = _READERS.get(kind)
    if read is None or not where.strip():
        raise BadCredential(reference="(not shown)", database=database_id, reason="it is not env:, file: or command:")
    try:
        password = read(where)
    except (OSError, KeyError, ValueError, RuntimeError, subprocess.SubprocessError) as error:
        reason = type(error).__name__ + " while reading it on this machine"
        raise BadCredential(reference=reference, database=database_id, reason=reason) from None
    if not password:
        raise BadCredential(reference=reference, database=database_id, reason="it is empty")
    return password


def _from_environment(name: str) -> str:
    return os.environ[name]


def _from_file(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8").partition("\n")[0]


def _from_command(command: str) -> str:
    done = subprocess.run(
        shlex.split(command), capture_output=True, text=True, check=True, timeout=COMMAND_LIMIT_SECONDS
    )
    return done.stdout.partition("\n")[0]


_READERS = {"env": _from_environment, "file": _from_file, "command": _from_command}
