"""What is named in one place and used in another: event types, tasks, routes, senders and queries."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from celery import Celery
from celery.utils.imports import symbol_by_name

import tasks
from config.queues import QUORUM_QUEUES, STRICTEST_FIRST, TASK_QUEUES, TASK_ROUTES
from config.schedule import beat_schedule
from migrator import client, fleet, schema
from migrator.model.event import EventType, Priority
from migrator.model.execution import Work
from migrator.model.payload import PAYLOADS
from migrator.queries import load_queries
from tasks.breaker import BreakerTask
from tasks.broker_repairs import pause_on
from tasks.losses import LeasedRequest
from tasks.work import KINDS

every_type = pytest.mark.parametrize("type_", list(EventType), ids=str)
FLEET, SCHEMA = Path(fleet.__file__).parent, Path(schema.__file__).parent
ROOMS = {FLEET: sorted(FLEET.glob("sql/*.sql")), SCHEMA: sorted(SCHEMA.glob("sql/*.sql"))}
every_room = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)


@every_type
def test_an_event_type_has_a_payload(type_):
    assert type_ in PAYLOADS


@every_type
def test_an_event_type_is_routed_to_the_queue_of_its_priority(type_):
    assert TASK_ROUTES[type_.task_name] == {"queue": type_.priority.value}


@every_type
def test_an_event_type_has_a_task_of_its_name(type_):
    task = getattr(tasks, type_.function_name)
    assert task.name == type_.task_name
    assert type_.function_name in tasks.__all__
    assert tasks.app.tasks[type_.task_name] is not None


@every_type
def test_an_event_type_has_a_sender_in_the_light_client(type_):
    sender = getattr(client, type_.function_name)
    assert (sender.name, sender.type) == (type_.task_name, type_)


def test_every_task_of_ours_has_a_route_and_every_route_a_task():
    registered = {name for name in tasks.app.tasks if name.startswith("migrator.")}
    assert registered == set(TASK_ROUTES)


def test_what_beat_sends_is_a_task_and_goes_to_a_queue_that_workers_serve():
    entries = beat_schedule(5.0).values()
    assert {entry["task"] for entry in entries} <= set(tasks.app.tasks)
    assert {entry["options"]["queue"] for entry in entries} <= set(STRICTEST_FIRST)


def test_a_lane_can_do_every_kind_of_work():
    assert set(KINDS) == set(Work)


def test_there_is_a_queue_for_each_priority_in_their_order():
    assert tuple(priority.value for priority in Priority) == STRICTEST_FIRST
    assert tuple(queue.name for queue in TASK_QUEUES) == STRICTEST_FIRST


def test_quorum_queues_are_the_same_ones_and_can_be_delayed():
    assert tuple(queue.name for queue in QUORUM_QUEUES) == STRICTEST_FIRST
    assert {(queue.exchange.type, queue.queue_arguments["x-queue-type"]) for queue in QUORUM_QUEUES} == {
        ("topic", "quorum")
    }


def test_a_pause_is_made_a_whole_second_where_the_broker_delays():
    app = Celery("a test", set_as_current=False)
    app.conf.task_queues = QUORUM_QUEUES
    assert (pause_on(app, 0.2), pause_on(app, 2.5)) == (1.0, 2.5)
    assert pause_on(tasks.app, 0.2) == 0.2


def test_messages_are_json_alone():
    assert list(tasks.app.conf.accept_content) == ["json"]
    assert tasks.app.conf.task_serializer == "json"


def queries(room: Path) -> list[str]:
    return [name for file in ROOMS[room] for name in load_queries(file)]


def trees(room: Path) -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(room.glob("*.py"))]


@every_room
def test_no_query_hides_another_of_its_name(room):
    names = queries(room)
    assert sorted(set(names)) == sorted(names)
    assert names


@every_room
def test_every_query_is_used(room):
    words = {node.value for tree in trees(room) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert [name for name in queries(room) if name not in words] == []


@every_room
def test_every_query_that_is_used_exists(room):
    used = {name for tree in trees(room) for node in ast.walk(tree) for name in _query_names(node)}
    assert used
    assert used <= set(queries(room))


def _query_names(node: ast.AST):
    """The literal names in ``first(connection, "x")``, ``compose("x")``, ``_text("x")`` and ``QUERIES["x"]``."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "QUERIES":
        asked = node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("compose", "_text"):
        asked = node.args[0]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("rows", "first", "run"):
        asked = node.args[1]
    else:
        return
    if isinstance(asked, ast.Constant):
        yield asked.value


def test_a_query_file_with_one_name_twice_is_refused(tmp_path):
    file = tmp_path / "twice.sql"
    file.write_text("-- one --\nSELECT 1;\n-- one --\nSELECT 2;\n")
    with pytest.raises(ValueError, match=r"twice\.sql has two queries of one name"):
        load_queries(file)


def test_a_query_keeps_its_comments_and_ends_where_the_next_begins(tmp_path):
    file = tmp_path / "two.sql"
    file.write_text("-- one --\n-- Why.\nSELECT 1;\n\n-- two --\nSELECT 2;\n")
    assert load_queries(file) == {"one": "-- Why.\nSELECT 1;", "two": "SELECT 2;"}


WATCHED = {name: task for name, task in tasks.app.tasks.items() if isinstance(task, BreakerTask)}


@pytest.mark.parametrize("name", sorted(WATCHED))
def test_the_main_process_of_a_worker_notices_when_the_child_dies_that_worked_on_targets(name):
    assert issubclass(symbol_by_name(WATCHED[name].Request), LeasedRequest)
