"""Commands that look into many targets by themselves, without workers: which ones, and one session per database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from itertools import groupby
from typing import Any, Generic, TypeVar

import click

from migrator.cli.output import json_option
from migrator.cli.progress import counting
from migrator.errors import MigratorError
from migrator.model.target import Database, Scope, Target
from migrator.schema.session import Session, session_on
from tasks import desk
from tasks.wanted import wanted_targets

MOST_AT_ONCE = 8
"""Databases looked into at the same time."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which targets are meant; nothing given means all."""

    scope: str = "all"
    databases: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """What was found in one target, or why it could not be looked into."""

    target: Target
    found: T | None = None
    error: str | None = None


def each_target(
    wanted: Wanted, purpose: str, look: Callable[[Session, Database, Target], T], *, lanes: int = MOST_AT_ONCE
) -> list[Look[T]]:
    """Look into every registered target that is meant, a session per database, several databases at once.

    An error of one target is its own; that of a database is told for each of its targets. Raises UnknownTargets
    when a name leads to none.
    """

    def one_by_one(session: Session, database: Database, targets: list[Target]) -> Iterator[Look[T]]:
        return (_look(session, database, target, look) for target in targets)

    return each_database(wanted, purpose, one_by_one, lanes=lanes)


def each_database(
    wanted: Wanted,
    purpose: str,
    look: Callable[[Session, Database, list[Target]], Iterable[Look[T]]],
    *,
    lanes: int = MOST_AT_ONCE,
) -> list[Look[T]]:
    """As ``each_target``, for what is asked of many targets of a database at once."""
    targets, databases = _wanted(wanted)
    stopped = threading.Event()
    groups = [(databases[id_], list(found)) for id_, found in groupby(sorted(targets), lambda t: t.database_id)]

    with counting(len(targets), purpose) as advance, ThreadPoolExecutor(max_workers=lanes) as pool:

        def visited(group: tuple[Database, list[Target]]) -> list[Look[T]]:
            return _looks(*group, purpose, look, advance, stopped)

        try:
            return [each for found in pool.map(visited, groups) for each in found]
        except BaseException:
            stopped.set()  # on Ctrl-C: what is in hand is finished, nothing else is begun
            pool.shutdown(cancel_futures=True)
            raise


def wanted_count(wanted: Wanted) -> int:
    """How many targets are meant. Raises UnknownTargets when a name leads to none."""
    return len(_wanted(wanted)[0])


def choosing_targets(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose targets, as ``wanted``, and ``--json``, as ``as_json``."""

    @wraps(command)
    def called(
        scope: str, databases: tuple[str, ...], tenants: tuple[str, ...], schemas: tuple[str, ...], **more: Any
    ) -> None:
        command(wanted=Wanted(scope, databases, tenants, schemas), **more)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


_OPTIONS: list[Callable[..., Any]] = [
    click.option(
        "--scope",
        type=click.Choice(["all", *(scope.value for scope in Scope)]),
        default="all",
        show_default=True,
        help="Only targets of this scope.",
    ),
    click.option("--database", "databases", multiple=True, help="Only this database; may be given several times."),
    click.option("--tenant", "tenants", multiple=True, help="Only this tenant, by its id; may be given several times."),
    click.option("--schema", "schemas", multiple=True, help="Only schemas of this name; may be given several times."),
    json_option,
]


def _wanted(wanted: Wanted) -> tuple[list[Target], dict[str, Database]]:
    return wanted_targets(wanted.scope, wanted.databases or None, wanted.schemas or None, wanted.tenants or None)


def _looks(
    database: Database,
    targets: list[Target],
    purpose: str,
    look: Callable[[Session, Database, list[Target]], Iterable[Look[T]]],
    advance: Callable[[], None],
    stopped: threading.Event,
) -> list[Look[T]]:
    """What became of each target; an error of the database is told for those that were not looked into by then."""
    done: list[Look[T]] = []
    try:
        with session_on(database, f"migrator {purpose}", desk.access()) as session:
            for each in look(session, database, targets):
                done.append(each)
                advance()
                if stopped.is_set():
                    break
    except MigratorError as error:
        seen = {each.target for each in done}
        done += [Look(target, error=str(error)) for target in targets if target not in seen]
    return done


def _look(
    session: Session, database: Database, target: Target, look: Callable[[Session, Database, Target], T]
) -> Look[T]:
    try:
        return Look(target, look(session, database, target))
    except MigratorError as error:
        return Look(target, error=str(error))
