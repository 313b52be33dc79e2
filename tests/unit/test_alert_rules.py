"""Rules are pure: plain facts in, findings out; and what findings mean for the alerts that are open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from config.alerts import AlertSettings, RuleName
from migrator.cli import cli
from migrator.model.alert import Finding, OpenAlert, Severity, decide
from migrator.watch.alerts.facts import (
    BadRollback,
    DeadLetters,
    Drift,
    DueEvents,
    Facts,
    Halted,
    OpenBreaker,
    OpenExecution,
    ShortPool,
    Unsent,
    WornTarget,
)
from migrator.watch.alerts.limits import Limits
from migrator.watch.alerts.rules import RULES, findings
from migrator.watch.alerts.stalled import stalled
from tests.unit.test_documents import mistakes

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
STILL = OpenExecution("e1", "running", 1, 2, 10, 4, 0, left=6, wave_left=6, unexplained=("eu-1",), quiet_seconds=500.0)
EVERYTHING = Facts(
    dead_letters=[
        DeadLetters("tenant.created", 3, ["a", "b", "c"], "it was refused", "SchemaRefused"),
        DeadLetters("tenant.created", 1, ["d"], "it was refused", "Other"),
        DeadLetters("tenant.created", 1, ["d"], "it was refused", "BadPayload"),
        DeadLetters("migration.requested", 1, ["e3"], "2 of 9 failed", "", "e3"),
    ],
    halted=[Halted("e2", "more targets failed than may", 1, 3, 10, 4, 2)],
    rollbacks=[BadRollback("r1", "e4", "failed", 4, 3, 1, "x"), BadRollback("r2", "e5", "failed", 0, 0, 0, "too late")],
    open=[STILL, OpenExecution("e6", "running", 1, 1, 10, 1, 4, most_failures=5, left=5, held=1)],
    breakers=[OpenBreaker("eu-1", "open", "it was refused", "w1", NOW)],
    drift=[Drift("eu-1", "e7", 12, ["tenant_1", "tenant_2"])],
    unsent=Unsent(3, 90.0, "p1"),
    due=[DueEvents("low", 2, 100.0, "m1", "maintenance.scheduled")],
    pools=[ShortPool("eu-1", 3, 1, 900.0), ShortPool("us-1", 3, 0, 900.0, "it says its own name")],
    worn=[WornTarget("e1", "eu-1", "tenant_1", "1", 2)],
    beat_silent_seconds=60.0,
)


def test_each_rule_finds_its_cause():
    assert {each.rule for each in findings(EVERYTHING, Limits())} == {rule.name for rule in RULES}


def test_where_all_is_well_nothing_is_found():
    assert findings(Facts(beat_silent_seconds=1.0), Limits()) == []
    assert findings(Facts(), Limits()) == []


@pytest.mark.parametrize("finding", findings(EVERYTHING, Limits()), ids=lambda each: f"{each.rule} {each.key}")
def test_each_sentence_is_whole_and_the_commands_in_it_are_there(finding):
    commands = re.findall(r"'migrator ([^']+)'", finding.sentence)
    assert commands or "celery -A tasks beat" in finding.sentence or finding.rule == "queue_age"
    for command in commands:
        assert list(mistakes([*command.split()])) == [], command
    assert "None" not in finding.sentence


def test_a_rule_that_is_off_finds_nothing():
    found = findings(EVERYTHING, Limits(off=frozenset(rule.name for rule in RULES)))
    assert found == []


def test_the_settings_name_every_rule_and_every_threshold():
    assert set(get_args(RuleName)) == {rule.name for rule in RULES}
    assert {name for rule in RULES for name in rule.limits} <= set(AlertSettings.model_fields)


def test_settings_and_rules_have_the_same_defaults():
    chosen, limits = AlertSettings(), Limits()
    same = set(AlertSettings.model_fields) & set(Limits.__dataclass_fields__) - {"off"}
    assert {name: getattr(chosen, name) for name in same} == {name: getattr(limits, name) for name in same}


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "paused"},
        {"waits_for": "e0"},
        {"is_early": True},
        {"unexplained": ()},
        {"held": 2},
        {"left": 0, "wave_left": 0},
        {"quiet_seconds": 60.0},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_is_explained_does_not_stand_still(changed):
    assert stalled(STILL, Limits())
    fields = {name: getattr(STILL, name) for name in STILL.__slots__}
    assert stalled(OpenExecution(**{**fields, **changed}), Limits()) is None


def test_a_lane_at_work_explains_it_for_an_hour():
    fields = {name: getattr(STILL, name) for name in STILL.__slots__}
    held = OpenExecution(**{**fields, "held": 2, "quiet_seconds": 4000.0})
    assert stalled(held, Limits()) == "though lanes are at work on 2 targets"


@pytest.mark.parametrize(("failed", "most", "near"), [(2, 4, False), (3, 4, True), (4, 4, True), (5, 4, False),
                                                      (0, 0, False), (9, None, False)])  # fmt: skip
def test_a_budget_is_near_from_three_quarters_to_the_last(failed, most, near):
    each = OpenExecution("e1", "running", 1, 1, 99, 0, failed, most_failures=most, left=9, held=1)
    assert bool(findings(Facts(open=[each]), Limits())) is near


def test_what_an_operator_has_forgiven_does_not_count_against_the_budget():
    each = OpenExecution("e1", "running", 1, 1, 99, 0, 4, forgiven=4, most_failures=4, left=9, held=1)
    assert findings(Facts(open=[each]), Limits()) == []


def finding(key="eu-1", settles=True):
    return Finding("breaker_open", key, Severity.ERROR, "it is open", settles=settles)


def opened(calm=None, times=1, settles=True):
    since = NOW - timedelta(seconds=calm) if calm is not None else None
    return OpenAlert(7, "breaker_open", "eu-1", times, since, settles)


def test_what_is_new_fires_and_what_is_known_is_kept():
    changes = decide([finding(), finding("us-1")], [opened()], NOW, 30.0)
    assert ([each.key for each in changes.fire], len(changes.keep), changes.calm, changes.resolve) == (
        ["us-1"],
        1,
        (),
        (),
    )


def test_what_comes_and_goes_is_over_after_the_calm_and_not_before():
    assert [each.id for each in decide([], [opened()], NOW, 30.0).calm] == [7]
    assert decide([], [opened(calm=29)], NOW, 30.0).resolve == ()
    assert len(decide([], [opened(calm=30)], NOW, 30.0).resolve) == 1


def test_each_return_doubles_the_calm_up_to_ten_minutes():
    assert decide([], [opened(calm=119, times=3)], NOW, 30.0).resolve == ()
    assert len(decide([], [opened(calm=120, times=3)], NOW, 30.0).resolve) == 1
    assert len(decide([], [opened(calm=600, times=10_000)], NOW, 30.0).resolve) == 1


def test_what_does_not_come_back_by_itself_is_over_at_once():
    assert len(decide([], [opened(settles=False)], NOW, 30.0).resolve) == 1


def test_the_manual_has_every_rule_with_its_severity_and_thresholds():
    from tests.unit.test_manuals import table

    written = [cells[:4] for cells in table("alerts.md", "rule")]
    spoken = [", ".join(f"`{name}`" for name in rule.limits) or "none" for rule in RULES]
    wanted = [
        [f"`{rule.name}`", rule.severity.value, rule.says, said] for rule, said in zip(RULES, spoken, strict=True)
    ]
    assert written == wanted


def test_the_command_is_there():
    assert "alerts" in cli.list_commands(None)
