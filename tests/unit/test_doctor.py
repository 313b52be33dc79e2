"""What doctor makes of what it sees; each finding says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from config import celery as our_celery
from config import settings
from config.queues import STRICTEST_FIRST, TASK_ROUTES
from migrator.cli.doctor import document
from migrator.cli.doctor.celery_settings import WANTED, differing, rerouted
from migrator.cli.doctor.databases import rights, spares
from migrator.cli.doctor.installation import too_open, unmet
from migrator.cli.doctor.services import clock, listening, server_version, valkey
from migrator.model.check import Check, Verdict
from migrator.model.target import Database, DatabaseKind

EU = Database("eu-1", "shop", DatabaseKind.TENANT)


def verdicts(checks) -> list[Verdict]:
    return [check.verdict for check in checks]


def test_a_package_that_is_missing_or_too_old_is_told():
    assert unmet("click>=8.1") is None
    assert unmet("click>=999") is not None
    assert "is not installed" in unmet("no-such-package-of-ours")
    assert unmet('no-such-package-of-ours; extra == "alembic"') is None


@pytest.mark.parametrize(
    ("mode", "what", "found"),
    [
        (0o100600, "passfile", []),
        (0o100640, "passfile", [Verdict.STOP]),
        (0o100644, "settings", [Verdict.WARN]),
        (0o100400, "credential", []),
    ],
)
def test_a_file_with_passwords_that_others_may_read_is_told_with_the_remedy(mode, what, found):
    checks = list(too_open(Path("/srv/secret"), mode, what))
    assert verdicts(checks) == found
    assert all(check.advice == "chmod 600 /srv/secret" for check in checks)


def test_our_own_celery_settings_are_those_that_are_wanted():
    theirs = {"task_always_eager": False, "task_ignore_result": False, "enable_utc": True}
    values = {wanted.name: getattr(our_celery, wanted.name, theirs.get(wanted.name)) for wanted in WANTED}
    assert list(differing(values)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("task_acks_late", False), ("task_always_eager", True), ("task_reject_on_worker_lost", True)],
)
def test_a_setting_of_celerys_that_breaks_a_promise_is_a_stop_that_says_which(name, value):
    values = {wanted.name: wanted.value for wanted in WANTED} | {name: value}
    (check,) = differing(values)
    assert (check.name, check.verdict) == (name, Verdict.STOP)
    assert ": " in check.sentence


def test_tasks_that_are_routed_elsewhere_are_told():
    assert list(rerouted(TASK_ROUTES)) == []
    (moved,) = rerouted({**TASK_ROUTES, "migrator.lane": {"queue": "bulk"}})
    assert "migrator.lane is sent to bulk instead of normal" in moved.sentence
    assert verdicts(rerouted({})) == [Verdict.STOP]
    assert verdicts(rerouted(None)) == [Verdict.WARN]


def test_a_server_that_is_too_old_is_a_stop_and_one_that_is_too_new_a_warning():
    assert [server_version(n).verdict for n in (130012, 140000, 180006, 990000)] == [
        *(Verdict.STOP, Verdict.OK, Verdict.OK, Verdict.WARN)
    ]


def test_clocks_that_differ_are_told_with_the_direction():
    assert clock(0.4).verdict is Verdict.OK
    assert "90 seconds behind ours" in clock(-90).sentence


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"valkey_version": "9.1.0", "aof_enabled": 1}, [Verdict.OK]),
        ({"redis_version": "6.0.16", "aof_enabled": 1}, [Verdict.OK, Verdict.STOP]),
        (
            {"redis_version": "7.2.0", "aof_enabled": 1, "maxmemory": 1, "maxmemory_policy": "allkeys-lru"},
            [Verdict.OK, Verdict.WARN],
        ),
        ({"redis_version": "7.2.0"}, [Verdict.OK, Verdict.WARN]),
    ],
)
def test_a_broker_that_may_forget_messages_is_told(told, found):
    assert verdicts(valkey("broker", "redis://here", told)) == found


def test_queues_that_nobody_takes_from_are_a_stop_and_no_worker_at_all_a_warning():
    assert verdicts(listening({})) == [Verdict.WARN]
    assert verdicts(listening({"w1": list(STRICTEST_FIRST)})) == [Verdict.OK]
    (_, missing) = listening({"w1": ["critical", "high", "normal"]})
    assert (missing.verdict, missing.figure) == (Verdict.STOP, "low")


def test_rights_that_are_missing_are_told_with_the_grant():
    good = list(rights(EU, "app", makes_schemas=True, closed=0, foreign=0))
    assert verdicts(good) == [Verdict.OK]
    bad = list(rights(EU, "app", makes_schemas=False, closed=2, foreign=3))
    assert verdicts(bad) == [Verdict.WARN, Verdict.STOP, Verdict.WARN]
    assert bad[0].advice == 'GRANT CREATE ON DATABASE "shop" TO "app"'


def test_only_a_stop_makes_it_not_fine():
    warning, stop = Check("a", Verdict.WARN, "", "hm"), Check("b", Verdict.STOP, "", "no")
    assert document([("x", [warning])])["ok"]
    said = document([("x", [warning, stop])])
    assert (said["ok"], said["counts"], said["checks"][1]["area"]) == (False, {"ok": 0, "warn": 1, "stop": 1}, "x")


def test_spares_that_are_asked_for_where_templates_are_off_are_told(monkeypatch):
    monkeypatch.setenv("MIGRATOR_TEMPLATES", "false")
    settings.load.cache_clear()
    [told] = spares(None, replace(EU, spares=2))
    assert list(spares(None, replace(EU, spares=0))) == []
    settings.load.cache_clear()
    assert told.verdict is Verdict.WARN
    assert "2 spares are asked for and templates are off" in told.sentence
    assert "migrator database set eu-1 --spares 0" in told.advice
