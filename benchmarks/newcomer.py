"""One new tenant after a long history: by replay, from the template, squashed and by a spare, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.section import Goal
from benchmarks.shop import WorkDiffers
from migrator.folder import read_folder
from migrator.local import Postgres
from migrator.model.folder import Folder
from migrator.model.spare import Spare, SpareState
from migrator.model.template import Template
from migrator.schema import spare as making
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import fingerprints_of
from migrator.schema.provision import provision
from migrator.schema.rules import Rules
from migrator.schema.session import Session, open_url
from migrator.schema.template import make_template

_KINDS = (
    "CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, kind int);\n"
    "INSERT INTO t{n} (name, kind) SELECT 'seed ' || i, i FROM generate_series(1, 20) AS i;",
    "ALTER TABLE t{n} ADD COLUMN state text NOT NULL DEFAULT 'new', ADD COLUMN total numeric(12, 2);",
    "CREATE INDEX t{n}_name ON t{n} (name); CREATE INDEX t{n}_state ON t{n} (state) WHERE state <> 'done';",
    "UPDATE t{n} SET total = kind * 2; ALTER TABLE t{n} ALTER COLUMN total SET NOT NULL;",
    "ALTER TABLE t{n} ALTER COLUMN kind TYPE bigint, ADD CONSTRAINT t{n}_kind CHECK (kind > 0);",
    "CREATE TABLE t{n}_log (t bigint REFERENCES t{n}, at timestamptz, what text); DROP INDEX t{n}_state;",
    "ALTER TABLE t{n}_log ADD COLUMN by text; ALTER TABLE t{n} RENAME COLUMN kind TO sort;",
    "ALTER TABLE t{n}_log DROP COLUMN what; CREATE INDEX t{n}_log_at ON t{n}_log (at);",
)
"""What a table goes through, a file each."""


@dataclass(frozen=True)
class Newcomer:
    """Medians, in milliseconds for one tenant, and the ratio of the pairs."""

    migrations: int
    turns: int
    replay_ms: float
    template_ms: float
    squashed_ms: float
    """One script with all of it, in one transaction, without history, locks or checks: what PostgreSQL itself takes."""
    spare_ms: float
    ratio: float
    """Of the template to the squashed script."""

    @property
    def goal(self) -> Goal:
        """What a template promises."""
        return Goal("d", f"template to squashed script, after {self.migrations} migrations", 1.15, self.ratio)

    def as_markdown(self) -> str:
        """One sentence for people."""
        return (
            f"One new tenant after {self.migrations} migrations, {self.turns} turns: replay {self.replay_ms:.0f} ms, "
            f"squashed {self.squashed_ms:.0f} ms, template {self.template_ms:.0f} ms, x{self.ratio:.2f} of squashed, "
            f"spare {self.spare_ms:.1f} ms, x{self.spare_ms / self.squashed_ms:.2f} of squashed"
        )


def write_history(folder: Path, migrations: int) -> Folder:
    """A folder of as many files."""
    folder.mkdir(parents=True)
    for number in range(migrations):
        text = _KINDS[number % len(_KINDS)].format(n=number // len(_KINDS))
        (folder / f"V{number + 1}__step.sql").write_text(text)
    return read_folder(folder)


def measure(postgres: Postgres, home: Path, migrations: int, turns: int) -> Newcomer:
    """Make tenants in both ways, in turn; raises WorkDiffers when they are not alike."""
    folder = write_history(home / f"history_{migrations}", migrations)
    database = f"newcomer_{migrations}"
    postgres.create_database(database)
    with closing(open_url(postgres.url(database))) as session:
        template = make_template(session, folder, None, Rules(), (postgres.bin,))
        if not isinstance(template, Template):
            raise WorkDiffers(f"there is no template: {template.reason}")
        samples = list(_turns(session, folder, template, turns))
        _check(session, turns)
    replay, made, squashed, spare = zip(*samples, strict=True)
    ratios = [template_ms / squashed_ms for _, template_ms, squashed_ms, _ in samples]
    return Newcomer(migrations, turns, median(replay), median(made), median(squashed), median(spare), median(ratios))


def _turns(session: Session, folder: Folder, template: Template, turns: int) -> Iterator[tuple[float, ...]]:
    engine = Engine(folder, to=folder.latest)
    for turn in range(turns):
        spare = _spare(session, engine, template)
        yield (
            _timed(lambda name=f"replay_{turn}": Engine(folder).migrate(session, name)),
            _timed(lambda name=f"template_{turn}": provision(session, name, Engine(folder), template)),
            _timed(lambda name=f"squashed_{turn}": _squashed(session, name, template)),
            _timed(lambda name=f"spare_{turn}", ready=spare: _take(session, ready, name, engine)),
        )


def _squashed(session: Session, name: str, template: Template) -> None:
    session.run(f'BEGIN; CREATE SCHEMA "{name}"; {template.for_schema(name)}; COMMIT; RESET ALL')


def _spare(session: Session, engine: Engine, template: Template) -> Spare:
    name = making.new_name()
    fit = making.make_spare(session, name, engine, template)
    seen = fit.seen
    return Spare("", name, SpareState.READY, fit.digest, fit.version, seen.fingerprint, seen.stamp, fit.rank)


def _take(session: Session, spare: Spare, name: str, engine: Engine) -> None:
    found = making.take(session, spare, name, engine)
    if isinstance(found, making.NotTaken):
        raise WorkDiffers(f"a spare was not taken: {found.reason}")


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _check(session: Session, turns: int) -> None:
    names = [f"{way}_{turn}" for way in ("replay", "template", "squashed", "spare") for turn in range(turns)]
    if len(set(fingerprints_of(session, names).values())) != 1:
        raise WorkDiffers("a tenant from the template, a squashed script or a spare is not like a replayed one")
