"""What became last of each target, kept while somebody looks at the fleet."""

from __future__ import annotations

from migrator.fleet import claims, roster, steering
from migrator.model.execution import OutcomeState
from migrator.web.outcomes import Outcomes
from tests.integration.small_fleet import done, failed, found, lane, opened

FIRST, SECOND = ("eu-1", "tenant_000"), ("eu-1", "tenant_001")


def refreshed(store, outcomes: Outcomes) -> set:
    with store.begin() as connection:
        _, now = roster.stamp(connection)
        return outcomes.refresh(connection, now)


def test_only_what_changed_is_told_from_claim_to_outcome(store):
    opened(store, found(3))
    outcomes = Outcomes()
    assert refreshed(store, outcomes) == set()
    with store.begin() as connection:
        one, two, *_ = claims.claim(connection, lane(), 3)
    assert refreshed(store, outcomes) == {("eu-1", f"tenant_00{number}") for number in range(3)}
    assert refreshed(store, outcomes) == set()
    with store.begin() as connection:
        claims.write_outcomes(connection, "e1", [done(one), failed(two)])
    assert refreshed(store, outcomes) == {FIRST, SECOND}
    assert outcomes.latest[FIRST].state is OutcomeState.DONE
    assert (outcomes.latest[SECOND].state, outcomes.latest[SECOND].sqlstate) == (OutcomeState.FAILED, "42P07")


def test_whoever_comes_later_knows_the_same(store):
    opened(store, found(2))
    outcomes = Outcomes()
    refreshed(store, outcomes)
    with store.begin() as connection:
        one, two = claims.claim(connection, lane(), 2)
        claims.write_outcomes(connection, "e1", [done(one), failed(two)])
    refreshed(store, outcomes)
    late = Outcomes()
    refreshed(store, late)
    assert late.latest == outcomes.latest


def test_a_retry_makes_a_failure_a_thing_of_the_past(store):
    opened(store, found(2))
    with store.begin() as connection:
        one, two = claims.claim(connection, lane(), 2)
        claims.write_outcomes(connection, "e1", [done(one), failed(two)])
        connection.exec_driver_sql("UPDATE migrator.execution SET state = 'failed', finished_at = clock_timestamp()")
    outcomes = Outcomes()
    refreshed(store, outcomes)
    assert outcomes.latest[SECOND].state is OutcomeState.FAILED
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE migrator.execution SET finished_at = clock_timestamp() - interval '1 hour'")
    refreshed(store, outcomes)
    with store.begin() as connection:
        steering.retry(connection, "e1", "ann")
    assert SECOND in refreshed(store, outcomes)
    assert SECOND not in outcomes.latest
    assert FIRST in outcomes.latest


def test_a_target_that_its_server_refused_waits_for_its_lock(store):
    opened(store, found(1))
    outcomes = Outcomes()
    with store.begin() as connection:
        claims.claim(connection, lane(), 1)
    refreshed(store, outcomes)
    with store.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE migrator.outcome SET state = 'pending', lease_until = NULL, lease_holder = NULL, refused = 1"
        )
    assert refreshed(store, outcomes) == {FIRST}
    assert outcomes.latest[FIRST].is_refused
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE migrator.outcome SET refused = 0")
    assert refreshed(store, outcomes) == {FIRST}
    assert outcomes.latest == {}
