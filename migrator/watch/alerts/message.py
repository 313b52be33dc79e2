"""What a channel is told: a title and a text for people, a document for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from migrator.model.alert import Severity
from migrator.watch.progress import spoken_seconds

TEST_RULE = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """One alert, as it is sent: that it fired, or that it is over."""

    kind: str
    rule: str
    key: str
    severity: Severity
    sentence: str
    first_at: datetime
    delivery: int | None = None
    """Grows; the same when a delivery is repeated, so that a receiver can tell. None for a test."""
    alert: int | None = None
    resolved_at: datetime | None = None
    times: int = 1
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """One short line."""
        state = "resolved" if self.kind == "resolved" else self.severity.value
        return f"migrator {state}: {self.rule.replace('_', ' ')} ({self.key})"

    @property
    def text(self) -> str:
        """The sentence; of one that is over also how long it took."""
        if self.resolved_at is None:
            return self.sentence
        took = spoken_seconds((self.resolved_at - self.first_at).total_seconds())
        return f"This is over after {took}. It was: {self.sentence}"

    def document(self) -> dict[str, Any]:
        """The body of a webhook."""
        return {
            "kind": self.kind,
            "delivery": self.delivery,
            "alert": self.alert,
            "rule": self.rule,
            "key": self.key,
            "severity": self.severity.value,
            "title": self.title,
            "text": self.text,
            "facts": self.facts,
            "first_at": _spoken(self.first_at),
            "resolved_at": _spoken(self.resolved_at),
            "times": self.times,
        }


def message_of(row: Row[Any]) -> Message:
    """A claimed delivery as its message."""
    over = row.kind == "resolved"
    return Message(
        kind=row.kind,
        rule=row.rule,
        key=row.key,
        severity=Severity(row.severity),
        sentence=row.sentence,
        first_at=row.first_at,
        delivery=row.id,
        alert=row.alert_id,
        resolved_at=row.resolved_at if over else None,
        times=row.times,
        facts=row.facts,
    )


def trial_message(now: datetime, by: str) -> Message:
    """What ``migrator alerts test`` sends."""
    said = f"this is a test that {by} asked for: nothing is wrong, and this channel works. Nothing is to be done"
    return Message("test", TEST_RULE, TEST_RULE, Severity.WARNING, said, now)


def _spoken(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None
