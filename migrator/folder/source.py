"""A file as text."""

from __future__ import annotations

from pathlib import Path

from migrator.errors import UnreadableFile


def read_text(path: Path) -> str:
    """The text of a file with its line ends as they are, without a byte order mark."""
    try:
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UnreadableFile(path=path, reason=_not_utf8(error)) from error
    except OSError as error:
        raise UnreadableFile(path=path, reason=error.strerror) from error
    if "\0" in text:
        line = line_at(text, text.index("\0"))
        raise UnreadableFile(path=path, reason=f"line {line} has a NUL, which PostgreSQL does not accept")
    return text


def line_at(text: str, position: int) -> int:
    """The line of a character, 1 for the first."""
    return text.count("\n", 0, position) + 1


def _not_utf8(error: UnicodeDecodeError) -> str:
    line = error.object[: error.start].count(b"\n") + 1
    return f"byte {error.start} is not UTF-8, in line {line}"
