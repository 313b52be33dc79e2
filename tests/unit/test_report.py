"""The one sentence that sums an execution up."""

from __future__ import annotations

import pytest

from migrator.watch.report import remarks, simple_report, summary

MANY = {
    "kind": "migrate",
    "windows": None,
    "total": 100,
    "done": 100,
    "failed": 0,
    "untouched": 0,
    "skipped": 0,
    "changed": 100,
    "applied": 300,
    "seconds": 12.0,
    "failures": [],
    "reason": None,
    "state": "completed",
}
ONE = MANY | {
    "total": 1,
    "done": 1,
    "changed": 1,
    "applied": 3,
    "seconds": 0.21,
    "schema": "tenant_acme",
    "database": "eu-1",
    "version": "3",
    "note": None,
}
FAILED = {"failed": 2, "done": 98, "failures": [{"message": "V3__c.sql:2 failed"}, {"message": "another"}]}


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (MANY, "100 of 100 targets done, 300 migrations applied in 12s"),
        (MANY | {"windows": 1}, "100 of 100 targets done, 300 migrations applied in 12s"),
        (MANY | {"windows": 3}, "100 of 100 targets done, 300 migrations applied in 12s and 3 windows"),
        (MANY | {"kind": "validate"}, "100 of 100 targets validated in 12s"),
        (
            ONE | {"kind": "analyze", "note": "4 tables analyzed"},
            "schema tenant_acme of database eu-1 is analyzed in 0.21s: 4 tables analyzed",
        ),
        (MANY | {"skipped": 7}, "100 of 100 targets done, 300 migrations applied in 12s, 7 were current"),
        (
            MANY | FAILED,
            "98 of 100 targets done, 300 migrations applied in 12s; 2 failed, first: V3__c.sql:2 failed",
        ),
        (
            MANY | {"done": 0, "applied": 0, "untouched": 100},
            "0 of 100 targets done, 0 migrations applied in 12s; 100 were not touched",
        ),
        (
            MANY | {"total": 0, "done": 0, "skipped": 10000},
            "nothing to do: all 10000 targets are current; checked in 12s",
        ),
        (ONE, "schema tenant_acme of database eu-1 is at version 3, 3 migrations applied in 0.21s"),
        (
            ONE | {"changed": 0, "applied": 0},
            "schema tenant_acme of database eu-1 is at version 3, there was nothing to apply; checked in 0.21s",
        ),
        (
            ONE | {"version": None, "applied": 1},
            "schema tenant_acme of database eu-1 is in place, 1 migrations applied in 0.21s",
        ),
        (
            ONE | {"done": 0, "failed": 1, "applied": 0, "failures": [{"message": "V1__a.sql:1 failed"}]},
            "0 of 1 targets done, 0 migrations applied in 0.21s; 1 failed, first: V1__a.sql:1 failed",
        ),
    ],
)
def test_a_report_is_summed_up_in_one_sentence(report, sentence):
    assert summary(report) == sentence


def test_an_event_without_an_execution_has_a_report_of_the_same_shape():
    report = simple_report("e1", "tenant 7 is retired", changed=1)
    assert report["event"] == "e1"
    assert (report["execution"], report["state"], report["repeated"]) == (None, "completed", False)
    assert (report["summary"], report["changed"]) == ("tenant 7 is retired", 1)


def test_what_was_stopped_and_where_the_pace_went_is_told_line_by_line():
    stopped = {"database": "eu-1", "verdict": "stop", "is_stopped": False, "sentences": ["locks: full", "load: high"]}
    change = {"at": "2026-01-01", "lanes": 2, "batch": 5, "reason": "3 sessions wait"}
    paced = {"database": "eu-2", "lanes": 4, "batch": 9, "reason": "all is well", "changes": [change]}
    assert remarks({"preflight": [stopped], "pace": [paced]}) == [
        "preflight of eu-1, stop: locks: full",
        "preflight of eu-1, stop: load: high",
        "pace of eu-2: 2 lanes, 3 sessions wait",
    ]


def test_a_report_without_an_execution_has_no_remarks():
    assert remarks(simple_report("e1", "tenant 7 is retired")) == []
