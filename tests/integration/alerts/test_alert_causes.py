"""Each cause of an alert is found where it really is, and is over when it is no more."""

from __future__ import annotations

import json

import pytest
from failing import fail
from small_fleet import database, done, failed, found, lane, opened, register

from config.alerts import AlertSettings
from migrator.fleet import alerts, breakers, claims, events, gate, ledger, registry, spares, steering, ticks
from migrator.fleet.ledger import Request
from migrator.model.breaker import BreakerState
from migrator.model.check import Check, Verdict
from migrator.model.event import Event, EventType
from migrator.model.execution import ExecutionState, Work
from migrator.model.plan import by_scope, make_plan
from migrator.model.rollout import Rollout
from migrator.model.spare import Fit, Seen
from migrator.watch.alerts.facts import read_facts
from migrator.watch.alerts.limits import Limits


def rollout(store, count=4, **more):
    return opened(store, found(count), rollout=Rollout(canary=0, **more))


def fail_targets(store, claim, count):
    with store.begin() as connection:
        claims.write_outcomes(connection, "e1", [failed(each) for each in claim(lane(), count)])


def rules(changes):
    return [(each.rule, each.key) for each in changes.fire]


def test_a_halted_execution_fires_until_somebody_decides(store, see, shown):
    rollout(store)
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.HALTED, "more targets failed than may")
        events.fail(connection, "e1", EventType.MIGRATION_REQUESTED, "halted")
    assert rules(see()) == [("execution_halted", "e1")]
    assert "'migrator retry e1'" in shown()[0].sentence
    with store.begin() as connection:
        steering.resume(connection, "e1", "ann")
    assert len(see().resolve) == 1


def test_an_execution_that_failed_is_a_failed_event_of_its_own(store, see, shown, claim):
    rollout(store, max_failures="100%")
    fail_targets(store, claim, 4)
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.FAILED)
        events.fail(connection, "e1", EventType.MIGRATION_REQUESTED, "4 of 4 failed")
    assert rules(see()) == [("event_failed", "e1")]
    assert "'migrator retry e1' takes up what failed" in shown()[0].sentence


def test_an_execution_without_an_outcome_for_long_stands_still(store, see, shown):
    rollout(store)
    assert see(stalled=60.0).fire == ()
    assert rules(see(stalled=-1.0)) == [("execution_stalled", "e1")]
    assert "eu-1" in shown()[0].sentence


def _paused(connection):
    steering.pause(connection, "e1", "ann")


def _held(connection):
    claims.claim(connection, lane(), 1)


def _behind_a_breaker(connection):
    breakers.note(connection, "eu-1", BreakerState.OPEN, "refused", "w1")


def _at_the_gate(connection):
    stop = Check("locks", Verdict.STOP, "5", "somebody holds a lock", "wait")
    gate.lock_look(connection, lane())
    gate.record_look(connection, lane(), [stop], 60.0)


@pytest.mark.parametrize("explain", [_paused, _held, _behind_a_breaker, _at_the_gate])
def test_what_is_explained_does_not_stand_still(store, see, explain):
    rollout(store)
    with store.begin() as connection:
        explain(connection)
    assert [each.rule for each in see(stalled=-1.0).fire if each.rule == "execution_stalled"] == []


def test_an_execution_that_waits_for_another_does_not_stand_still(store, see):
    rollout(store)
    with store.begin() as connection:
        _held(connection)
        events.receive(connection, Event("e2", EventType.MIGRATION_REQUESTED))
        plan = make_plan(by_scope(found(4)), Rollout())
        ledger.open_execution(connection, "e2", plan, Request("ann", {"tenant": "0123456789abcdef"}))
        assert ledger.execution(connection, "e2").state == "pending"
    assert see(stalled=-1.0).fire == ()


def test_a_budget_that_is_nearly_used_up_fires_before_the_halt(store, see, claim):
    rollout(store, 8, max_failures="4")
    fail_targets(store, claim, 2)
    assert see().fire == ()
    fail_targets(store, claim, 1)
    assert rules(see()) == [("budget_near", "e1")]


def test_a_breaker_that_opens_fires_and_is_over_when_it_is_closed(store, see, shown):
    with store.begin() as connection:
        register(connection, found(1))
        breakers.note(connection, "eu-1", BreakerState.OPEN, "refused", "w1")
    assert rules(see()) == [("breaker_open", "eu-1")]
    first = shown()[0].facts["since"]
    with store.begin() as connection:
        breakers.note(connection, "eu-1", BreakerState.HALF_OPEN, "one probe may try", "w1")
        breakers.note(connection, "eu-1", BreakerState.OPEN, "refused again", "w1")
    see()
    assert shown()[0].facts["since"] == first
    with store.begin() as connection:
        breakers.note(connection, "eu-1", BreakerState.CLOSED, "reached", "w1")
    assert len(see().resolve) == 1


def looked_for_drift(store, id_, odd):
    with store.begin() as connection:
        register(connection, found(2))
        events.receive(connection, Event(id_, EventType.MAINTENANCE_SCHEDULED))
    opened(store, found(2), id_)
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE execution SET kind = %s WHERE id = %s", (Work.DRIFT.value, id_))
        batch = claims.claim(connection, lane(execution=id_), 10)
        claims.write_outcomes(connection, id_, [done(each) for each in batch])
        report = {"drifted": [{"database": "eu-1", "schema": schema} for schema in odd]}
        ledger.move(connection, id_, ExecutionState.FAILED if odd else ExecutionState.COMPLETED)
        if odd:
            events.fail(connection, id_, EventType.MAINTENANCE_SCHEDULED, "odd", report=report)
        else:
            events.complete(connection, id_, report)


def test_drift_fires_once_for_a_database_until_a_later_look_finds_none(store, see, shown, monkeypatch):
    looked_for_drift(store, "d1", ["tenant_000"])
    assert rules(see()) == [("drift_found", "eu-1")]
    assert "tenant_000" in shown()[0].sentence
    looked_for_drift(store, "d2", ["tenant_000", "tenant_001"])
    assert see().fire == ()
    looked_for_drift(store, "d3", [])
    assert len(see().resolve) == 1


def test_a_rollback_that_failed_fires_and_not_as_a_failed_event(store, see, shown):
    rollout(store)
    with store.begin() as connection:
        ledger.move(connection, "e1", ExecutionState.CANCELLED)
    fail(store, "e1:rollback", EventType.ROLLBACK_REQUESTED, "TooLate")
    with store.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE event SET payload = %s WHERE id = 'e1:rollback'", (json.dumps({"execution_id": "e1"}),)
        )
    assert rules(see()) == [("rollback_failed", "e1")]
    assert "was not begun, nothing was taken back" in shown()[0].sentence


def test_a_due_event_that_nobody_takes_fires(store, see, shown):
    with store.begin() as connection:
        now = alerts.lock(connection)
        events.schedule(connection, Event("m1", EventType.MAINTENANCE_SCHEDULED), now)
    assert see(queue_age=60.0).fire == ()
    assert len(see(queue_age=-1.0).fire) == 1
    assert "m1 of maintenance.scheduled" in shown()[0].sentence
    with store.begin() as connection:
        events.take_due(connection)
    assert len(see(queue_age=-1.0).resolve) == 1


def test_beat_is_silent_when_its_tick_is_old_and_when_a_watchman_waits_for_the_first(store, see, shown):
    with store.begin() as connection:
        assert ticks.tick(connection, ticks.BEAT) is None
    assert see(beat_silent=-1.0).fire == ()  # nobody knows
    with store.begin() as connection:
        assert ticks.claim(connection, ticks.WATCH, "w1", 60.0)
        assert not ticks.claim(connection, ticks.WATCH, "w2", 60.0)
    assert rules(see(beat_silent=-1.0)) == [("beat_silent", "beat")]
    assert "never a sign" in shown()[0].sentence
    with store.begin() as connection:
        ticks.note(connection, ticks.BEAT, "host")
        assert ticks.tick(connection, ticks.BEAT) is not None
    assert len(see(beat_silent=60.0).resolve) == 1


def test_the_thresholds_of_rules_and_settings_are_the_same(store):
    with store.begin() as connection:
        assert read_facts(connection, Limits()).beat_silent_seconds is None
    chosen = AlertSettings()
    assert {name: getattr(Limits(), name) for name in ("stalled", "stalled_held", "budget_share", "beat_silent")} == {
        name: getattr(chosen, name) for name in ("stalled", "stalled_held", "budget_share", "beat_silent")
    }


def test_a_published_event_that_the_relay_does_not_send_fires_until_it_is_sent(store, see, shown):
    with store.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO event (id, type, status, position) VALUES ('p1', 'tenant.created', 'pending', 1)"
        )
    assert see(relay_lag=60.0).fire == ()
    assert rules(see(relay_lag=-1.0)) == [("relay_lag", "relay")]
    assert "the oldest, p1," in shown()[0].sentence
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET sent_at = clock_timestamp() WHERE id = 'p1'")
    assert len(see(relay_lag=-1.0).resolve) == 1


def test_a_pool_that_stays_short_fires_until_it_is_full(store, see, shown):
    with store.begin() as connection:
        registry.add_database(connection, database(spares=1))
        assert spares.due_pools(connection, 0, "d", rest=0.0, every=600.0) == ["eu-1"]
    assert see(pool_short=60.0).fire == ()
    assert rules(see(pool_short=-1.0)) == [("pool_short", "eu-1")]
    assert "database eu-1 has 0 of 1 spares" in shown()[0].sentence
    with store.begin() as connection:
        spares.claim_pool(connection, "eu-1", "one", 60)
        spares.begin(connection, "eu-1", "spare_a", "one")
        spares.ready(connection, "eu-1", "spare_a", "one", Fit("d", "1", 1, Seen("f", "s")))
        spares.leave_pool(connection, "eu-1", "one", "d", None, tended=True)
    assert len(see(pool_short=-1.0).resolve) == 1
    with store.begin() as connection:
        spares.claim(connection, "eu-1", "d", "e1")
    assert see(pool_short=-1.0).fire == (), "one was taken a moment ago"


def test_a_target_that_takes_worker_after_worker_with_it_fires(store, see, shown):
    opened(store, found(2))
    with store.begin() as connection:
        connection.exec_driver_sql(
            'UPDATE outcome SET losses = \'[{"alone": true}, {"alone": false}, {"alone": true}]\''
            " WHERE schema_name = 'tenant_001'"
        )
    assert see(losses=3).fire == ()
    assert rules(see(losses=2)) == [("target_loses_workers", "e1 eu-1/tenant_001")]
    assert "2 workers were lost" in shown()[0].sentence
