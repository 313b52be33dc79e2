"""What files written for psql hold that is not SQL: its commands, and rows behind COPY ... FROM stdin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pglast import ast

from migrator.errors import RefusedStatement
from migrator.folder.lexer import Kind, OpenStatement, Token, next_token
from migrator.folder.source import line_at

_COPY = re.compile(r"\bcopy\b", re.IGNORECASE)
_STDIN = re.compile(r"\bstd(?:in|out)\b", re.IGNORECASE)
_VISIBLE = re.compile(r"[^\r\n]")
_COMMAND = re.compile(
    r"""\\(?P<name>[^\s\\]*)"""
    r"""(?P<arguments>(?:[^\\\n'"`]|'(?:[^'\\\n]|\\[^\n])*'?|"[^"\n]*"?|`[^`\n]*`?)*)"""
    r"""(?P<separator>\\\\)?"""
)
"""A command ends with its line, before the next command of the line, or with a double backslash."""
_LINE = re.compile(r"[^\r\n]*")
_REST = re.compile(r"(?:[ \t\r\f\v]|/\*[^\n]*?\*/)*(?:--[^\n]*)?(?:\n|\Z)")
_END_OF_DATA = re.compile(r"^\\\.\r?(?:\n|\Z)", re.MULTILINE)

_SHOWS = {
    *("restrict", "unrestrict", "echo", "qecho", "warn", "pset", "timing", "conninfo", "errverbose"),
    *("x", "a", "t", "T", "H", "C", "f", "html", "p", "print", "h", "help", "?", "copyright", "l", "z", "sf", "sv"),
}
"""Commands that change only what psql shows; restrict and unrestrict stand in dumps since August 2025."""
_DESCRIBES = re.compile(r"d[A-Za-z]*[+S]*|(?:l|z|sf|sv)[+S]*")
_SHOWING_VARIABLES = {"QUIET", "ECHO", "ECHO_HIDDEN", "VERBOSITY", "SHOW_CONTEXT", "FETCH_COUNT"}
_YES = {"", "on", "1", "true", "yes"}
_UTF8 = {"", "utf8", "utf-8", "unicode"}

_OTHER_FILE = "reads another file, which no checksum would cover: put its SQL into this one"
_SHELL = "runs something on the machine of its user"
_WRITES = "writes a file on the machine of its user"
_VARIABLE = "works with psql's variables, which are not filled in here: write the values into the statements"
_SENDS = "sends the statement before it in a way of its own: end it with a semicolon"
_BRANCH = "chooses what is run: make the choice in SQL, in a DO block"
_CONNECTS = "changes the connection: which databases and schemas a migration is applied to is no matter of its file"
_EDITS = "needs somebody at the keyboard"
_REFUSED = {
    **dict.fromkeys(("i", "ir", "include", "include_relative"), _OTHER_FILE),
    "copy": "copies to or from a file on the machine of its user: use COPY ... FROM stdin with the rows below it",
    **dict.fromkeys(("!", "cd", "setenv"), _SHELL),
    **dict.fromkeys(("o", "out", "w", "write", "s"), _WRITES),
    **dict.fromkeys(("set", "unset", "prompt", "getenv", "gset"), _VARIABLE),
    **dict.fromkeys(("g", "gx", "gexec", "gdesc", "crosstabview", "watch", "bind", "bind_named", "parse"), _SENDS),
    **dict.fromkeys(("if", "elif", "else", "endif"), _BRANCH),
    **dict.fromkeys(("c", "connect"), _CONNECTS),
    **dict.fromkeys(("e", "edit", "ef", "ev", "password"), _EDITS),
    **dict.fromkeys(("r", "reset"), "throws away the statement before it: delete that statement"),
    **dict.fromkeys(("q", "quit"), "ends the file early: delete what follows"),
    "encoding": "changes the encoding: files are read as UTF-8",
    ";": "sends several statements as one: write a semicolon without the backslash",
    ".": "ends the rows of a COPY, and there is none before it: perhaps the COPY lacks its semicolon",
}


@dataclass(frozen=True, slots=True)
class Unmixed:
    """A file with its SQL and its rows apart."""

    sql: str
    """As long as the file and on the same lines: what is not for the server is blank."""
    data: Mapping[int, str] = field(default_factory=dict)
    """The rows of each COPY ... FROM stdin, by the position of its first word in the file, in characters.

    They are as COPY takes them, line ends and all, without the line that ends them.
    """


def unmix(text: str, path: Path) -> Unmixed:
    """Take commands of psql and inline rows out of a file's SQL.

    Commands without which the file means the same are dropped; all others are refused. Line ends within rows
    stay, be they LF or CRLF: PostgreSQL takes either, and in a quoted CSV field they are content. Variables
    of psql cannot be told from SQL such as ``a[x:y]`` and stay for the server to refuse.
    """
    if "\\" not in text and not _may_copy(text):
        return Unmixed(text)
    reading = _Reading(text, path)
    while token := next_token(text, reading.at):
        reading.take(token)
    return reading.finish()


def _may_copy(text: str) -> bool:
    return _STDIN.search(text) is not None and _COPY.search(text) is not None


@dataclass(slots=True)
class _Reading:
    """How far a file has been read and what was found in it."""

    text: str
    path: Path
    at: int = 0
    statement: OpenStatement = field(default_factory=OpenStatement)
    sql: list[str] = field(default_factory=list)
    sql_end: int = 0
    """Up to where the text is in ``sql``."""
    data: dict[int, str] = field(default_factory=dict)

    def take(self, token: Token) -> None:
        self.at = token.end
        if token.kind is Kind.BACKSLASH:
            self._blank(token.start, self._command_end(token.start))
        elif self.statement.is_ended_by(token):
            if self.statement.reads_input:
                self._take_data()
            self.statement = OpenStatement()

    def finish(self) -> Unmixed:
        if self.statement.reads_input:
            self.data[self.statement.start] = ""
        return Unmixed("".join(self.sql) + self.text[self.sql_end :], self.data)

    def _blank(self, start: int, end: int) -> None:
        self.sql += (self.text[self.sql_end : start], _VISIBLE.sub(" ", self.text[start:end]))
        self.at = self.sql_end = end

    def _command_end(self, start: int) -> int:
        if self.text.startswith("\\:", start):
            return start + 1  # a colon that begins no variable
        command = _COMMAND.match(self.text, start)
        if command is None or not _is_harmless(command["name"], command["arguments"].split()):
            raise self._refusal(start, _reason(self.text[start + 1 : start + 40]))
        return command.end()

    def _take_data(self) -> None:
        r"""Psql reads rows from the next line on, up to a line ``\\.`` or the end of the file."""
        rest = _REST.match(self.text, self.at)
        if rest is None:
            reason = "the rows of this COPY begin on the line below it: put what follows its semicolon under them"
            raise self._refusal(self.statement.start, reason)
        end = _END_OF_DATA.search(self.text, rest.end())
        self.data[self.statement.start] = self.text[rest.end() : end.start() if end else None]
        self._blank(rest.end(), end.end() if end else len(self.text))

    def _refusal(self, start: int, reason: str) -> RefusedStatement:
        line = _LINE.match(self.text, start)
        return RefusedStatement(
            path=self.path, line=line_at(self.text, start), statement=line[0].rstrip() if line else "", reason=reason
        )


def _is_harmless(name: str, arguments: list[str]) -> bool:
    """Whether a file means the same to the server without this command."""
    if name == "set":
        return _is_harmless_variable(arguments)
    if name == "encoding":
        return " ".join(arguments).strip("'").lower() in _UTF8
    return name in _SHOWS or _DESCRIBES.fullmatch(name) is not None


def _is_harmless_variable(arguments: list[str]) -> bool:
    variable, *values = arguments or [""]
    if variable == "ON_ERROR_STOP":
        return " ".join(values).strip("'").lower() in _YES
    return variable in _SHOWING_VARIABLES or not variable


def _reason(command: str) -> str:
    name = re.match(r"[A-Za-z_]+|.?", command)
    does = _REFUSED.get(name[0] if name else "", "is not known here")
    return f"a psql command that {does}; migrator sends files to the server and runs no psql"


def copy_refusal(stmt: ast.CopyStmt) -> str | None:
    """Why a COPY cannot be part of a migration; None for one that takes its rows from the file.

    A file or a program of COPY is the database server's, of which there are many.
    """
    if stmt.is_program:
        return "a migration runs no programs on the database server"
    if stmt.filename and stmt.is_from:
        return "it reads a file of the database server: use COPY ... FROM stdin with the rows below it"
    if stmt.filename:
        return "it writes a file on the database server"
    return None if stmt.is_from else "it sends rows to a client and there is none to read them"
