"""One schema of one database, and snapshots."""

from __future__ import annotations

from pydantic import Field

from migrator.cli.shapes.folder import Difference
from migrator.cli.shapes.shape import Moment, Shape


class OneSchema(Shape):
    """What all of these have."""

    schema_: str = Field(alias="schema")


class Up(OneSchema):
    """A schema that was migrated."""

    from_version: str | None
    version: str | None
    applied: list[str]
    without_effect: list[str]
    seconds: float


class Down(OneSchema):
    """A schema that was taken back."""

    from_version: str | None
    version: str | None
    undone: list[str]
    without_effect: list[str]
    pending_repeatable: list[str]
    seconds: float


class Step(Shape):
    """A script that would be run."""

    script: str
    derived: bool
    sql: str


class DownPlan(OneSchema):
    """What would be run to take it back."""

    dry_run: bool
    steps: list[Step]


class SchemaStatus(OneSchema):
    """What is applied and what is pending."""

    version: str | None
    applied: list[str]
    pending: list[str]


class Finding(Shape):
    """One difference between folder and history."""

    kind: str
    script: str | None
    version: str | None
    sentence: str
    is_allowed: bool
    is_error: bool


class SchemaValidated(OneSchema):
    """History held against folder."""

    valid: bool
    findings: list[Finding]


class SchemaBegun(OneSchema):
    """A history that was begun, or had been before."""

    version: str | None
    written: bool
    tool: str | None = None
    applied: list[str] | None = None


class SchemaRepaired(OneSchema):
    """A history that was made to fit its folder."""

    repairs: list[str]


class CatalogItem(Shape):
    """One thing of a catalog."""

    kind: str
    name: str
    definition: str


class Fingerprint(OneSchema):
    """A hash of a catalog."""

    fingerprint: str
    count: int
    items: list[CatalogItem] | None = None


class Diff(OneSchema):
    """What another schema has otherwise."""

    with_: str = Field(alias="with")
    equal: bool
    differences: list[Difference]


class TableRows(Shape):
    """Rows of a table at the moment of a snapshot, and how many the server had seen written by then."""

    count: int
    relation: int
    written: int


class Snapshot(OneSchema):
    """The sidecar of a snapshot."""

    format: int
    id: str
    database: str
    taken_at: Moment
    server_version: str
    dump_version: str
    size: int
    sha256: str
    rows: dict[str, TableRows]
    history_table: str
    rank: int
    version: str | None
    fingerprint: str | None
    execution: str | None
    usable_by_all: bool


class LeftBehind(Shape):
    """Rows of a table that a restore would leave behind."""

    table: str
    then: int | None
    now: int | None
    written: int


class RestorePreview(Shape):
    """What a restore would do."""

    exists: bool
    version: str | None
    written_since: int
    left_behind: list[LeftBehind]
    obstacles: list[str]


class ShownSnapshot(Shape):
    """A snapshot, and what restoring it would do."""

    snapshot: Snapshot
    restore: RestorePreview


class Restored(OneSchema):
    """A schema that is as it was."""

    snapshot: str
    database: str
    version: str | None
    aside: str | None
    written_since: int
    left_behind: list[LeftBehind]
    fingerprint: str
    fingerprint_is_equal: bool | None
    seconds: float


class Verified(OneSchema):
    """A snapshot that was read to its end."""

    id: str
    database: str
    damage: str | None


class Aside(OneSchema):
    """A schema that was set aside, and is gone."""

    name: str
    snapshot: str
    at: str


class TakenOfTarget(OneSchema):
    """A snapshot of one of several targets."""

    database: str
    snapshot: str | None
    bytes: int | None
    error: str | None


class RestoredTarget(OneSchema):
    """One of several targets that were restored."""

    database: str
    snapshot: str | None
    equal: bool | None
    written_since: int | None
    aside: str | None
    error: str | None
