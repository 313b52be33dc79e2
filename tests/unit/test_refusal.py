"""What a server's answer means: passing, lost, or final."""

from __future__ import annotations

import psycopg2
import pytest

from migrator.errors import BadUrl, DatabaseUnreachable, TransientError, WrongCredentials
from migrator.fleet.store import Store
from migrator.model.target import Database, DatabaseKind
from migrator.schema.session import _refusal, open_url
from migrator.schema.sqlstate import is_lost, is_passing

DATABASE = Database("eu-1", "shop", DatabaseKind.TENANT, "db.eu", 5432, "migrator")
PREFIX = 'connection to server at "db.eu" (10.0.0.5), port 5432 failed: '


@pytest.mark.parametrize(
    ("sqlstate", "passing"),
    [
        ("40001", True),
        ("40P01", True),
        ("55P03", True),
        ("53100", True),
        ("53200", True),
        ("53300", True),
        ("08000", True),
        ("08006", True),
        ("53000", True),
        ("57P01", True),
        ("57P02", True),
        ("57P03", True),
        ("57P05", True),
        ("25P03", True),
        ("40003", True),
        ("58000", True),
        ("53400", False),
        ("57P04", False),
        ("58030", False),
        ("28P01", False),
        ("XX000", False),
        ("57014", False),
        ("42P07", False),
        ("23505", False),
        ("42601", False),
        ("55006", False),
        ("40002", False),
        ("", False),
        (None, False),
    ],
)
def test_locks_deadlocks_and_lack_of_resources_pass(sqlstate, passing):
    assert is_passing(sqlstate) is passing


def test_a_closed_connection_is_lost_whatever_was_said():
    assert is_lost(psycopg2.OperationalError("anything"), closed=True)
    assert not is_lost(psycopg2.OperationalError("anything"), closed=False)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('FATAL:  password authentication failed for user "migrator"', "password authentication failed for user"),
        ("fe_sendauth: no password supplied", "no password supplied"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "migrator"', "no pg_hba.conf entry for host"),
        ('FATAL:  role "migrator" does not exist', 'role "migrator" does not exist'),
        ('FATAL:  database "shop" does not exist', 'database "shop" does not exist'),
        ('FATAL:  role "migrator" is not permitted to log in', "is not permitted to log in"),
        (
            'FATAL:  permission denied for database "shop"\nDETAIL:  User does not have CONNECT privilege.',
            'permission denied for database "shop"',
        ),
        ('FATAL:  Peer authentication failed for user "migrator"', "Peer authentication failed for user"),
    ],
)
def test_a_server_that_does_not_let_us_in_is_not_asked_again(said, reason):
    error = _refusal(DATABASE, PREFIX + said)
    assert isinstance(error, WrongCredentials)
    assert not isinstance(error, TransientError)
    assert str(error).startswith("database eu-1 at db.eu:5432/shop refused user migrator: ")
    assert reason in str(error)


@pytest.mark.parametrize(
    "said",
    [
        "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
        "timeout expired",
        "FATAL:  the database system is starting up",
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "server closed the connection unexpectedly",
        'could not translate host name "db.eu" to address: Temporary failure in name resolution',
        "",
    ],
)
def test_a_server_that_cannot_be_reached_may_be_asked_again(said):
    error = _refusal(DATABASE, PREFIX + said)
    assert isinstance(error, DatabaseUnreachable)
    assert isinstance(error, TransientError)
    assert str(error).startswith("database eu-1 at db.eu:5432/shop cannot be reached: ")


def test_the_reason_is_the_one_the_server_gave():
    error = _refusal(DATABASE, PREFIX + "Connection refused\n\tIs the server running on that host and accepting?")
    assert "Connection refused" in str(error)


@pytest.mark.parametrize(
    ("open_", "url"),
    [
        (open_url, "postgresql://u:hunter2%ZZ@h/db"),
        (open_url, "postgresql://u:hunter2@[h/db"),
        (open_url, "postgresql://u:hunter2@h:port/db"),
        (open_url, "postgresql://u:hunter2/more@h/db"),
        (open_url, "host=h password=a hunter2"),
        (Store, "postgresql://u:hunter2@h:port/db"),
        (Store, "host=h password=a hunter2"),
    ],
)
def test_a_url_that_cannot_be_read_is_not_quoted(open_, url):
    with pytest.raises(BadUrl) as caught:
        open_(url)
    assert str(caught.value).startswith("the connection URL cannot be read: ")
    assert "hunter2" not in str(caught.value)
