"""Claims of workers that were lost: taken over one at a time, counted against the target only where it was begun."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_fleet import ALL_AT_ONCE, done, failed, found, lane, opened
from waiting import eventually

from migrator.fleet import claims, ledger, waves
from migrator.model.next_step import Step, next_step

PATIENCE = 1000.0


@pytest.fixture
def take(store):
    """One claim in a transaction of its own."""

    def claimed(claimer, most=100):
        with store.begin() as connection:
            return claims.claim(connection, claimer, most)

    return claimed


@pytest.fixture
def lose(store):
    def lost(holders, *, died=True):
        with store.begin() as connection:
            return [row.id for row in claims.lose(connection, holders, died=died)]

    return lost


def names(batch):
    return [claim.schema_name for claim in batch]


def test_what_a_lost_worker_had_is_taken_over_first_and_one_at_a_time(store, take, lose):
    opened(store, found(6))
    assert names(take(lane("host:1:2:a:x"), 2)) == ["tenant_000", "tenant_001"]
    assert lose("host:1:2:") == ["e1"]
    [first] = take(lane("alive"))
    [second] = take(lane("alive"))
    assert names([first, second]) == ["tenant_000", "tenant_001"]
    assert (first.taken_from, second.taken_from) == ("host:1:2:a:x", "host:1:2:a:x")
    rest = take(lane("alive"))
    assert names(rest) == ["tenant_002", "tenant_003", "tenant_004", "tenant_005"]
    assert {claim.taken_from for claim in rest} == {None}


def test_only_those_holders_are_lost_whose_names_begin_so(store, take, lose, glance):
    opened(store, found(4))
    take(lane("host:1:2:a:x"), 2)
    take(lane("host:1:22:a:y"), 2)
    assert (lose("host:1:2:"), glance().held, glance().lost) == (["e1"], 2, 2)
    assert lose("host:1:2:") == []


def test_a_loss_speaks_against_a_target_only_when_the_worker_had_nothing_else(store, take, lose):
    opened(store, found(2))
    take(lane("w:1:1:a:x"), 2)
    for number in range(2, 5):
        lose(f"w:1:{number - 1}:")
        [again] = take(lane(f"w:1:{number}:a:x"))
    assert [(loss.worker, loss.alone) for loss in again.losses] == [
        ("w:1:1:a:x", False),
        ("w:1:2:a:x", True),
        ("w:1:3:a:x", True),
    ]
    assert len(again.worn) == 2
    assert all(loss.at.startswith("20") for loss in again.losses)


def test_a_worker_that_was_stopped_tells_nothing_about_its_targets(store, take, lose):
    opened(store, found(1))
    take(lane("w:1:1:a:x"))
    lose("w:1:", died=False)
    [again] = take(lane("other"))
    assert ([loss.alone for loss in again.losses], again.worn) == ([False], ())


def test_three_outages_do_not_count_against_targets_that_nobody_began(store, take):
    opened(store, found(4))
    for number in range(1, 4):
        batch = take(lane(f"lane {number}"))
        with store.begin() as connection:
            claims.give_back(connection, lane(f"lane {number}"), tried=batch[:1])
    assert [claim.number for claim in take(lane("last"))] == [4, 1, 1, 1]


def test_a_retry_begins_with_all_tries_and_no_losses(store, take, lose, write):
    opened(store, found(1))
    take(lane("w:1:1:a:x"))
    lose("w:1:1:")
    [again] = take(lane("other"))
    write(failed(again))
    with store.begin() as connection:
        row = ledger.execution(connection, "e1")
        waves.cut_again(connection, "e1", row.wave, ALL_AT_ONCE, failed=True, forgive=False)
        waves.note_sent(connection, "e1", row.wave + 1)
    [fresh] = take(lane("new", wave=row.wave + 1))
    assert (fresh.number, fresh.losses) == (1, ())


@pytest.mark.parametrize(("seen", "kept"), [("of the retry", "of the retry"), (None, "of the first try")])
def test_the_fingerprint_before_is_that_of_the_try_that_got_through_where_it_saw_one(store, take, write, seen, kept):
    opened(store, found(1))
    [first] = take(lane("first"))
    write(replace(failed(first), fingerprint_before="of the first try"))
    with store.begin() as connection:
        row = ledger.execution(connection, "e1")
        waves.cut_again(connection, "e1", row.wave, ALL_AT_ONCE, failed=True, forgive=False)
        waves.note_sent(connection, "e1", row.wave + 1)
    [again] = take(lane("again", wave=row.wave + 1))
    write(replace(done(again), fingerprint_before=seen))
    with store.begin() as connection:
        [outcome] = ledger.outcomes(connection, "e1")
    assert outcome.fingerprint_before == kept


def test_a_lane_that_was_lost_is_replaced_at_once_and_once_while_others_work_on(store, take, lose, glance):
    opened(store, [*found(4), *found(4, "us-1")])
    take(lane("w:1:1:a:x"), 2)
    take(lane("w:1:2:a:y", "us-1"), 2)
    assert next_step(glance(), PATIENCE) is Step.WAIT
    lose("w:1:1:")
    assert next_step(glance(), PATIENCE) is Step.REPLACE
    with store.begin() as connection:
        assert waves.lost_lanes(connection, "e1") == {"eu-1": 1}
        waves.note_driven(connection, "e1")
        assert waves.lost_lanes(connection, "e1") == {}
    assert next_step(glance(), PATIENCE) is Step.WAIT


def test_upkeep_looks_at_an_execution_again_as_soon_as_a_lease_ran_out(store, take):
    opened(store, found(1))
    with store.begin() as connection:
        ledger.nudge(connection, "e1")
        assert ledger.open_executions(connection, rest=1000) == []
    take(lane("dead", seconds=0.05))

    def looked_at():
        with store.begin() as connection:
            return [row.id for row in ledger.open_executions(connection, rest=1000)]

    assert eventually(looked_at) == ["e1"]
    with store.begin() as connection:
        ledger.nudge(connection, "e1")
        assert ledger.open_executions(connection, rest=1000) == []


def test_lanes_that_wait_outside_the_workers_are_known_for_their_wave_and_for_so_long(store):
    opened(store, [*found(1), *found(1, "us-1")])
    with store.begin() as connection:
        waves.note_lane_waits(connection, lane(), 60)
        waves.note_lane_waits(connection, lane(database_id="us-1"), 0.01)
        waves.note_lane_waits(connection, lane(), 90)
    with store.begin() as connection:
        assert waves.waiting_databases(connection, "e1", 2) == set()
        assert eventually(lambda: waves.waiting_databases(connection, "e1", 1) == {"eu-1"})


def test_when_an_execution_has_ended_nobody_holds_what_a_lost_worker_left(store, take, lose, glance):
    opened(store, found(2))
    take(lane("w:1:1:a:x"), 1)
    take(lane("w:1:2:a:x"), 1)
    lose("w:1:1:")
    with store.begin() as connection:
        waves.note_lane_waits(connection, lane(), 60)
        assert claims.let_go(connection, "e1") == 1
        assert waves.waiting_databases(connection, "e1", 1) == set()
    assert (glance().held, glance().lost, glance().pending) == (1, 0, 1)


def test_a_wave_whose_last_targets_nobody_can_work_on_has_ended(store, take, write):
    opened(store, found(3))
    [first] = take(lane(), 1)
    write(done(first))
    with store.begin() as connection:
        claims.fail_free(connection, lane("other"), "nobody can")
        [wave] = waves.waves(connection, "e1")
    assert (wave.done, wave.failed, wave.ended_at is not None) == (1, 2, True)
