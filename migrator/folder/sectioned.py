"""Both ways in one file, each under a marker: dbmate's ``-- migrate:up``, goose's ``-- +goose Up``, sql-migrate's
``-- +migrate Up``, node-pg-migrate's ``-- Up Migration``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import BadSections, UnfitFile
from migrator.folder.dialect import ours
from migrator.folder.draft import Draft, Way
from migrator.folder.header import header_end
from migrator.folder.numbered import distinct, name_of
from migrator.folder.source import line_at, read_text

EXAMPLE = "0001_what.sql with the sections -- migrate:up and -- migrate:down, or those of goose or sql-migrate"
_MARKER = re.compile(
    r"^--(?:[ \t]*(?:(?P<dbmate>migrate:)|\+(?P<tool>goose|migrate)[ \t]+)(?P<way>up|down)(?P<options>[ \t][^\r\n]*)?"
    r"|[ \t-]*(?P<node>up|down)[ \t]+migration[ \t]*)\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_NO_TRANSACTION = re.compile(r"^--[ \t]*\+goose[ \t]+no[ \t]+transaction\b", re.IGNORECASE | re.MULTILINE)
_SUBSTITUTION = re.compile(r"^--[ \t]*\+goose[ \t]+envsub[ \t]+on\b", re.IGNORECASE | re.MULTILINE)
_TEXT = re.compile(r"[^\r\n]+")
_UPS = {"dbmate": "-- migrate:up", "goose": "-- +goose Up", "migrate": "-- +migrate Up", "node": "-- Up Migration"}


@dataclass(frozen=True, slots=True)
class _Section:
    tool: str
    way: str
    start: int
    end: int
    outside: bool


def is_sectioned(file: Path) -> bool:
    """Whether the file has a marker of any of the tools."""
    return _MARKER.search(read_text(file)) is not None


def tool_of(text: str) -> str | None:
    """Whose markers a text has: dbmate, goose, migrate or node; None for a text without."""
    marker = _MARKER.search(text)
    return _tool(marker) if marker else None


def drafts(files: Sequence[Path]) -> list[Draft]:
    """The migrations of these files."""
    drafts = [_draft(file) for file in ours(files)]
    by_whole_name = all("+migrate" in draft.text.lower() for draft in drafts)  # sql-migrate
    return distinct(drafts) if by_whole_name else drafts


def _draft(file: Path) -> Draft:
    name = name_of(file)
    if name is None:
        raise UnfitFile(path=file, example=EXAMPLE)
    text = read_text(file)
    sections = _sections(text)
    _check(text, sections, file)
    forward = _way("up", text, sections, file)
    if forward is None:
        raise _no_up(text, sections, file)
    return Draft(name.version, name.description, forward, text, _way("down", text, sections, file))


def _sections(text: str) -> list[_Section]:
    found = list(_MARKER.finditer(text))
    ends = [*(marker.start() for marker in found), len(text)][1:]
    everywhere = _NO_TRANSACTION.search(text) is not None
    return [_section(marker, end, everywhere) for marker, end in zip(found, ends, strict=True)]


def _section(marker: re.Match[str], end: int, everywhere: bool) -> _Section:
    tool = _tool(marker)
    word = {"dbmate": "transaction:false", "migrate": "notransaction"}.get(tool)
    outside = word in (marker["options"] or "").split() or (tool == "goose" and everywhere)
    return _Section(tool, (marker["node"] or marker["way"]).lower(), marker.start(), end, outside)


def _tool(marker: re.Match[str]) -> str:
    return "dbmate" if marker["dbmate"] else "node" if marker["node"] else marker["tool"].lower()


def _way(way: str, text: str, sections: Sequence[_Section], file: Path) -> Way | None:
    """The comments above the first marker, then the sections of this way; the others are empty lines."""
    own = [section for section in sections if section.way == way]
    if not own:
        return None
    parts = [text[s.start : s.end] if s.way == way else _TEXT.sub("", text[s.start : s.end]) for s in sections]
    head = text[: sections[0].start]
    return Way(file, head + "".join(parts), any(section.outside for section in own))


def _check(text: str, sections: Sequence[_Section], file: Path) -> None:
    """Refuse what could be read in two ways, and what we would read otherwise than the file's own tool."""
    if substituted := _SUBSTITUTION.search(text):
        raise _bad(text, substituted.start(), file, "goose's ENVSUB is not supported, variables would stay as they are")
    head = text[: sections[0].start] if sections else ""
    if (at := header_end(head)) < len(head):
        raise _bad(text, at, file, "there is a statement before the first section")
    seen: set[str] = set()
    for section in sections:
        if section.tool != sections[0].tool:
            raise _bad(text, section.start, file, "the markers of two tools stand in one file")
        if section.way in seen and section.tool != "migrate":
            raise _bad(text, section.start, file, f"there is a second section for the way {section.way}")
        seen.add(section.way)


def _no_up(text: str, sections: Sequence[_Section], file: Path) -> BadSections:
    wanted = _UPS[sections[0].tool] if sections else ", ".join(_UPS.values())
    return _bad(text, sections[0].start if sections else 0, file, f"there is no up section; it begins with {wanted}")


def _bad(text: str, at: int, file: Path, reason: str) -> BadSections:
    return BadSections(path=file, line=line_at(text, at), reason=reason)
