"""ALTER of routines, policies, domains, sequences: put back by what they were, where that is known."""

from __future__ import annotations

from typing import Any

from pglast.enums import DropBehavior

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.recreate import recreate
from migrator.folder.inverse.scene import KINDS, Scene, drop, spoken
from migrator.folder.inverse.text import dotted, quoted
from migrator.folder.inverse.thing import UNKNOWN, Fact, key_of
from migrator.folder.inverse.walk import names_in
from migrator.folder.inverse.words import is_new


def not_understood(stmt: Any, scene: Scene) -> Back:
    """Any statement without a handler: what it names is not known any more."""
    scene.picture.forget(names_in(stmt))
    return impossible("is not one of the statements that can be taken back for certain")


def alter_routine(stmt: Any, scene: Scene) -> Back:
    """ALTER FUNCTION and PROCEDURE: CREATE OR REPLACE has every option in it."""
    kind = KINDS.get(stmt.objtype)
    path = scene.path_of(kind, stmt.func) if kind else None
    if kind is None or path is None:
        return not_understood(stmt, scene)
    thing = scene.picture.known(kind, path)
    back = recreate(scene.picture, thing, replace=True)
    thing.alters.append(scene.text)
    return back


def alter_policy(stmt: Any, scene: Scene) -> Back:
    """ALTER POLICY."""
    owner = scene.relation("table", stmt.table)
    thing = scene.picture.known("policy", (*owner.path, stmt.policy_name))
    back = takes_back(drop(thing), about=owner)
    again = recreate(scene.picture, thing)
    thing.alters.append(scene.text)
    return Back(back.sql + again.sql, again.reasons, about=owner)


def alter_domain(stmt: Any, scene: Scene) -> Back:
    """ALTER DOMAIN ADD CONSTRAINT; the rest is put back with the domain only."""
    thing = scene.picture.known("domain", scene.place_words(stmt.typeName))
    thing.alters.append(scene.text)
    if stmt.behavior == DropBehavior.DROP_CASCADE:
        scene.picture.blur()
    if stmt.subtype == "C" and stmt.def_.conname:
        return takes_back(f"ALTER DOMAIN {dotted(thing.path)} DROP CONSTRAINT {quoted(stmt.def_.conname)}", about=thing)
    return impossible(f"what {spoken(thing)} was before is not known", thing)


def alter_sequence(stmt: Any, scene: Scene) -> Back:
    """ALTER SEQUENCE ... OWNED BY; anything else may move its position."""
    sequence = scene.relation("sequence", stmt.sequence)
    options: Any = stmt.options or ()
    if len(options) != 1 or options[0].defname != "owned_by":
        return impossible(f"changes {spoken(sequence)}, and where it stood is not known", sequence, goes=True)
    before = sequence.fact("owned by")
    words: Any = options[0].arg
    owner: Fact = None
    if len(words) > 1:
        table = scene.picture.known("table", scene.place_words(words[:-1]))
        sequence.on, owner = table, f"{dotted(table.path)}.{quoted(words[-1].sval)}"
    sequence.facts["owned by"] = owner
    if before is UNKNOWN:
        return impossible(f"who owned {spoken(sequence)} before is not known", sequence)
    return takes_back(f"ALTER SEQUENCE {dotted(sequence.path)} OWNED BY {before or 'NONE'}", about=sequence)


def alter_owner(stmt: Any, scene: Scene) -> Back:
    """ALTER ... OWNER TO: nothing to take back where the thing is new."""
    kind = KINDS.get(stmt.objectType)
    path = scene.path_of(kind, stmt.object) if kind else None
    thing = scene.picture.get(key_of(kind, path)) if kind and path else None
    if thing is not None and is_new(scene, thing):
        return NOTHING
    return impossible("who owned it before is not known")


def refresh(stmt: Any, scene: Scene) -> Back:
    """REFRESH MATERIALIZED VIEW: its rows are what its query says, then as now."""
    view = scene.relation("materialized view", stmt.relation)
    never_filled = {"no", "data"} <= view.words
    if never_filled or stmt.skipData:
        view.rewrite("")
    return impossible(f"fills or empties {spoken(view)}", view) if never_filled or stmt.skipData else NOTHING
