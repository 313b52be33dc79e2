"""Progress in numbers and in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from migrator.watch.progress import Progress, rate_and_eta, spoken_seconds
from tasks import mirror

USUAL = {
    "execution": "e1",
    "step": "migrating",
    "wave": 1,
    "waves": 2,
    "total": 1000,
    "done": 409,
    "failed": 3,
    "skipped": 0,
    "running": 8,
    "rate": 10.0,
    "eta_seconds": 58.8,
    "current": "eu-1/tenant_acme",
    "started_at": "2030-01-01T00:00:00+00:00",
}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "412/1000 schemas, 3 failed, ETA 59s"),
        ({"failed": 0}, "409/1000 schemas, ETA 59s"),
        ({"eta_seconds": None}, "412/1000 schemas, 3 failed"),
        ({"done": 997, "eta_seconds": 0.0}, "1000/1000 schemas, 3 failed"),
        ({"done": 0, "failed": 0, "eta_seconds": None}, "0/1000 schemas"),
    ],
)
def test_the_sentence_says_how_far_it_is_what_failed_and_how_long_still(changes, sentence):
    assert Progress(**(USUAL | changes)).sentence() == sentence


def test_the_state_of_the_task_has_the_numbers_that_callers_were_promised():
    assert Progress(**USUAL).as_meta() == USUAL


def test_the_state_of_the_task_is_json():
    meta = Progress(**USUAL).as_meta()
    assert json.loads(json.dumps(meta)) == meta


@pytest.mark.parametrize(
    ("ended", "total", "seconds", "found"),
    [
        (0, 10, 5.0, (0.0, None)),
        (5, 10, 0.0, (0.0, None)),
        (5, 10, 10.0, (0.5, 10.0)),
        (10, 10, 10.0, (1.0, 0.0)),
        (1, 1000, 600.0, (0.0, 599400.0)),
        (3, 9, 7.0, (0.43, 14.0)),
    ],
)
def test_the_rest_takes_as_long_as_the_rate_so_far_says(ended, total, seconds, found):
    assert rate_and_eta(ended, total, seconds) == found


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [
        (0, "0s"),
        (0.214, "0.21s"),
        (1, "1s"),
        (9.5, "9.5s"),
        (9.999, "10s"),
        (40.4, "40s"),
        (59.7, "1m 0s"),
        (200, "3m 20s"),
        (3599.6, "1h 0m"),
        (7500, "2h 5m"),
        (90000, "25h 0m"),
    ],
)
def test_a_duration_is_spoken_as_a_person_would(seconds, spoken):
    assert spoken_seconds(seconds) == spoken


def test_progress_is_read_from_the_row_of_an_execution():
    created = datetime(2030, 1, 1, 2, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    row = SimpleNamespace(
        id="e1",
        wave=1,
        waves=2,
        state="running",
        kind="migrate",
        total=10,
        done=4,
        failed=1,
        skipped=7,
        seconds=10,
        created_at=created,
    )
    found = mirror.progress_of(row, 3, "eu-1/tenant_7")
    assert (found.rate, found.eta_seconds, found.running, found.current) == (0.5, 10.0, 3, "eu-1/tenant_7")
    assert datetime.fromisoformat(found.started_at) == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_pace_says_yes_each_time_its_time_has_passed(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(mirror, "time", SimpleNamespace(monotonic=lambda: now[0]))
    pace = mirror.Pace(0.5)
    answers = []
    for moment in (100.0, 100.49, 100.5, 100.9, 101.0, 200.0, 200.1):
        now[0] = moment
        answers.append(pace.is_due())
    assert answers == [False, False, True, False, True, True, False]
