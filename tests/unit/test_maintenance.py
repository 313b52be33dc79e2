"""What a scheduled maintenance asks for, its windows, and the ticks of a recurring one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from config import settings as configuration
from config.cron import latest_tick, read_cron
from config.schedule import beat_schedule
from config.settings import Recurring, Settings
from migrator.errors import BadPayload, BadSettings
from migrator.model.door import parse_payload
from migrator.model.event import EventType
from migrator.model.execution import Claim, OutcomeState, Work
from migrator.model.payload import MaintenanceScheduled
from migrator.model.rollout import OnHalt
from migrator.model.window import Window
from migrator.schema.validation import Finding, FindingKind
from tasks import desk, recurring
from tasks.drifting import odd_ones
from tasks.validating import judged

OPENS = datetime(2030, 1, 1, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLAIM = Claim("eu-1", "tenant_acme", 1)


def asked(type_: str = "migrate", **more) -> MaintenanceScheduled:
    given = {"maintenance_id": "m1", "maintenance_type": type_, "scheduled_time": OPENS.isoformat()}
    return parse_payload(EventType.MAINTENANCE_SCHEDULED, given | more)


def test_a_wrong_type_is_refused_with_the_known_ones():
    with pytest.raises(BadPayload) as caught:
        asked("vacuum")
    for known in ("migrate", "validate", "drift", "snapshot", "reindex", "analyze"):
        assert known in str(caught.value)


def test_a_window_may_be_a_fraction_of_a_minute_and_comes_again_the_next_day():
    payload = asked(maintenance_window=0.0834)
    assert payload.length.total_seconds() == pytest.approx(5.004)
    assert payload.every == DAY


def test_windows_that_would_overlap_are_refused():
    with pytest.raises(BadPayload, match="window_every is shorter than maintenance_window"):
        asked(maintenance_window=60, window_every=30)


@pytest.mark.parametrize("written", ["2030-01-01T03:00:00", "2030-01-01T03:00:00Z", "2030-01-01T05:00:00+02:00"])
def test_a_time_without_a_zone_is_utc(written):
    assert asked(scheduled_time=written).window == Window(OPENS, OPENS + HOUR)


def test_no_databases_and_no_schemas_means_all_of_them():
    assert (asked().target_databases, asked().target_schemas) == ((), ())


@pytest.mark.parametrize(
    ("type_", "more", "on_halt"),
    [
        ("migrate", {}, OnHalt.ROLLBACK),
        ("migrate", {"auto_rollback": False}, OnHalt.STAY),
        ("migrate", {"on_halt": "stay"}, OnHalt.STAY),
        ("reindex", {}, OnHalt.STAY),
    ],
)
def test_a_migration_that_halts_is_taken_back_unless_it_was_asked_not_to(type_, more, on_halt):
    assert asked(type_, **more).rollout().on_halt is on_halt


def test_only_a_migration_can_be_asked_to_be_taken_back():
    assert asked("migrate", on_halt="rollback").rollout().on_halt is OnHalt.ROLLBACK
    with pytest.raises(BadPayload, match="on_halt: analyze changes nothing that could be rolled back"):
        asked("analyze", on_halt="rollback")


@pytest.mark.parametrize("type_", ["validate", "drift"])
def test_what_only_looks_has_no_canary_and_no_budget_unless_they_were_asked_for(type_):
    wished = asked(type_).rollout()
    assert (wished.canary, wished.max_failures) == (0, "100%")
    wished = asked(type_, canary=2, max_failures="3").rollout()
    assert (wished.canary, wished.max_failures) == (2, "3")


@pytest.mark.parametrize("type_", ["migrate", "snapshot", "reindex", "analyze"])
def test_what_changes_something_has_the_defaults_of_every_rollout(type_):
    wished = asked(type_).rollout()
    assert (wished.canary, wished.max_failures) == (1, "1%")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (OPENS - 40 * DAY, OPENS),
        (OPENS, OPENS),
        (OPENS + HOUR - timedelta(seconds=1), OPENS),
        (OPENS + HOUR, OPENS + DAY),
        (OPENS + DAY, OPENS + DAY),
        (OPENS + DAY + HOUR, OPENS + 2 * DAY),
        (OPENS + 9 * DAY + 2 * HOUR, OPENS + 10 * DAY),
    ],
)
def test_the_window_that_counts_is_the_first_that_has_not_closed(now, opens):
    assert Window(OPENS, OPENS + HOUR).after(now, DAY) == Window(opens, opens + HOUR)


@pytest.mark.parametrize(
    ("line", "now", "tick"),
    [
        ("* * * * *", "2026-11-24T12:30:59", "2026-11-24T12:30"),
        ("0 3 * * *", "2026-11-24T03:00:00", "2026-11-24T03:00"),
        ("0 3 * * *", "2026-11-24T02:59:59", "2026-11-23T03:00"),
        ("*/15 8-17 * * *", "2026-11-24T18:01:00", "2026-11-24T17:45"),
        ("30 22 * * 1-5", "2026-11-23T10:00:00", "2026-11-20T22:30"),
        ("0 0 * * 0", "2026-11-24T12:00:00", "2026-11-22T00:00"),
        ("0 0 1 * *", "2026-01-01T00:00:00", "2026-01-01T00:00"),
        ("0 0 29 2 *", "2026-11-24T12:00:00", "2024-02-29T00:00"),
        ("0 0 29 2 1", "2026-11-24T12:00:00", "2016-02-29T00:00"),
    ],
)
def test_a_tick_is_the_latest_minute_that_the_schedule_names(line, now, tick):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert latest_tick(read_cron(line), moment) == datetime.fromisoformat(tick).replace(tzinfo=UTC)


def test_a_tick_is_the_same_wherever_the_clock_of_the_worker_is_set():
    elsewhere = datetime.fromisoformat("2026-11-24T04:00:10+09:00")
    assert latest_tick(read_cron("0 19 * * *"), elsewhere) == datetime(2026, 11, 23, 19, tzinfo=UTC)


def test_beat_has_an_entry_for_each_recurring_maintenance():
    entry = beat_schedule(5.0, {"nightly": Recurring(schedule="0 3 * * *", type="validate")})["maintenance nightly"]
    assert (entry["task"], entry["args"]) == ("migrator.recur", ("nightly",))
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({3}, {0})


def test_the_event_of_a_tick_has_an_id_of_its_own_and_a_payload_that_the_door_takes():
    nightly = Recurring(schedule="0 3 * * *", type="drift", window=30, databases=("eu-1",), options={"canary": 3})
    event = recurring.event_of("nightly", nightly, OPENS)
    assert event.id == "maintenance:nightly:2030-01-01T03:00Z"
    payload = parse_payload(event.type, event.payload)
    assert (payload.work, payload.window, payload.canary) == (Work.DRIFT, Window(OPENS, OPENS + HOUR / 2), 3)
    assert payload.target_databases == ("eu-1",)


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """An empty directory to run in, and settings that are read anew."""
    monkeypatch.chdir(tmp_path)
    configuration.load.cache_clear()
    yield tmp_path
    configuration.load.cache_clear()


def test_recurring_maintenance_is_a_table_in_the_toml_file_or_json_in_the_environment(somewhere, monkeypatch):
    (somewhere / "migrator.toml").write_text('[maintenance.nightly]\nschedule = "0 3 * * *"\ntype = "validate"\n')
    monkeypatch.setenv("MIGRATOR_MAINTENANCE", '{"weekly": {"schedule": "0 4 * * 0", "type": "reindex", "window": 90}}')
    found = Settings().maintenance
    assert found["nightly"] == Recurring(schedule="0 3 * * *", type="validate", window=60)
    assert found["weekly"].window == 90


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('schedule = "0 3 * *"\ntype = "drift"', "maintenance.nightly.schedule: it needs five fields"),
        ('schedule = "61 3 * * *"\ntype = "drift"', "Invalid end range: 61 > 59; it needs five fields"),
        ('schedule = "0 0 31 2 *"\ntype = "drift"', "day_of_month '31' never occurs"),
        ('schedule = "0 3 * * *"\ntype = "vacuum"', "maintenance.nightly.type: Input should be 'migrate', 'validate'"),
        (
            'shedule = "0 3 * * *"\ntype = "drift"',
            "maintenance.nightly.shedule: there is no such setting; did you mean",
        ),
        ('schedule = "0 3 * * *"\ntype = "drift"\nwindow = 0', "maintenance.nightly.window: "),
    ],
)
def test_a_mistake_in_recurring_maintenance_is_told_in_a_sentence(somewhere, table, said):
    (somewhere / "migrator.toml").write_text(f"[maintenance.nightly]\n{table}\n")
    with pytest.raises(BadSettings) as caught:
        desk.settings()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"options": {"canry": 1}}, "canry is not a field"),
        ({"options": {"max_failures": "many"}}, "max_failures: 'many' is neither a number"),
        ({"window": 60, "window_every": 30}, "window_every is shorter than maintenance_window"),
    ],
)
def test_what_the_door_would_refuse_is_refused_with_the_settings(more, said):
    with pytest.raises(BadSettings, match=r"maintenance\.nightly: ") as caught:
        recurring.check({"nightly": Recurring(schedule="0 3 * * *", type="migrate", **more)})
    assert said in str(caught.value)


def test_the_types_in_the_settings_are_those_at_the_door():
    known = {"migrate", "validate", "drift", "snapshot", "reindex", "analyze"}
    assert {asked(type_).work.value for type_ in known} == known
    for type_ in known:
        Recurring(schedule="* * * * *", type=type_)
    with pytest.raises(ValidationError):
        Recurring(schedule="* * * * *", type="rollback")


def test_what_is_only_to_be_applied_is_no_mistake():
    outcome = judged(CLAIM, [Finding(FindingKind.PENDING, "V2__b.sql", "2", "V2__b.sql is to be applied")], "1")
    assert (outcome.state, outcome.to_version) == (OutcomeState.DONE, "1")
    assert outcome.note == "0 mistakes, 1 migrations to be applied"


def test_a_mistake_fails_its_target_with_the_first_sentence_and_the_count_of_the_others():
    found = [
        Finding(FindingKind.CHANGED, "V1__a.sql", "1", "V1__a.sql was changed"),
        Finding(FindingKind.FAILED, "", "", ""),
    ]
    outcome = judged(CLAIM, found, "2")
    assert outcome.state is OutcomeState.FAILED
    assert outcome.failure.message == (
        "history of schema tenant_acme and folder disagree: V1__a.sql was changed, and 1 more"
    )
    assert (outcome.failure.script, outcome.note) == ("V1__a.sql", "2 mistakes, 0 migrations to be applied")


def looked(schema, fingerprint, version="1", scope="tenant", note="PostgreSQL 18"):
    named = {"database_id": "eu-1", "schema_name": schema, "scope": scope, "to_version": version, "note": note}
    return SimpleNamespace(**named, fingerprint_after=fingerprint)


def test_a_target_that_is_not_as_most_of_its_peers_has_drifted():
    found = odd_ones([looked("a", "x"), looked("b", "y"), looked("c", "x"), looked("d", "z")])
    assert [(odd["schema"], odd["norm"], odd["norm_like"], odd["alike"]) for odd in found] == [
        ("b", "x", "eu-1/a", 1),
        ("d", "x", "eu-1/a", 1),
    ]


@pytest.mark.parametrize("other", [{"version": "2"}, {"scope": "admin"}, {"note": "PostgreSQL 17"}, {"version": None}])
def test_targets_of_another_version_scope_or_server_are_no_peers(other):
    assert odd_ones([looked("a", "x"), looked("b", "x"), looked("c", "y", **other)]) == []
