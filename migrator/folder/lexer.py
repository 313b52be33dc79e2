"""SQL cut into just enough pieces to see where a statement ends, as psql sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_LETTERS = r"A-Za-z_\u0080-\U0010ffff"
"""To PostgreSQL every character beyond ASCII is a letter, even a no-break space."""
_BLANK = r"[ \t\n\r\f\v]"
_ESCAPED = r"'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|\\?\Z)"
_GAP = rf"[ \t\f\v]*(?:--[^\r\n]*)?[\r\n](?:{_BLANK}|--[^\r\n]*[\r\n])*"
"""What may stand between two parts of one string: at least one line end."""
_PIECE = re.compile(
    rf"{_BLANK}+|--[^\r\n]*"
    r"|(?P<comment>/\*)"
    rf"|[eE]{_ESCAPED}(?:{_GAP}{_ESCAPED})*"
    rf"|(?P<word>[{_LETTERS}][{_LETTERS}0-9$]*)"
    r"|'[^']*(?:'|\Z)"
    r'|"[^"]*(?:"|\Z)'
    rf"|(?P<dollar>\$(?:[{_LETTERS}][{_LETTERS}0-9]*)?\$)"
    r"|\$[0-9]+"
    r"|(?P<open>\()|(?P<close>\))|(?P<semicolon>;)|(?P<backslash>\\)"
    r"|[0-9,.:=<>+*@!%|&~^#?\[\]]+"
    r"|.",
    re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Kind(StrEnum):
    """The pieces that have a part in where a statement ends; all others are passed over."""

    WORD = "word"
    OPEN = "open"
    CLOSE = "close"
    SEMICOLON = "semicolon"
    BACKSLASH = "backslash"


_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece outside of quotes and comments, and where it starts, in characters."""

    kind: Kind
    start: int
    text: str

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.start + len(self.text)


def next_token(sql: str, at: int) -> Token | None:
    """The first token at or behind a position, which must not be inside quotes or a comment.

    What is opened and never closed reaches to the end of the text. Backslashes quote in E'' strings alone,
    as they do by default since PostgreSQL 9.1.
    """
    while piece := _PIECE.match(sql, at):
        if kind := _KINDS.get(piece.lastgroup or ""):
            return Token(kind, at, piece[0])
        at = _end(piece, sql)
    return None


def _end(piece: re.Match[str], sql: str) -> int:
    if piece.lastgroup == "comment":
        return comment_end(sql, piece.start())
    if piece.lastgroup == "dollar":
        close = sql.find(piece[0], piece.end())
        return len(sql) if close < 0 else close + len(piece[0])
    return piece.end()


def comment_end(sql: str, start: int) -> int:
    """The position behind a block comment; they nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


@dataclass(slots=True)
class OpenStatement:
    """What is known of a statement whose semicolon has not come yet."""

    start: int = 0
    """Where its first word starts."""
    first: str = ""
    last: str = ""
    reads_input: bool = False
    """Whether it is a COPY that waits for rows from whoever sends it."""
    parentheses: int = 0
    blocks: int = 0
    """BEGIN ATOMIC and, inside it, CASE: each has an END of its own."""

    def is_ended_by(self, token: Token) -> bool:
        """Take one token more; semicolons in parentheses and in BEGIN ATOMIC bodies do not end a statement."""
        match token.kind:
            case Kind.OPEN:
                self.parentheses += 1
            case Kind.CLOSE:
                self.parentheses = max(0, self.parentheses - 1)
            case Kind.SEMICOLON:
                return not self.parentheses and not self.blocks
            case Kind.WORD if not self.parentheses:
                self._read(token)
        return False

    def _read(self, token: Token) -> None:
        word = token.text.lower()
        if not self.first:
            self.first, self.start = word, token.start
        if self.first == "copy" and self.last == "from" and word in {"stdin", "stdout"}:
            self.reads_input = True  # FROM stdout is taken for FROM stdin by PostgreSQL too
        if self.first == "create":
            self.blocks = self._blocks_after(word)
        self.last = word

    def _blocks_after(self, word: str) -> int:
        if word == "end":
            return max(0, self.blocks - 1)
        opens = word == "case" if self.blocks else (self.last, word) == ("begin", "atomic")
        return self.blocks + opens
