"""A client program that works on the database of a session, as a child of this process."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from psycopg2.extensions import connection, make_dsn

from migrator.model.holder import program_name

CHUNK = 1 << 20
_KNOWN_TO_ALL = (
    *("dbname", "user", "hostaddr", "options", "passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl"),
    *("sslcrldir", "sslsni", "requirepeer", "ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname"),
    *("gsslib", "gssencmode", "channel_binding", "tcp_user_timeout", "keepalives", "keepalives_idle"),
    *("keepalives_interval", "keepalives_count"),
)
_KNOWN_TO_NEWER = {"sslnegotiation": "postgres", "sslcertmode": "allow", "require_auth": None}
"""With their defaults: an older program would refuse to hear of them."""
_REFUSED = re.compile(r"(?:ERROR|FATAL): {2}(?:([0-9A-Z]{5}): )?(.+)")
_ERROR = re.compile(r"^\w+: error: (.+)", re.MULTILINE)


class Child:
    """A running program."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
        self.process, self._said = process, said

    def chunks(self) -> Iterator[bytes]:
        """What it writes, until it closes its output."""
        out = _pipe(self.process.stdout)
        while chunk := out.read(CHUNK):
            yield chunk

    def feed(self, data: bytes) -> None:
        """Send it something. Raises BrokenPipeError when it has ended."""
        _pipe(self.process.stdin).write(data)

    def end(self) -> int:
        """Close its input, wait for it, and give its exit code."""
        if self.process.stdin:
            _close(self.process.stdin)
        return self.process.wait()

    @property
    def refusal(self) -> tuple[str | None, str]:
        """Why it ended badly: SQLSTATE, where it tells, and one line without the values that a DETAIL would quote."""
        self._said.seek(0)
        said = self._said.read().decode(errors="replace")
        if found := _REFUSED.search(said):
            return found[1], found[2].strip()
        if found := _ERROR.search(said):
            return None, found[1].strip()
        return None, f"{os.path.basename(str(self.process.args[0]))} ended with {self.process.returncode}"  # type: ignore[index]


@contextmanager
def child(words: Sequence[str], opened: connection | None = None, **pipes: Any) -> Iterator[Child]:
    """A program, and on the way out its end whatever happens. With a connection it gets the same password.

    The password is in the child's environment alone: others on the machine can read its command line.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stderr=said, env=environment(opened), **pipes)
        try:
            yield Child(process, said)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    _close(pipe)


def address(opened: connection, doing: str) -> str:
    """Where a connection leads, as a conninfo string without any secret, for the command line of a program.

    Host and port are those of the one server that answered, however many were named. Works for a lane have its token
    in their name, so that what is left of a lost worker's is found.
    """
    parts: dict[str, Any] = opened.info.dsn_parameters
    known = {name: parts[name] for name in _KNOWN_TO_ALL if parts.get(name)}
    newer = {n: parts[n] for n, default in _KNOWN_TO_NEWER.items() if parts.get(n) not in (None, "", default)}
    if "," in known.get("hostaddr", ""):
        del known["hostaddr"]
    server = {"host": opened.info.host, "port": opened.info.port}
    return make_dsn(**(known | newer | server), application_name=program_name(doing, parts.get("application_name", "")))


def environment(opened: connection | None) -> dict[str, str]:
    """This process's environment, messages in English without colours, and the password that was used."""
    plain = {**os.environ, "LC_ALL": "C", "PG_COLOR": "never"}
    password = opened.info.password if opened is not None else None
    return plain | ({"PGPASSWORD": password} if password else {})


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the child was started without this pipe")
    return pipe


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # what it did not read it does not want; its exit code says why
        pipe.close()
