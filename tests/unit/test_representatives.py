"""Which targets are rehearsed, and when a rehearsal is fine."""

from __future__ import annotations

import pytest

from migrator.model.rehearsal import Candidate, Rehearsal, Rehearsed, representatives
from migrator.model.target import Scope, Target


def candidate(number, size, fingerprint="norm", peers="1", scope=Scope.TENANT):
    return Candidate(Target("a", f"tenant_{number}", scope), size, fingerprint, peers)


FLEET = [candidate(n, 100 + n) for n in range(10)]


def chosen(candidates, most=3):
    return [target.schema_name for target in representatives(candidates, most)]


def test_the_largest_and_the_smallest_stand_for_targets_that_are_alike():
    assert chosen(FLEET) == ["tenant_9", "tenant_0"]


def test_of_each_odd_group_one_is_chosen_the_rarest_first():
    odd = [candidate(n, 50, "two of these") for n in (20, 21)] + [candidate(30, 60, "one of this")]
    small = candidate(40, 1)
    assert chosen([*FLEET, *odd, small], most=4) == ["tenant_9", "tenant_40", "tenant_30", "tenant_20"]
    assert chosen([*FLEET, *odd, small], most=3) == ["tenant_9", "tenant_40", "tenant_30"]
    assert chosen([*FLEET, *odd, small], most=1) == ["tenant_9"]


def test_another_version_is_not_odd():
    assert chosen([*FLEET, candidate(50, 105, "norm of the next", peers="2")]) == ["tenant_9", "tenant_0"]


def test_each_scope_has_its_own():
    admin = candidate(60, 5, scope=Scope.ADMIN)
    assert chosen([*FLEET, admin]) == ["tenant_60", "tenant_9", "tenant_0"]


def test_a_schema_that_is_not_there_yet_is_the_smallest_and_never_odd():
    assert chosen([*FLEET, candidate(70, 0, None)]) == ["tenant_9", "tenant_70"]


def test_nothing_behind_is_nothing_to_rehearse():
    assert chosen([]) == []


@pytest.mark.parametrize(
    ("rehearsal", "fine"),
    [
        (Rehearsal("s", (Rehearsed("V1", 0.1, obstacle="no way back"),)), True),
        (Rehearsal("s", (Rehearsed("V1", 0.1, way_back="undo", differences=("- table t",)),)), False),
        (Rehearsal("s", failure="it failed"), False),
        (Rehearsal("s", again=("- table t",)), False),
    ],
)
def test_a_rehearsal_is_fine_unless_it_failed_or_a_way_back_was_not_exact(rehearsal, fine):
    assert rehearsal.is_fine is fine
