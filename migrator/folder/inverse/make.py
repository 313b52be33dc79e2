"""Something is made: taken back by DROP, or by what stood there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.scene import Scene, drop, spoken
from migrator.folder.inverse.text import words_of
from migrator.folder.inverse.thing import Thing

Restore = Callable[[Scene, Thing, Thing], Back]
"""How the old thing is put back in the place of the new one."""


def make(scene: Scene, thing: Thing, *, lenient: bool = False, restore: Restore | None = None) -> Back:
    """A thing is made. ``lenient``: unless it is there; ``restore``: in the place of one that is there."""
    there = scene.picture.exists(thing.key)
    if there is None and (lenient or restore):
        now = scene.picture.known(thing.kind, thing.path)
        now.rewrite("" if lenient else thing.text, thing.body)
        now.facts.update({} if lenient else thing.facts)
        return impossible(f"{spoken(thing)} may have been there before; the migrations before do not tell")
    if there and lenient:
        return NOTHING
    old = scene.picture.get(thing.key)
    if old is not None and restore:
        return _written_over(scene, old, thing, restore)
    scene.picture.add(thing)
    return takes_back(drop(thing), about=thing)


def _written_over(scene: Scene, old: Thing, new: Thing, restore: Restore) -> Back:
    back = restore(scene, old, new)
    if any(old.facts.get(fact) != new.facts.get(fact) for fact in ("columns", "head")):
        scene.picture.shake(words_of(new.name))
    scene.picture.write(old, new.text, new.body)
    old.spread = new.spread
    old.facts.update(new.facts)
    return back


def is_temporary(relation: Any) -> bool:
    """Whether a RangeVar that is made ends with the session."""
    return bool(relation.relpersistence == "t" or relation.schemaname == "pg_temp")


def temporary(scene: Scene, relation: Any) -> Back:
    """What is temporary ends with its session."""
    path = scene.place(relation)
    if scene.picture.exists(("relation", *path)) is not False:
        scene.picture.blur()
        scene.picture.is_odd = True
        return impossible(f"a temporary {relation.relname} hides what may have that name already")
    scene.picture.add(Thing("temporary", path))
    return NOTHING
