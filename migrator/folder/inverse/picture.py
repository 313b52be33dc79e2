"""What is known of a schema from the migrations before: a small copy of its catalog, and where it has holes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, chain

from migrator.folder.inverse.text import words_of
from migrator.folder.inverse.thing import OF_A_RELATION, UNKNOWN, WITH_TEXT, Key, Thing, key_of


@dataclass
class Picture:
    """Everything that is known."""

    whole: bool = True
    """What is not in it is not there, doubtful names and schemas that others made left out."""
    things: dict[Key, Thing] = field(default_factory=dict)
    gone: set[Key] = field(default_factory=set)
    """What is known not to be there."""
    doubtful: set[str] = field(default_factory=set)
    """Words in names of which it is not known whether they are there."""
    clock: int = 0
    is_odd: bool = False
    """The migration that is being read set something that changes what statements mean."""
    start: int = 0
    """What was made after this was made by the migration that is being read."""
    _schemas: dict[str, set[str]] = field(default_factory=dict)

    def begin(self) -> None:
        """Another migration begins."""
        self.start = self.clock

    def end(self) -> None:
        """It is read: its temporary things are gone with its session."""
        for thing in [each for each in self.things.values() if each.kind == "temporary"]:
            self.drop(thing)
        if self.is_odd:
            self.blur()
        self.is_odd = False

    def is_born(self, thing: Thing | None) -> bool:
        """Whether the migration that is being read made it."""
        return thing is not None and thing.born > self.start

    def get(self, key: Key) -> Thing | None:
        """What is known of a thing; None when nothing is."""
        return None if self._is_ambiguous(key) else self.things.get(key)

    def exists(self, key: Key) -> bool | None:
        """Whether something is there; None when that is not known."""
        if self._is_ambiguous(key):
            return None
        if key in self.things or key in self.gone:
            return key in self.things
        if self.is_doubtful(" ".join(key[2:])):
            return None
        if key[0] in OF_A_RELATION:
            relation = self.get(("relation", *key[1:3]))
            return False if relation and relation.whole else None
        ours = key[0] != "schema" and (not key[1] or ("schema", "", key[1]) in self.things)
        return False if self.whole and ours else None

    def is_doubtful(self, names: str) -> bool:
        """Whether something with such a name may or may not be there; names are made of others and "_"."""
        starts = (accumulate(word.split("_"), "{}_{}".format) for word in words_of(names))
        return not self.doubtful.isdisjoint(chain.from_iterable(starts))

    def known(self, kind: str, path: tuple[str, ...]) -> Thing:
        """A thing that must be there, because a statement spoke of it: from now on in the picture."""
        found = self.get(key_of(kind, path))
        if found is None:
            found = Thing(kind, path, whole=False)
            self.things[found.key] = found
        return found

    def add(self, thing: Thing) -> Thing:
        """A new thing: the texts in which its name stands may from now on mean it."""
        self.clock += 1
        thing.born = thing.written = self.clock
        self._shake_for(thing, thing.name)
        self._put(thing)
        return thing

    def write(self, thing: Thing, text: str, body: str = "") -> None:
        """Note that a thing has another text now."""
        self.clock += 1
        thing.rewrite(text, body)
        thing.alters, thing.written = [], self.clock

    def drop(self, thing: Thing) -> None:
        """A thing is no more, nor what belongs to it."""
        for each in [*self.parts(thing), thing]:
            self.things.pop(each.key, None)
            self.gone.add(each.key)
        self._shake_for(thing, thing.name)

    def rename(self, thing: Thing, name: str) -> None:
        """A thing has another name."""
        moved = [each for each in self.parts(thing) if each.kind in OF_A_RELATION]
        self._shake_for(thing, f"{thing.name} {name}")
        for each in [*moved, thing]:
            self.things.pop(each.key, None)
            self.gone.add(each.key)
        if thing.kind not in ("column", "constraint"):
            thing.rewrite("")
        thing.path = _renamed(thing, name)
        if thing.grants:
            thing.facts["rights"] = UNKNOWN
        thing.was_called |= words_of(name)
        for each in moved:
            each.path = (*thing.path[:2], each.path[2])
        for each in [*moved, thing]:
            self._put(each)

    def parts(self, thing: Thing) -> list[Thing]:
        """What is dropped with it: columns, constraints, triggers, indexes, sequences of its own; oldest first."""
        inside = thing.path if key_of(thing.kind, ())[0] == "relation" else None
        found = [
            each
            for each in self.things.values()
            if (each.kind in OF_A_RELATION and each.path[:2] == inside) or each.on is thing
        ]
        return sorted(found, key=lambda each: each.born)

    def among(self, thing: Thing, *kinds: str) -> Iterator[Thing]:
        """The parts of a thing that are of these kinds."""
        return (each for each in self.parts(thing) if each.kind in kinds)

    def shake(self, words: frozenset[str]) -> None:
        """Texts in which one of these words stands may not mean any more what they meant when they were written."""
        for thing in self.things.values():
            thing.shake(words)
            for name in WITH_TEXT:
                if isinstance(fact := thing.facts.get(name), str) and not words.isdisjoint(words_of(fact)):
                    thing.facts[name] = UNKNOWN

    def shake_columns(self, table: Thing, names: Iterable[str]) -> None:
        """The same for texts that speak of columns of one table, or of all of its columns."""
        words, of_table = words_of(" ".join(names)), words_of(table.name)
        for thing in self.things.values():
            if thing.path[:2] == table.path or not of_table.isdisjoint(thing.words):
                thing.shake(words | of_table if thing.spread else words)
            elif thing.body:
                thing.shake(of_table)

    def forget_within(self, table: Thing, words: frozenset[str]) -> None:
        """Some parts of a table that have to do with these words went, and it is not known which."""
        parts = {part.name: part for part in self.parts(table) if part.kind == "constraint"}
        for part in [each for each in self.parts(table) if each.kind != "column"]:
            speaking = parts.get(part.name, part) if part.facts.get("of constraint") else part
            if not speaking.text or not words.isdisjoint(speaking.words):
                self.things.pop(part.key, None)
                self.doubtful |= words_of(part.name)

    def forget(self, words: frozenset[str]) -> None:
        """A statement that is not understood spoke of these words: what has them in its name is not known any more."""
        for thing in list(self.things.values()):
            if words & words_of(" ".join(thing.path[1:])):
                for each in [*self.parts(thing), thing]:
                    self.things.pop(each.key, None)
                    self.doubtful |= words_of(" ".join(each.path[1:]))
        self.gone = {key for key in self.gone if not words & words_of(" ".join(key[2:]))}
        self.doubtful |= words
        self.shake(words)

    def blur(self) -> None:
        """Something happened of which nothing is known."""
        self.things.clear()
        self.gone.clear()
        self.whole = False

    def place(self, schema: str, name: str) -> tuple[str, str]:
        """The path of a name. One that stands with and without a schema may or may not be the same thing."""
        self._schemas.setdefault(name, set()).add(schema)
        return (schema, name)

    def _is_ambiguous(self, key: Key) -> bool:
        schemas = self._schemas.get(key[2], ())
        return "" in schemas and len(schemas) > 1

    def shake_name(self, names: str) -> None:
        """The same for the words of some names; one without a word cannot be looked for."""
        if all(map(words_of, names.split())):
            self.shake(words_of(names))
        else:
            self.blur()

    def _shake_for(self, thing: Thing, names: str) -> None:
        """Names of columns are looked at with their table's; those of the others stand in no text."""
        if thing.kind not in OF_A_RELATION and thing.kind != "index":
            self.shake_name(names)

    def _put(self, thing: Thing) -> None:
        self.things[thing.key] = thing
        self.gone.discard(thing.key)


def _renamed(thing: Thing, name: str) -> tuple[str, ...]:
    if thing.kind in OF_A_RELATION:
        return (*thing.path[:2], name)
    return (thing.path[0], name, *thing.path[2:])
