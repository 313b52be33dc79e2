"""Preflight: each check just below and just above its limits, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.model.check import Verdict, worst
from migrator.model.facts import Capacity, DatabaseFacts, Replica, Transaction, first_words
from migrator.model.preflight import Needs, PreflightLimits, check, unreachable

QUIET = DatabaseFacts(
    user="migrator",
    version=180003,
    in_recovery=False,
    read_only=False,
    connections=Capacity(97, 10),
    database_connections=None,
    role_connections=None,
    locks=Capacity(10_000, 100),
)
HOLDER = Transaction(7, None, "app", "report", "active", 90.0, "SELECT count", relations=2, relation="acme.orders")
BYSTANDER = Transaction(8, None, "app", "psql", "idle in transaction", 90.0, "BEGIN")
FOUR_LANES = Needs(lanes=4)
MIB = 2**20


def found(name, needs=FOUR_LANES, **facts):
    return {c.name: c for c in check(replace(QUIET, **facts), needs)}[name]


def verdict(name, needs=FOUR_LANES, **facts) -> str:
    return found(name, needs, **facts).verdict.value


@pytest.mark.parametrize(("relations", "expected"), [(0, "ok"), (1, "warn")])
def test_a_lane_of_ours_stops_nobody_for_one_that_was_left_behind_is_ended_when_its_target_is_taken_over(
    relations, expected
):
    ours = replace(HOLDER, application="migrator lane 3 e1", seconds=900.0, relations=relations)
    assert verdict("transactions", transactions=(ours,)) == expected


def test_a_quiet_database_passes_every_check_and_needs_no_advice():
    checks = check(QUIET, Needs())
    assert worst(checks) is Verdict.OK
    assert {c.advice for c in checks} == {""}
    names = ["reachable", "version", "writable", "connections", "transactions", "replicas", "locks", "indexes", "load"]
    assert [c.name for c in checks] == names


@pytest.mark.parametrize(
    ("verdicts", "expected"), [("ok", "ok"), ("ok warn ok", "warn"), ("warn stop ok", "stop"), ("", "ok")]
)
def test_the_worst_check_is_the_verdict_on_the_database(verdicts, expected):
    checks = [replace(found("load"), verdict=Verdict(word)) for word in verdicts.split()]
    assert worst(checks).value == expected


def test_a_database_that_does_not_answer_is_one_stop_with_the_reason():
    (only,) = unreachable("database eu-1 cannot be reached: refused")
    assert (only.name, only.verdict) == ("reachable", Verdict.STOP)
    assert only.sentence == "database eu-1 cannot be reached: refused"


@pytest.mark.parametrize(
    ("version", "expected", "figure"),
    [
        (130022, "stop", "13.22"),
        (140000, "ok", "14.0"),
        (180003, "ok", "18.3"),
        (190000, "warn", "19.0"),
    ],
)
def test_a_server_older_than_we_support_stops_and_a_newer_one_warns(version, expected, figure):
    said = found("version", version=version)
    assert (said.verdict.value, said.figure) == (expected, figure)


@pytest.mark.parametrize(
    ("in_recovery", "read_only", "expected", "figure"),
    [(False, False, "ok", "yes"), (True, True, "stop", "replica"), (False, True, "stop", "read-only")],
)
def test_a_replica_or_a_read_only_database_stops(in_recovery, read_only, expected, figure):
    said = found("writable", in_recovery=in_recovery, read_only=read_only)
    assert (said.verdict.value, said.figure) == (expected, figure)


@pytest.mark.parametrize(("used", "expected"), [(83, "ok"), (84, "warn"), (90, "warn"), (91, "stop"), (120, "stop")])
def test_connections_that_four_lanes_leave_to_others(used, expected):
    assert verdict("connections", connections=Capacity(97, used)) == expected
    assert verdict("connections", database_connections=Capacity(97, used)) == expected


@pytest.mark.parametrize(("used", "expected"), [(6, "ok"), (7, "stop")])
def test_of_its_own_roles_limit_the_migrator_may_take_everything(used, expected):
    said = found("connections", role_connections=Capacity(10, used))
    assert said.verdict.value == expected
    assert ("role migrator has 3 of 10 connections free, 4 are needed for lanes" in said.sentence) is (used == 7)


def test_the_tightest_limit_is_the_one_that_is_told():
    said = found("connections", connections=Capacity(97, 10), database_connections=Capacity(20, 8))
    assert (said.verdict.value, said.figure) == ("warn", "12 of 20 free")
    assert said.sentence.startswith("the database has 12 of 20 connections free")


@pytest.mark.parametrize(
    ("seconds", "held", "expected"),
    [
        (59.0, True, "ok"),
        (60.0, True, "warn"),
        (299.0, True, "warn"),
        (300.0, True, "stop"),
        (59.0, False, "ok"),
        (60.0, False, "warn"),
        (86_400.0, False, "warn"),
        (None, True, "warn"),
        (None, False, "ok"),
    ],
)
def test_old_transactions_are_a_stop_only_where_they_hold_what_we_need(seconds, held, expected):
    other = replace(HOLDER if held else BYSTANDER, seconds=seconds)
    assert verdict("transactions", transactions=(other,)) == expected


def test_who_is_waited_for_is_named_with_what_it_holds():
    said = found("transactions", transactions=(HOLDER,))
    assert said.sentence == (
        "our statements would wait for pid 7 (report, user app, active, open for 90 s, "
        "with locks on 2 relations such as acme.orders, last statement: SELECT count)"
    )
    assert said.advice == "wait until it ends, or end it: SELECT pg_terminate_backend(7)"
    assert said.figure == "oldest 90 s"


def test_the_worst_is_named_first_and_the_rest_counted():
    old = replace(BYSTANDER, seconds=9000.0)
    said = found("transactions", transactions=(old, *[BYSTANDER] * 3, replace(HOLDER, seconds=301.0)))
    assert said.verdict is Verdict.STOP
    assert said.sentence.startswith("our statements would wait for pid 7 (")
    assert said.sentence.endswith(" and 2 more")
    assert said.figure == "oldest 150 min"


def test_a_prepared_transaction_has_no_process_to_end():
    lost = Transaction(None, "shop 7", "app", None, "prepared", 400.0, "", relations=1, relation="acme.orders")
    said = found("transactions", transactions=(lost,))
    assert "prepared transaction 'shop 7' (user app, prepared, open for 400 s" in said.sentence
    assert said.advice == "let its owner end it: COMMIT PREPARED or ROLLBACK PREPARED 'shop 7'"


def test_sessions_that_cannot_be_seen_are_a_warning_with_the_right_that_is_missing():
    said = found("transactions", hidden_sessions=3)
    assert (said.verdict.value, said.figure) == ("warn", "3 hidden")
    assert said.advice == "GRANT pg_read_all_stats TO migrator"


@pytest.mark.parametrize(
    ("seconds", "size", "expected"),
    [
        (9.9, 0, "ok"),
        (10.0, 0, "warn"),
        (59.0, 0, "warn"),
        (60.0, 0, "stop"),
        (None, 64 * MIB - 1, "ok"),
        (None, 64 * MIB, "warn"),
        (1.0, 1024 * MIB, "stop"),
    ],
)
def test_a_replica_that_is_behind(seconds, size, expected):
    assert verdict("replicas", replicas=(Replica("fast", 0.0, 0), Replica("slow", seconds, size))) == expected


def test_the_replica_that_is_furthest_behind_is_named():
    slow = Replica("slow", 12.0, 3 * MIB)
    assert found("replicas", replicas=(slow, Replica("large", 1.0, 9 * MIB))).sentence == (
        "replica slow is furthest behind: 12 s, 3.0 MiB"
    )


def test_a_lag_that_cannot_be_seen_is_a_warning_and_not_a_stop():
    said = found("replicas", hidden_replicas=2)
    assert (said.verdict.value, said.figure) == ("warn", "unknown")


@pytest.mark.parametrize(
    ("used", "needs", "expected"),
    [
        (6599, Needs(lanes=4), "ok"),
        (6600, Needs(lanes=4), "warn"),
        (9100, Needs(lanes=4), "stop"),
        (0, Needs(lanes=4, locks_per_target=100, group=17), "ok"),
        (0, Needs(lanes=4, locks_per_target=100, group=18), "warn"),
        (0, Needs(lanes=4, locks_per_target=1000, group=3), "stop"),
    ],
)
def test_the_lock_table_has_to_hold_what_all_lanes_lock_at_once(used, needs, expected):
    assert verdict("locks", needs, locks=Capacity(10_000, used)) == expected


def test_invalid_indexes_are_named_and_only_a_warning():
    said = found("indexes", invalid_indexes=("a.i1", "a.i2", "a.i3", "a.i4"), invalid_count=12)
    assert (said.verdict.value, said.figure) == ("warn", "12 invalid")
    assert said.sentence.endswith("a.i1, a.i2, a.i3 and 9 more")


def test_load_is_a_figure_and_never_a_verdict():
    said = found("load", active=900, lock_waits=90)
    assert (said.verdict.value, said.figure) == ("ok", "900 active")


def test_limits_are_the_callers_to_choose():
    strict = PreflightLimits(transaction_warn=1.0, transaction_stop=2.0)
    checks = check(replace(QUIET, transactions=(replace(HOLDER, seconds=2.0),)), Needs(), strict)
    assert worst(checks) is Verdict.STOP


@pytest.mark.parametrize("name", ["version", "writable", "connections", "transactions", "replicas", "locks", "indexes"])
def test_what_is_not_ok_comes_with_advice(name):
    bad = {
        "version": 130000,
        "in_recovery": True,
        "connections": Capacity(10, 10),
        "transactions": (HOLDER,),
        "replicas": (Replica("slow", 99.0, 0),),
        "locks": Capacity(100, 100),
        "invalid_count": 1,
    }
    assert found(name, **bad).advice


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT count(*) FROM orders", "SELECT count"),
        ("UPDATE customer SET email = 'me@example.org'", "UPDATE customer SET email"),
        ("/* app:web */ -- note\n  ALTER ROLE joe PASSWORD 'secret'", "ALTER ROLE joe PASSWORD"),
        ("SELECT login('joe', 'secret')", "SELECT login"),
        ("DELETE FROM t2 WHERE card 4111", "DELETE FROM t2 WHERE card"),
        ("INSERT INTO a.b VALUES ($1)", "INSERT INTO a.b VALUES"),
        ("one two three four five six seven", "one two three four five six"),
        ("/* never closed secret", ""),
        ("", ""),
    ],
)
def test_the_first_words_of_a_statement_hold_no_values(query, words):
    assert first_words(query) == words


def test_the_advice_to_end_a_prepared_transaction_can_be_copied_whoever_named_it():
    odd = Transaction(None, "x'; DROP TABLE y; --", "app", None, None, 900.0, None, relations=2, relation="acme.orders")
    facts = replace(QUIET, transactions=(odd,))
    advice = " ".join(str(found.advice) for found in check(facts, FOUR_LANES, PreflightLimits()))
    assert "PREPARED 'x''; DROP TABLE y; --'" in advice
