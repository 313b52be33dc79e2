"""Loads the named queries of a .sql file; SQL does not live in Python here."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"^-- ([a-z_]+) --$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """The queries of a file by the names in their ``-- name --`` headlines, comments left in.

    A name given twice is a mistake that would hide a query, and raises ValueError.
    """
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{path} has two queries of one name")
    return {name: text.strip() for name, text in zip(names, texts, strict=True)}
