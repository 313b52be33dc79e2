"""Runs one revision for one schema, on a connection and in a transaction that are not Alembic's."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, cast

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep, StampStep
from alembic.script import Script
from alembic.script.revision import Revision as Node
from alembic.script.revision import RevisionMap
from sqlalchemy import MetaData

from migrator.errors import BadRevision
from migrator.folder.alembic.code import RevisionCode, Terms
from migrator.folder.alembic.graph import Graph
from migrator.folder.alembic.memory import recall
from migrator.folder.alembic.revision import Revision
from migrator.folder.alembic.transaction import Place, working_on
from migrator.folder.alembic.whereabouts import to_be_run

ONE_AT_A_TIME = Lock()
"""Held while a revision runs: ``alembic.op`` and ``alembic.context`` are the same for all threads of a process."""


def run(code: RevisionCode, connection: Any) -> None:
    """Run a revision in the schema that is first in the connection's search path, and let Alembic's table follow.

    A revision that the table says was run already is passed over: Alembic did it, or we did and died before
    history said so. Raises VersionTableDiffers when table and history cannot both be right.
    """
    with (
        ONE_AT_A_TIME,
        working_on(connection, code) as (opened, place, block),
        environment(
            code.terms, _steps(code, place, connection), connection=opened, version_table_schema=place.schema
        ) as env,
    ):
        env.get_context().autocommit_block = block  # type: ignore[method-assign,assignment]  # there is no hook
        env.run_migrations()


@contextmanager
def environment(
    terms: Terms, steps: Callable[..., Iterable[MigrationStep]], *, as_sql: bool = False, **configured: Any
) -> Iterator[EnvironmentContext]:
    """Alembic configured as env.py would; here stands what holds for every folder and every way of running."""
    with EnvironmentContext(
        Config(str(terms.ini) if terms.ini else None), cast(Any, None), fn=steps, as_sql=as_sql
    ) as env:
        metadata = MetaData(naming_convention=terms.options.naming_convention or None)
        env.configure(version_table=terms.options.version_table, target_metadata=metadata, **configured)
        yield env


def step_of(code: RevisionCode) -> RevisionStep:
    """The revision as Alembic's machinery takes it."""
    revisions = revision_map(code.terms.graph)
    node = revisions.get_revision(code.revision.id)
    return RevisionStep(revisions, cast(Script, node), code.is_upgrade)


def _steps(code: RevisionCode, place: Place, connection: Any) -> Callable[..., Iterator[MigrationStep]]:
    def found(heads: Iterable[str], context: MigrationContext) -> Iterator[MigrationStep]:
        todo = to_be_run(code, tuple(heads), place)
        context.impl.memo = recall(connection, code, place.schema, code.terms.graph.before(heads))
        for revision in todo.stamped:
            yield StampStep((), revision, True, True, revision_map(code.terms.graph))
        if todo.is_run:
            yield step_of(code)

    return found


class _Node(Node):
    """A revision in Alembic's graph. Its file is run when one of its functions is wanted."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(revision.id, revision.down or None, revision.depends or None, revision.labels or None)
        self.path, self.doc = revision.path, revision.description

    @property
    def module(self) -> ModuleType:
        return _module(self.path, self.path.stat().st_mtime_ns)


@lru_cache(maxsize=8)  # a worker reads its folders again and again
def revision_map(graph: Graph) -> RevisionMap:
    """Alembic's own graph of the same revisions."""
    return RevisionMap(lambda: map(_Node, graph.revisions.values()))


@cache
def _module(path: Path, _changed: int) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem.replace(".", "_"), path)
    if spec is None or spec.loader is None:
        raise BadRevision(path=path, line=1, reason="Python cannot load it")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
