"""Databases, tenants, and what is known of them."""

from __future__ import annotations

from pydantic import Field

from migrator.cli.shapes.shape import Moment, Shape
from migrator.model.explanation import Cause, TenantFacts


class ListedDatabase(Shape):
    """A database in a list."""

    id: str
    kind: str
    region: str | None
    address: str
    username: str | None
    credential: str | None


class BreakerChange(Shape):
    """The last that became of a breaker."""

    state: str
    reason: str | None
    since: Moment
    by: str


class Pace(Shape):
    """How many lanes a database has at the moment, and why."""

    lanes: int
    budget: int
    reason: str


class AtWork(Shape):
    """An execution with targets in a database that have not ended."""

    execution: str
    state: str
    kind: str
    waiting: int
    running: int


class ShownDatabase(Shape):
    """A database as it is registered, and what goes on there."""

    id: str
    name: str
    kind: str
    host: str
    port: int
    username: str | None
    region: str | None
    credential: str | None
    migration_timeout: int
    lanes: int | None
    breaker_failures: int | None
    breaker_open_seconds: float | None
    labels: dict[str, str]
    spares: int | None
    tenants: int
    breaker: BreakerChange | None
    pace: Pace | None
    executions: list[AtWork]


class DatabaseSet(Shape):
    """Whether a database is worked on otherwise now."""

    database: str
    changed: bool
    summary: str


class ListedTenant(Shape):
    """A tenant in a list."""

    id: str
    slug: str
    database: str
    schema_: str = Field(alias="schema")
    region: str | None


class ShownTenant(Shape):
    """A tenant as it is registered, with the version that the ledger knows of."""

    id: str
    slug: str
    database_id: str
    schema_name: str
    region: str | None
    template_version: str | None
    labels: dict[str, str]
    version: str | None
    state: str
    execution: str | None
    since: Moment | None


class Explained(Shape):
    """Why a tenant is at its version."""

    tenant: str
    sentence: str
    is_current: bool
    causes: list[Cause]
    facts: TenantFacts


class DatabaseStatus(Shape):
    """How many targets of a database hold which version."""

    database: str
    kind: str
    targets: int
    newest: str | None = None
    versions: dict[str, int]
    behind: int | None
    error: str | None
    breaker: str | None


class Status(Shape):
    """The fleet at a glance."""

    databases: list[DatabaseStatus]


class Breaker(Shape):
    """The breaker of a database."""

    database: str
    state: str
    failures: int
    held: bool
    seconds_left: float | None
    reason: str | None
    changed_at: Moment | None
    by: str | None


class Pool(Shape):
    """The spare schemas of a database as a whole."""

    database: str
    wanted: int
    ready: int
    refusal: str | None
    """Why there can be none, or not as many as are wanted."""


class Spare(Shape):
    """One spare schema."""

    database: str
    schema_: str = Field(alias="schema")
    state: str
    """Making, ready, behind, taken or failed."""
    version: str | None
    since: Moment
    reason: str | None


class Spares(Shape):
    """Every pool, and what is in it."""

    pools: list[Pool]
    spares: list[Spare]


class PoolTended(Shape):
    """What was done to a pool."""

    database: str
    wanted: int
    ready: int
    behind: int
    """Wait until a rollout is over, or for their template."""
    made: int
    forwarded: int
    """Brought to the folder's state."""
    dropped: int
    refusal: str | None


class BreakerSet(Shape):
    """What a breaker is now that somebody said so."""

    database: str
    state: str
    held: bool
    summary: str


class Check(Shape):
    """One question and its answer."""

    name: str
    verdict: str
    figure: str
    sentence: str
    advice: str


class DatabaseChecks(Shape):
    """What preflight says of a database."""

    database: str
    verdict: str
    checks: list[Check]


class Preflight(Shape):
    """What it says of several."""

    databases: list[DatabaseChecks]


class AreaCheck(Check):
    """The same with what it is about."""

    area: str


class Doctor(Shape):
    """Everything that was looked at; ``ok`` where nothing has to be mended first."""

    ok: bool
    counts: dict[str, int]
    checks: list[AreaCheck]


class Initialised(Shape):
    """The control schema, and the files that were made."""

    version: str | None
    applied: list[str]
    files: list[str]


class Local(Shape):
    """An installation on embedded services."""

    running: bool
    pid: int | None = None
    started: float | None = None
    dashboard: str | None = None
    processes: dict[str, int] | None = None
