"""The pictures of docs/states.md show what the code allows."""

from __future__ import annotations

import re
from pathlib import Path

import migrator
from migrator.model.alert import DeliveryState
from migrator.model.breaker import BreakerState
from migrator.model.event import EventStatus
from migrator.model.execution import LEGAL, ExecutionState, OutcomeState
from migrator.model.spare import SpareState

STATES = (Path(migrator.__file__).parents[1] / "docs" / "states.md").read_text(encoding="utf-8")


def arrows(heading: str) -> set[tuple[str, str]]:
    """From and to of each arrow in the picture under a heading."""
    picture = STATES.partition(f"## {heading}\n")[2].partition("```mermaid")[2].partition("```")[0]
    return set(re.findall(r"^ +(\S+) --> ([^\s:]+)", picture, re.MULTILINE))


def test_the_picture_of_an_execution_has_the_arrows_that_are_legal_and_no_others():
    drawn = {(start, end) for start, end in arrows("Execution") if "[*]" not in (start, end) and start != end}
    assert drawn == {(start.value, end.value) for start, ways in LEGAL.items() for end in ways}


PICTURES = {
    "Event": EventStatus,
    "Execution": ExecutionState,
    "Outcome": OutcomeState,
    "Breaker": BreakerState,
    "Delivery": DeliveryState,
    "Spare": SpareState,
}


def test_each_picture_has_every_state_and_no_other():
    for heading, states in PICTURES.items():
        assert {state for arrow in arrows(heading) for state in arrow} - {"[*]"} == {state.value for state in states}
