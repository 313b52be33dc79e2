"""What is to be taken back: history held against a version or a rank, and the folder's ways back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from migrator.errors import CannotUndo, MovedOn
from migrator.model.folder import Folder
from migrator.model.history import HistoryRow
from migrator.model.migration import Migration
from migrator.model.version import Version
from migrator.model.way_back import Obstacle, WayBackOf
from migrator.schema.pending import BASELINES, Applied, read_history


@dataclass(frozen=True, slots=True)
class Since:
    """How far back: to a version, to a rank of history, or both; nothing given means to the very beginning."""

    version: Version | None = None
    rank: int | None = None
    until: int | None = None
    """Nothing may stand above this rank: what came later would lose its ground."""


def to_undo(
    folder: Folder, rows: Sequence[HistoryRow], schema: str, since: Since, way_back: WayBackOf
) -> list[Migration]:
    """The ways back of all that is to be taken back, in the order in which they are run: newest first.

    To a version means: every version above it, and every repeatable migration that was applied after the first of
    these. Raises MovedOn, or CannotUndo with all that stands in the way, before anything is touched.
    """
    check_newest(rows, since, schema)
    standing = _standing(rows, schema)
    chosen = sorted(_chosen(standing, since), key=lambda row: row.installed_rank, reverse=True)
    complete = not any(row.type in BASELINES for row in rows)
    found = [(row, _way_back(folder, row, way_back, complete=complete)) for row in chosen]
    obstacles = [obstacle for _, way in found if isinstance(way, tuple) for obstacle in way]
    if obstacles:
        raise CannotUndo(schema=schema, obstacles=tuple(obstacles), **_first(obstacles))
    return [way for _, way in found if isinstance(way, Migration)]


def check_newest(rows: Sequence[HistoryRow], since: Since, schema: str) -> None:
    """Raise MovedOn when something stands above the rank up to which all is to be taken back."""
    standing = _standing(rows, schema)
    newer = [row.script for row in standing if since.until is not None and row.installed_rank > since.until]
    if newer:
        raise MovedOn(schema=schema, scripts=", ".join(newer))


def _standing(rows: Sequence[HistoryRow], schema: str) -> list[HistoryRow]:
    """The rows that speak of what is in the schema now: neither taken back nor superseded."""
    applied = read_history(rows, schema)
    kept = {row.installed_rank for row in (*applied.versions.values(), *applied.repeatables.values())}
    return [row for row in rows if row.installed_rank in kept or _is_the_baseline(row, applied)]


def _is_the_baseline(row: HistoryRow, applied: Applied) -> bool:
    return row.type in BASELINES and row.version is not None and Version(row.version) == applied.baseline


def _chosen(standing: Sequence[HistoryRow], since: Since) -> Iterator[HistoryRow]:
    if since.rank is not None:
        standing = [row for row in standing if row.installed_rank > since.rank]
        if since.version is None:
            yield from standing
            return
    above = [row for row in standing if row.version and _is_above(Version(row.version), since.version)]
    first = min((row.installed_rank for row in above), default=None)
    yield from above
    yield from (row for row in standing if row.version is None and first is not None and row.installed_rank > first)


def _is_above(version: Version, limit: Version | None) -> bool:
    return limit is None or version > limit


def _way_back(
    folder: Folder, row: HistoryRow, way_back: WayBackOf, *, complete: bool
) -> Migration | tuple[Obstacle, ...]:
    migration = _in_folder(folder, row)
    if migration is None:
        return (Obstacle(folder.path / row.script, 1, "", _why_not_there(row)),)
    if row.checksum is not None and row.checksum != migration.checksum:
        reason = f"was changed after it was applied: history has checksum {row.checksum}, not {migration.checksum}"
        return (Obstacle(migration.path, 1, "", reason),)
    return way_back(migration, complete=complete)


def _in_folder(folder: Folder, row: HistoryRow) -> Migration | None:
    if row.version is None:
        return folder.by_description().get(row.description)
    among: Iterable[Migration] = folder.baselines if row.type in BASELINES else folder.versioned
    return next((m for m in among if m.version == Version(row.version)), None)


def _why_not_there(row: HistoryRow) -> str:
    if row.type == "BASELINE":
        return "stands for what was there before migrator was; nobody knows what came before it"
    return "was applied and is not in the folder"


def _first(obstacles: Sequence[Obstacle]) -> dict[str, object]:
    first, more = obstacles[0], len(obstacles) - 1
    said = f"{first}{f', and {more} more' if more else ''}"
    return {"script": first.path.name, "line": first.line, "statement": first.statement, "reason": said}
