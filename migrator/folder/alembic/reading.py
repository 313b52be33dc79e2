"""A script directory becomes migrations, and Alembic's heads the migrations that they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from migrator.errors import AlembicExtraMissing, BadDirective, BadInput
from migrator.folder.alembic.code import RevisionCode, Terms
from migrator.folder.alembic.directory import find_script_directory
from migrator.folder.alembic.functions import Function
from migrator.folder.alembic.graph import graph_of
from migrator.folder.alembic.revision import Revision, read_revision
from migrator.folder.checksum import checksum
from migrator.folder.code import as_sql_comments
from migrator.folder.directives import KNOWN, read_directives
from migrator.folder.options import Options
from migrator.model.folder import Folder
from migrator.model.migration import Directives, Migration, MigrationKind


def read_revisions(path: Path, options: Options) -> list[Migration]:
    """The revisions of a script directory, each a migration. Raises a FolderError, or AlembicExtraMissing."""
    if find_spec("alembic") is None:
        raise AlembicExtraMissing(path=path)
    directory = find_script_directory(path, options.alembic)
    graph = graph_of(path, map(read_revision, directory.files()))
    terms = Terms(graph, options.alembic, options.rewrite_schemas, directory.ini)
    return [_migration(revision, terms) for revision in graph.revisions.values()]


def applied_by_heads(folder: Folder, heads: Iterable[str]) -> tuple[Migration, ...]:
    """The migrations that are applied where Alembic's table has these revisions: they and all that they stand on.

    In the order of their versions. Raises UnknownRevision for one that the folder does not have, and BadInput for
    a folder that is not Alembic's.
    """
    graph = next((m.code.terms.graph for m in folder.versioned if isinstance(m.code, RevisionCode)), None)
    if graph is None:
        raise BadInput(reason=f"{folder.path} is no Alembic script directory, so it has no revisions")
    applied = graph.before(heads)
    return tuple(m for m in folder.versioned if m.author_version in applied and isinstance(m.code, RevisionCode))


def _migration(revision: Revision, terms: Terms) -> Migration:
    directives = read_directives(as_sql_comments(revision.text), revision.path)
    _refuse_contradiction(revision, directives)
    forward, back = revision.upgrade, revision.downgrade
    return Migration(
        kind=MigrationKind.VERSIONED,
        version=terms.graph.versions[revision.id],
        description=revision.description,
        script=revision.path.name,
        path=revision.path,
        checksum=checksum(revision.text),
        sql="",
        statements=(),
        directives=directives,
        marked_outside=forward.leaves_transaction is not None,
        code=RevisionCode(terms, revision, True, _run, directives.transactional is False),
        code_adds_value=forward.adds_value,
        author_version=revision.id,
        **(_way_back(revision, back, terms, directives) if back else {}),
    )


def _way_back(revision: Revision, back: Function, terms: Terms, directives: Directives) -> dict[str, Any]:
    """One that does nothing leads back only from a revision that did nothing, such as a merge."""
    if back.only_raises:
        return {}
    if back.is_empty and not revision.upgrade.is_empty:
        return {"undo_is_empty": True, "undo_path": revision.path}
    return {
        "undo_code": RevisionCode(terms, revision, False, _run, directives.transactional is False),
        "undo_path": revision.path,
        "undo_directives": directives,
        "undo_marked_outside": back.leaves_transaction is not None,
    }


def _run(code: RevisionCode, connection: Any) -> None:
    from migrator.folder.alembic.running import run

    run(code, connection)


def _refuse_contradiction(revision: Revision, directives: Directives) -> None:
    for function in (revision.upgrade, revision.downgrade):
        if directives.transactional and function is not None and function.leaves_transaction is not None:
            reason = "transactional=true, and what stands here leaves the transaction"
            raise BadDirective(path=revision.path, line=function.leaves_transaction, reason=reason, known=KNOWN)
