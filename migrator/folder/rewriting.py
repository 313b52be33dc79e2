"""Statements that a tenant's script may not say as they stand, put so that they mean the tenant's schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pglast import ast
from pglast.enums import ObjectType
from pglast.parser import ParseError, scan
from pglast.stream import RawStream

from migrator.folder.bounds import Bounds
from migrator.folder.extension_names import OF_EXTENSIONS
from migrator.model.effects import Effects
from migrator.model.slot import slot, without_slots

_OWN = f'"{slot("schema")}"'
_COMMENTS = ("SQL_COMMENT", "C_COMMENT")
_DOT = "ASCII_46"
_TAKES_NAME = frozenset(("nextval", "setval", "currval", "pg_get_serial_sequence", "to_regclass", "to_regtype"))
"""Functions whose first argument is a name in a constant; dumps have setval."""
_BODY = re.compile(r"(\$[^$]*\$)(.*)\1", re.DOTALL)
_QUALIFIED = re.compile(r"'(\"[^\"]+\"|\w+)(\.[^']+)'")


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a text, in characters, and what takes its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    name: str
    start: int
    end: int
    text: str


def edited(sql: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. A piece keeps its number of lines, so that what follows stays on its own."""
    done, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        lines = sql.count("\n", edit.start, edit.end) - edit.text.count("\n")
        done += [sql[at : edit.start], edit.text, "\n" * max(lines, 0)]
        at = edit.end
    return "".join([*done, sql[at:]])


def edits_of(stmt: ast.Node | None, effects: Effects, text: str, start: int, bounds: Bounds) -> list[Edit]:
    """What has to change in one statement that starts at a character of its file."""
    whole = Edit(start, start + len(text), "")
    if bounds.rewritten and (effects.sets_path or _makes_schema(stmt, bounds)):
        return [whole]
    if isinstance(stmt, ast.CreateExtensionStmt):
        return [Edit(whole.start, whole.end, shared_extension(stmt, bounds.shared))] if bounds.shared else []
    if not bounds.rewritten:
        return []
    return [Edit(start + edit.start, start + edit.end, edit.text) for edit in _names(text, bounds.rewritten)]


def renamed(sql: str, schema: str, name: str) -> str:
    """A dump's text for a schema of another name; what extensions bring keeps its schema."""
    own = '"' + name.replace('"', '""') + '"'
    return edited(sql, (replace(edit, text=edit.text.replace(_OWN, own)) for edit in _names(sql, frozenset((schema,)))))


def drops_extension(stmt: ast.Node | None) -> bool:
    """Whether it would take an extension from every other schema of the database."""
    return isinstance(stmt, ast.DropStmt) and stmt.removeType == ObjectType.OBJECT_EXTENSION


def shared_extension(stmt: ast.CreateExtensionStmt, shared: Sequence[str]) -> str:
    """CREATE EXTENSION so that any number of tenants can ask for it at once and none of them owns it.

    An extension belongs to the database; without a word about the schema it would land in the first tenant's.
    """
    options = tuple(stmt.options or ())
    if not any(option.defname == "schema" for option in options):
        options += (ast.DefElem(defname="schema", arg=ast.String(sval=shared[0])),)
    made = RawStream()(ast.CreateExtensionStmt(extname=stmt.extname, if_not_exists=True, options=options))
    name = str(stmt.extname).replace("'", "''")
    return (
        f"DO $migrator$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = '{name}') THEN "
        f"{made}; END IF; EXCEPTION WHEN unique_violation THEN NULL; END $migrator$"
    )


def _makes_schema(stmt: ast.Node | None, bounds: Bounds) -> bool:
    return isinstance(stmt, ast.CreateSchemaStmt) and stmt.schemaname in bounds.rewritten


def _names(text: str, schemas: frozenset[str]) -> Iterator[Edit]:
    """Every place in a text that names one of the schemas: before a dot, behind SCHEMA, in a constant, in a body."""
    try:
        tokens = [t for t in _tokens(text) if t.name not in _COMMENTS]
    except ParseError:
        return
    for at, token in enumerate(tokens):
        before, after = tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None
        if token.name == "SCONST":
            yield from _inside(token, _is_name(tokens, at), schemas)
        elif _unquoted(token.text) in schemas and (before is None or before.name != _DOT):
            dotted = after is not None and after.name == _DOT and not _is_of_an_extension(tokens, at + 2)
            if dotted or (before is not None and before.name == "SCHEMA"):
                yield Edit(token.start, token.end, _OWN)


def _is_of_an_extension(tokens: Sequence[_Token], at: int) -> bool:
    """Whether the name there is one that an extension brings, which all tenants share."""
    return at < len(tokens) and _unquoted(tokens[at].text) in OF_EXTENSIONS


def _is_name(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a constant names something: 'public.x'::regclass, nextval('public.x'). Any other may be data."""
    if at + 1 < len(tokens) and tokens[at + 1].name == "TYPECAST":
        return True
    called = [token.text.lower() for token in tokens[max(at - 2, 0) : at]]
    return len(called) == 2 and called[1] == "(" and called[0] in _TAKES_NAME


def _inside(token: _Token, is_name: bool, schemas: frozenset[str]) -> Iterator[Edit]:
    if body := _BODY.fullmatch(token.text):
        offset = token.start + len(body[1])
        for edit in _names(body[2], schemas):
            yield Edit(offset + edit.start, offset + edit.end, edit.text)
    elif is_name:
        named = _QUALIFIED.fullmatch(token.text)
        if named and _unquoted(named[1]) in schemas:
            yield Edit(token.start, token.end, f"'{_OWN}{named[2]}'")


def _tokens(text: str) -> Iterator[_Token]:
    for token in scan(without_slots(text)):
        yield _Token(token.name, token.start, token.end + 1, text[token.start : token.end + 1])


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()
