"""Through a real PgBouncer: what needs a lock of the session is refused, everything else works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import psycopg2
import pytest
from waiting import eventually

from migrator.errors import PooledSession
from migrator.local import free_port
from migrator.schema.engine import Engine
from migrator.schema.session import open_url

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
INDEX = {"V1__a.sql": "CREATE TABLE item (id int)", "V2__b.sql": "CREATE INDEX CONCURRENTLY i ON item (id)"}
HELD = """SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")


@pytest.fixture
def through(server, database, tmp_path):
    """Opens sessions through a PgBouncer of the given pooling mode."""
    running, opened = [], []

    def session(mode):
        port = free_port()
        tmp_path.chmod(0o755)
        users = tmp_path / "users.txt"
        users.write_text(f'"postgres" "{server.password}"\n')
        settings = tmp_path / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {users}\npool_mode = {mode}\n"
            "unix_socket_dir =\nignore_startup_parameters = extra_float_digits\n"
        )
        account = ["-u", "nobody"] if os.geteuid() == 0 else []
        running.append(subprocess.Popen([PGBOUNCER, "-q", *account, str(settings)], stderr=subprocess.DEVNULL))
        url = f"postgresql://postgres:{server.password}@127.0.0.1:{port}/{database.name}"
        eventually(lambda: opens(url))
        opened.append(open_url(url))
        return opened[-1]

    yield session
    for found in opened:
        found.close()
    for process in running:
        process.send_signal(signal.SIGINT)
        process.wait(10)


@pytest.fixture(autouse=True)
def nothing_stays_behind(through, ask):
    """No lock is stranded on a server connection that the pooler keeps; asked while the pooler still runs."""
    yield
    assert ask(HELD) == [(0,)]


def opens(url):
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_what_runs_outside_a_transaction_is_refused_where_connections_change(through, folder, schema, ask):
    session = through("transaction")
    with pytest.raises(PooledSession, match=r"V2__b\.sql cannot run in a transaction, and its lock would be left"):
        Engine(folder(INDEX)).migrate(session, schema)
    assert ask("SELECT to_regclass(%s)", f"{schema}.i") == [(None,)]


def test_what_runs_inside_a_transaction_is_applied_where_connections_change(through, folder, schema):
    (first, *_) = INDEX.items()
    assert Engine(folder(dict([first]))).migrate(through("transaction"), schema).applied == ("V1__a.sql",)


def test_a_pooler_that_keeps_a_session_on_its_connection_is_no_hindrance(through, folder, schema):
    assert Engine(folder(INDEX)).migrate(through("session"), schema).applied == tuple(INDEX)
