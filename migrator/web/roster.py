"""The roster as one document: every target once, with what it can be filtered by."""

from __future__ import annotations

import hashlib
from typing import Any

from migrator.fleet import registry, roster
from tasks import desk


def name_of(stamp: str) -> str:
    """A short name for a state of the roster."""
    return hashlib.sha256(stamp.encode()).hexdigest()[:16]


def read_roster() -> dict[str, Any]:
    """Every target once, with what it can be filtered by; places in lists stand for databases, regions and labels."""
    with desk.store().begin() as connection:
        stamp, _ = roster.stamp(connection)
        found = roster.roster(connection, desk.settings().own_schema)
        active = registry.databases(connection)
    regions, labels, databases = _Places(), _Places(), _Places()
    targets = [
        [
            databases.of(row.database_id),
            row.schema_name,
            row.tenant_id,
            row.slug,
            regions.of(row.region),
            [labels.of(f"{key}={value}") for key, value in sorted(row.labels.items())],
        ]
        for row in found
    ]
    return {
        "roster": name_of(stamp),
        "databases": databases.said,
        "kinds": {each.id: each.kind.value for each in active},
        "database_regions": {each.id: each.region or "" for each in active},
        "regions": regions.said,
        "labels": labels.said,
        "targets": targets,
    }


class _Places:
    """Words by their place in a list, so that ten thousand rows name each of them once."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._known: dict[str, int] = {}

    def of(self, word: str) -> int:
        if word not in self._known:
            self._known[word] = len(self.said)
            self.said.append(word)
        return self._known[word]
