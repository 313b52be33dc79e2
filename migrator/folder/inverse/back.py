"""What takes one statement back."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.folder.inverse.thing import Thing


@dataclass(frozen=True, slots=True)
class Back:
    """Statements that take something back in the order in which they run, or the reasons why there are none."""

    sql: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    about: Thing | None = None
    """What the statement spoke of; of nothing else than that are the reasons. None where they may be."""
    goes: bool = False
    """It may be passed over when what it spoke of is dropped anyway: it changes rows, or rights, or words."""

    def then(self, later: Back) -> Back:
        """What takes both back, when ``later`` happened after this."""
        return Back(
            later.sql + self.sql,
            self.reasons + later.reasons,
            self.notes + later.notes,
            self._about_both(later),
            self.goes and later.goes,
        )

    def _about_both(self, later: Back) -> Thing | None:
        """What all the reasons are about, None if that is more than one thing."""
        reasoned = [each.about for each in (self, later) if each.reasons]
        if not reasoned:
            return self.about or later.about
        return reasoned[0] if all(each is reasoned[0] for each in reasoned) else None


NOTHING = Back(goes=True)


def takes_back(*sql: str, about: Thing | None = None, note: str = "") -> Back:
    """Statements that certainly take it back."""
    return Back(sql, (), (note,) if note else (), about)


def impossible(reason: str, about: Thing | None = None, *, goes: bool = False) -> Back:
    """There is no certain way, for this reason."""
    return Back((), (reason,), (), about, goes)


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of a migration that was read, and what takes it back."""

    text: str
    line: int
    said: str
    """As it stands in the file."""
    back: Back
