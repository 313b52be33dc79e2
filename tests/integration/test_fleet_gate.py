"""The last look at a database, shared by all lanes of an execution there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from small_fleet import found, lane, opened

from migrator.errors import UnknownExecution
from migrator.fleet import gate
from migrator.model.check import Check, Verdict
from migrator.model.execution import ExecutionState, Work
from migrator.model.preflight import unreachable
from migrator.model.rollout import Rollout

OK = Check("transactions", Verdict.OK, "oldest 0 s", "no transaction has been open for long")
STOP = Check("transactions", Verdict.STOP, "oldest 400 s", "our statements would wait for pid 7", "wait")
WARN = Check("indexes", Verdict.WARN, "1 invalid", "left invalid: acme.a", "drop it")
HOUR = 3600.0


@pytest.fixture
def standing(store):
    """Where a lane of execution e1 stands."""

    def look(claimer=None):
        with store.begin() as connection:
            return gate.standing(connection, claimer or lane())

    return look


@pytest.fixture
def record(store):
    """Writes a look down as a lane does."""

    def checks(*seen, wave=1, gap=HOUR):
        with store.begin() as connection:
            gate.lock_look(connection, lane(wave=wave))
            return gate.record_look(connection, lane(wave=wave), seen, gap)

    return checks


@pytest.fixture
def long_stopped(query, control, record, store):
    """A stop that has gone on for an hour."""
    opened(store, found(1))
    record(STOP)
    query(control, "UPDATE migrator.preflight SET stopped_since = stopped_since - interval '1 hour'")


def test_nobody_has_looked_at_the_beginning(store, standing):
    opened(store, found(2))
    here = standing()
    assert (here.work, here.is_forced, here.has_free, here.look) == (Work.MIGRATE, False, True, None)


def test_what_one_lane_found_every_other_lane_of_the_execution_reads(store, standing, record):
    opened(store, found(2))
    record(OK, WARN)
    look = standing(lane("other")).look
    assert (look.checks, look.stopped) == ((OK, WARN), 0)
    assert 0 <= look.age < 60


def test_a_look_is_for_its_database_and_its_execution_alone(store, standing, record):
    opened(store, [*found(1), *found(1, "us-1")])
    opened(store, found(1), "e2")
    record(OK)
    assert standing(lane(database_id="us-1")).look is None
    assert standing(lane(execution="e2")).look is None


def test_of_lanes_that_come_at_once_one_looks_and_the_others_use_it(store):
    opened(store, found(2))
    together = Barrier(6, timeout=20)

    def come(number):
        together.wait()
        with store.begin() as connection:
            last = gate.lock_look(connection, lane(f"lane {number}"))
            if last is None:
                gate.record_look(connection, lane(f"lane {number}"), [OK, WARN], HOUR)
            return last

    with ThreadPoolExecutor(6) as pool:
        looks = list(pool.map(come, range(6)))
    assert looks.count(None) == 1
    assert {look.checks for look in looks if look} == {(OK, WARN)}


def test_nobody_waits_long_for_a_look_that_takes_long(store):
    opened(store, found(2))
    with store.begin() as looking:
        gate.lock_look(looking, lane("slow"))
        with pytest.raises(gate.LookTaken), store.begin() as connection:
            gate.lock_look(connection, lane("other"))


def test_a_lane_that_dies_while_it_looks_leaves_nothing_behind(store, standing):
    opened(store, found(1))

    def die():
        with store.begin() as connection:
            gate.lock_look(connection, lane())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        die()
    assert standing().look is None


@pytest.mark.usefixtures("long_stopped")
@pytest.mark.parametrize(
    ("checks", "more", "goes_on"),
    [([STOP], {}, True), ([STOP], {"wave": 2}, False), ([STOP], {"gap": 0}, False), ([OK], {}, False)],
)
def test_a_stop_goes_on_while_the_same_wave_is_looked_at_in_time(record, checks, more, goes_on):
    assert (record(*checks, **more).stopped >= HOUR) is goes_on


@pytest.mark.usefixtures("long_stopped")
def test_after_a_break_a_stop_begins_anew(record, standing):
    record(OK)
    record(STOP)
    assert standing().look.stopped < 60


def test_a_database_that_cannot_be_asked_is_recorded_and_not_stopped(store, record, query, control):
    opened(store, found(1))
    assert record(*unreachable("refused")).stopped == 0
    assert query(control, "SELECT verdict, stopped_since FROM migrator.preflight") == [("stop", None)]


def test_what_was_noticed_is_told_after_it_has_passed(store, record):
    opened(store, found(1))
    record(STOP)
    record(WARN)
    record(OK)
    with store.begin() as connection:
        [(database, is_stopped, told)] = gate.noticed(connection, "e1")
    assert (database, is_stopped) == ("eu-1", False)
    assert sorted(check.told for check in told) == [
        "indexes: left invalid: acme.a; drop it",
        "transactions: our statements would wait for pid 7; wait",
    ]


def test_of_a_database_that_was_well_there_is_nothing_to_tell(store, record):
    opened(store, found(1))
    record(OK)
    with store.begin() as connection:
        assert gate.noticed(connection, "e1") == []


def test_where_nothing_is_to_be_claimed_nobody_has_to_look(store, standing, claim, query, control):
    opened(store, found(1))
    claim(lane())
    assert not standing().has_free
    query(control, "UPDATE migrator.outcome SET lease_until = now() - interval '1s'")
    assert standing().has_free
    query(control, f"UPDATE migrator.execution SET state = '{ExecutionState.PAUSED}'")
    assert not standing().has_free
    assert not standing(lane(wave=2)).has_free


def test_a_forced_execution_is_known_at_the_gate(store, standing):
    opened(store, found(1), rollout=Rollout(force=True))
    assert standing().is_forced


def test_the_schemas_that_come_next_are_asked_for_and_no_more(store, claim):
    opened(store, found(5))
    claim(lane(), 1)
    with store.begin() as connection:
        assert gate.free_schemas(connection, lane("other"), 3) == ("tenant_001", "tenant_002", "tenant_003")


def test_an_execution_that_is_not_there_is_named(standing):
    with pytest.raises(UnknownExecution, match="e1"):
        standing()
