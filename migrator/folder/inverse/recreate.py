"""What makes a thing again that was dropped or written over."""

from __future__ import annotations

from migrator.folder.inverse.back import Back, impossible, takes_back
from migrator.folder.inverse.picture import Picture
from migrator.folder.inverse.scene import full_name, spoken
from migrator.folder.inverse.text import quoted, remade
from migrator.folder.inverse.thing import UNKNOWN, Thing

_UNCHECKED = "SET LOCAL check_function_bodies = off"
_CHECKED = "SET LOCAL check_function_bodies TO DEFAULT"
"""Around a function whose body names what is not there any more, or not yet: it was so before."""


def recreate(picture: Picture, thing: Thing, *, replace: bool = False, concurrently: bool = False) -> Back:
    """Make a thing as it is in the picture, with all that belongs to it, or say why that is not certain."""
    if reason := _why_not(thing):
        return impossible(reason, thing)
    text = remade(thing.text, replace=replace, concurrently=concurrently)
    texts = (_UNCHECKED, text, _CHECKED) if thing.body_is_stale else (text,)
    made = takes_back(*texts, *thing.alters, about=thing)
    if replace:
        return made
    if thing.fact("rights") is UNKNOWN:
        return impossible(f"who was granted what on {spoken(thing)} is not known", thing)
    for part in picture.parts(thing):
        if part.kind != "column":
            made = recreate(picture, part).then(made)
    return _words(picture, thing).then(made)


def is_replica_identity(thing: Thing) -> bool:
    """Whether it is an index by which replication tells the rows of its table."""
    chosen = thing.on.facts.get("replica identity") if thing.kind == "index" and thing.on else None
    return chosen == f"USING INDEX {quoted(thing.name)}"


def _why_not(thing: Thing) -> str | None:
    if thing.text:
        return _what_more(thing)
    if thing.doubt:
        return f"what {spoken(thing)} was is not known: {thing.doubt}, which it names, was changed since"
    return f"what {spoken(thing)} was is not known from the migrations before"


def _what_more(thing: Thing) -> str | None:
    """What its text does not say of a thing."""
    if is_replica_identity(thing):
        return f"{spoken(thing)} is the replica identity of its table"
    if thing.kind in ("trigger", "rule") and thing.fact("enabled") is not None:
        return f"whether {spoken(thing)} was enabled is not what it is by default"
    if thing.kind == "index" and thing.on and thing.on.facts.get("parts"):
        return f"{spoken(thing.on)} has partitions or children, whose indexes went with it"
    return None


def _words(picture: Picture, thing: Thing) -> Back:
    """Comments and rights, which go with a thing when it is dropped."""
    said = Back()
    for each in [thing, *picture.among(thing, "column")]:
        comment = each.fact("comment")
        if comment is UNKNOWN:
            return impossible(f"the comment on {spoken(each)} is not known", thing)
        said = takes_back(*([comment_on(each, comment)] if comment else [])).then(said)
    return takes_back(*thing.grants).then(said)


def comment_on(thing: Thing, comment: str | None) -> str:
    """The statement that gives a thing its comment, None for none."""
    literal = "NULL" if comment is None else "'" + comment.replace("'", "''") + "'"
    return f"COMMENT ON {thing.kind.upper()} {full_name(thing)} IS {literal}"
