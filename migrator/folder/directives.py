"""Directives in a file's header: ``-- migrator: transactional=false, timeout=10min, depends=regional:12``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from migrator.errors import BadDirective, BadVersion
from migrator.folder.header import header_comments
from migrator.model.migration import Directives
from migrator.model.target import Scope
from migrator.model.version import Version

KNOWN = "transactional=true|false, timeout=10min, depends=regional:12, destructive=true|false, ignore=rule"

_PREFIX = re.compile(r"migrator\s*:", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)")
_SEVERAL = ("depends", "ignore")
"""May be given more than once."""
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def read_directives(sql: str, path: Path) -> Directives:
    """What the header asks for. Raises BadDirective with file and line."""
    found: dict[str, Any] = {}
    for line, comment in header_comments(sql):
        if prefix := _PREFIX.match(comment):
            try:
                _add(found, comment[prefix.end() :].split(","))
            except ValueError as error:
                raise BadDirective(path=path, line=line, reason=str(error), known=KNOWN) from None
    return Directives(**found)


def _add(found: dict[str, Any], words: Iterable[str]) -> None:
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals:
            raise ValueError(f"{word.strip()!r} is not of the form name=value")
        if name not in _READERS:
            raise ValueError(f"there is no directive {name!r}{_similar(name)}")
        if name in found and name not in _SEVERAL:
            raise ValueError(f"{name} is given twice")
        found[name] = found.get(name, ()) + _READERS[name](value) if name in _SEVERAL else _READERS[name](value)


def _similar(name: str) -> str:
    similar = get_close_matches(name.lower(), _READERS, 1)
    return f", did you mean {similar[0]}?" if similar else ""


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"{value!r} is neither true nor false")
    return value.lower() == "true"


def _seconds(value: str) -> float:
    match = _DURATION.fullmatch(value)
    if match is None or not float(match[1]):
        raise ValueError(f"{value!r} is not a time above zero with its unit: ms, s, min, h or d")
    return float(match[1]) * _SECONDS[match[2]]


def _dependency(value: str) -> tuple[tuple[str, Version]]:
    scope, colon, version = (part.strip() for part in value.partition(":"))
    if not colon or scope not in list(Scope):
        raise ValueError(f"{value!r} is not of the form scope:version with one of the scopes {', '.join(Scope)}")
    try:
        return ((scope, Version(version)),)
    except BadVersion as error:
        raise ValueError(str(error)) from error


def _rule(value: str) -> tuple[str]:
    if not re.fullmatch(r"[\w-]+", value):
        raise ValueError(f"{value!r} is not the name of a rule of lint")
    return (value,)


_READERS: dict[str, Callable[[str], Any]] = {
    "transactional": _truth,
    "timeout": _seconds,
    "depends": _dependency,
    "destructive": _truth,
    "ignore": _rule,
}
