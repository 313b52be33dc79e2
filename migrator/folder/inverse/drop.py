"""DROP: taken back by making the thing again, where it is known and held no rows."""

from __future__ import annotations

from typing import Any

from pglast.enums import DropBehavior

from migrator.folder.inverse.back import NOTHING, Back, impossible
from migrator.folder.inverse.recreate import recreate
from migrator.folder.inverse.scene import KINDS, Scene, spoken
from migrator.folder.inverse.text import words_of
from migrator.folder.inverse.thing import Thing, key_of
from migrator.folder.inverse.walk import names_in

_LOST = {
    "table": "whose rows are lost",
    "foreign table": "which is not put back",
    "sequence": "whose position is lost",
    "schema": "which is not put back",
}


def drop_things(stmt: Any, scene: Scene) -> Back:
    """DROP of one or more things; those that were made last are made again last."""
    kind = KINDS.get(stmt.removeType)
    if kind is None:
        scene.picture.forget(names_in(stmt))
        return impossible("is not one of the statements that can be taken back for certain")
    found = [_find(scene, kind, named, stmt.missing_ok) for named in stmt.objects]
    things = [each for each in found if isinstance(each, Thing)]
    cascades = stmt.behavior == DropBehavior.DROP_CASCADE and any(each is not NOTHING for each in found)
    back = Back(goes=True)
    for thing in sorted(things, key=lambda thing: thing.written):
        if thing.kind in ("table", "temporary") and scene.cancel(thing):
            continue
        back = _again(scene, thing, concurrently=stmt.concurrent).then(back)
    for each in found:
        back = back if isinstance(each, Thing) else back.then(each)
    for thing in things:
        scene.picture.drop(thing)
    if cascades:
        scene.picture.blur()
        back = back.then(impossible("takes with it whatever depends on what it drops"))
    return back


def _find(scene: Scene, kind: str, named: Any, lenient: bool) -> Thing | Back:
    """The thing; or the end of the matter when it was not there or is not known."""
    path = scene.path_of(kind, named)
    if path is None:
        return _the_only_one(scene, kind, named, lenient)
    key = key_of(kind, path)
    there = scene.picture.exists(key)
    if there is False and lenient:
        return NOTHING
    thing = scene.picture.get(key)
    if thing is not None:
        return thing
    scene.picture.gone.add(key)
    scene.picture.shake(words_of(path[1]))
    unknown = Thing(kind, path)
    if lenient:
        return impossible(f"{spoken(unknown)} may not have been there before; the migrations before do not tell")
    return recreate(scene.picture, unknown) if kind not in _LOST else _lost(unknown)


def _the_only_one(scene: Scene, kind: str, named: Any, lenient: bool) -> Thing | Back:
    """A routine without arguments must be the only one of its name."""
    found = scene.routines(kind, named.objname)
    if len(found) == 1 and scene.picture.whole:
        return found[0]
    name = named.objname[-1].sval
    if not found and lenient and scene.picture.whole and not scene.picture.is_doubtful(name):
        return NOTHING
    scene.picture.forget(words_of(name))
    return impossible(f"which {kind} {name} was dropped is not known")


def _again(scene: Scene, thing: Thing, *, concurrently: bool) -> Back:
    if thing.kind in _LOST:
        return _lost(thing)
    return recreate(scene.picture, thing, concurrently=concurrently and thing.kind == "index")


def _lost(thing: Thing) -> Back:
    return impossible(f"drops {spoken(thing)}, {_LOST[thing.kind]}")
