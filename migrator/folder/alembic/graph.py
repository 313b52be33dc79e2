"""The graph that revisions make: who stands on whom, and in which order they are applied. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from migrator.errors import BadRevision, BadScriptDirectory, DuplicateVersion, UnknownRevision
from migrator.folder.alembic.revision import Revision
from migrator.model.version import Version


@dataclass(frozen=True, eq=False)
class Graph:
    """Revisions by their ids, each with the revisions that must be applied before it."""

    path: Path
    revisions: dict[str, Revision]
    parents: dict[str, frozenset[str]]
    """``down_revision`` and ``depends_on`` alike, labels resolved."""
    versions: dict[str, Version]
    """Depth and a number made of the id: who stands on somebody has the higher version.

    Both follow from a revision and those before it alone, so it keeps its version whatever is added beside it
    or behind it.
    """

    def before(self, ids: Iterable[str]) -> frozenset[str]:
        """These revisions and all that they stand on. Raises UnknownRevision."""
        found: set[str] = set()
        open_ = list(ids)
        while open_:
            revision = open_.pop()
            if revision not in self.parents:
                raise UnknownRevision(revision=revision, path=self.path)
            if revision not in found:
                found.add(revision)
                open_ += self.parents[revision]
        return frozenset(found)

    def heads(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of these revisions that no other of them stands on, in order."""
        among = set(ids)
        stood_on = {parent for revision in among for parent in self.parents[revision]}
        return tuple(sorted(among - stood_on, key=self.versions.__getitem__))

    def below(self, revision: str) -> frozenset[str]:
        """All revisions with lower versions: what is applied before this one."""
        return frozenset(other for other, version in self.versions.items() if version < self.versions[revision])


def graph_of(path: Path, revisions: Iterable[Revision]) -> Graph:
    """The graph of a folder's revisions. Raises a FolderError that names the files that do not fit together."""
    by_id: dict[str, Revision] = {}
    for revision in revisions:
        if (first := by_id.setdefault(revision.id, revision)) is not revision:
            raise DuplicateVersion(version=revision.id, first=first.path, second=revision.path)
    labels = _labels(by_id)
    parents = {id_: _parents(revision, by_id, labels) for id_, revision in by_id.items()}
    return Graph(path, by_id, parents, _versions(path, parents))


def _labels(by_id: dict[str, Revision]) -> dict[str, str]:
    found: dict[str, str] = {}
    for revision in by_id.values():
        for label in revision.labels:
            if found.setdefault(label, revision.id) != revision.id or label in by_id:
                reason = f"the branch label {label} is taken already"
                raise BadRevision(path=revision.path, line=revision.lines["branch_labels"], reason=reason)
    return found


def _parents(revision: Revision, by_id: dict[str, Revision], labels: dict[str, str]) -> frozenset[str]:
    named = [("down_revision", name) for name in revision.down] + [("depends_on", name) for name in revision.depends]
    for variable, name in named:
        if labels.get(name, name) not in by_id:
            reason = f"{variable} names {name}, and no file has that revision"
            raise BadRevision(path=revision.path, line=revision.lines[variable], reason=reason)
    return frozenset(labels.get(name, name) for _, name in named)


def _versions(path: Path, parents: dict[str, frozenset[str]]) -> dict[str, Version]:
    depths: dict[str, int] = {}
    try:
        for revision in TopologicalSorter(parents).static_order():
            depths[revision] = 1 + max((depths[parent] for parent in parents[revision]), default=0)
    except CycleError as error:
        circle = " > ".join(reversed(error.args[1]))
        raise BadScriptDirectory(path=path, reason=f"its revisions stand on each other: {circle}") from None
    return {revision: Version(f"{depth}.{_number(revision)}") for revision, depth in depths.items()}


def _number(revision: str) -> int:
    """Tells revisions of one depth apart; 32 bits, and two that meet there are refused by name."""
    return int.from_bytes(hashlib.sha256(revision.encode()).digest()[:4])
