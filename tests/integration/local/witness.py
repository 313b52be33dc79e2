"""What can be seen of a server from outside: its answers, its processes, its files."""

from __future__ import annotations

import os
import socket
import stat
import sys
from contextlib import closing

import psutil
import psycopg2
import pytest
import redis

from migrator.local import Postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as somebody else")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs prctl and /proc")


def query(server, statement, dbname="postgres"):
    with closing(psycopg2.connect(server.url(dbname))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def write(server, word):
    if isinstance(server, Postgres):
        query(server, f"DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT '{word}'::text AS word")
    else:
        with redis.Redis.from_url(server.url()) as client:
            client.set("word", word)


def read(server):
    if isinstance(server, Postgres):
        return query(server, "SELECT word FROM kept")
    with redis.Redis.from_url(server.url(), decode_responses=True) as client:
        return client.get("word")


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_gone(pid):
    """A process nobody has waited for is gone too: what adopts orphans in a container need not reap them."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def family(*servers):
    """The process ids of servers and of all their children."""
    return [p.pid for s in servers for p in (psutil.Process(s.pid), *psutil.Process(s.pid).children(recursive=True))]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)
