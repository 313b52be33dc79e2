"""The inverse of a migration, derived from its SQL and from what was applied before it."""

from __future__ import annotations

import pytest
from builders import migration

from migrator.folder.inverse import inverse_of
from tests.inverse_cases import CASES


def inverse(forward, *before, **options):
    earlier = [migration(f"V{number}__x.sql", sql) for number, sql in enumerate(before, start=1)]
    return inverse_of(migration("V99__x.sql", forward), earlier, **options)


@pytest.mark.parametrize("case", [case for case in CASES if not case.reason], ids=str)
def test_what_is_certain_is_taken_back_in_reverse_order(case):
    found = inverse(case.forward, *case.before)
    assert (found.sql.rstrip(";\n").replace(";\n", "; "), found.obstacles) == (case.back, ())


@pytest.mark.parametrize("case", [case for case in CASES if case.reason], ids=str)
def test_what_is_not_certain_is_an_obstacle_that_says_why(case):
    found = inverse(case.forward, *case.before)
    assert not found.is_certain
    assert found.sql == ""
    assert case.reason in found.obstacles[0].reason
