"""A server is tied to the object that started it, not to the thread."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import redis

from migrator.local import Valkey
from tests.integration.local.witness import on_linux
from tests.integration.waiting import eventually

pytestmark = on_linux


def test_a_server_outlives_the_thread_that_started_it(home, started):
    server = Valkey(home / "s")
    thread = threading.Thread(target=started, args=(server,))
    thread.start()
    thread.join()
    eventually(lambda: not Path(f"/proc/self/task/{thread.native_id}").exists())
    with redis.Redis.from_url(server.url()) as client:
        assert client.ping()
    assert "SIGTERM" not in server.home.log.read_text()


def test_a_server_that_nobody_holds_any_more_ends(home):
    server = Valkey(home / "s")
    server.start()
    child = server._child
    del server
    gc.collect()
    assert child.wait(20) == 0
