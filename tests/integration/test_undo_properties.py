"""Generated histories with rows: taken back version by version through the engine, each state is as it was."""

from __future__ import annotations

import importlib.util
import tempfile
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.folder import read_folder
from migrator.folder.way_back import WaysBack
from migrator.model.migration import Migration
from migrator.model.way_back import Strategy
from migrator.schema.back import Since
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import describe, fingerprint_of

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "migrations" / "tenant"
STEPS = [
    (
        "CREATE TABLE t{n} (id int PRIMARY KEY, a text DEFAULT 'x'); INSERT INTO t{n} VALUES (1), (2);",
        "DROP TABLE t{n};",
    ),
    ("ALTER TABLE {t} ADD COLUMN c{n} int DEFAULT {n};", "ALTER TABLE {t} DROP COLUMN c{n};"),
    ("CREATE INDEX i{n} ON {t} (a, id);", "DROP INDEX i{n};"),
    ("CREATE INDEX CONCURRENTLY i{n} ON {t} (a);", "DROP INDEX CONCURRENTLY i{n};"),
    ("ALTER TABLE {t} ADD CONSTRAINT k{n} CHECK (id > -{n});", "ALTER TABLE {t} DROP CONSTRAINT k{n};"),
    ("CREATE VIEW v{n} AS SELECT id FROM {t};", "DROP VIEW v{n};"),
    (
        "CREATE TYPE e{n} AS ENUM ('a', 'b'); ALTER TABLE {t} ADD COLUMN d{n} e{n};",
        "ALTER TABLE {t} DROP COLUMN d{n}; DROP TYPE e{n};",
    ),
    (
        "CREATE FUNCTION f{n}(x int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) + x FROM {t}';",
        "DROP FUNCTION f{n}(int);",
    ),
    (
        "COMMENT ON TABLE {t} IS 'step {n}'; CREATE SEQUENCE s{n};",
        "DROP SEQUENCE s{n}; COMMENT ON TABLE {t} IS {comment};",
    ),
]
"""Each step with the way back that somebody would write."""
_names = count(1)
histories = st.lists(st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 9)), min_size=2, max_size=7)


def written(drawn):
    """Files of a history: the first step makes a table, the others change one of those that there are."""
    files, tables, comments = {}, [], {}
    for number, (kind, which) in enumerate([(0, 0), *drawn], start=1):
        table = tables[which % len(tables)] if tables else "t1"
        if kind == 0:
            tables.append(f"t{number}")
        words = {"n": number, "t": table, "comment": comments.get(table, "NULL")}
        if kind == 8:
            comments[table] = f"'step {number}'"
        up, down = STEPS[kind]
        files[f"V{number}__s.sql"], files[f"U{number}__s.sql"] = up.format(**words), down.format(**words)
    return files


def rows(session, schema):
    tables = [item.name for item in describe(session, schema).items if item.kind == "table"]
    return {t: session.rows(f"SELECT to_jsonb(x)::text FROM {schema}.{t} AS x ORDER BY 1") for t in tables}


@pytest.mark.parametrize("strategy", [Strategy.UNDO, Strategy.INVERSE])
@given(drawn=histories)
@settings(max_examples=12, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_version_of_a_generated_history_is_reached_again_on_the_way_back(session, strategy, drawn):
    schema = f"undo_{strategy.value}_{next(_names)}"
    with tempfile.TemporaryDirectory() as place:
        for name, text in written(drawn).items():
            (Path(place) / name).write_text(text)
        folder = read_folder(Path(place))
        seen = {}
        for migration in folder.versioned:
            Engine(folder, to=migration.version).migrate(session, schema)
            seen[migration.version] = fingerprint_of(session, schema), rows(session, schema)
        for version in reversed(list(seen)):
            Engine(folder).undo(session, schema, Since(version), WaysBack(folder, strategy))
            assert (fingerprint_of(session, schema), rows(session, schema)) == seen[version]
        assert Engine(folder).migrate(session, schema).to_version == str(folder.latest)
        assert (fingerprint_of(session, schema), rows(session, schema)) == seen[folder.latest]


def procrastinate():
    return Path(importlib.util.find_spec("procrastinate").origin).parent / "sql" / "migrations"


def longest_way(folder):
    """The longest row of migrations behind each other that can be taken back, without the folder's first one."""
    ways, runs = WaysBack(folder), [[]]
    for migration in folder.versioned[1:]:
        if isinstance(ways(migration), Migration):
            runs[-1].append(migration.version)
        else:
            runs.append([])
    return max(runs, key=len)


@pytest.mark.parametrize(("path", "least"), [(SHOP, 10), (procrastinate(), 10)], ids=["shop", "procrastinate"])
def test_a_real_history_goes_down_as_far_as_there_is_a_way_and_up_again_to_the_same(session, schema, path, least):
    folder = read_folder(path)
    folder = replace(folder, repeatable=())  # the shop's view needs the newest version
    way = longest_way(folder)
    assert len(way) >= least
    before = folder.versioned[[m.version for m in folder.versioned].index(way[0]) - 1].version
    Engine(folder, to=before).migrate(session, schema)
    low = fingerprint_of(session, schema)
    Engine(folder, to=way[-1]).migrate(session, schema)
    high = fingerprint_of(session, schema)
    undone = Engine(folder).undo(session, schema, Since(before), WaysBack(folder))
    assert (len(undone.applied), fingerprint_of(session, schema)) == (len(way), low)
    Engine(folder, to=way[-1]).migrate(session, schema)
    assert (fingerprint_of(session, schema), low == high) == (high, False)
