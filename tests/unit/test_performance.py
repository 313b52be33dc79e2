"""What migrations cost, summed up without keeping each of them."""

from __future__ import annotations

from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.performance import STEPS, Cost, Lap, added_up, bucket_of, median_of
from migrator.watch.performance import sentences, slower, spoken, spoken_bytes

DURATIONS = st.lists(st.floats(0.0001, 1000), min_size=1, max_size=50)


@given(DURATIONS)
def test_the_median_of_the_sums_is_at_most_a_tenth_off(seconds):
    found = added_up([Lap("V1__a.sql", each) for each in seconds])
    median = median_of(found["buckets"], found["least"], found["most"])
    assert median == pytest.approx(median_low(seconds), rel=0.1)


@given(st.floats(0, 1e9))
def test_every_duration_has_a_bucket(seconds):
    assert 0 <= bucket_of(seconds) < STEPS


def test_rows_and_bytes_that_were_not_measured_are_not_taken_for_none():
    assert added_up([Lap("a", 1.0), Lap("a", 1.0)])["rows"] is None
    assert added_up([Lap("a", 1.0, rows=0, wal=100), Lap("a", 2.0)]) | {"buckets": []} == {
        "count": 2,
        "seconds": 3.0,
        "least": 1.0,
        "most": 2.0,
        "buckets": [],
        "rows": 0,
        "wal": 100,
    }


def cost(**more) -> Cost:
    known = {"script": "V2__b.sql", "database": "eu-1", "count": 10, "least": 0.01, "median": 0.02, "most": 0.5}
    return Cost(**{**known, "seconds": 0.4, "rows": None, "wal": None, **more})


def test_a_migration_is_compared_with_the_runs_before():
    assert (cost(before=0.01).ratio, cost().ratio) == (2.0, None)


def test_what_is_notably_slower_than_before_and_what_was_lost_to_locks_is_said():
    database = {"database": "eu-1", "refused": 3, "waited": 2.5}
    found = {"migrations": [cost(before=0.01).as_row(), cost(before=0.02).as_row()], "databases": [database]}
    assert slower(found) == [
        "V2__b.sql in eu-1 took 20.0 ms in the median, 2.0 times as long as before",
        "eu-1 refused 3 tries for now, 2.5s were lost to locks",
    ]


def test_people_are_told_databases_migrations_and_the_slowest():
    times = {"database": "eu-1", "count": 2, "least": 0.1, "median": 0.2, "most": 2.0}
    slowest = [{"database": "eu-1", "schema": "tenant_a", "seconds": 2.0}]
    found = {"databases": [times], "migrations": [cost(rows=7, wal=2048, before=0.02).as_row()], "slowest": slowest}
    assert sentences(found) == [
        "  eu-1: 2 targets, 100.0 ms to 2s, median 200.0 ms",
        "  V2__b.sql in eu-1: 10 targets, 10.0 ms to 500.0 ms, median 20.0 ms, 7 rows, 2 KiB of log, x1.00 of before",
        "  slowest: eu-1/tenant_a 2s",
    ]


def test_sizes_and_durations_are_read_at_a_glance():
    assert [spoken_bytes(n) for n in (0, 1536, 3 * 2**20, 5 * 2**30)] == ["0 B", "1.5 KiB", "3 MiB", "5 GiB"]
    assert [spoken(s) for s in (0.0032, 40)] == ["3.2 ms", "40s"]
