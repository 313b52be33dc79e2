"""Folders held against rules and histories, and schemas against each other."""

from __future__ import annotations

from migrator.cli.shapes.shape import Shape, TargetError


class Made(Shape):
    """Files that were written."""

    files: list[str]


class LintedFolder(Shape):
    """A folder that was looked at."""

    path: str
    scope: str | None
    files: int
    ignored: int


class LintFinding(Shape):
    """One thing in one place."""

    rule: str
    severity: str
    path: str
    line: int
    sentence: str
    advice: str
    source: str


class Linted(Shape):
    """What lint found."""

    folders: list[LintedFolder]
    findings: list[LintFinding]
    errors: int
    warnings: int
    squawk: bool
    compared: int
    unreached: list[TargetError]


class GroupedFinding(Shape):
    """One finding and the targets that have it."""

    scope: str
    kind: str
    script: str | None
    is_error: bool
    example: str
    targets: list[str]


class Validated(Shape):
    """Histories held against their folders."""

    valid: bool
    targets: int
    agree: int
    findings: list[GroupedFinding]
    errors: list[TargetError]


class RepairGroup(Shape):
    """What was done, and to which histories."""

    repair: str
    targets: list[str]


class Repaired(Shape):
    """Histories that were made to fit."""

    targets: int
    errors: list[TargetError]
    repaired: int
    repairs: list[RepairGroup]


class BegunHistory(Shape):
    """A history that was begun."""

    target: str
    version: str | None
    written: bool
    tool: str | None = None
    applied: list[str] | None = None


class ManagedTarget(Shape):
    """One that had a history already."""

    target: str
    reason: str


class Baselined(Shape):
    """Histories that were begun."""

    targets: int
    errors: list[TargetError]
    written: int
    schemas: list[BegunHistory]
    managed: list[ManagedTarget]


class Difference(Shape):
    """One item that one schema has otherwise than another."""

    sign: str
    kind: str
    name: str
    left: str | None = None
    right: str | None = None
    line: str


class DriftGroup(Shape):
    """Targets that are equal."""

    fingerprint: str
    count: int
    targets: list[str]
    differences: list[Difference]
    error: str | None


class DriftPeers(Shape):
    """Targets that should be equal; the first group is the norm."""

    scope: str
    version: str
    server: int
    targets: int
    summary: str
    groups: list[DriftGroup]


class Drift(Shape):
    """Which targets differ from their peers."""

    drift: bool
    peers: list[DriftPeers]
    errors: list[TargetError]
