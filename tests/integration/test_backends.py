"""The connections of a lost worker: found by the token in their name, ended, and none but those."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg2
import pytest
from psycopg2 import sql
from waiting import eventually

from migrator.errors import QueryRefused
from migrator.model.holder import lane_name, program_name
from migrator.schema.backends import end_backends, notice_loss
from migrator.schema.pg_child import address
from migrator.schema.session import open_session

LOST, ALIVE = "host:1:2:aaaa:0123456789ab", "host:1:3:aaaa:ba9876543210"
EXECUTION = "5b0a8a3e-6a1d-4f7e-9d61-2f3c4b5a6d7e"
ACTIVE = "SELECT true FROM pg_stat_activity WHERE application_name = %s AND state = 'active'"


def sleeping(session):
    """Runs a long statement in the session; join it to know what became of it."""
    ended = []

    def sleep():
        try:
            session.run("SELECT pg_sleep(60)")
        except psycopg2.Error as error:
            ended.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    return thread, ended


def test_a_long_statement_of_a_lost_worker_is_over_when_this_returns_and_the_others_go_on(open_, ask):
    lost, alive = open_(lane_name(1, LOST, EXECUTION)), open_(lane_name(2, ALIVE, EXECUTION))
    thread, ended = sleeping(lost)
    eventually(lambda: ask(ACTIVE, lane_name(1, LOST, EXECUTION)))
    found = end_backends(alive, {"0123456789ab"})
    assert ask(ACTIVE, lane_name(1, LOST, EXECUTION)) == []
    thread.join(10)
    assert (found, len(ended), lost.is_closed) == ({lane_name(1, LOST, EXECUTION): True}, 1, True)
    assert alive.rows("SELECT 1") == [(1,)]


def test_one_never_ends_its_own_connection(open_):
    session = open_(lane_name(1, LOST, EXECUTION))
    assert end_backends(session, {"0123456789ab"}) == {}
    assert session.rows("SELECT 1") == [(1,)]


def test_other_applications_are_left_alone_whatever_they_are_called(open_):
    other, ours = open_("reports 0123456789ab"), open_(lane_name(1, ALIVE, EXECUTION))
    assert end_backends(ours, {"0123456789ab"}) == {}
    assert other.rows("SELECT 1") == [(1,)]


def test_a_program_that_works_for_a_lane_has_the_lanes_token_in_its_name(open_):
    lost, ours = open_(lane_name(1, LOST, EXECUTION)), open_(lane_name(2, ALIVE, EXECUTION))
    assert "application_name='migrator snapshot for lane 1 0123456789ab" in address(
        lost.connection, "migrator snapshot"
    )
    name = program_name("migrator snapshot", lane_name(1, LOST, EXECUTION))
    program = open_(name)
    assert set(end_backends(ours, {"0123456789ab"})) == {name, lane_name(1, LOST, EXECUTION)}
    with pytest.raises(psycopg2.Error):
        program.rows("SELECT 1")


@pytest.fixture
def role(query, database):
    """A role that is no superuser."""
    name = sql.Identifier(f"plain_{database.name}")
    query("postgres", sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'a secret'").format(name))
    yield f"plain_{database.name}"
    query("postgres", sql.SQL("DROP ROLE {}").format(name))


def test_a_role_that_is_no_superuser_may_end_its_own_connections_and_is_told_where_it_may_not(
    open_, database, role, monkeypatch
):
    monkeypatch.setenv("PLAIN_PASSWORD", "a secret")
    plain = replace(database, username=role, credential="env:PLAIN_PASSWORD")
    lost, ours = (open_session(plain, lane_name(1, holder, EXECUTION)) for holder in (LOST, ALIVE))
    assert set(end_backends(ours, {"0123456789ab"})) == {lane_name(1, LOST, EXECUTION)}
    lost.close()
    open_(lane_name(1, LOST, EXECUTION))
    with pytest.raises(QueryRefused, match="permission denied to terminate process"):
        end_backends(ours, {"0123456789ab"})
    ours.close()


def test_the_server_looks_whether_the_worker_is_still_there(open_):
    session = open_(lane_name(1, ALIVE, EXECUTION))
    notice_loss(session)
    assert session.rows("SHOW client_connection_check_interval") == [("2s",)]
