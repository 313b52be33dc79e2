"""Proving what was taken back: the fingerprint of a schema is the one that it had before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from migrator.errors import FingerprintDiffers, MigratorError, QueryRefused
from migrator.model.execution import Claim, Outcome
from migrator.schema.fingerprint import fingerprint_of, fingerprints_of
from migrator.schema.session import Session
from tasks.failing import failed_or_again


@dataclass(frozen=True, slots=True)
class Unproven:
    """A target that was taken back and whose catalog has still to be looked at; written down once it is proven."""

    outcome: Outcome
    """What it comes to when the fingerprint is as expected."""
    expected: str
    way: str
    """By what it was taken back."""
    history_table: str

    @property
    def schema(self) -> str:
        """The schema to look at."""
        return self.outcome.claim.schema_name


def prove(session: Session, waiting: Sequence[Unproven]) -> list[tuple[Claim, Outcome | None]]:
    """Each target's outcome, None for one that is tried again: one question however many they are."""
    found = _ask(session, waiting)
    return [(each.outcome.claim, _proven(session, each, found)) for each in waiting]


def _ask(session: Session, waiting: Sequence[Unproven]) -> Mapping[str, str]:
    """Nothing when the server refuses: then each is asked for by itself, and one that it refuses harms no other."""
    try:
        return fingerprints_of(session, [each.schema for each in waiting], waiting[0].history_table)
    except QueryRefused:
        return {}


def _proven(session: Session, unproven: Unproven, known: Mapping[str, str]) -> Outcome | None:
    try:
        found = known.get(unproven.schema) or fingerprint_of(session, unproven.schema, unproven.history_table)
        if found != unproven.expected:
            facts = {"found": found, "expected": unproven.expected, "way": unproven.way}
            raise FingerprintDiffers(schema=unproven.schema, **facts)
    except MigratorError as error:
        return failed_or_again(error, unproven.outcome.claim, unproven.outcome.seconds)
    note = f"taken back by {unproven.way}; the fingerprint is the one before, {found[:12]}"
    return replace(unproven.outcome, note=note)
