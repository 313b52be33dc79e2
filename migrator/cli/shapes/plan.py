"""Plans, and what was tried of them: checks and rehearsals."""

from __future__ import annotations

from pydantic import Field

from migrator.cli.shapes.shape import Shape


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
