"""Migrations, what was applied before them, and what takes them back: told in unit tests, tried on a server."""

from __future__ import annotations

from dataclasses import dataclass

T = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0, b text)"
U = "CREATE TABLE u (id int PRIMARY KEY, t_id int)"
F = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
TRIGGER = "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"
DO = "DO $$ BEGIN EXECUTE 'SELECT 1'; END $$"
BLOCK = "DO $$ BEGIN CREATE TYPE mood AS ENUM ('y'); EXCEPTION WHEN duplicate_object THEN NULL; END $$"
ENUM = "CREATE TYPE mood AS ENUM ('sad', 'ok')"


@dataclass(frozen=True)
class Case:
    """``back`` is the inverse, statements joined by semicolons; ``reason`` a part of the first obstacle's."""

    forward: str
    before: tuple[str, ...] = ()
    back: str = ""
    reason: str = ""

    def __str__(self) -> str:
        behind = f" after {'; '.join(self.before)}" if self.before else ""
        return " ".join(f"{self.forward}{behind}".split())[:150]


def certain(forward: str, back: str, *before: str) -> Case:
    return Case(forward, before, back=back)


def obstacle(forward: str, reason: str, *before: str) -> Case:
    return Case(forward, before, reason=reason)


MADE = [
    certain("CREATE TABLE x (id serial PRIMARY KEY)", "DROP TABLE x"),
    certain('CREATE TABLE "Order" ("select" int)', 'DROP TABLE "Order"'),
    certain("CREATE UNLOGGED TABLE x (id int)", "DROP TABLE x"),
    certain("CREATE TEMP TABLE x AS SELECT 1 AS a; INSERT INTO x VALUES (2)", ""),
    certain("CREATE TABLE x AS SELECT id, a FROM t", "DROP TABLE x", T),
    certain("SELECT id INTO x FROM t", "DROP TABLE x", T),
    certain("CREATE TABLE x (LIKE t INCLUDING ALL)", "DROP TABLE x", T),
    certain("CREATE TABLE x () INHERITS (t)", "DROP TABLE x", T),
    certain(
        "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
        " CREATE INDEX p_id ON p (id)",
        "DROP INDEX p_id; DROP TABLE p1; DROP TABLE p",
    ),
    certain(
        "CREATE TABLE p1 (id int); ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
        "ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1",
        "CREATE TABLE p (id int) PARTITION BY LIST (id)",
    ),
    obstacle(
        "CREATE TABLE p (id int) PARTITION BY LIST (id); ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
        "table p1 gets what its parent has and keeps it",
        "CREATE TABLE p1 (id int)",
    ),
    obstacle(
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
        "table p1 gets what its parent has and keeps it",
        "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 (id int)",
    ),
    certain("CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n)", "DROP TABLE n"),
    certain(
        "CREATE TABLE x (id int PRIMARY KEY, y int); CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x);"
        " ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y",
        "ALTER TABLE x DROP CONSTRAINT x_y_fkey; DROP TABLE y; DROP TABLE x",
    ),
    certain("CREATE VIEW v AS SELECT a FROM t", "DROP VIEW v", T),
    obstacle("CREATE TEMP TABLE t AS SELECT 1 AS a; DROP TABLE t", "a temporary t hides", T),
    obstacle(
        "CREATE TABLE IF NOT EXISTS t (a int)",
        "may have been there before",
        T,
        "CREATE TEMP TABLE t AS SELECT 1 AS a; DROP TABLE t",
    ),
    certain("CREATE TEMP VIEW v AS SELECT 1", ""),
    certain("CREATE MATERIALIZED VIEW v AS SELECT a FROM t", "DROP MATERIALIZED VIEW v", T),
    certain("CREATE INDEX i ON t (a)", "DROP INDEX i", T),
    certain("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i", T),
    certain("CREATE INDEX ON t (a, b)", "DROP INDEX t_a_b_idx", T),
    certain("CREATE INDEX ON t (lower(b)) INCLUDE (a)", "DROP INDEX t_lower_a_idx", T),
    certain("CREATE INDEX ON t ((a + 1), (a + 2))", "DROP INDEX t_expr_expr1_idx", T),
    certain("CREATE INDEX ON t (a)", "DROP INDEX t_a_idx1", T, "CREATE INDEX t_a_idx ON t (b)"),
    obstacle("CREATE INDEX ON t (a)", "the index has no name", T, DO),
    certain("CREATE SEQUENCE s", "DROP SEQUENCE s"),
    certain("CREATE SEQUENCE s OWNED BY t.a", "DROP SEQUENCE s", T),
    certain(ENUM, "DROP TYPE mood"),
    certain("CREATE TYPE pair AS (a int, b int)", "DROP TYPE pair"),
    certain("CREATE TYPE span AS RANGE (subtype = int4)", "DROP TYPE span"),
    certain("CREATE DOMAIN positive AS int CHECK (VALUE > 0)", "DROP DOMAIN positive"),
    certain(
        "CREATE FUNCTION f(a int, OUT b text, VARIADIC c text[] DEFAULT '{}') LANGUAGE sql AS $$ SELECT 'x' $$",
        "DROP FUNCTION f(int4, text[])",
    ),
    certain("CREATE FUNCTION f(a mood) RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f(mood)", ENUM),
    certain("CREATE PROCEDURE p(INOUT a int) LANGUAGE sql AS 'SELECT 1'", "DROP PROCEDURE p(int4)"),
    certain("CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)", "DROP AGGREGATE total(int4)"),
    certain(TRIGGER, "DROP TRIGGER tr ON t", T, F),
    certain("CREATE POLICY p ON t USING (a > 0)", "DROP POLICY p ON t", T),
    certain("CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING", "DROP RULE r ON t", T),
    certain("CREATE STATISTICS s ON a, b FROM t", "DROP STATISTICS s", T),
    certain("CREATE EXTENSION IF NOT EXISTS plpgsql", ""),
    certain(
        "CREATE TABLE t (c int); CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f(t); DROP TABLE t",
    ),
    certain(
        f"{T}; CREATE FUNCTION g(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE INDEX i ON t (g(a))",
        "DROP INDEX i; DROP FUNCTION g(int4); DROP TABLE t",
    ),
    certain(
        "CREATE SEQUENCE s; CREATE TABLE x (a int DEFAULT nextval('s')); ALTER SEQUENCE s OWNED BY x.a",
        "ALTER SEQUENCE s OWNED BY NONE; DROP TABLE x; DROP SEQUENCE s",
    ),
    certain(
        "CREATE TABLE x (a int); CREATE SEQUENCE s; ALTER TABLE x ALTER a SET DEFAULT nextval('s')",
        "ALTER TABLE x ALTER COLUMN a DROP DEFAULT; DROP SEQUENCE s; DROP TABLE x",
    ),
]

PERHAPS = [
    certain("CREATE TABLE IF NOT EXISTS x (a int)", "DROP TABLE x", BLOCK),
    obstacle("CREATE TYPE feeling AS ENUM ('x'); DROP TYPE IF EXISTS mood", "type mood may not have been", BLOCK),
    obstacle(BLOCK, "runs code, and what that did is not known"),
    certain("CREATE TABLE IF NOT EXISTS x (a int)", "DROP TABLE x"),
    certain("CREATE TABLE IF NOT EXISTS t (a int)", "", T),
    certain("CREATE TABLE IF NOT EXISTS t (a int)", "DROP TABLE t", T, "DROP TABLE t"),
    obstacle("CREATE TABLE IF NOT EXISTS x (a int)", "table x may have been there before", DO),
    certain("CREATE TABLE IF NOT EXISTS t (a int)", "DROP TABLE t", DO, T, "DROP TABLE t"),
    obstacle("CREATE INDEX IF NOT EXISTS i ON t (a)", "index i may have been there before", DO, T),
    certain("ALTER TABLE t ADD COLUMN IF NOT EXISTS c int", "ALTER TABLE t DROP COLUMN c", T),
    certain("ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", "", T),
    obstacle("ALTER TABLE t ADD COLUMN IF NOT EXISTS c int", "may have been there before", T, DO),
    certain("ALTER TABLE t ADD COLUMN IF NOT EXISTS c int", "ALTER TABLE t DROP COLUMN c", DO, T),
    certain("ALTER TABLE IF EXISTS x ADD COLUMN c int", "", T),
    certain("ALTER TABLE IF EXISTS t ADD COLUMN c int", "ALTER TABLE t DROP COLUMN c", T),
    certain("DROP VIEW IF EXISTS v", "", T),
    obstacle("DROP VIEW IF EXISTS v", "view v may not have been there before", DO),
    certain(f"DROP TRIGGER IF EXISTS tr ON t; {TRIGGER}", "DROP TRIGGER tr ON t", T, F),
    certain("DROP FUNCTION IF EXISTS g", "", T),
    certain("CREATE OR REPLACE VIEW v AS SELECT 1 AS a", "DROP VIEW v"),
    obstacle("CREATE OR REPLACE VIEW v AS SELECT 1 AS a", "view v may have been there before", DO),
    certain("ALTER TABLE IF EXISTS x RENAME TO y", "", T),
    certain("ALTER TABLE IF EXISTS x RENAME TO y; CREATE TABLE IF NOT EXISTS x (a int)", "DROP TABLE x", T),
]

REPLACED = [
    certain(
        "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t",
        T,
        "CREATE VIEW v AS SELECT a FROM t",
    ),
    certain(
        "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t",
        "DROP VIEW v; CREATE VIEW v AS SELECT a FROM t; COMMENT ON VIEW v IS 'it''s'",
        T,
        "CREATE VIEW v AS SELECT a FROM t",
        "COMMENT ON VIEW v IS 'it''s'",
    ),
    obstacle(
        "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t",
        "may be used elsewhere",
        T,
        "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v",
    ),
    obstacle(
        "CREATE OR REPLACE VIEW v AS SELECT id, a, b, 1 AS c FROM t",
        "what view v was is not known: t, which it names, was changed since",
        T,
        "CREATE VIEW v AS SELECT * FROM t",
        "ALTER TABLE t ADD COLUMN d int",
    ),
    certain(
        "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t",
        T,
        "CREATE VIEW v AS SELECT a FROM t",
        "ALTER TABLE t ADD COLUMN d int",
    ),
    obstacle(
        "CREATE OR REPLACE VIEW v AS SELECT c AS a FROM t",
        "a, which it names, was changed since",
        T,
        "CREATE VIEW v AS SELECT a FROM t",
        "ALTER TABLE t RENAME COLUMN a TO c",
    ),
    certain(
        F.replace("CREATE", "CREATE OR REPLACE").replace("NEW", "OLD"), F.replace("CREATE", "CREATE OR REPLACE"), F
    ),
    certain(
        "CREATE OR REPLACE FUNCTION g() RETURNS int STABLE LANGUAGE sql AS 'SELECT 2'",
        "CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION g() COST 7",
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION g() COST 7",
    ),
    obstacle(
        "CREATE OR REPLACE FUNCTION g(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "the parameters of function g changed",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    certain(
        "CREATE OR REPLACE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
        TRIGGER.replace("CREATE", "CREATE OR REPLACE"),
        T,
        F,
        TRIGGER,
    ),
    certain(
        "ALTER FUNCTION g() STABLE",
        "CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    certain(
        "ALTER POLICY p ON t USING (a > 1)",
        "DROP POLICY p ON t; CREATE POLICY p ON t USING (a > 0)",
        T,
        "CREATE POLICY p ON t USING (a > 0)",
    ),
]

COLUMNS = [
    certain(
        "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 1, ADD d text UNIQUE",
        "ALTER TABLE t DROP COLUMN d; ALTER TABLE t DROP COLUMN c",
        T,
    ),
    certain("ALTER TABLE ONLY t ADD c int REFERENCES u", "ALTER TABLE ONLY t DROP COLUMN c", T, U),
    certain("ALTER TABLE t ADD c int CHECK (c > a)", "ALTER TABLE t DROP COLUMN c", T),
    obstacle("ALTER TABLE t ADD c int CHECK (a > 0)", "would stay without it", T),
    certain(
        "ALTER TABLE t ADD c int; UPDATE t SET c = a + 1; ALTER TABLE t ALTER c SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN c DROP NOT NULL; ALTER TABLE t DROP COLUMN c",
        T,
    ),
    obstacle("ALTER TABLE t ADD c int; UPDATE t SET c = a, a = 1", "changes rows of t", T),
    obstacle("ALTER TABLE t ADD c int; UPDATE t SET c = a", "sets off triggers", T, F, TRIGGER),
    obstacle("ALTER TABLE t DROP COLUMN a", "drops column t.a, whose values are lost", T),
    certain("ALTER TABLE t ALTER a SET DEFAULT 5", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 0", T),
    certain("ALTER TABLE t ALTER a DROP DEFAULT", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 0", T),
    certain("ALTER TABLE t ALTER b SET DEFAULT 'x'", "ALTER TABLE t ALTER COLUMN b DROP DEFAULT", T),
    certain(
        "ALTER TABLE x ALTER id DROP DEFAULT",
        "ALTER TABLE x ALTER COLUMN id SET DEFAULT nextval('x_id_seq'::regclass)",
        "CREATE TABLE x (id serial)",
    ),
    certain(
        "ALTER TABLE t ALTER b SET DEFAULT 'y'",
        "ALTER TABLE t ALTER COLUMN b SET DEFAULT 'x'",
        T,
        DO,
        "ALTER TABLE t ALTER b SET DEFAULT 'x'",
    ),
    obstacle("ALTER TABLE t ALTER a SET DEFAULT 5", "the default that column t.a had before is not known", T, DO),
    obstacle(
        "ALTER TABLE x ALTER m DROP DEFAULT",
        "is not known",
        ENUM,
        "CREATE TABLE x (m mood DEFAULT 'ok')",
        "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
    ),
    certain("ALTER TABLE t ALTER b SET NOT NULL", "ALTER TABLE t ALTER COLUMN b DROP NOT NULL", T),
    certain("ALTER TABLE t ALTER a SET NOT NULL", "", T),
    certain("ALTER TABLE t ALTER a DROP NOT NULL", "ALTER TABLE t ALTER COLUMN a SET NOT NULL", T),
    obstacle("ALTER TABLE t ALTER b SET NOT NULL", "whether column t.b was NOT NULL before is not known", T, DO),
    certain("ALTER TABLE t ALTER a TYPE bigint", "ALTER TABLE t ALTER COLUMN a TYPE integer", T),
    certain("ALTER TABLE t ALTER a TYPE bigint USING a::bigint", "ALTER TABLE t ALTER COLUMN a TYPE integer", T),
    certain(
        "ALTER TABLE x ALTER c TYPE varchar(9)",
        "ALTER TABLE x ALTER COLUMN c TYPE varchar(5)",
        "CREATE TABLE x (c varchar(5) DEFAULT 'a' UNIQUE)",
    ),
    certain(
        "ALTER TABLE x ALTER c TYPE text",
        "ALTER TABLE x ALTER COLUMN c TYPE varchar(5)",
        "CREATE TABLE x (c varchar(5) DEFAULT 'a'); CREATE INDEX x_c ON x (c)",
    ),
    certain(
        "ALTER TABLE x ALTER id TYPE bigint",
        "ALTER TABLE x ALTER COLUMN id TYPE integer",
        "CREATE TABLE x (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    ),
    certain(
        "ALTER TABLE x ALTER c TYPE numeric(12, 2)",
        "ALTER TABLE x ALTER COLUMN c TYPE numeric(10, 2)",
        "CREATE TABLE x (c numeric(10, 2))",
    ),
    obstacle("ALTER TABLE x ALTER c TYPE numeric", "not every value survives", "CREATE TABLE x (c numeric(10, 2))"),
    obstacle("ALTER TABLE t ALTER a TYPE text", "from integer to text, and not every value survives both ways", T),
    obstacle("ALTER TABLE t ALTER a TYPE bigint USING a * 100", "by an expression", T),
    obstacle(
        "ALTER TABLE x ALTER c TYPE text",
        "computes with column x.c",
        "CREATE TABLE x (c varchar(5) CHECK (c IN ('a', 'b')))",
    ),
    obstacle(
        "ALTER TABLE x ALTER c TYPE text",
        "the type that column x.c had before is not known",
        "CREATE TABLE x (c varchar(5))",
        DO,
    ),
    certain(
        "ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE t ALTER COLUMN a DROP IDENTITY",
        "CREATE TABLE t (a int NOT NULL)",
    ),
    obstacle(
        "ALTER TABLE x ALTER a DROP IDENTITY",
        "is not one of the statements",
        "CREATE TABLE x (a int GENERATED ALWAYS AS IDENTITY)",
    ),
    certain(
        "ALTER TABLE x ALTER b SET EXPRESSION AS (a * 3)",
        "ALTER TABLE x ALTER COLUMN b SET EXPRESSION AS (a * 2)",
        "CREATE TABLE x (a int, b int GENERATED ALWAYS AS (a * 2) STORED)",
    ),
    certain("ALTER TABLE t ALTER a SET STATISTICS 500", "ALTER TABLE t ALTER COLUMN a SET STATISTICS -1", T),
    certain(
        "ALTER TABLE t ALTER a DROP DEFAULT, ALTER a TYPE bigint, ALTER a SET DEFAULT 7",
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT; ALTER TABLE t ALTER COLUMN a TYPE integer;"
        " ALTER TABLE t ALTER COLUMN a SET DEFAULT 0",
        T,
    ),
    obstacle(
        "ALTER TABLE p ALTER a SET DEFAULT 1",
        "has partitions or children",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
    ),
]

CONSTRAINTS = [
    certain("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c", T),
    certain("ALTER TABLE t ADD CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT t_a_check", T),
    certain(
        "ALTER TABLE t ADD CHECK (a > 0), ADD CHECK (a < 9)",
        "ALTER TABLE t DROP CONSTRAINT t_a_check1; ALTER TABLE t DROP CONSTRAINT t_a_check",
        T,
    ),
    certain("ALTER TABLE t ADD CHECK (a > id)", "ALTER TABLE t DROP CONSTRAINT t_check", T),
    certain("ALTER TABLE t ADD UNIQUE (a, b)", "ALTER TABLE t DROP CONSTRAINT t_a_b_key", T),
    certain(
        "ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t NOT VALID", "ALTER TABLE u DROP CONSTRAINT u_t_id_fkey", T, U
    ),
    certain("ALTER TABLE t ADD EXCLUDE (a WITH =)", "ALTER TABLE t DROP CONSTRAINT t_a_excl", T),
    certain(
        "ALTER TABLE x ADD PRIMARY KEY (a, b)",
        "ALTER TABLE x DROP CONSTRAINT x_pkey; ALTER TABLE x ALTER COLUMN b DROP NOT NULL",
        "CREATE TABLE x (a int NOT NULL, b int)",
    ),
    obstacle("ALTER TABLE x ADD PRIMARY KEY (a)", "the constraint has no name", "CREATE TABLE x (a int)", DO),
    obstacle("ALTER TABLE t ADD UNIQUE (a)", "the constraint has no name", T, DO),
    obstacle("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", "whether table t has partitions", T, DO),
    certain("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c", T, DO),
    certain("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i", T, DO),
    obstacle("CREATE INDEX i ON t (a)", "whether table t has partitions", T, DO),
    obstacle(
        "ALTER TABLE p ADD UNIQUE (id)",
        "table p has partitions or children",
        "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT",
        "ALTER TABLE p1 ADD UNIQUE (id)",
    ),
    obstacle(
        "ALTER TABLE t ADD CHECK (a > 0)",
        "the constraint has no name",
        T,
        "DO $$ BEGIN ALTER TABLE t ADD CHECK (a > 1); END $$",
    ),
    obstacle(
        "ALTER TABLE x ADD CHECK (a > 0)",
        "the constraint has no name",
        "CREATE TABLE t (a int CONSTRAINT x_a_check CHECK (a > 0))",
        "CREATE TABLE x (LIKE t INCLUDING ALL)",
    ),
    certain(
        "ALTER TABLE p ADD UNIQUE (id)",
        "ALTER TABLE p DROP CONSTRAINT p_id_key",
        "CREATE TABLE p (id int) PARTITION BY LIST (id)",
    ),
    obstacle(
        "DROP INDEX p_id",
        "has partitions or children",
        "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE INDEX p_id ON p (id)",
        "CREATE TABLE p1 PARTITION OF p DEFAULT",
    ),
    certain("ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id)", T),
    certain(
        "ALTER TABLE x DROP CONSTRAINT x_b_key",
        "ALTER TABLE x ADD CONSTRAINT x_b_key UNIQUE (b) DEFERRABLE INITIALLY DEFERRED",
        "CREATE TABLE x (b int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    ),
    certain(
        "ALTER TABLE x DROP CONSTRAINT x_b_fkey",
        "ALTER TABLE x ADD CONSTRAINT x_b_fkey FOREIGN KEY (b) REFERENCES t (id) ON DELETE CASCADE",
        T,
        "CREATE TABLE x (b int REFERENCES t (id) ON DELETE CASCADE)",
    ),
    certain(
        "ALTER TABLE x DROP CONSTRAINT c",
        "ALTER TABLE x ADD CONSTRAINT c CHECK (a > 0) NOT VALID; COMMENT ON CONSTRAINT c ON x IS 'why'",
        "CREATE TABLE x (a int)",
        "ALTER TABLE x ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "COMMENT ON CONSTRAINT c ON x IS 'why'",
    ),
    certain(
        "ALTER TABLE x DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 1)",
        "ALTER TABLE x DROP CONSTRAINT c; ALTER TABLE x ADD CONSTRAINT c CHECK (a > 0)",
        "CREATE TABLE x (a int CONSTRAINT c CHECK (a > 0))",
    ),
    certain(
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id); COMMENT ON INDEX t_pkey IS 'x'",
        T,
        "COMMENT ON INDEX t_pkey IS 'x'",
    ),
    obstacle(
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "what was set for the index",
        T,
        "ALTER INDEX t_pkey SET (fillfactor = 70)",
    ),
    obstacle(
        "DROP INDEX i",
        "index i is the replica identity of its table",
        T,
        "CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i",
    ),
    obstacle(
        "ALTER TABLE x DROP CONSTRAINT c",
        "a, which it names, was changed since",
        "CREATE TABLE x (a int CONSTRAINT c CHECK (a > 0))",
        "ALTER TABLE x RENAME a TO b",
    ),
    certain("ALTER TABLE t DROP CONSTRAINT IF EXISTS c", "", T),
    obstacle("ALTER TABLE t DROP CONSTRAINT IF EXISTS c", "may not have been there before", T, DO),
    obstacle("ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE", "whatever depends on what it drops", T),
    certain(
        "ALTER TABLE x VALIDATE CONSTRAINT c",
        "ALTER TABLE x DROP CONSTRAINT c; ALTER TABLE x ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "CREATE TABLE x (a int)",
        "ALTER TABLE x ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    ),
    certain(
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c",
        "ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"
        " ALTER TABLE t DROP CONSTRAINT c",
        T,
    ),
    certain(
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
        "ALTER TABLE t DROP CONSTRAINT k; CREATE UNIQUE INDEX i ON t (a)",
        T,
        "CREATE UNIQUE INDEX i ON t (a)",
    ),
    certain(
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a); ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
        "ALTER TABLE t DROP CONSTRAINT k",
        T,
    ),
    obstacle(
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
        "what index i was is not known",
        T,
        "CREATE UNIQUE INDEX i ON t (a)",
        DO,
    ),
    certain(
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0)",
        "ALTER DOMAIN d DROP CONSTRAINT c",
        "CREATE DOMAIN d AS int",
    ),
]

DROPPED = [
    certain("DROP VIEW v", "CREATE VIEW v AS SELECT a FROM t", T, "CREATE VIEW v AS SELECT a FROM t"),
    certain(
        "DROP VIEW v, w",
        "CREATE VIEW w AS SELECT 1 AS b; CREATE VIEW v AS SELECT b FROM w",
        "CREATE VIEW w AS SELECT 1 AS b; CREATE VIEW v AS SELECT b FROM w",
    ),
    certain(
        "DROP MATERIALIZED VIEW v",
        "CREATE MATERIALIZED VIEW v AS SELECT a FROM t; CREATE UNIQUE INDEX i ON v (a)",
        T,
        "CREATE MATERIALIZED VIEW v AS SELECT a FROM t; CREATE UNIQUE INDEX i ON v (a)",
    ),
    certain("DROP INDEX i", "CREATE INDEX i ON t (a) WHERE a > 0", T, "CREATE INDEX i ON t (a) WHERE a > 0"),
    certain(
        "DROP INDEX CONCURRENTLY i", "CREATE INDEX CONCURRENTLY i ON t (a)", T, "CREATE INDEX IF NOT EXISTS i ON t (a)"
    ),
    certain("DROP INDEX i", "CREATE INDEX i ON t (a)", T, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"),
    certain("DROP INDEX t_a_idx", "CREATE INDEX t_a_idx ON t (a)", T, "CREATE INDEX ON t (a)"),
    obstacle(
        "DROP INDEX i", "what index i was is not known", T, "CREATE INDEX i ON t (a)", "ALTER TABLE t RENAME TO s"
    ),
    obstacle("DROP INDEX i", "what index i was is not known", T, "CREATE INDEX i ON t (a)", DO),
    certain(
        "DROP FUNCTION g(int)",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    certain(
        "DROP FUNCTION g",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " REVOKE ALL PRIVILEGES ON FUNCTION g (integer) FROM PUBLIC",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION g(int) FROM PUBLIC",
    ),
    certain(
        "DROP FUNCTION g()",
        "SET LOCAL check_function_bodies = off; CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS"
        " 'SELECT count(*) FROM t'; SET LOCAL check_function_bodies TO DEFAULT",
        T,
        "CREATE FUNCTION g() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'",
        "ALTER TABLE t RENAME TO s",
    ),
    certain(
        "DROP FUNCTION g(int)",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION g(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    certain(
        "CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        DO,
        "CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    obstacle("DROP TRIGGER tr ON t", "was enabled is not", T, F, TRIGGER, "ALTER TABLE t DISABLE TRIGGER tr"),
    obstacle(
        "DROP VIEW v",
        "what view v was is not known",
        "CREATE VIEW v AS SELECT 1 + 1",
        'ALTER TABLE v RENAME COLUMN "?column?" TO a',
    ),
    obstacle(
        "DROP VIEW v",
        "what view v was is not known",
        T,
        "CREATE VIEW v AS SELECT a FROM t",
        "ALTER TABLE v ALTER COLUMN a SET DEFAULT 5",
    ),
    obstacle(
        "CREATE SEQUENCE IF NOT EXISTS t_a_seq",
        "may have been there",
        T,
        "ALTER TABLE t ALTER a DROP DEFAULT; ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY",
    ),
    obstacle(
        "ALTER TABLE x ALTER s DROP DEFAULT",
        "is not known",
        "CREATE TYPE sign AS ENUM ('+', '-')",
        "CREATE TABLE x (s sign DEFAULT '+')",
        "ALTER TYPE sign RENAME VALUE '+' TO 'plus'",
    ),
    certain("DROP TRIGGER tr ON t", TRIGGER, T, F, TRIGGER),
    certain("DROP POLICY p ON t", "CREATE POLICY p ON t USING (a > 0)", T, "CREATE POLICY p ON t USING (a > 0)"),
    certain(
        "DROP RULE r ON t",
        "CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING",
        T,
        "CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING",
    ),
    certain("DROP TYPE mood", f"{ENUM}; ALTER TYPE mood ADD VALUE 'glad'", ENUM, "ALTER TYPE mood ADD VALUE 'glad'"),
    certain("DROP DOMAIN d", "CREATE DOMAIN d AS int", "CREATE DOMAIN d AS int"),
    certain("DROP STATISTICS s", "CREATE STATISTICS s ON a, b FROM t", T, "CREATE STATISTICS s ON a, b FROM t"),
    obstacle("DROP TABLE t", "drops table t, whose rows are lost", T),
    obstacle("DROP SEQUENCE s", "drops sequence s, whose position is lost", "CREATE SEQUENCE s"),
    obstacle(
        "DROP VIEW w CASCADE", "whatever depends", "CREATE VIEW w AS SELECT 1 AS b; CREATE VIEW v AS SELECT b FROM w"
    ),
    obstacle("TRUNCATE t", "truncates t, whose rows are lost", T),
    certain("CREATE TABLE x (a int); INSERT INTO x VALUES (1); CREATE INDEX ON x (a); DROP TABLE x", ""),
    obstacle("CREATE TABLE x (a int); CREATE VIEW v AS SELECT a FROM x; DROP VIEW v; DROP TABLE x", "drops table x"),
]

RENAMED = [
    certain("ALTER TABLE t RENAME TO s", "ALTER TABLE s RENAME TO t", T),
    certain("ALTER TABLE t RENAME a TO c", "ALTER TABLE t RENAME COLUMN c TO a", T),
    certain(
        "ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME TO s; ALTER TABLE s ALTER c DROP DEFAULT",
        "ALTER TABLE s ALTER COLUMN c SET DEFAULT 0; ALTER TABLE s RENAME TO t; ALTER TABLE t RENAME COLUMN c TO a",
        T,
    ),
    certain("ALTER TABLE t RENAME CONSTRAINT t_pkey TO k", "ALTER TABLE t RENAME CONSTRAINT k TO t_pkey", T),
    certain(
        "ALTER TABLE t DROP CONSTRAINT k",
        "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id)",
        T,
        "ALTER INDEX t_pkey RENAME TO k",
    ),
    certain("ALTER INDEX t_pkey RENAME TO k", "ALTER INDEX k RENAME TO t_pkey", T),
    certain("ALTER TYPE mood RENAME TO feeling", "ALTER TYPE feeling RENAME TO mood", ENUM),
    certain("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'", ENUM),
    certain(
        "ALTER FUNCTION g(int) RENAME TO h",
        "ALTER FUNCTION h (integer) RENAME TO g",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    certain("ALTER VIEW v RENAME TO w", "ALTER VIEW w RENAME TO v", "CREATE VIEW v AS SELECT 1 AS a"),
    certain("ALTER SEQUENCE s RENAME TO r", "ALTER SEQUENCE r RENAME TO s", "CREATE SEQUENCE s"),
    certain("ALTER TRIGGER tr ON t RENAME TO rt", "ALTER TRIGGER rt ON t RENAME TO tr", T, F, TRIGGER),
    certain(
        "ALTER TYPE pair RENAME ATTRIBUTE a TO c",
        "ALTER TYPE pair RENAME ATTRIBUTE c TO a",
        "CREATE TYPE pair AS (a int)",
    ),
    certain("ALTER TABLE t RENAME TO s; CREATE TABLE t (id int)", "DROP TABLE t; ALTER TABLE s RENAME TO t", T),
    obstacle("ALTER TYPE mood ADD VALUE 'glad'", "which PostgreSQL cannot remove", ENUM),
    certain(f"{ENUM}; ALTER TYPE mood ADD VALUE 'glad'; CREATE TABLE x (m mood)", "DROP TABLE x; DROP TYPE mood"),
    certain(
        "ALTER TYPE pair RENAME TO two; CREATE TYPE pair AS (b int)",
        "DROP TYPE pair; ALTER TYPE two RENAME TO pair",
        "CREATE TYPE pair AS (a int)",
    ),
]

SETTINGS = [
    certain("COMMENT ON TABLE t IS 'new'", "COMMENT ON TABLE t IS 'old'", T, "COMMENT ON TABLE t IS 'old'"),
    certain("COMMENT ON COLUMN t.a IS 'new'", "COMMENT ON COLUMN t.a IS NULL", T),
    certain("COMMENT ON FUNCTION f() IS 'x'", "COMMENT ON FUNCTION f() IS NULL", F),
    certain("COMMENT ON TRIGGER tr ON t IS 'x'", "COMMENT ON TRIGGER tr ON t IS NULL", T, F, TRIGGER),
    certain("COMMENT ON CONSTRAINT t_pkey ON t IS 'x'", "COMMENT ON CONSTRAINT t_pkey ON t IS NULL", T),
    certain("COMMENT ON INDEX t_pkey IS 'x'", "COMMENT ON INDEX t_pkey IS NULL", T),
    obstacle("COMMENT ON TABLE t IS 'new'", "the comment that table t had before is not known", T, DO),
    certain(f"{T}; COMMENT ON TABLE t IS 'new'; COMMENT ON COLUMN t.a IS 'x'", "DROP TABLE t"),
    certain("ALTER TABLE t SET (fillfactor = 50)", "ALTER TABLE t RESET (fillfactor)", T),
    certain(
        "ALTER TABLE t SET (fillfactor = 50, autovacuum_enabled = off)",
        "ALTER TABLE t RESET (autovacuum_enabled); ALTER TABLE t SET (fillfactor = 70)",
        T,
        "ALTER TABLE t SET (fillfactor = 70)",
    ),
    certain(
        "ALTER TABLE x RESET (fillfactor)",
        "ALTER TABLE x SET (fillfactor = 70)",
        "CREATE TABLE x (a int) WITH (fillfactor = 70)",
    ),
    certain(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "ALTER TABLE t NO FORCE ROW LEVEL SECURITY; ALTER TABLE t DISABLE ROW LEVEL SECURITY",
        T,
    ),
    obstacle("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "row security of table t was before is not known", T, DO),
    certain("ALTER TABLE t DISABLE TRIGGER tr", "ALTER TABLE t ENABLE TRIGGER tr", T, F, TRIGGER),
    certain(
        "ALTER TABLE t ENABLE TRIGGER tr",
        "ALTER TABLE t DISABLE TRIGGER tr",
        T,
        F,
        TRIGGER,
        "ALTER TABLE t DISABLE TRIGGER tr",
    ),
    certain("ALTER TABLE t REPLICA IDENTITY FULL", "ALTER TABLE t REPLICA IDENTITY DEFAULT", T),
    certain("ALTER TABLE t SET UNLOGGED", "ALTER TABLE t SET LOGGED", T),
    obstacle("ALTER TABLE t OWNER TO postgres", "is not known", T),
    certain(f"{T}; ALTER TABLE t OWNER TO postgres; GRANT SELECT ON t TO PUBLIC", "DROP TABLE t"),
    obstacle("GRANT SELECT ON t TO PUBLIC", "who was granted what on table t before is not known", T),
    certain("GRANT SELECT ON t TO PUBLIC", "REVOKE SELECT ON TABLE t FROM PUBLIC", T, "REVOKE SELECT ON t FROM PUBLIC"),
    certain("REVOKE SELECT ON t FROM PUBLIC", "GRANT SELECT ON TABLE t TO PUBLIC", T, "GRANT SELECT ON t TO PUBLIC"),
    obstacle(
        "REVOKE SELECT ON t FROM PUBLIC",
        "is not known",
        T,
        "GRANT SELECT ON t TO PUBLIC",
        "REVOKE ALL ON t FROM PUBLIC",
    ),
    certain("ALTER SEQUENCE s OWNED BY t.a", "ALTER SEQUENCE s OWNED BY NONE", T, "CREATE SEQUENCE s"),
    obstacle("ALTER SEQUENCE s RESTART WITH 5", "where it stood is not known", "CREATE SEQUENCE s"),
    obstacle("ALTER TABLE t CLUSTER ON t_pkey", "is not one of the statements", T),
]

ROWS = [
    obstacle("CREATE VIEW v AS SELECT * FROM t; INSERT INTO v VALUES (1, 2, 'x')", "adds rows to v", T),
    obstacle("CREATE VIEW v AS SELECT id, a FROM t; UPDATE v SET a = 3", "changes rows of v", T),
    certain("CREATE TABLE x (a int); INSERT INTO x VALUES (1); INSERT INTO x SELECT id FROM t", "DROP TABLE x", T),
    certain("CREATE TABLE x (a int); UPDATE x SET a = 1; DELETE FROM x; TRUNCATE x", "DROP TABLE x", T),
    certain(
        "CREATE TABLE x (a int PRIMARY KEY); DELETE FROM x; CREATE TABLE y (a int REFERENCES x)",
        "DROP TABLE y; DROP TABLE x",
    ),
    obstacle("INSERT INTO t VALUES (1, 2, 'x')", "adds rows to t, and which ones must go is not known", T),
    obstacle("UPDATE t SET a = 1", "changes rows of t, and what they were is not known", T),
    obstacle("DELETE FROM t", "deletes rows of t", T),
    obstacle(
        "CREATE TABLE x (a int); WITH gone AS (DELETE FROM t RETURNING a) INSERT INTO x SELECT a FROM gone",
        "deletes rows of t",
        T,
    ),
    obstacle(
        "CREATE TABLE x (id int PRIMARY KEY); INSERT INTO x VALUES (1);"
        " ALTER TABLE t ADD x_id int REFERENCES x ON DELETE CASCADE; DELETE FROM x",
        "deletes rows of x",
        T,
    ),
    obstacle(f"CREATE TABLE x (a int); {TRIGGER.replace(' t ', ' x ')}; UPDATE x SET a = 1", "sets off triggers", F),
    certain("SELECT 1; SELECT a FROM t WHERE a = 1; SELECT count(*), now() FROM t", "", T),
    obstacle("SELECT setval('s', 5)", "calls setval()", "CREATE SEQUENCE s"),
    certain(
        "CREATE SEQUENCE s; SELECT setval('s', 5); SELECT pg_catalog.setval('s'::regclass, 5, true)", "DROP SEQUENCE s"
    ),
    certain("CREATE TABLE x (id serial); SELECT setval('x_id_seq', 5)", "DROP TABLE x"),
    obstacle("SELECT lower('X')", "calls lower()", "CREATE FUNCTION lower(int) RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    obstacle("CREATE TABLE x AS SELECT g()", "calls g()", "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    obstacle(DO, "runs code, and what that did is not known"),
    obstacle("CALL p()", "runs code", "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'"),
    certain("SET LOCAL statement_timeout = '5s'; SET CONSTRAINTS ALL IMMEDIATE; ANALYZE t", "", T),
    obstacle("SET LOCAL search_path = pg_catalog", "sets search_path"),
    certain("REFRESH MATERIALIZED VIEW v", "", "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a"),
    obstacle(
        "REFRESH MATERIALIZED VIEW v", "fills or empties", "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a WITH NO DATA"
    ),
]

CASES = [*MADE, *PERHAPS, *REPLACED, *COLUMNS, *CONSTRAINTS, *DROPPED, *RENAMED, *SETTINGS, *ROWS]
