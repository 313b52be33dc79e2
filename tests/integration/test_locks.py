"""What we say of locks, rewrites and scans, held against what the server does."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import psycopg2
import pytest

from migrator.folder.statements import split_statements
from migrator.model.lock import LockMode

SETUP = """
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE a (id int NOT NULL, x int DEFAULT 1, y text, z int, g int GENERATED ALWAYS AS (id + 1) STORED,
    CONSTRAINT z_unique UNIQUE (z));
INSERT INTO a SELECT n, n, n::text, n FROM generate_series(1, 10) n;
INSERT INTO b SELECT generate_series(1, 10);
CREATE INDEX a_x ON a (x);
CREATE UNIQUE INDEX a_id ON a (id);
ALTER TABLE a ADD CONSTRAINT x_positive CHECK (x > 0) NOT VALID;
ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (x) REFERENCES b NOT VALID;
CREATE TABLE p (id int, k int) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10);
CREATE TABLE q (id int, k int);
CREATE INDEX p_k ON ONLY p (k);
CREATE INDEX p1_k ON p1 (k);
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
CREATE VIEW v AS SELECT id FROM b;
CREATE MATERIALIZED VIEW m AS SELECT id FROM b;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE SEQUENCE s;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON b EXECUTE FUNCTION f();
CREATE RULE r AS ON UPDATE TO b DO ALSO NOTHING;
CREATE POLICY pol ON b USING (true);
CREATE STATISTICS st ON id, x FROM a;
CREATE PUBLICATION {publication} FOR TABLE b;
CREATE TABLE victim (id int);
"""

STATEMENTS = [
    "SELECT * FROM a JOIN b ON b.id = a.x",
    "SELECT * FROM a JOIN b ON b.id = a.x FOR UPDATE OF a",
    "SELECT * FROM b FOR KEY SHARE",
    "SELECT 1 WHERE EXISTS (SELECT FROM b)",
    "WITH b AS (DELETE FROM victim RETURNING id) SELECT * FROM b",
    "INSERT INTO victim SELECT id FROM b",
    "UPDATE victim SET id = b.id FROM b WHERE b.id = victim.id",
    "DELETE FROM victim USING b WHERE b.id = victim.id",
    "MERGE INTO victim USING b ON b.id = victim.id WHEN NOT MATCHED THEN INSERT VALUES (1)",
    "EXPLAIN SELECT * FROM b",
    "CREATE TABLE n (id int REFERENCES b)",
    "CREATE TABLE n (id int, FOREIGN KEY (id) REFERENCES b)",
    "CREATE TABLE n (LIKE b)",
    "CREATE TABLE n () INHERITS (parent)",
    "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
    "CREATE TABLE n AS SELECT * FROM b",
    "SELECT * INTO n FROM b",
    "CREATE VIEW n AS SELECT * FROM b",
    "CREATE OR REPLACE VIEW v AS SELECT id FROM b",
    "CREATE MATERIALIZED VIEW n AS SELECT * FROM b",
    "REFRESH MATERIALIZED VIEW m",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    "CREATE INDEX ON b (id)",
    "CREATE TRIGGER t2 AFTER INSERT ON b EXECUTE FUNCTION f()",
    "CREATE CONSTRAINT TRIGGER t2 AFTER INSERT ON b FROM a FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE RULE r2 AS ON DELETE TO b DO ALSO NOTHING",
    "CREATE POLICY pol2 ON b USING (true)",
    "ALTER POLICY pol ON b USING (false)",
    "CREATE STATISTICS st2 ON id, x FROM a",
    "CREATE SEQUENCE n OWNED BY b.id",
    "ALTER SEQUENCE s INCREMENT 2",
    "ALTER SEQUENCE s OWNED BY b.id",
    "ALTER SEQUENCE s RENAME TO s2",
    "DROP TABLE victim",
    "DROP VIEW v",
    "DROP MATERIALIZED VIEW m",
    "DROP SEQUENCE s",
    "DROP TRIGGER t ON b",
    "DROP RULE r ON b",
    "DROP POLICY pol ON b",
    "TRUNCATE victim",
    "LOCK TABLE b IN SHARE MODE",
    "LOCK TABLE a, b",
    "LOCK TABLE b IN SHARE ROW EXCLUSIVE MODE NOWAIT",
    "CLUSTER a USING a_x",
    "ANALYZE b",
    "REINDEX TABLE b",
    "COMMENT ON TABLE b IS 'x'",
    "COMMENT ON COLUMN b.id IS 'x'",
    "COMMENT ON VIEW v IS 'x'",
    "COMMENT ON INDEX a_x IS 'x'",
    "COMMENT ON CONSTRAINT z_unique ON a IS 'x'",
    "COMMENT ON TRIGGER t ON b IS 'x'",
    "COMMENT ON POLICY pol ON b IS 'x'",
    "COMMENT ON FUNCTION f() IS 'x'",
    "GRANT SELECT ON b TO PUBLIC",
    "REVOKE ALL ON TABLE b FROM PUBLIC",
    "GRANT SELECT (id) ON b TO PUBLIC",
    "CREATE FUNCTION n() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM b; END",
    "ALTER FUNCTION f() OWNER TO CURRENT_USER",
    "CREATE PUBLICATION {schema}_n FOR TABLE a",
    "ALTER PUBLICATION {publication} ADD TABLE a",
    "ALTER TABLE b RENAME TO n",
    "ALTER TABLE b RENAME id TO n",
    "ALTER TABLE a RENAME CONSTRAINT z_unique TO n",
    "ALTER INDEX a_x RENAME TO n",
    "ALTER VIEW v RENAME TO n",
    "ALTER TABLE b SET SCHEMA {other}",
    "ALTER TABLE b OWNER TO CURRENT_USER",
    "ALTER TABLE b ADD COLUMN n int",
    "ALTER TABLE b ADD COLUMN n int NOT NULL DEFAULT 1",
    "ALTER TABLE b ADD COLUMN n timestamptz DEFAULT now()",
    "ALTER TABLE b ADD COLUMN n float DEFAULT random()",
    "ALTER TABLE b ADD COLUMN n uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE b ADD COLUMN n timestamptz DEFAULT clock_timestamp() + interval '1 day'",
    "ALTER TABLE b ADD COLUMN n bigserial",
    "ALTER TABLE b ADD COLUMN n int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE b ADD COLUMN n int GENERATED ALWAYS AS (id + 1) STORED",
    "ALTER TABLE b ADD COLUMN n int GENERATED ALWAYS AS (id + 1) VIRTUAL",
    "ALTER TABLE a ADD COLUMN n int REFERENCES b",
    "ALTER TABLE b ADD COLUMN n int CHECK (n > 0)",
    "ALTER TABLE b ADD COLUMN n int UNIQUE",
    "ALTER TABLE a DROP COLUMN y",
    "ALTER TABLE a ALTER y TYPE varchar(10)",
    "ALTER TABLE a ALTER z TYPE bigint",
    "ALTER TABLE a ALTER y TYPE int USING y::int",
    "ALTER TABLE a ALTER x SET DEFAULT 2",
    "ALTER TABLE a ALTER x DROP DEFAULT",
    "ALTER TABLE a ALTER x SET NOT NULL",
    "ALTER TABLE a ALTER id DROP NOT NULL",
    "ALTER TABLE a ALTER g SET EXPRESSION AS (id + 2)",
    "ALTER TABLE a ALTER g DROP EXPRESSION",
    "ALTER TABLE a ALTER x SET STATISTICS 50",
    "ALTER TABLE a ALTER x SET (n_distinct = 5)",
    "ALTER TABLE a ALTER x RESET (n_distinct)",
    "ALTER TABLE a ALTER y SET STORAGE EXTERNAL",
    "ALTER TABLE a ALTER y SET COMPRESSION pglz",
    "ALTER TABLE a ALTER id ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE a ADD CONSTRAINT n CHECK (x > 0)",
    "ALTER TABLE a ADD CONSTRAINT n CHECK (x > 0) NOT VALID",
    "ALTER TABLE a ADD CONSTRAINT n NOT NULL y",
    "ALTER TABLE a ADD CONSTRAINT n NOT NULL y NOT VALID",
    "ALTER TABLE a ADD CONSTRAINT n UNIQUE (y)",
    "ALTER TABLE a ADD PRIMARY KEY (id)",
    "ALTER TABLE a ADD PRIMARY KEY USING INDEX a_id",
    "ALTER TABLE a ADD CONSTRAINT n EXCLUDE (x WITH =)",
    "ALTER TABLE a ADD CONSTRAINT n FOREIGN KEY (z) REFERENCES b",
    "ALTER TABLE a ADD CONSTRAINT n FOREIGN KEY (z) REFERENCES b NOT VALID",
    "ALTER TABLE a VALIDATE CONSTRAINT x_positive",
    "ALTER TABLE a ALTER CONSTRAINT a_b DEFERRABLE",
    "ALTER TABLE a DROP CONSTRAINT x_positive",
    "ALTER TABLE a DISABLE TRIGGER ALL",
    "ALTER TABLE b ENABLE TRIGGER t",
    "ALTER TABLE b ENABLE ALWAYS TRIGGER t",
    "ALTER TABLE b DISABLE RULE r",
    "ALTER TABLE b ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE b FORCE ROW LEVEL SECURITY",
    "ALTER TABLE a CLUSTER ON a_x",
    "ALTER TABLE a SET WITHOUT CLUSTER",
    "ALTER TABLE a SET UNLOGGED",
    "ALTER TABLE a SET (fillfactor = 50)",
    "ALTER TABLE a RESET (fillfactor)",
    "ALTER TABLE a SET (autovacuum_enabled = false)",
    "ALTER TABLE a SET (user_catalog_table = true)",
    "ALTER TABLE a SET ACCESS METHOD heap",
    "ALTER TABLE a REPLICA IDENTITY FULL",
    "ALTER TABLE q INHERIT parent",
    "ALTER TABLE child NO INHERIT parent",
    "ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (10) TO (20)",
    "ALTER TABLE p DETACH PARTITION p1",
    "ALTER INDEX a_x SET (fillfactor = 50)",
    "ALTER INDEX p_k ATTACH PARTITION p1_k",
    "ALTER VIEW v SET (security_barrier = true)",
    "ALTER VIEW v ALTER id SET DEFAULT 1",
    "ALTER TABLE a ADD COLUMN n int, ALTER x SET STATISTICS 50, VALIDATE CONSTRAINT x_positive",
    "COPY victim FROM stdin",
]

BEYOND = {
    "REFRESH MATERIALIZED VIEW m": {"b"},
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m": {"b"},
    "ALTER INDEX p_k ATTACH PARTITION p1_k": {"p", "p1"},
}
"""Relations that the server locks and the text does not name."""

NOT_IN_A_TRANSACTION = {
    "CREATE INDEX CONCURRENTLY ON b (id)": {"b": LockMode.SHARE_UPDATE_EXCLUSIVE},
    "DROP INDEX CONCURRENTLY a_x": {"a_x": LockMode.SHARE_UPDATE_EXCLUSIVE},
    "REINDEX TABLE CONCURRENTLY b": {"b": LockMode.SHARE_UPDATE_EXCLUSIVE},
    "REINDEX INDEX CONCURRENTLY a_x": {"a_x": LockMode.SHARE_UPDATE_EXCLUSIVE},
    "VACUUM b": {"b": LockMode.SHARE_UPDATE_EXCLUSIVE},
    "VACUUM (FULL) b": {"b": LockMode.ACCESS_EXCLUSIVE},
    "VACUUM (FULL false) b": {"b": LockMode.SHARE_UPDATE_EXCLUSIVE},
    "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY": {
        "p": LockMode.SHARE_UPDATE_EXCLUSIVE,
        "p1": LockMode.ACCESS_EXCLUSIVE,
    },
}
"""These let go of their locks before anybody could look from inside; what we say of them is PostgreSQL's manual."""

UNTOLD = {"ALTER TABLE a ALTER y TYPE varchar(10)"}
"""Rewrites that depend on what the column was before, which the text does not say."""
NO_REWRITE = {"TRUNCATE victim", "ALTER TABLE a SET ACCESS METHOD heap"}
"""One throws its file away and takes an empty one; the other asks for what is there already."""
TOLD = [text for text in STATEMENTS if text not in UNTOLD | NO_REWRITE]
REFERENCED = {"ALTER TABLE a ADD CONSTRAINT n FOREIGN KEY (z) REFERENCES b": {"b"}}
"""How the other table is looked into is up to the planner."""

STORED = (
    "SELECT oid, relname, relkind, pg_relation_filenode(oid) FROM pg_class WHERE relnamespace = 'locked'::regnamespace"
)
HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND granted AND relation IS NOT NULL"
SCANNED = "SELECT relname FROM pg_stat_xact_user_tables WHERE schemaname = 'locked' AND seq_scan > 0"
NAMES = {"schema": "locked", "other": "elsewhere", "publication": "published"}


@pytest.fixture(scope="module")
def connection(server, database):
    """Outside of any transaction, on a schema with one of everything."""
    connection = psycopg2.connect(server.url(database.name))
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA locked; CREATE SCHEMA elsewhere; SET search_path = locked")
        cursor.execute(SETUP.format(**NAMES))
    connection.commit()
    yield connection
    connection.close()


@pytest.fixture
def carry_out(connection):
    """Runs a statement and takes it back in the end; says what was stored before it."""
    cursor = connection.cursor()

    def run(text):
        before = answers(cursor, STORED)
        cursor.execute("SELECT pg_stat_force_next_flush()")  # so that scans are counted from here
        connection.rollback()
        if text.startswith("COPY"):
            cursor.copy_expert(text, StringIO("1\n"))
        else:
            cursor.execute(text.format(**NAMES))
        return cursor, {oid: (name, kind, node) for oid, name, kind, node in before}

    yield run
    connection.rollback()


def answers(cursor, statement):
    cursor.execute(statement)
    return cursor.fetchall()


def effects(text):
    (statement,) = split_statements(text.format(**NAMES), Path("x.sql"))
    return statement.effects


def mode(granted):
    """PostgreSQL's AccessShareLock is our ACCESS SHARE."""
    return LockMode(" ".join(re.findall("[A-Z][a-z]+", granted.removesuffix("Lock"))).upper())


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_locks_what_we_say_as_strongly_as_we_say(carry_out, text):
    told = {lock.relation: lock.mode for lock in effects(text).locks}
    cursor, before = carry_out(text)
    found = {}
    for oid, granted in answers(cursor, HELD):
        name, kind, _ = before.get(oid, ("", "", 0))
        if name and (name in told or kind not in "iI") and name not in BEYOND.get(text, ()):
            found[name] = max(mode(granted), found.get(name, mode(granted)))
    assert told == found


@pytest.mark.parametrize(("text", "told"), NOT_IN_A_TRANSACTION.items())
def test_what_runs_alone_is_said_as_the_manual_says_it(text, told):
    assert {lock.relation: lock.mode for lock in effects(text).locks} == told


@pytest.mark.parametrize("text", TOLD)
def test_a_statement_writes_those_tables_anew_of_which_we_say_so(carry_out, text):
    cursor, before = carry_out(text)
    after = {oid: node for oid, _, _, node in answers(cursor, STORED)}
    written = {name for oid, (name, kind, node) in before.items() if kind in "rm" and after.get(oid, node) != node}
    assert written == set(effects(text).rewrites)


@pytest.mark.parametrize("text", [text for text in TOLD if text.startswith(("ALTER TABLE", "CREATE INDEX", "REINDEX"))])
def test_a_statement_reads_all_rows_of_those_tables_of_which_we_say_so(carry_out, text):
    cursor, _ = carry_out(text)
    told = effects(text)
    found = {name for (name,) in answers(cursor, SCANNED)} - REFERENCED.get(text, set())
    assert found == set(told.scans) | set(told.rewrites)
