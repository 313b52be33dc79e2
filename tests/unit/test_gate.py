"""The gate: who looks, who goes on, who waits and who gives up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.model.check import Check, Verdict
from migrator.model.gate import Look, Passage, Watch, obstacles, passage, remarks
from migrator.model.preflight import unreachable

OK = Check("load", Verdict.OK, "1 active", "all is quiet")
WARN = Check("indexes", Verdict.WARN, "1 invalid", "left invalid: a", "drop it")
STOP = Check("transactions", Verdict.STOP, "oldest 400 s", "our statements would wait for pid 7", "wait")
WATCH = Watch(every=10, patience=600)
FORCED = replace(WATCH, is_forced=True)


@pytest.mark.parametrize(
    ("look", "watch", "expected"),
    [
        (None, WATCH, Passage.LOOK),
        (None, FORCED, Passage.LOOK),
        (Look((OK,), 9.9), WATCH, Passage.GO),
        (Look((OK,), 10.0), WATCH, Passage.LOOK),
        (Look((OK, WARN), 0), WATCH, Passage.GO),
        (Look((OK, STOP), 0), WATCH, Passage.WAIT),
        (Look((OK, STOP), 0, stopped=599.9), WATCH, Passage.WAIT),
        (Look((OK, STOP), 0, stopped=600), WATCH, Passage.GIVE_UP),
        (Look((OK, STOP), 10, stopped=600), WATCH, Passage.LOOK),
        (Look((OK, STOP), 0, stopped=600), FORCED, Passage.GO),
        (Look(unreachable("refused"), 0), WATCH, Passage.GO),
    ],
)
def test_what_was_last_found_decides_what_a_lane_does(look, watch, expected):
    assert passage(look, watch) is expected


def test_only_stops_of_a_database_that_answered_close_the_gate():
    assert obstacles([OK, WARN, STOP, *unreachable("refused")]) == [STOP]


def test_what_is_not_well_is_told_and_a_stop_is_kept_beside_the_warning_it_became():
    milder = replace(STOP, verdict=Verdict.WARN)
    told = remarks([OK, WARN]) | remarks([STOP]) | remarks([milder])
    assert told == {"indexes warn": WARN, "transactions stop": STOP, "transactions warn": milder}


@pytest.mark.parametrize("check", [OK, WARN, STOP])
def test_a_check_is_read_back_as_it_was_written(check):
    assert Check.read(check.as_row()) == check


def test_a_check_is_told_with_its_advice_where_it_has_one():
    assert (OK.told, WARN.told) == ("load: all is quiet", "indexes: left invalid: a; drop it")
