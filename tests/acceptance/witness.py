"""Onlookers: what Flower would be told, and how many lanes a database really has."""

from __future__ import annotations

import contextlib
import threading

from tests.acceptance.nodes import wait_until


class TaskEvents:
    """Celery's task events as Flower receives them, collected while the block runs."""

    def __init__(self, app) -> None:
        self._app, self._events, self._stopped = app, [], threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._thread.join(10)

    def progress(self, task_id):
        return [event for event in self._events if event["type"] == "task-progress" and event["uuid"] == task_id]

    def results(self, task_id):
        return [event["result"] for event in self.progress(task_id)]

    def _listen(self):
        with self._app.connection_for_read() as given:
            receiver = self._app.events.Receiver(given, handlers={"*": self._events.append})
            with receiver.consumer_context() as (connection, _channel, _consumers):
                self._listening.set()
                while not self._stopped.is_set():
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=0.2)


def most_lanes(fleet, name, until, seconds=60):
    """The largest number of lanes that were connected to a database at one moment, watched until a condition."""
    ours = "datname = current_database() AND application_name LIKE 'migrator lane%'"
    query = f"SELECT count(*) FROM pg_stat_activity WHERE {ours}"
    counts = []

    def look():
        counts.append(fleet.rows(name, query)[0][0])
        return until()

    wait_until(look, "the executions did not end", seconds)
    return max(counts)
