"""Our own rules: what each finds and what to do about it. ``docs/lint.md`` has the same table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrator.folder.lint.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with a name that stays as it is, because files and scripts refer to it."""

    name: str
    severity: Severity
    finds: str
    advice: str
    can_be_ignored: bool = True
    """Not what the engine refuses anyway, nor what is no matter of the file alone."""

    def finding(self, path: Path, line: int, sentence: str) -> Finding:
        """What this rule found in one place."""
        return Finding(self.name, self.severity, path, line, sentence, self.advice)


def _error(name: str, finds: str, advice: str) -> Rule:
    return Rule(name, Severity.ERROR, finds, advice, can_be_ignored=False)


def _warning(name: str, finds: str, advice: str) -> Rule:
    return Rule(name, Severity.WARNING, finds, advice)


UNREADABLE = _error(
    "unreadable",
    "a file or folder that cannot be read as migrations: its name, order, sections, directives or options",
    "mend it; nothing of this folder is applied as long as it is so",
)
REFUSED_STATEMENT = _error(
    "refused-statement",
    "a statement that migrations cannot hold: psql commands, ROLLBACK, COPY from a server's file and the like",
    "put it otherwise; nothing of this folder is applied as long as it is there",
)
ESCAPES_SCHEMA = _error(
    "escapes-schema",
    "a tenant's statement that reaches into a schema that is not the tenant's, or changes search_path",
    "leave the schema out of the name, or let folder.toml allow or rewrite it",
)
CHANGED_AFTER_APPLIED = _error(
    "changed-after-applied",
    "a file whose text is not the one that history says was applied (with --url or --against-fleet)",
    "put the file back and write a new migration",
)
NO_WAY_BACK = _warning(
    "no-way-back",
    "a migration that destroys something, or is code, without a script that brings it back, and without a way back "
    "that follows from the folder's SQL",
    "write an undo script, or keep what it destroys until nobody can want it back",
)
EMPTY_UNDO = _warning(
    "empty-undo",
    "an undo script without a statement: it undoes nothing and does not count as a way back",
    "fill it, or delete it so that nobody relies on it",
)
MIXED_TRANSACTION = _warning(
    "mixed-transaction",
    "statements that cannot run in a transaction in one file with others, which could",
    "give it a file of its own: the others then commit together, or not at all",
)
LONG_STATEMENT = _warning(
    "long-statement",
    "a statement that writes or reads a whole table that was there before, in a file without a timeout",
    "say how long it may take with -- migrator: timeout=10min in the file's header, or do it in smaller steps",
)
LOCK_HELD = _warning(
    "lock-held",
    "a lock that stops others from writing or reading a table, held while many other statements run",
    "put it last in its file, or into a file of its own",
)
LOOKUP_WITHOUT_SCHEMA = _warning(
    "lookup-without-schema",
    "a look-up in the catalog by bare name, which finds the table of another tenant too",
    "ask for current_schema() as well, or use to_regclass('name')",
)
EXTENSION_IN_TENANT = _warning(
    "extension-in-tenant",
    "CREATE EXTENSION or DROP EXTENSION in a tenant's migration; extensions belong to the whole database",
    "nothing has to be done: it is made once, where all tenants find it, and never dropped",
)
FROZEN_VALUE = _warning(
    "frozen-value",
    "a row with a time of day, a random number or a new id, which a template of the schema would freeze",
    "let a column's DEFAULT make the value when the application writes, or write it as a constant",
)
LONG_NAME = _warning(
    "long-name",
    "a name of more than 63 bytes, which PostgreSQL cuts without an error",
    "shorten it: two names that are cut alike are one",
)
UNPARSED = _warning(
    "unparsed",
    "SQL that the parser does not know, perhaps of a newer server; no rule can look into it",
    "check it against the server; it is sent as one statement",
)
UNKNOWN_RULE = _warning(
    "unknown-rule",
    "a comment that ignores a rule that does not exist, or one that cannot be ignored",
    "delete it or mend the name",
)

RULES = {
    rule.name: rule
    for rule in (
        *(UNREADABLE, REFUSED_STATEMENT, ESCAPES_SCHEMA, CHANGED_AFTER_APPLIED),
        *(NO_WAY_BACK, EMPTY_UNDO, MIXED_TRANSACTION, LONG_STATEMENT, LOCK_HELD, LOOKUP_WITHOUT_SCHEMA),
        *(EXTENSION_IN_TENANT, FROZEN_VALUE, LONG_NAME, UNPARSED, UNKNOWN_RULE),
    )
}
