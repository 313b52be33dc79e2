"""The condition of a target: where it stands against its folder, as a page or a list shows it at a glance. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from migrator.model.execution import OutcomeState, Work
from migrator.model.version import Version

LOCK_TIMEOUT = "55P03"
"""The SQLSTATE of a lock that was not had in time."""
_VALUE = re.compile(r"\"[^\"]*\"|'(?!migrator )[^']*'|\([^)]*\)=\([^)]*\)")
"""Quoted, but not the command that says what to do."""
_ID = re.compile(r"\b(?=[a-f-]*\d)[0-9a-f]{8}[0-9a-f-]{4,}\b")
"""Fingerprints and the ids of events."""
_NUMBER = re.compile(r"\d+")
_PLACE = re.compile(r"^\S+ failed in schema \S+ with SQLSTATE \S+: ")
LONGEST_ERROR = 160


class Condition(StrEnum):
    """What there is to say of a target first; what needs a person comes before what does not."""

    FAILED = "failed"
    LOCKED = "locked"
    UNREACHABLE = "unreachable"
    DRIFTED = "drifted"
    AHEAD = "ahead"
    BEHIND = "behind"
    NONE = "none"
    RUNNING = "running"
    CURRENT = "current"
    RETIRED = "retired"

    @property
    def letter(self) -> str:
        """One letter for a cell; NONE has n."""
        return "x" if self is Condition.RETIRED else self.value[0]


@dataclass(frozen=True, slots=True)
class Latest:
    """What became of a target in the last execution that was to change it, as far as it got to it."""

    execution: str
    kind: Work
    state: OutcomeState
    is_open: bool
    """Whether that execution goes on."""
    to_version: str | None = None
    sqlstate: str | None = None
    error: str | None = None
    refused: int = 0
    """How often its server refused it for now."""
    at: datetime | None = None
    """When it ended there."""

    @property
    def is_refused(self) -> bool:
        """Whether it waits to be tried again after a lock or the like was not had."""
        return self.state is OutcomeState.PENDING and self.is_open and self.refused > 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at its database said of a target."""

    version: str | None = None
    has_history: bool = False
    is_current: bool = False


def condition_of(
    seen: Seen | None,
    latest: Latest | None,
    newest: Version | None,
    *,
    is_active: bool = True,
    is_drifted: bool = False,
) -> Condition:
    """The condition of a target. ``seen`` is None while its database cannot be asked, ``newest`` is the folder's."""
    if not is_active:
        return Condition.RETIRED
    if latest is not None and latest.state is OutcomeState.RUNNING:
        return Condition.RUNNING
    if seen is None:
        return Condition.UNREACHABLE
    if latest is not None and latest.is_refused:
        return Condition.LOCKED
    if latest is not None and latest.state is OutcomeState.FAILED and _still_fails(seen, latest):
        return Condition.LOCKED if latest.sqlstate == LOCK_TIMEOUT else Condition.FAILED
    return Condition.DRIFTED if is_drifted else _of_version(seen, newest)


def _still_fails(seen: Seen, latest: Latest) -> bool:
    """A migration that failed is made good when its target is current all the same; a rollback is not."""
    return latest.kind is Work.ROLLBACK or not seen.is_current


def _of_version(seen: Seen, newest: Version | None) -> Condition:
    if seen.is_current:
        return Condition.CURRENT
    if not seen.has_history:
        return Condition.NONE
    is_ahead = seen.version is not None and (newest is None or Version(seen.version) > newest)
    return Condition.AHEAD if is_ahead else Condition.BEHIND


def seen_through(seen: Seen | None, latest: Latest | None, looked_at: datetime | None, newest: Version | None) -> Seen:
    """What is known of a target whose last outcome is newer than the last look at its database."""
    known = seen or Seen()
    if latest is None or latest.state is not OutcomeState.DONE or latest.at is None:
        return known
    if looked_at is not None and latest.at <= looked_at:
        return known
    is_newest = latest.to_version is not None and newest is not None and Version(latest.to_version) == newest
    return Seen(latest.to_version, latest.to_version is not None, is_newest)


def alike(error: str, schema: str) -> str:
    """An error without what differs from target to target, so that equal ones can be counted."""
    said = _PLACE.sub("", error).replace(schema, "<schema>")
    return _NUMBER.sub("<n>", _ID.sub("<id>", _VALUE.sub("<value>", said)))[:LONGEST_ERROR]
