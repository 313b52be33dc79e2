"""Folders held against rules, plans, histories and each other's schemas."""

from __future__ import annotations

from pydantic import Field

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


class PlannedWave(Shape):
    """A wave, with targets by database."""

    wave: int
    canary: bool
    targets: int
    databases: dict[str, int]


class PlannedStage(Shape):
    """A scope that is brought up to a version."""

    stage: int
    scope: str
    to: str | None
    waves: list[PlannedWave]


class PlannedMigration(Shape):
    """A pending migration, what it does and how it is taken back."""

    script: str
    path: str
    version: str | None
    description: str
    kind: str
    code: bool
    transactional: bool
    destroys: list[str]
    escapes: list[str]
    locks: list[str]
    way_back: str | None
    obstacles: list[str]
    sql: str


class PlannedGroup(Shape):
    """Targets in the same state."""

    stage: int
    scope: str
    version: str | None
    targets: int
    databases: dict[str, int]
    obstacle: str | None
    pending: list[PlannedMigration]
    expected_seconds: float | None
    past_outcomes: int


class PlannedTarget(Shape):
    """One target and its wave."""

    database: str
    schema_: str = Field(alias="schema")
    tenant: str | None
    stage: int
    wave: int
    version: str | None
    pending: list[str]
    obstacle: str | None


class CheckedCollision(Shape):
    """A name that would be made and is there already."""

    target: str
    kind: str
    name: str
    script: str
    line: int
    sentence: str


class OddPeers(Shape):
    """Targets of one scope and version that are not alike."""

    scope: str
    version: str | None
    server: int
    alike: int
    odd: list[list[str]]


class Checked(Shape):
    """What was found in the targets themselves."""

    collisions: list[CheckedCollision]
    drift: list[OddPeers]
    silent: dict[str, str]


class Plan(Shape):
    """What a migration would do."""

    behind: int
    current: int
    expected_seconds: float | None
    stages: list[PlannedStage]
    groups: list[PlannedGroup]
    targets: list[PlannedTarget]
    check: Checked | None = None


class RehearsedLock(Shape):
    """A lock that a migration took."""

    relation: str
    mode: str


class RehearsedMigration(Shape):
    """What a migration did to a clone."""

    script: str
    seconds: float
    locks: list[RehearsedLock]
    rewrites: list[str]
    way_back: str | None
    obstacle: str | None
    differences: list[str]


class Rehearsal(Shape):
    """What became of the clone of one target."""

    database: str
    schema_: str = Field(alias="schema")
    tenant: str | None
    fine: bool
    failure: str | None
    migrations: list[RehearsedMigration]
    again: list[str]


class Rehearsals(Shape):
    """All of them."""

    rehearsals: list[Rehearsal]
    check: Checked


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
