"""The comments above a file's first statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator.folder.source import line_at

_SKIPPED = re.compile(r"\s+|--[^\r\n]*")
_BLOCK_EDGE = re.compile(r"/\*|\*/")


def header_comments(sql: str) -> Iterator[tuple[int, str]]:
    """Each line comment without its dashes, and its line; what stands in block comments is nobody's word."""
    for start, end in _pieces(sql):
        if sql.startswith("--", start):
            yield line_at(sql, start), sql[start + 2 : end].strip()


def header_end(sql: str) -> int:
    """Where the first statement starts, in characters; the length of a text without statements."""
    return max((end for _, end in _pieces(sql)), default=0)


def _pieces(sql: str) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(sql):
        match = _SKIPPED.match(sql, at)
        if match is None and not sql.startswith("/*", at):
            return
        end = match.end() if match else _block_end(sql, at)
        yield at, end
        at = end


def _block_end(sql: str, start: int) -> int:
    """Block comments nest."""
    depth = 0
    for edge in _BLOCK_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
