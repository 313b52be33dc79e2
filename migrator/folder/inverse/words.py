"""Comments and rights: they go with what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import GrantTargetType, ObjectType, RoleSpecType

from migrator.folder.inverse.back import NOTHING, Back, impossible, takes_back
from migrator.folder.inverse.recreate import comment_on
from migrator.folder.inverse.scene import KINDS, Scene, spoken
from migrator.folder.inverse.text import said
from migrator.folder.inverse.thing import OF_A_RELATION, UNKNOWN, Thing, key_of
from migrator.folder.inverse.walk import names_in

_GRANTED = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_SEQUENCE: "sequence",
    ObjectType.OBJECT_FUNCTION: "function",
    ObjectType.OBJECT_PROCEDURE: "procedure",
    ObjectType.OBJECT_TYPE: "type",
    ObjectType.OBJECT_DOMAIN: "domain",
}


def comment(stmt: Any, scene: Scene) -> Back:
    """COMMENT ON."""
    kind = KINDS.get(stmt.objtype)
    path = scene.path_of(kind, stmt.object) if kind else None
    if kind is None or path is None:
        scene.picture.forget(names_in(_without_words(stmt)))
        return impossible("the comment that was there before is not known")
    key = key_of(kind, path)
    if scene.picture.exists(key) is False and kind == "column" and scene.picture.exists(("type", *path[:2])):
        return impossible("the comment that was there before is not known", scene.picture.get(("type", *path[:2])))
    thing = scene.picture.known(kind, path)
    before = thing.fact("comment")
    thing.facts["comment"] = stmt.comment or None
    if is_new(scene, thing):
        return NOTHING
    if before is UNKNOWN:
        return impossible(f"the comment that {spoken(thing)} had before is not known", thing)
    return takes_back(comment_on(thing, before), about=thing)


def _without_words(stmt: Any) -> Any:
    return ast.CommentStmt(**{**{member: getattr(stmt, member) for member in stmt}, "comment": None})


def is_new(scene: Scene, thing: Thing) -> bool:
    """Whether the migration made a thing, or the table that it is a part of."""
    owner = scene.picture.get(("relation", *thing.path[:2])) if thing.kind in OF_A_RELATION else None
    return scene.picture.is_born(thing) or scene.picture.is_born(owner)


def grant(stmt: Any, scene: Scene) -> Back:
    """GRANT and REVOKE."""
    kind = _GRANTED.get(stmt.objtype)
    if kind is None or stmt.targtype != GrantTargetType.ACL_TARGET_OBJECT:
        for thing in scene.picture.things.values():
            thing.facts["rights"] = UNKNOWN
        return impossible("who was granted what before is not known")
    back = Back(goes=True)
    for named in stmt.objects:
        back = back.then(_on_one(stmt, scene, kind, named))
    return back


def _on_one(stmt: Any, scene: Scene, kind: str, named: Any) -> Back:
    path = scene.place(named) if isinstance(named, ast.RangeVar) else scene.path_of(kind, named)
    thing = scene.picture.get(key_of(kind, path)) if path else None
    if thing is None:
        return impossible("who was granted what before is not known")
    alone = _changed(stmt, objects=(named,))
    text = said(alone)
    if text is None or _column_rights(stmt):
        thing.facts["rights"] = UNKNOWN
    else:
        thing.grants.append(text)
    back = Back(goes=True)
    for right, one in _one_by_one(alone):
        back = back.then(_turned(stmt, thing, right, one))
    return NOTHING if is_new(scene, thing) else back


def _turned(stmt: Any, thing: Thing, right: str, one: Any) -> Back:
    """One right of one role; who owns a thing and default privileges decide what there was before."""
    plain = right and not stmt.grant_option and not _column_rights(stmt)
    before = thing.facts.get(right, UNKNOWN) if plain else UNKNOWN
    if plain:
        thing.facts[right] = "yes" if stmt.is_grant else None
    else:
        thing.facts.update({name: UNKNOWN for name in thing.facts if name.startswith("may ")})
    if before is UNKNOWN:
        return impossible(f"who was granted what on {spoken(thing)} before is not known", thing)
    if (before is not None) == stmt.is_grant:
        return NOTHING
    text = said(_changed(one, is_grant=not stmt.is_grant))
    return takes_back(text, about=thing) if text else impossible("cannot be put into other words", thing)


def _one_by_one(stmt: Any) -> Iterator[tuple[str, Any]]:
    for right in stmt.privileges or (None,):
        for role in stmt.grantees:
            name = "PUBLIC" if role.roletype == RoleSpecType.ROLESPEC_PUBLIC else role.rolename
            fact = f"may {right.priv_name} {name}" if right and name else ""
            yield fact, _changed(stmt, privileges=(right,) if right else None, grantees=(role,))


def _column_rights(stmt: Any) -> bool:
    return any(right.cols for right in stmt.privileges or ())


def _changed(stmt: Any, **members: Any) -> Any:
    return ast.GrantStmt(**{**{member: getattr(stmt, member) for member in stmt}, **members})


def default_privileges(_stmt: Any, scene: Scene) -> Back:
    """ALTER DEFAULT PRIVILEGES: what is made again has other rights than it had."""
    for thing in scene.picture.things.values():
        thing.facts["rights"] = UNKNOWN
    return impossible("which privileges were the default before is not known")
