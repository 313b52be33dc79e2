"""One thing in a schema, as far as statements tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from migrator.folder.inverse.text import words_of

_ROUTINES = ("function", "procedure", "aggregate")
_RELATIONS = ("table", "foreign table", "view", "materialized view", "sequence", "index", "temporary")
_SPACES = {
    **dict.fromkeys(_RELATIONS, "relation"),
    **dict.fromkeys(_ROUTINES, "routine"),
    "domain": "type",
}
"""Kinds of things that cannot have the same name."""

OF_A_RELATION = frozenset(("column", "constraint", "trigger", "policy", "rule"))
_ESCAPED = re.compile(r"\b[uU]&[\"']")
WITH_TEXT = ("default", "type", "generated")
"""Facts that name other things."""


class Unknown(Enum):
    """Stands for what is not known; None stands for what is known not to be there."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Fact = str | None | Unknown
Key = tuple[str, ...]
"""The space of a kind, the schema, empty for the target's own, and the name; for a column the table's and its own."""


def key_of(kind: str, path: Iterable[str]) -> Key:
    """Where a thing stands in the picture."""
    return (_SPACES.get(kind, kind), *path)


@dataclass(eq=False, slots=True)
class Thing:
    """One thing in a schema, as far as the statements tell that made and altered it."""

    kind: str
    path: tuple[str, ...]
    text: str = ""
    """The statement, or for a constraint the clause, that makes it; empty when that is not known."""
    whole: bool = True
    """Nothing about it is unknown: a fact that is not noted is as it is by default."""
    spread: bool = False
    """Its text means more when a table gets more columns."""
    on: Thing | None = None
    """The table of an index, or the one whose column owns a sequence."""
    facts: dict[str, Fact] = field(default_factory=dict)
    alters: list[str] = field(default_factory=list)
    """Statements that altered it since, which making it anew has to repeat."""
    grants: list[str] = field(default_factory=list)
    """What was granted and revoked on it since."""
    born: int = 0
    """When it was made, as the picture counts; 0 for long ago."""
    written: int = 0
    """When its present text was written."""
    was_called: set[str] = field(default_factory=set)
    """Every word of every name that it had."""
    body: str = ""
    """The part of its text that PostgreSQL keeps letter by letter: that of a function."""
    words: frozenset[str] = frozenset()
    """The words of its text, the body left out: what they mean counts when the text is read again."""
    body_is_stale: bool = False
    """What its body names may not be there any more."""
    doubt: str = ""
    """A word of its text that does not mean any more what it meant."""

    def __post_init__(self) -> None:
        self.rewrite(self.text, self.body)
        self.was_called |= words_of(self.name)

    @property
    def key(self) -> Key:
        """Where it stands in the picture."""
        return key_of(self.kind, self.path)

    @property
    def name(self) -> str:
        """Its own name, without schema or table."""
        return self.path[1] if self.kind not in OF_A_RELATION else self.path[2]

    def fact(self, name: str) -> Fact:
        """What is known about one of its properties."""
        return self.facts.get(name, None if self.whole else UNKNOWN)

    def rewrite(self, text: str, body: str = "") -> None:
        """Note the text that makes it; an empty one stands for an unknown one."""
        if _ESCAPED.search(text):
            text = ""  # names in it cannot be found
        self.text, self.body = text, body
        self.words = words_of(text.replace(body, "", 1))
        if self.kind in _ROUTINES and _count(self.name, text.replace(body, "", 1)) == 1:
            self.words -= words_of(self.name)  # its own name; others of that name may come and go
        self.body_is_stale, self.doubt = False, ""

    def shake(self, words: frozenset[str]) -> None:
        """Some words of its text, if they are in it, do not mean any more what they meant."""
        if found := sorted(words & self.words):
            self.rewrite("")
            self.doubt = found[0]
        elif self.body and not words.isdisjoint(words_of(self.body)):
            self.body_is_stale = True


def _count(name: str, text: str) -> int:
    return len(re.findall(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text, re.IGNORECASE))
