"""The inverse of a migration, derived from its SQL and from the migrations before it where that is certain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pglast import ast

from migrator.folder.inverse import change, create, unseen
from migrator.folder.inverse.alter import alter_table
from migrator.folder.inverse.back import Back, Entry, impossible
from migrator.folder.inverse.drop import drop_things
from migrator.folder.inverse.picture import Picture
from migrator.folder.inverse.rename import alter_enum, rename
from migrator.folder.inverse.rows import change_rows, copy, truncate
from migrator.folder.inverse.scene import Scene
from migrator.folder.inverse.table import create_table
from migrator.folder.inverse.text import MixedQuoting, parsed, stripped, with_slots, words_of
from migrator.folder.inverse.thing import Thing
from migrator.folder.inverse.words import comment, default_privileges, grant, is_new
from migrator.model.inverse import Inverse
from migrator.model.migration import Migration, Statement
from migrator.model.slot import without_slots
from migrator.model.way_back import Obstacle

_HANDLERS: dict[type[ast.Node], Callable[[Any, Scene], Back]] = {
    ast.CreateStmt: create_table,
    ast.CreateTableAsStmt: create.create_table_as,
    ast.ViewStmt: create.create_view,
    ast.IndexStmt: create.create_index,
    ast.CreateSeqStmt: create.create_sequence,
    ast.CreateFunctionStmt: create.create_routine,
    ast.DefineStmt: create.define,
    ast.CreateEnumStmt: create.create_type,
    ast.CreateRangeStmt: create.create_type,
    ast.CompositeTypeStmt: create.create_type,
    ast.CreateDomainStmt: create.create_domain,
    ast.CreateTrigStmt: create.create_trigger,
    ast.CreatePolicyStmt: create.create_policy,
    ast.RuleStmt: create.create_rule,
    ast.CreateStatsStmt: create.create_statistics,
    ast.CreateSchemaStmt: create.create_schema,
    ast.CreateExtensionStmt: create.create_extension,
    ast.AlterTableStmt: alter_table,
    ast.AlterEnumStmt: alter_enum,
    ast.RenameStmt: rename,
    ast.DropStmt: drop_things,
    ast.AlterFunctionStmt: change.alter_routine,
    ast.AlterPolicyStmt: change.alter_policy,
    ast.AlterDomainStmt: change.alter_domain,
    ast.AlterSeqStmt: change.alter_sequence,
    ast.AlterOwnerStmt: change.alter_owner,
    ast.RefreshMatViewStmt: change.refresh,
    ast.CommentStmt: comment,
    ast.GrantStmt: grant,
    ast.AlterDefaultPrivilegesStmt: default_privileges,
    **dict.fromkeys((ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt, ast.SelectStmt), change_rows),
    ast.CreateCastStmt: unseen.cast,
    ast.CopyStmt: copy,
    ast.TruncateStmt: truncate,
    **dict.fromkeys((ast.DoStmt, ast.CallStmt, ast.ExecuteStmt), unseen.code),
    ast.VariableSetStmt: unseen.set_variable,
    ast.TransactionStmt: unseen.transaction,
    **dict.fromkeys((ast.VariableShowStmt, ast.LockStmt, ast.VacuumStmt, ast.ReindexStmt), unseen.nothing),
    **dict.fromkeys((ast.NotifyStmt, ast.ListenStmt, ast.UnlistenStmt, ast.CheckPointStmt), unseen.nothing),
    **dict.fromkeys((ast.PrepareStmt, ast.DeallocateStmt, ast.ConstraintsSetStmt), unseen.nothing),
}


def inverse_of(migration: Migration, before: Sequence[Migration], *, complete: bool = True) -> Inverse:
    """What takes a migration back, given those that were applied before it, oldest first.

    ``complete``: the schema was empty before the first of these and nothing else has changed it. False where a
    baseline stands for migrations that are not at hand, or where a repeatable one was applied before with another
    text; then nothing is taken for absent because it is not mentioned. Names without a schema mean the target's own.
    """
    return inverses_of((*before, migration), complete=complete)[-1]


def inverses_of(migrations: Iterable[Migration], *, complete: bool = True) -> tuple[Inverse, ...]:
    """The inverse of each of some migrations, which were applied in this order; read once for all."""
    picture = Picture(whole=complete)
    return tuple(_read(migration, picture) for migration in migrations)


def _read(migration: Migration, picture: Picture) -> Inverse:
    """The inverse of a migration; the picture is what is known after it."""
    picture.begin()
    entries: list[Entry] = []
    if migration.code is not None:
        picture.blur()
        reason = "is code, and what that did is not known"
        entries.append(Entry("", 1, "", impossible(reason)))
    for statement in migration.statements:
        entries.append(_entry(statement, picture, entries))
    picture.end()
    return _inverse(migration, entries)


def _entry(statement: Statement, picture: Picture, entries: list[Entry]) -> Entry:
    text = stripped(without_slots(statement.text))
    first = without_slots(statement.text).find(text)
    line = statement.line + statement.text.count("\n", 0, first)
    said = statement.text[first : first + len(text)]
    return Entry(text, line, said, _back(parsed(text), Scene(picture, text, entries)))


def _back(stmt: Any, scene: Scene) -> Back:
    if stmt is None:
        scene.picture.blur()
        return impossible("cannot be read by the parser")
    if unseen.is_usual_path(stmt):
        return Back(goes=True)
    clock = scene.picture.clock
    back = _HANDLERS.get(type(stmt), change.not_understood)(stmt, scene)
    return Back(notes=back.notes) if back.reasons and _goes_with(back, scene, clock) else back


def _goes_with(back: Back, scene: Scene, clock: int) -> bool:
    """Whether a statement that cannot be taken back need not be, because what it is about is dropped anyway.

    Nothing about that thing may have to be taken back before, as it may not be possible any more; and the
    statement may not tie the thing to what was made later and is dropped first.
    """
    thing = back.about
    if thing is None or not is_new(scene, thing):
        return False
    if back.goes:
        return True
    touched = [entry for entry in scene.entries if entry.back.about is thing and entry.back.sql]
    return len(touched) <= 1 and not _ties(thing, scene, clock)


def _ties(thing: Thing, scene: Scene, clock: int) -> bool:
    words = words_of(scene.text)
    later = (each for each in scene.picture.things.values() if thing.born < each.born <= clock)
    return any(words & words_of(each.name) for each in later if each.path[:2] != thing.path[:2])


def _inverse(migration: Migration, entries: Sequence[Entry]) -> Inverse:
    obstacles = tuple(
        Obstacle(migration.path, entry.line, entry.said, reason) for entry in entries for reason in entry.back.reasons
    )
    notes = tuple(dict.fromkeys(note for entry in entries for note in entry.back.notes))
    sql = "".join(f"{statement};\n" for entry in reversed(entries) for statement in entry.back.sql)
    if obstacles:
        return Inverse("", obstacles, notes)
    try:
        return Inverse(with_slots(sql, without_slots(migration.sql)), (), notes)
    except MixedQuoting:
        reason = "has a placeholder both inside and outside of double quotes, so what it names is not certain"
        return Inverse("", (Obstacle(migration.path, 1, "", reason),), notes)
