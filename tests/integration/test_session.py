"""Opening a session: with which password, and what is said when it cannot be opened."""

from __future__ import annotations

import shlex
import socket
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from migrator.errors import BadCredential, DatabaseUnreachable, QueryRefused, TransientError, WrongCredentials
from migrator.schema.session import Access, open_session, open_url, session_on

WRONG = "not-the-password"


@pytest.fixture
def closed_port():
    """A port that nobody listens on, and that nobody can take while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def who(session):
    try:
        return session.rows("SELECT current_user::text, current_database()::text, current_setting('application_name')")[
            0
        ]
    finally:
        session.close()


def test_a_session_says_who_it_is(database, access):
    assert who(open_session(database, "migrator lane 1", access)) == ("postgres", database.name, "migrator lane 1")


def test_a_long_name_is_cut_where_the_server_would_cut_it(database, access):
    assert who(open_session(database, "x" * 100, access))[2] == "x" * 63


def test_a_url_leads_to_a_session(server, database):
    assert who(open_url(server.url(database.name)))[:2] == ("postgres", database.name)


def test_a_password_is_read_from_the_environment(server, database, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", server.password)
    assert who(open_session(replace(database, credential="env:SHOP_PASSWORD")))[0] == "postgres"


def test_a_password_is_read_from_a_file(server, database, tmp_path):
    (tmp_path / "password").write_text(f"{server.password}\n")
    assert who(open_session(replace(database, credential=f"file:{tmp_path}/password")))[0] == "postgres"


def test_a_password_is_read_from_a_command(server, database, tmp_path):
    (tmp_path / "vault.py").write_text(f"print({server.password!r})")
    command = shlex.join([sys.executable, str(tmp_path / "vault.py")])
    assert who(open_session(replace(database, credential=f"command:{command}")))[0] == "postgres"


def test_a_databases_own_credential_goes_before_the_one_for_all(server, database, monkeypatch):
    monkeypatch.setenv("RIGHT", server.password)
    monkeypatch.setenv("WRONG", WRONG)
    own = replace(database, credential="env:RIGHT")
    assert who(open_session(own, access=Access(credential="env:WRONG")))[0] == "postgres"
    assert who(open_session(database, access=Access(credential="env:RIGHT")))[0] == "postgres"


def test_a_broken_reference_is_noticed_before_anybody_is_asked(database, closed_port):
    with pytest.raises(BadCredential, match=r"env:ABSENT of database eu-1 gives no password: .*ABSENT is not set"):
        open_session(replace(database, credential="env:ABSENT", port=closed_port))


def test_a_wrong_password_is_final_and_not_shown(database, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", WRONG)
    with pytest.raises(WrongCredentials) as caught:
        open_session(replace(database, credential="env:SHOP_PASSWORD"))
    assert str(caught.value).startswith(
        f"database eu-1 at {database.address} refused user postgres: "
        'password authentication failed for user "postgres"; nothing was changed'
    )
    assert WRONG not in str(caught.value) + repr(caught.value.facts)


def test_a_wrong_password_in_a_url_is_not_shown(server, database):
    with pytest.raises(WrongCredentials) as caught:
        open_url(server.url(database.name).replace(server.password, WRONG))
    assert WRONG not in str(caught.value) + repr(caught.value.facts)


def test_without_a_password_it_is_final(database):
    with pytest.raises(WrongCredentials, match="no password supplied"):
        open_session(database, access=Access(passfile="/dev/null"))


def test_an_unknown_database_is_final(database, access):
    with pytest.raises(WrongCredentials, match='database "nowhere" does not exist'):
        open_session(replace(database, name="nowhere"), access=access)


def test_a_database_that_lets_the_user_not_in_is_final(server, database, ask, schema):
    ask(f"CREATE ROLE {schema} LOGIN PASSWORD 'p'")
    ask(f"REVOKE CONNECT ON DATABASE {database.name} FROM public")
    try:
        with pytest.raises(WrongCredentials, match=f'permission denied for database "{database.name}"'):
            open_url(f"postgresql://{schema}:p@127.0.0.1:{server.port}/{database.name}")
    finally:
        ask(f"GRANT CONNECT ON DATABASE {database.name} TO public")


def test_a_closed_port_may_be_open_later(database, closed_port):
    with pytest.raises(DatabaseUnreachable) as caught:
        open_session(replace(database, port=closed_port))
    assert isinstance(caught.value, TransientError)
    said = f"database eu-1 at 127.0.0.1:{closed_port}/{database.name} cannot be reached: "
    assert str(caught.value).startswith(said)
    assert "Connection refused" in str(caught.value)


def test_a_session_is_closed_whatever_happens(database, access):
    with pytest.raises(ZeroDivisionError), session_on(database, access=access) as session:
        raise ZeroDivisionError
    assert session.connection.closed


def test_several_statements_are_one_string_and_the_rows_are_the_last_ones(session):
    assert session.rows("SELECT 1; SELECT 2; SELECT generate_series(3, 4)") == [(3,), (4,)]


def test_rolling_back_where_nothing_is_open_does_no_harm(session):
    session.roll_back()
    session.run("BEGIN; CREATE TEMP TABLE t ()")
    session.roll_back()
    assert session.rows("SELECT to_regclass('t')") == [(None,)]
    session.close()
    session.roll_back()


def test_a_question_on_a_connection_that_broke_may_be_asked_again_and_a_wrong_one_may_not(server, query):
    with closing(open_url(server.url())) as session:
        with pytest.raises(QueryRefused) as wrong:
            session.ask("SELECT 1/0")
        query("postgres", "SELECT pg_terminate_backend(%s)", session.connection.info.backend_pid)
        with pytest.raises(QueryRefused) as broken:
            session.ask("SELECT 1")
    assert [isinstance(found.value, TransientError) for found in (wrong, broken)] == [False, True]


def test_a_lock_is_let_go_with_its_connection_when_that_is_gone(open_, query, database):
    gone = open_("gone")
    gone.run("SELECT pg_advisory_lock(1)")
    query(database.name, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gone'")
    gone.let_go("SELECT pg_advisory_unlock(1)")
    assert gone.is_closed
    gone.let_go("SELECT pg_advisory_unlock(1)")
