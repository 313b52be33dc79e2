"""Random histories: whatever is said to be certain leaves catalog and rows as they were before."""

from __future__ import annotations

import zlib
from pathlib import Path

import psycopg2
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from migrator.folder.inverse import inverse_of, inverses_of
from migrator.folder.statements import split_statements
from migrator.model.migration import Migration, MigrationKind
from migrator.model.version import Version
from migrator.schema.fingerprint import describe

POOLS = {
    "table": ["t", "u", "w"],
    "new_table": ["t", "u", "w", "y"],
    "column": ["a", "b", "c", "d", "id"],
    "new_column": ["d", "e", "f"],
    "constraint": ["k", "m"],
    "index": ["l", "n"],
    "trigger": ["o"],
    "policy": ["p"],
    "name": ["k", "l", "m", "n", "o", "p", "q"],
    "value": ["0", "7", "'1'", "NULL", "1 + 1"],
    "type": [
        "int",
        "bigint",
        "smallint",
        "text",
        "varchar(5)",
        "varchar(20)",
        "numeric(8, 2)",
        "numeric(12, 2)",
        "mood",
    ],
}
PATTERNS = [
    "CREATE TABLE {new_table} (id int PRIMARY KEY, {column} {type} DEFAULT {value}, z serial)",
    "CREATE TABLE IF NOT EXISTS {new_table} (id int UNIQUE, {column} {type} NOT NULL CHECK ({column} IS NOT NULL))",
    "CREATE TABLE {new_table} AS SELECT 1 AS id, 2 AS {column}",
    "DROP TABLE IF EXISTS {table}",
    "ALTER TABLE {table} RENAME TO {new_table}",
    "ALTER TABLE {table} ADD COLUMN {new_column} {type} DEFAULT {value}",
    "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {new_column} {type} UNIQUE",
    "ALTER TABLE {table} ADD COLUMN {new_column} int REFERENCES {table2} (id)",
    "ALTER TABLE {table} ADD COLUMN {new_column} int; UPDATE {table} SET {new_column} = id",
    "ALTER TABLE {table} ADD COLUMN {new_column} int GENERATED ALWAYS AS (id * 2) STORED",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "ALTER TABLE {table} RENAME COLUMN {column} TO {new_column}",
    "ALTER TABLE {table} ALTER {column} SET DEFAULT {value}",
    "ALTER TABLE {table} ALTER {column} DROP DEFAULT",
    "ALTER TABLE {table} ALTER {column} SET NOT NULL",
    "ALTER TABLE {table} ALTER {column} DROP NOT NULL",
    "ALTER TABLE {table} ALTER {column} TYPE {type}",
    "ALTER TABLE {table} ALTER {column} DROP DEFAULT, ALTER {column} TYPE {type} USING {column}::{type}",
    "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID",
    "ALTER TABLE {table} ADD CHECK ({column} IS NOT NULL OR id > 0)",
    "ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}",
    "ALTER TABLE {table} ADD UNIQUE ({column}, id)",
    "ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({column}) DEFERRABLE",
    "ALTER TABLE {table} ADD FOREIGN KEY (id) REFERENCES {table2} (id) NOT VALID",
    "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}",
    "ALTER TABLE {table} DROP CONSTRAINT {constraint}",
    "ALTER TABLE {table} ADD PRIMARY KEY (id)",
    "ALTER TABLE {table} ADD PRIMARY KEY (id, {column})",
    "ALTER TABLE {table} RENAME CONSTRAINT {constraint} TO {name}",
    "CREATE INDEX {name} ON {table} ({column}) WHERE {column} IS NOT NULL",
    "CREATE INDEX ON {table} ({column})",
    "CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({column}, id)",
    "CREATE INDEX {name} ON {table} ((id + 1), {column} DESC)",
    "ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {index}",
    "DROP INDEX IF EXISTS {index}",
    "DROP INDEX {index}",
    "ALTER INDEX {index} RENAME TO {name}",
    "CREATE OR REPLACE VIEW v AS SELECT id, {column} AS x FROM {table}",
    "CREATE OR REPLACE VIEW v AS SELECT id FROM {table}",
    "CREATE OR REPLACE VIEW w2 AS SELECT * FROM v",
    "CREATE VIEW w2 AS SELECT * FROM {table}",
    "CREATE MATERIALIZED VIEW mv AS SELECT {column} AS x FROM {table}; CREATE INDEX mv_x ON mv (x)",
    "DROP VIEW IF EXISTS v",
    "DROP VIEW w2",
    "DROP MATERIALIZED VIEW mv",
    "ALTER VIEW v RENAME TO w2",
    "COMMENT ON VIEW v IS 'what it''s for'",
    "COMMENT ON TABLE {table} IS 'of {column}'",
    "COMMENT ON COLUMN {table}.{column} IS 'of {name}'",
    "COMMENT ON INDEX {index} IS 'of {column}'",
    "CREATE TYPE feeling AS ENUM ('x', 'y')",
    "ALTER TYPE feeling RENAME TO feeling2",
    "DROP TYPE feeling",
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS '{name}'",
    "ALTER TYPE mood RENAME VALUE 'ok' TO '{name}'",
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN NEW.{column} := NULL; RETURN NEW; END $$",
    "CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION f()",
    "ALTER TABLE {table} DISABLE TRIGGER {trigger}",
    "DROP TRIGGER IF EXISTS {trigger} ON {table}",
    "DROP FUNCTION IF EXISTS f()",
    "CREATE OR REPLACE FUNCTION g(x int) RETURNS bigint STABLE LANGUAGE sql AS"
    " 'SELECT count(*) FROM {table} WHERE id > x'",
    "DROP FUNCTION g(int)",
    "ALTER FUNCTION g(int) RENAME TO h",
    "GRANT SELECT ON {table} TO PUBLIC",
    "REVOKE SELECT ON {table} FROM PUBLIC",
    "ALTER TABLE {table} SET (fillfactor = 70)",
    "ALTER TABLE {table} RESET (fillfactor)",
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY {name} ON {table} USING (id > 0)",
    "DROP POLICY {policy} ON {table}",
    "INSERT INTO {table} (id) VALUES (11)",
    "INSERT INTO {table} (id) SELECT id + 100 FROM t",
    "UPDATE {table} SET {column} = NULL",
    "DELETE FROM {table} WHERE id = 11",
    "CREATE TABLE x (id int, m mood); INSERT INTO x VALUES (1, 'sad'); ALTER TABLE x ADD PRIMARY KEY (id)",
    "CREATE TABLE x (id int); CREATE INDEX ON x (id); ALTER TABLE x RENAME id TO y; ALTER TABLE x ALTER y TYPE text",
    "CREATE TABLE x (id int PRIMARY KEY, {column} {type}); ALTER TABLE {table} ADD COLUMN x_id int REFERENCES x",
    "CREATE TABLE x (id int); INSERT INTO x SELECT id FROM {table}; CREATE TABLE y AS SELECT * FROM x; DROP TABLE x",
    "CREATE TABLE x (LIKE {table} INCLUDING CONSTRAINTS INCLUDING INDEXES); INSERT INTO x (id) VALUES (1)",
    "CREATE TABLE x () INHERITS ({table})",
    "CREATE TABLE p (id int, {column} {type}) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT",
    "CREATE INDEX ON p (id)",
    "ALTER TABLE p ALTER id SET DEFAULT {value}",
    "CREATE TYPE feeling AS ENUM ('x'); ALTER TYPE feeling ADD VALUE 'y'; ALTER TABLE {table} ADD {new_column} feeling",
    "CREATE DOMAIN amount AS numeric(8, 2) CHECK (VALUE > 0); ALTER TABLE {table} ADD COLUMN {new_column} amount",
    "CREATE SEQUENCE s; ALTER TABLE {table} ALTER {column} SET DEFAULT nextval('s')",
    "ALTER SEQUENCE s OWNED BY {table}.{column}",
    "ALTER SEQUENCE s RENAME TO s2",
    "DROP SEQUENCE s",
    "CREATE TEMP TABLE y AS SELECT id FROM {table}; INSERT INTO y VALUES (5); DROP TABLE y",
    "CREATE RULE {name} AS ON DELETE TO {table} DO ALSO NOTHING",
    "CREATE STATISTICS st ON id, {column} FROM {table}",
    "DROP STATISTICS st",
    "COMMENT ON CONSTRAINT {constraint} ON {table} IS 'of {name}'",
    "COMMENT ON FUNCTION g(int) IS 'of {name}'",
    "ALTER FUNCTION g(int) COST 7",
    "CREATE OR REPLACE FUNCTION g(x int) RETURNS bigint LANGUAGE sql"
    " BEGIN ATOMIC SELECT count({column}) FROM {table}; END",
    "ALTER TABLE {table} ALTER {column} SET STATISTICS 77",
    "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {index}",
    "ALTER TABLE {table} ADD COLUMN {new_column} int GENERATED BY DEFAULT AS IDENTITY",
    "ALTER TABLE {table} ALTER {column} ADD GENERATED ALWAYS AS IDENTITY",
    'ALTER TABLE {table} ALTER {column} TYPE text COLLATE "C"',
    "CREATE VIEW w2 AS SELECT count(*) AS n, lower(b) AS b FROM {table} NATURAL JOIN {table2} GROUP BY b",
    "CREATE VIEW {new_table} AS SELECT 1 AS id",
    "CREATE INDEX ON {table} (lower({column}::text))",
    "CREATE INDEX ON {table} (coalesce({column}, {column}), (id + 1)) INCLUDE (id)",
    "ALTER TABLE {table} ADD CHECK ({column}::text <> ''), ADD CHECK (id > 0), ALTER {column} SET NOT NULL",
    "ALTER TABLE {table} ADD UNIQUE ({column}), DROP CONSTRAINT IF EXISTS {constraint}",
    "ALTER TABLE {table} ADD EXCLUDE (id WITH =)",
    "ALTER TABLE {table} SET UNLOGGED",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE {new_table} (id int)'; END $$",
]
BASE = """
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE t (id serial PRIMARY KEY, a int NOT NULL DEFAULT 0, b varchar(5) DEFAULT 'x' UNIQUE, c mood);
    CREATE TABLE u (id int PRIMARY KEY REFERENCES t, a numeric(8, 2), b text CONSTRAINT k CHECK (b <> ''));
    INSERT INTO t (a, b, c) VALUES (1, 'one', 'ok'), (2, 'two', 'sad'), (3, 'three', NULL);
    INSERT INTO u VALUES (1, 1.5, 'x'), (2, NULL, NULL);
    CREATE INDEX l ON t (a);
    CREATE VIEW v AS SELECT id, a AS x FROM t;
"""


scripts = st.lists(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3), min_size=10, max_size=20)


def worded(pattern, catalog, chance):
    """A statement about what is there, most of the time: what is there is in the catalog."""
    there = {}
    for item in catalog.items:
        there.setdefault(item.kind, []).append(item.name)
    table = chance.choice([*there.get("table", ()), *POOLS["table"]])
    own = {"table": table, "index": chance.choice(there.get("index", POOLS["index"]))}
    for kind in ("column", "constraint", "trigger", "policy"):
        names = [name.partition(".")[2] for name in there.get(kind, ()) if name.startswith(f"{table}.")]
        own[kind] = chance.choice(names or POOLS[kind])
    others = {part: chance.choice(pool) for part, pool in POOLS.items()}
    return pattern.format_map({**others, "table2": chance.choice(POOLS["table"]), **own})


def migration(number, sql):
    path = Path(f"V{number}__x.sql")
    statements = split_statements(sql, path)
    return Migration(
        MigrationKind.VERSIONED, Version(str(number)), "x", path.name, path, zlib.crc32(sql.encode()), sql, statements
    )


class Place:
    """One schema that is changed by scripts and looked at."""

    def __init__(self, connection, session, schema):
        self.cursor, self.session, self.schema = connection.cursor(), session, schema

    def empty(self):
        self.cursor.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE; CREATE SCHEMA {self.schema}")

    def run(self, sql):
        self.cursor.execute(sql or "SELECT 1")

    def may_run(self, sql):
        try:
            self.run(sql)
        except psycopg2.Error:
            return False
        return True

    def seen(self):
        """Its catalog and all rows, the order of columns left out."""
        catalog = describe(self.session, self.schema)
        tables = [item.name for item in catalog.items if item.kind == "table"]
        return catalog, {table: self._rows(table) for table in tables}

    def _rows(self, table):
        self.cursor.execute(f"SELECT to_jsonb(x)::text FROM {table} AS x ORDER BY 1")
        return self.cursor.fetchall()


@pytest.fixture
def place(server, database, session, schema):
    connection = psycopg2.connect(server.url(database.name), options=f"-csearch_path={schema}")
    connection.autocommit = True
    yield Place(connection, session, schema)
    connection.close()


@given(scripts, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_certain_is_taken_back_exactly(place, drawn, chance):
    place.empty()
    place.run(BASE)
    applied, states = [migration(1, BASE)], [({}, {}), place.seen()]
    for patterns in drawn:
        sql = ";\n".join(worded(pattern, states[-1][0], chance) for pattern in patterns)
        if not place.may_run(sql):
            continue
        applied.append(migration(len(applied) + 1, sql))
        states.append(place.seen())
        inverse = inverse_of(applied[-1], applied[:-1])
        if inverse.is_certain:
            note(f"-- forward\n{sql}\n-- back\n{inverse.sql}")
            place.run(inverse.sql)
            assert place.seen() == states[-2]
            place.run(sql)
            assert place.seen() == states[-1]
    inverses = inverses_of(applied)
    while inverses and inverses[len(applied) - 1].is_certain and len(applied) > 1:
        place.run(inverses[len(applied) - 1].sql)
        applied.pop()
        assert place.seen() == states[len(applied)]
