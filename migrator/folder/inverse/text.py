"""SQL as text: names and nodes put into words, statements put otherwise, slots put back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from pglast import ast, parse_sql
from pglast.keywords import COL_NAME_KEYWORDS, RESERVED_KEYWORDS, TYPE_FUNC_NAME_KEYWORDS
from pglast.parser import ParseError, scan
from pglast.stream import RawStream

from migrator.model.slot import SLOTS, slot, stand_in

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_KEYWORDS = COL_NAME_KEYWORDS | RESERVED_KEYWORDS | TYPE_FUNC_NAME_KEYWORDS
_WORD = re.compile(r"[\w$]+")
_COMMENTS = ("SQL_COMMENT", "C_COMMENT")
_STAND_IN = re.compile("|".join(stand_in(name) for name in SLOTS))
_SLOT_OF = {stand_in(name): slot(name) for name in SLOTS}


@lru_cache(maxsize=4096)
def parsed(text: str) -> Any:
    """The one statement of a text; None when the parser cannot read it. Not to be changed: it is kept."""
    try:
        found = parse_sql(text)
    except ParseError:
        return None
    return found[0].stmt if len(found) == 1 else None


def quoted(name: str) -> str:
    """A name as it can stand in a statement."""
    if _PLAIN.fullmatch(name) and name not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def dotted(path: Iterable[str]) -> str:
    """A name of several words; empty ones are left out."""
    return ".".join(quoted(part) for part in path if part)


def said(stmt: ast.Node) -> str | None:
    """A statement in words that mean just this; None when that is not certain."""
    text = str(RawStream()(stmt))
    return text if parsed(text) == stmt else None


def said_expression(node: ast.Node) -> str | None:
    """An expression in words that mean just this; None when that is not certain."""
    text = str(RawStream()(node))
    stmt = parsed(f"SELECT ({text})")
    certain = isinstance(stmt, ast.SelectStmt) and stmt.targetList and stmt.targetList[0].val == node
    return text if certain and not _is_of_its_day(text) else None


def said_type(node: ast.TypeName) -> str | None:
    """A type in words that mean just this; None when that is not certain."""
    text = str(RawStream()(node))
    stmt = parsed(f"SELECT NULL::{text}")
    certain = isinstance(stmt, ast.SelectStmt) and stmt.targetList and stmt.targetList[0].val.typeName == node
    return text if certain else None


def words_of(text: str) -> frozenset[str]:
    """Every word of a text in lower case, those in quotes and comments too."""
    return frozenset(word.lower() for word in _WORD.findall(text))


def body_of(text: str) -> str:
    """What a CREATE FUNCTION has in quotes behind AS; empty when its body is SQL."""
    tokens = [token for token in scan(text) if token.name not in _COMMENTS]
    for token, after in pairwise(tokens):
        if token.name == "AS" and after.name == "SCONST":
            return text[after.start : after.end + 1]
    return ""


def stripped(text: str) -> str:
    """A statement without the comments and blanks around it."""
    tokens = [token for token in scan(text) if token.name not in _COMMENTS]
    return text[tokens[0].start : tokens[-1].end + 1].rstrip("; \n") if tokens else ""


def remade(text: str, *, replace: bool = False, concurrently: bool = False) -> str:
    """A CREATE statement so that it makes the thing again, for certain and in the way that is asked for."""
    tokens = [token for token in scan(text) if token.name not in _COMMENTS]
    gone: list[tuple[int, int]] = []
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.name == "IF_P" and after and after.name == "NOT":
            gone.append((token.start, tokens[tokens.index(after) + 1].end + 1))
            break
        if token.name in ("AS", "ASCII_40"):
            break
    gone += [(t.start, t.end + 1) for t in tokens[:4] if t.name == "CONCURRENTLY"]
    for start, end in reversed(sorted(gone)):
        text = text[:start].rstrip() + text[end:]
    if concurrently:
        text = re.sub(r"\bINDEX\b", "INDEX CONCURRENTLY", text, count=1, flags=re.IGNORECASE)
    if replace and tokens[1].name != "OR":
        text = f"{text[: tokens[0].end + 1]} OR REPLACE{text[tokens[0].end + 1 :]}"
    return text


def _is_of_its_day(text: str) -> bool:
    """Whether a constant in it means the moment at which it is read."""
    return re.search(r"'(?:now|today|tomorrow|yesterday)'", text, re.IGNORECASE) is not None


class MixedQuoting(ValueError):
    """A placeholder stands in a script both inside and outside of double quotes."""


def with_slots(sql: str, source: str) -> str:
    """The text with its slots back, quoted as they are in the script from which it was made.

    Raises MixedQuoting when the script has a placeholder both inside and outside of double quotes.
    """
    if _STAND_IN.search(sql) is None:
        return sql
    forms = dict(_forms(source))
    parts, at = [], 0
    for token in scan(sql):
        text = sql[token.start : token.end + 1]
        if found := _STAND_IN.search(text):
            parts += [sql[at : token.start], _filled(text, token.name, found[0], forms)]
            at = token.end + 1
    return "".join([*parts, sql[at:]])


def _filled(text: str, kind: str, name: str, forms: dict[str, str]) -> str:
    form = forms.get(name, "quoted")
    if kind == "IDENT" and form == "mixed":
        raise MixedQuoting(name)
    bare = kind == "IDENT" and not text.startswith('"')
    filled = _STAND_IN.sub(lambda found: _SLOT_OF[found[0]], text)
    return f'"{filled}"' if bare and form == "quoted" else filled


def _forms(source: str) -> Iterator[tuple[str, str]]:
    found: dict[str, set[str]] = {}
    for token in scan(source):
        text = source[token.start : token.end + 1]
        for name in _STAND_IN.findall(text) if token.name == "IDENT" else ():
            found.setdefault(name, set()).add("quoted" if text.startswith('"') else "bare")
    for name, forms in found.items():
        yield name, forms.pop() if len(forms) == 1 else "mixed"
