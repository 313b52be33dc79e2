"""Drift: in what two schemas that should be alike differ, and which of many are the odd ones. Decided from values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff

from migrator.schema.fingerprint import Catalog, Item

LONGEST = 160
"""Characters of a definition that are shown in one line."""
MOST_LINES = 8
"""Lines shown of a long definition that changed."""

_WHOLE = re.compile(r'((?:"(?:[^"]|"")*"|[^".\s])+)\.')
_INDEX = re.compile(
    r'CREATE (UNIQUE )?INDEX (?:"(?:[^"]|"")*"|\S+) ON (?:ONLY )?((?:"(?:[^"]|"")*"|\S)+) USING (.*)', re.DOTALL
)
_OWNED = re.compile(r"owned by (.+) \(")


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that the right schema has otherwise than the left: not at all, besides, or in another way."""

    kind: str
    name: str
    left: str | None = None
    right: str | None = None

    @property
    def sign(self) -> str:
        """``-`` the right one misses it, ``+`` it has it besides, ``~`` it has another."""
        if self.right is None:
            return "-"
        return "+" if self.left is None else "~"

    @property
    def label(self) -> str:
        """Kind and name, as ``index orders_by_customer``."""
        return f"{self.kind} {self.name}"

    def __str__(self) -> str:
        if self.left is None or self.right is None:
            return f"{self.sign} {self.label}{_spoken(self.kind, self.left or self.right or '')}"
        if "\n" in self.left + self.right:
            return "\n".join([f"~ {self.label}:", *_changed_lines(self.left, self.right)])
        return f"~ {self.label}: {_cut(self.left) or 'plain'} -> {_cut(self.right) or 'plain'}"


@dataclass(frozen=True, slots=True)
class Group:
    """Schemas that are alike."""

    fingerprint: str
    members: tuple[str, ...]


def differences(left: Catalog, right: Catalog) -> tuple[Difference, ...]:
    """What the right schema has otherwise than the left, by kind and name.

    Of a table that only one of them has, columns, indexes and all else that belongs to it are not told.
    """
    was, is_ = _by_name(left), _by_name(right)
    found = [Difference(*key, was.get(key), is_.get(key)) for key in {*was, *is_} if was.get(key, 0) != is_.get(key, 0)]
    alone = {(one.sign, one.name) for one in found if one.kind in _WHOLES}
    return tuple(sorted(_without_parts(found, alone), key=lambda one: (one.kind, one.name)))


def grouped(fingerprints: Mapping[str, str]) -> tuple[Group, ...]:
    """Schemas by their fingerprint, the largest group first: it is the norm. Of equal ones, that of the first name."""
    members = defaultdict(list)
    for name in sorted(fingerprints):
        members[fingerprints[name]].append(name)
    groups = [Group(fingerprint, tuple(names)) for fingerprint, names in members.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.members), group.members[0])))


def summary(groups: tuple[Group, ...], found: Mapping[str, tuple[Difference, ...]]) -> str:
    """One sentence: ``197 identical, 2 miss index i, 1 odd``. ``found`` has each group's differences from the norm."""
    if not groups:
        return "none"
    norm, *others = groups
    said = [f"{len(norm.members)} identical"]
    odd = 0
    for group in others:
        its = found.get(group.fingerprint, ())
        if len(its) == 1:
            said.append(_one_difference(len(group.members), its[0]))
        else:
            odd += len(group.members)
    return ", ".join([*said, f"{odd} odd"] if odd else said)


_WHOLES = {"table", "foreign table", "view", "materialized view", "domain", "type", "function", "procedure", "sequence"}
_PARTS = {"column", "constraint", "trigger", "rule", "policy", "index", "sequence", "comment", "privileges"}


def _by_name(catalog: Catalog) -> dict[tuple[str, str], str]:
    return {(item.kind, item.name): item.definition for item in catalog.items}


def _without_parts(found: list[Difference], alone: set[tuple[str, str]]) -> Iterator[Difference]:
    for one in found:
        whole = _whole_of(Item(one.kind, one.name, one.left or one.right or ""))
        if one.sign == "~" or (one.sign, whole) not in alone:
            yield one


def _whole_of(item: Item) -> str | None:
    """The name of what the item is a part of."""
    if item.kind not in _PARTS:
        return None
    if item.kind == "index":
        return match[2] if (match := _INDEX.match(item.definition)) else None
    if item.kind == "sequence":
        return match[1] if (match := _OWNED.search(item.definition)) else None
    name = item.name
    if item.kind in ("comment", "privileges"):  # their names begin with the kind of what they are about
        kind = next((kind for kind in (*_WHOLES, *_PARTS) if name.startswith(f"{kind} ")), "")
        name = name.removeprefix(f"{kind} ")
    match = _WHOLE.match(name)
    return match[1] if match else name


def _spoken(kind: str, definition: str) -> str:
    """A definition behind its name; of a long text nothing."""
    if not definition or "\n" in definition:
        return ""
    if kind == "index" and (match := _INDEX.match(definition)):
        return f"{' (unique)' if match[1] else ''} on {match[2]} {_cut(match[3].removeprefix('btree '))}"
    return f": {_cut(definition)}"


def _changed_lines(left: str, right: str) -> list[str]:
    lines = list(unified_diff(left.splitlines(), right.splitlines(), lineterm="", n=0))[2:]
    changed = [f"    {line[0]} {line[1:].strip()}" for line in lines if not line.startswith("@@")]
    more = len(changed) - MOST_LINES
    return [*changed[:MOST_LINES], f"    and {more} more lines"] if more > 0 else changed


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _one_difference(count: int, difference: Difference) -> str:
    verb = {"-": ("misses", "miss"), "+": ("has besides", "have besides"), "~": ("has another", "have another")}
    return f"{count} {verb[difference.sign][count > 1]} {difference.label}"
