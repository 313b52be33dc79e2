"""PostgreSQL's locks on tables, weakest first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class LockMode(StrEnum):
    """The modes of ``LOCK TABLE``; compared by strength and not as texts."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @cached_property
    def strength(self) -> int:
        """PostgreSQL's own number of the mode: 1 to 8."""
        return list(LockMode).index(self) + 1

    @property
    def stops_writes(self) -> bool:
        """Whether rows cannot be written while it is held; the strongest stops reading too."""
        return self >= LockMode.SHARE

    def __lt__(self, other: str) -> bool:
        return self.strength < LockMode(other).strength

    def __le__(self, other: str) -> bool:
        return self.strength <= LockMode(other).strength

    def __gt__(self, other: str) -> bool:
        return self.strength > LockMode(other).strength

    def __ge__(self, other: str) -> bool:
        return self.strength >= LockMode(other).strength


@dataclass(frozen=True, slots=True)
class Lock:
    """The strongest lock that a statement takes on one relation, and keeps until its transaction ends."""

    relation: str
    """As the text names it, with a schema only if the text has one."""
    mode: LockMode
    is_new: bool = False
    """The same script made the relation, so nobody else waits for it."""
