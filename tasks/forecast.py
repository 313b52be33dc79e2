"""The forecast of a plan: targets in the same state are one group, and one history is read for each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from migrator.errors import MigratorError
from migrator.fleet.forecast import past_seconds
from migrator.folder.way_back import WaysBack
from migrator.model.folder import Folder
from migrator.model.forecast import Group, Prospect, prospect, timed
from migrator.model.history import HistoryRow
from migrator.model.migration import Migration
from migrator.model.stage import Stage, folder_at
from migrator.model.target import Database, Scope, Target
from migrator.schema import history
from migrator.schema.engine import as_rows
from migrator.schema.history import HistoryTable
from migrator.schema.pending import pending, read_history
from migrator.schema.session import Session, session_on
from tasks import desk
from tasks.staging import Staged
from tasks.survey import MOST_AT_ONCE, Survey


@dataclass(frozen=True, slots=True)
class State:
    """What targets in the same state have in common."""

    scope: Scope
    rows: tuple[HistoryRow, ...] = ()
    obstacle: str | None = None


def forecast(found: Staged, databases: Mapping[str, Database], folders: Mapping[Scope, Folder]) -> list[Group]:
    """What each stage would do, by group; the largest group of a stage first. Reads, and changes nothing."""
    states = _states(found, databases)
    look = _looker(folders)
    groups = [group for each in _by_state(found, states) for group in _groups(*each, folders, look)]
    with desk.store().begin() as connection:
        past = past_seconds(connection, {group.run for group in groups})
    return sorted(timed(groups, past), key=lambda group: (group.stage.number, -len(group.targets)))


def _looker(folders: Mapping[Scope, Folder]) -> Callable[[Scope, Migration], Prospect]:
    """Looks at each migration once, however many groups it is pending for."""
    ways = {scope: WaysBack(folder) for scope, folder in folders.items()}
    known: dict[str, Prospect] = {}

    def look(scope: Scope, migration: Migration) -> Prospect:
        key = str(migration.path)
        if key not in known:
            known[key] = prospect(migration, ways[scope])
        return known[key]

    return look


def _by_state(
    found: Staged, states: Mapping[Target, State]
) -> Iterator[tuple[State, list[tuple[Stage, list[Target]]]]]:
    """Each state with the stages that its targets are in."""
    sorted_: dict[State, dict[Stage, list[Target]]] = {}
    for stage, targets in found.stages:
        for target in targets:
            sorted_.setdefault(states[target], {}).setdefault(stage, []).append(target)
    for state, stages in sorted_.items():
        yield state, list(stages.items())


def _groups(
    state: State,
    stages: Sequence[tuple[Stage, Sequence[Target]]],
    folders: Mapping[Scope, Folder],
    look: Callable[[Scope, Migration], Prospect],
) -> Iterator[Group]:
    """One for each stage; what an earlier one applies is not pending any more in a later one."""
    rows = list(state.rows)
    for stage, targets in stages:
        try:
            latest = read_history(rows, targets[0].schema_name).latest
            folder = folder_at(stage, folders[stage.scope])
            todo = [] if state.obstacle else pending(folder, rows, targets[0].schema_name, stage.to)
        except MigratorError as error:
            yield Group(stage, None, tuple(targets), obstacle=str(error))
            continue
        prospects = tuple(look(stage.scope, migration) for migration in todo)
        yield Group(stage, str(latest) if latest else None, tuple(targets), prospects, state.obstacle)
        rows += as_rows(todo, len(rows))


def _states(found: Staged, databases: Mapping[str, Database]) -> dict[Target, State]:
    """The state of each target, from one history for all that have the same mark, and from their own otherwise."""
    keys = {target: _key(target, found.found) for _, targets in found.stages for target in targets}
    chosen = {key: target for target, key in sorted(keys.items(), key=lambda item: item[0], reverse=True)}
    to_read = [target for target in chosen.values() if found.found.asked(target)]
    read = _read(to_read, databases)
    states = {}
    for target, key in keys.items():
        silent = found.found.silent.get(target.database_id)
        states[target] = State(target.scope, obstacle=silent) if silent else read[chosen[key]]
    return states


def _key(target: Target, found: Survey) -> Hashable:
    """Equal for targets that are in the same state for certain."""
    mark = found.mark(target)
    if mark is None or not mark.digest:
        return target
    return target.scope, mark.version, mark.digest, mark.begun, mark.statements


def _read(targets: Iterable[Target], databases: Mapping[str, Database]) -> dict[Target, State]:
    by_database = [(id_, list(group)) for id_, group in groupby(sorted(targets), key=lambda target: target.database_id)]
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        found = pool.map(lambda each: list(_read_all(databases[each[0]], each[1])), by_database)
        return {target: state for states in found for target, state in states}


def _read_all(database: Database, targets: Sequence[Target]) -> Iterator[tuple[Target, State]]:
    try:
        with session_on(database, "migrator plan", desk.access()) as session:
            for target in targets:
                yield target, _read_one(session, target)
    except MigratorError as error:
        yield from ((target, State(target.scope, obstacle=str(error))) for target in targets)


def _read_one(session: Session, target: Target) -> State:
    try:
        past = history.read(session, HistoryTable(target.schema_name, desk.settings().history_table))
    except MigratorError as error:
        return State(target.scope, obstacle=str(error))
    return State(target.scope, past.rows)
