"""The migrations that the fleet is brought up to, and what they must have left behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SLOW_SECONDS = 3.0
"""How long one statement takes in every fortieth schema."""
ROWS = 50

_FILES = {
    "V1__account.sql": """CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE applied (script text NOT NULL, by_pid int NOT NULL DEFAULT pg_backend_pid(),
                      at timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO applied (script) VALUES ('V1');
""",
    "V2__slow.sql": f"""SELECT pg_sleep(CASE WHEN abs(hashtext(current_schema())) % 40 = 0
                     THEN {SLOW_SECONDS} ELSE 0.05 END);
ALTER TABLE account ADD COLUMN email text;
INSERT INTO applied (script) VALUES ('V2');
""",
    "V3__index.sql": """CREATE INDEX CONCURRENTLY account_name ON account (name);
CREATE UNIQUE INDEX CONCURRENTLY account_email ON account (email);
""",
    "V4__rows.sql": f"""INSERT INTO account
SELECT n, 'name ' || n, n || '@example.com' FROM generate_series(1, {ROWS}) AS n;
INSERT INTO applied (script) VALUES ('V4');
""",
    "V5__counter.sql": """CREATE TABLE counter (value int NOT NULL);
INSERT INTO counter VALUES (1);
UPDATE counter SET value = value + 1;
INSERT INTO applied (script) VALUES ('V5');
""",
    "U5__counter.sql": "DROP TABLE counter;\nDELETE FROM applied WHERE script = 'V5';\n",
    "U4__rows.sql": "DELETE FROM account;\nDELETE FROM applied WHERE script = 'V4';\n",
    "U3__index.sql": "DROP INDEX CONCURRENTLY account_email;\nDROP INDEX CONCURRENTLY account_name;\n",
    "U2__slow.sql": "ALTER TABLE account DROP COLUMN email;\nDELETE FROM applied WHERE script = 'V2';\n",
    "U1__account.sql": "DROP TABLE applied;\nDROP TABLE account;\n",
    "R__names.sql": "CREATE OR REPLACE VIEW names AS SELECT id, name FROM account;\n",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stranger must find in a schema."""

    history: tuple[str, ...]
    """The script of each row of history, in order."""
    applied: tuple[str, ...]
    """What the migrations wrote down themselves, once each."""
    tables: frozenset[str]
    """And views, beside history."""
    columns: frozenset[str]
    """Of the table account ..."""
    rows: int
    """... and how many rows it has."""
    indexes: frozenset[str]
    """Beside those of primary keys and of history."""


_VERSIONS = tuple(name for name in sorted(_FILES) if name[0] == "V")
_UNDONE = tuple(name for name in sorted(_FILES, reverse=True) if name[0] == "U")[:-1]
_REPEATABLE = "R__names.sql"

MIGRATED = Wanted(
    history=(*_VERSIONS, _REPEATABLE),
    applied=("V1", "V2", "V4", "V5"),
    tables=frozenset({"account", "applied", "counter", "names"}),
    columns=frozenset({"id", "name", "email"}),
    rows=ROWS,
    indexes=frozenset({"account_name", "account_email"}),
)
"""What a migration from nothing leaves."""

FIRST_VERSION = "1"
TAKEN_BACK = Wanted(
    history=(_VERSIONS[0], _REPEATABLE, *_VERSIONS[1:], *_UNDONE),
    applied=("V1",),
    tables=frozenset({"account", "applied", "names"}),
    columns=frozenset({"id", "name"}),
    rows=0,
    indexes=frozenset(),
)
"""What is left of one that began at the first version, and was rolled back."""


def write(place: Path) -> Path:
    """Write the folder and return its root."""
    folder = place / "migrations" / "tenant"
    folder.mkdir(parents=True)
    for name, sql in _FILES.items():
        (folder / name).write_text(sql)
    return folder.parent
