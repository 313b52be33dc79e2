"""Look-ups in the catalog by bare name. In a database of many tenants they find somebody else's table.

Function bodies and DO blocks are looked into by pattern, which is why this is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator.folder.lint import rules
from migrator.folder.lint.finding import Finding
from migrator.model.migration import Migration, Statement

_CATALOG = (
    "pg_(?:class|tables|views|matviews|indexes|sequences|constraint|attribute|index|trigger|type|proc|policies|policy|"
    "rules|enum|stats|stat_user_tables|stat_all_tables|statio_user_tables)"
)
_STANDARD = (
    "(?:tables|columns|views|table_constraints|key_column_usage|constraint_column_usage|referential_constraints|"
    "check_constraints|triggers|routines|sequences|schemata|domains)"
)
_LOOKUP = re.compile(
    rf"(?:\bfrom|\bjoin|,)\s+(?:only\s+)?(?P<name>(?:pg_catalog\.)?{_CATALOG}|information_schema\.{_STANDARD})\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"nspname|namespace|schemaname|\w*_schema\b\s*(?:=|in\b|<>|!=)|schema_name|current_schema|search_path|"
    r"::\s*reg(?:class|type|proc|procedure|namespace)\b|\bto_reg\w+|_is_visible|\$\{",
    re.IGNORECASE,
)
"""What ties a look-up to one schema, or to an object that search_path finds."""
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def lookups(migration: Migration) -> Iterator[Finding]:
    """At the line of each look-up, also inside function bodies and DO blocks."""
    for statement in migration.statements:
        yield from _in_statement(migration, statement)


def _in_statement(migration: Migration, statement: Statement) -> Iterator[Finding]:
    text = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), statement.text)
    at = 0
    for part in text.split(";"):
        if not _CONDITION.search(part):
            for found in _LOOKUP.finditer(part):
                line = statement.line + text.count("\n", 0, at + found.start("name"))
                said = f"it looks into {found['name'].lower()} without saying in which schema"
                yield rules.LOOKUP_WITHOUT_SCHEMA.finding(migration.path, line, said)
        at += len(part) + 1
