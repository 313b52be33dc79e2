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
        raise BadCredential(reference=reference, database=database_id, reason=_said(error, where)) from None
    if not password:
        raise BadCredential(reference=reference, database=database_id, reason="it is empty")
    return password


def _said(error: Exception, where: str) -> str:
    """In words, without what a file or a command said, which may be the secret itself."""
    if isinstance(error, KeyError):
        return f"the environment variable {where} is not set in this process"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the command did not end within {COMMAND_LIMIT_SECONDS} seconds on this machine"
    if isinstance(error, subprocess.CalledProcessError):
        return f"the command ended with code {error.returncode} on this machine"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror.lower()} on this machine"
    return type(error).__name__ + " while reading it on this machine"


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
