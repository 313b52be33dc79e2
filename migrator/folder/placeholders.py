"""Placeholders in a script: ``${schema}``, ``${tenant_id}``, ``${database}``, and a folder's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from migrator.errors import UnknownPlaceholder
from migrator.folder.source import line_at
from migrator.model.slot import SLOTS, slot

_WORD = re.compile(r"\$\{([^{}\s]*)\}")
_FLYWAY = {"flyway:defaultSchema": "schema", "flyway:database": "database"}


def fill(text: str, path: Path, own: Mapping[str, str] | None) -> str:
    """The text with a folder's own placeholders filled in, and the others as slots for each target to fill.

    ``own`` is None in a folder that has not switched placeholders on: its ``${`` stay as they are. A key of
    ``own`` that is a word stands for ``${word}``; any other key, such as ``:SCHEMA``, for itself. A value may
    hold ``${schema}`` and the like in turn. Raises UnknownPlaceholder with file and line.
    """
    if own is None:
        return text
    for key in sorted((key for key in own if not _is_word(key)), key=len, reverse=True):
        text = text.replace(key, own[key])
    words = {key: value for key, value in own.items() if _is_word(key)}
    return _WORD.sub(lambda found: _value(found, text, path, words), text)


def _value(found: re.Match[str], text: str, path: Path, words: Mapping[str, str]) -> str:
    name = _FLYWAY.get(found[1], found[1])
    if name in SLOTS:
        return slot(name)
    if name in words:
        return _WORD.sub(lambda inner: _value(inner, text, path, {}), words[name])
    known = [*SLOTS, *words]
    similar = get_close_matches(name, known, 1)
    hint = f", did you mean ${{{similar[0]}}}?" if similar else ""
    line = line_at(text, found.start())
    raise UnknownPlaceholder(path=path, line=line, name=found[0], hint=hint, known=", ".join(known))


def _is_word(key: str) -> bool:
    return re.fullmatch(r"[\w.:-]*\w", key) is not None and not key.startswith(":")
