"""Claims under a lease, and the fence that voids what a late worker writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from small_fleet import done, failed, found, lane, opened
from waiting import eventually

from migrator.fleet import claims, ledger
from migrator.model.execution import Claim
from migrator.model.target import Scope, Target


def names(found):
    return [claim.schema_name for claim in found]


def test_a_claim_has_target_and_fence(store, claim):
    opened(store, found(1))
    assert claim(lane()) == [Claim("eu-1", "tenant_000", 1, "eu-1-000")]


def test_claims_come_in_the_order_of_schemas_and_no_more_than_asked_for(store, claim):
    opened(store, found(5))
    assert names(claim(lane(), 2)) == ["tenant_000", "tenant_001"]
    assert names(claim(lane(), 9)) == ["tenant_002", "tenant_003", "tenant_004"]
    assert claim(lane()) == []


@pytest.mark.parametrize(("lanes", "most", "size"), [(1, 50, 21), (4, 50, 6), (4, 3, 3), (100, 50, 4), (100, 1, 1)])
def test_a_lane_takes_only_its_share_of_what_is_left_but_not_fewer_than_four(store, lanes, most, size):
    opened(store, found(40))
    with store.begin() as connection:
        assert len(claims.claim(connection, replace(lane(), lanes=lanes), most)) == size


def test_two_open_transactions_claim_different_targets(store):
    opened(store, found(6))
    with store.begin() as one, store.begin() as other:
        other.exec_driver_sql("SET LOCAL lock_timeout = '2s'")  # it must not wait at all
        first = names(claims.claim(one, lane("one"), 3))
        second = names(claims.claim(other, lane("other"), 3))
    assert (len(first), len(second)) == (3, 3)
    assert not set(first) & set(second)


def test_many_lanes_claim_every_target_once(store, claim):
    opened(store, found(60))

    def work(number):
        taken = []
        while batch := claim(lane(f"lane {number}"), 4):
            taken += names(batch)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [name for work_done in pool.map(work, range(6)) for name in work_done]
    assert sorted(taken) == [target.schema_name for target in found(60)]


def test_a_lane_claims_only_in_its_database_and_its_wave(store, claim):
    admin = Target("admin", "public", Scope.ADMIN)
    opened(store, [admin, *found(1), *found(1, "us-1")])
    assert names(claim(lane(database_id="admin", wave=1))) == ["public"]
    assert claim(lane(database_id="eu-1", wave=1)) == []
    assert names(claim(lane(database_id="us-1", wave=2))) == ["tenant_000"]
    assert names(claim(lane(database_id="eu-1", wave=2))) == ["tenant_000"]


def test_a_lease_that_ran_out_is_claimed_again_with_a_higher_fence(store, claim):
    opened(store, found(1))
    (first,) = claim(lane("dead", seconds=0.05), 1)
    (second,) = eventually(lambda: claim(lane("alive"), 1))
    assert (first.schema_name, second.schema_name) == ("tenant_000", "tenant_000")
    assert second.fence > first.fence


def test_a_write_with_an_old_fence_is_void(store, claim, write, row):
    opened(store, found(1))
    (old,) = claim(lane("dead", seconds=0.05), 1)
    (new,) = eventually(lambda: claim(lane("alive"), 1))
    assert write(failed(old)) == 0
    assert (row().done, row().failed) == (0, 0)
    assert write(done(new)) == 1
    assert (row().done, row().failed) == (1, 0)


def test_a_late_write_counts_while_nobody_else_has_claimed(store, claim, write, glance):
    opened(store, found(1))
    (late,) = claim(lane(seconds=0.01), 1)
    eventually(lambda: glance().pending == 1)
    assert write(done(late)) == 1


def test_an_outcome_is_written_once(store, claim, write, row):
    opened(store, found(1))
    (claimed,) = claim(lane())
    assert (write(done(claimed)), write(done(claimed)), write(failed(claimed))) == (1, 0, 0)
    assert (row().done, row().failed) == (1, 0)


def test_a_renewed_lease_is_not_free(store, claim, glance):
    opened(store, found(2))
    short = lane(seconds=0.2)
    claim(short)
    with store.begin() as connection:
        claims.renew(connection, replace(short, lease_seconds=60))
    with store.begin() as connection:
        left = ledger.outcomes(connection, "e1")[0].lease_until
        assert (left - connection.exec_driver_sql("SELECT clock_timestamp()").scalar()).total_seconds() > 50
    assert (glance().held, glance().pending, claim(lane("other"))) == (2, 0, [])


def test_renewing_is_for_ones_own_claims_alone(store, claim, glance):
    opened(store, found(1))
    claim(lane("dead", seconds=0.05), 1)
    with store.begin() as connection:
        claims.renew(connection, lane("alive"))
    assert eventually(lambda: glance().pending) == 1


def test_what_a_lane_gives_back_is_free_at_once_and_its_writes_are_void(store, claim, write):
    opened(store, found(3))
    first, *_ = claim(lane("one"), 2)
    write(done(first))
    with store.begin() as connection:
        assert claims.give_back(connection, lane("one")) == 1
        assert claims.give_back(connection, lane("one")) == 0
    again = claim(lane("other"))
    assert names(again) == ["tenant_001", "tenant_002"]
    assert write(done(replace(again[0], fence=1))) == 0
