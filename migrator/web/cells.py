"""The cells of the fleet: one character for each target, and a table that says what a character stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from migrator.model.condition import Condition

Kind = tuple[Condition, str, str]
"""What targets can have in common: condition, version, error."""
_PLAIN = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\']
"""One byte each in JSON."""


class Kinds:
    """A character for each kind, the same as long as somebody looks, so that a frame can tell what changed."""

    def __init__(self) -> None:
        self._kinds: list[Kind] = []
        self._letters: dict[Kind, str] = {}

    def letter(self, kind: Kind) -> str:
        """The character of a kind; a new one is given the next."""
        if kind not in self._letters:
            number = len(self._kinds)
            self._letters[kind] = _PLAIN[number] if number < len(_PLAIN) else chr(0x100 + number)
            self._kinds.append(kind)
        return self._letters[kind]

    def table(self) -> dict[str, list[str]]:
        """Character to letter of the condition, version and error."""
        return {self._letters[kind]: [kind[0].letter, kind[1], kind[2]] for kind in self._kinds}

    def counts(self, cells: Iterable[str]) -> dict[str, Any]:
        """How many targets there are of each condition, and at each version."""
        conditions: Counter[str] = Counter()
        versions: Counter[str] = Counter()
        by_letter = {self._letters[kind]: kind for kind in self._kinds}
        for letter, count in Counter(cells).items():
            condition, version, _ = by_letter[letter]
            conditions[condition.value] += count
            if condition is not Condition.RETIRED:
                versions[version] += count
        return {
            "conditions": {each.value: conditions[each.value] for each in Condition if conditions[each.value]},
            "versions": dict(versions),
        }
