"""The tables of a run in a document, between two marks, so that one command writes them anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.section import Section, goals_table

BEGIN, END = "<!-- benchmark: written by make bench-doc -->", "<!-- benchmark: end -->"


class NoPlace(ValueError):
    """The document does not have the two marks."""


def report(facts: Mapping[str, Any], sections: Sequence[Section], *, picture: str | None = None, level: int = 2) -> str:
    """Facts of the machine and the run, goals, and a heading for each section; ``picture`` is a link to a plot."""
    head = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    goals = [goal for section in sections for goal in section.goals]
    parts = [head, f"{'#' * level} Goals and what was reached\n\n{goals_table(goals)}"]
    for number, section in enumerate(sections):
        parts.append(f"{'#' * level} {section.title}\n\n{section.markdown}")
        if picture and number == 0:
            parts.append(f"![How many times the limit's time each lane takes]({picture})")
    return "\n\n".join(parts)


def summary(facts: Mapping[str, Any], ratios: str) -> str:
    """For a page that only quotes: when and on what, and the ratios."""
    named = ("date", "machine", "load at the start", "PostgreSQL", "size")
    return f"{'; '.join(f'{name}: {facts[name]}' for name in named)}.\n\n{ratios}"


def put_between(text: str, new: str) -> str:
    """The text with everything between the marks replaced. Raises NoPlace."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlace(f"it needs the two lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{new.strip()}\n\n{END}{after}"


def write_into(file: Path, new: str) -> None:
    """Replace what stands between the marks of a file. Raises NoPlace."""
    file.write_text(put_between(file.read_text(), new))


def as_document(facts: Mapping[str, Any], sections: Sequence[Section]) -> dict[str, Any]:
    """Everything as plain values, down to the single sample."""
    goals = [vars(goal) | {"kept": goal.is_kept} for section in sections for goal in section.goals]
    return {"facts": dict(facts), "goals": goals, "sections": {each.title: dict(each.document) for each in sections}}
