"""Which locks a statement takes, as far as its text tells. The levels themselves are held against the server."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from migrator.folder.statements import split_statements
from migrator.model.effects import Effects, strongest
from migrator.model.lock import Lock, LockMode

FILE = Path("V1__a.sql")


def effects(sql: str) -> Effects:
    return split_statements(sql, FILE)[-1].effects


def locks(sql: str) -> dict[str, str]:
    return {lock.relation: lock.mode.value for lock in effects(sql).locks}


def test_modes_are_ordered_by_strength_and_not_by_name():
    assert all(weaker < stronger for weaker, stronger in pairwise(LockMode))
    assert max(LockMode.SHARE, LockMode.ROW_SHARE) is LockMode.SHARE
    assert LockMode.EXCLUSIVE >= LockMode.EXCLUSIVE
    assert not LockMode.ACCESS_EXCLUSIVE <= LockMode.SHARE


def test_a_foreign_key_locks_the_table_that_it_refers_to():
    sql = "ALTER TABLE item ADD FOREIGN KEY (country) REFERENCES public.country"
    assert locks(sql) == {"item": "SHARE ROW EXCLUSIVE", "public.country": "SHARE ROW EXCLUSIVE"}


def test_of_several_sub_commands_the_strongest_counts():
    sql = "ALTER TABLE item SET (fillfactor = 50), VALIDATE CONSTRAINT c, ENABLE TRIGGER t"
    assert locks(sql) == {"item": "SHARE ROW EXCLUSIVE"}


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE item (id int); ALTER TABLE item ALTER id TYPE bigint",
        "CREATE TABLE IF NOT EXISTS item (id int); ALTER TABLE item ADD UNIQUE (id)",
        "CREATE TABLE item AS SELECT 1 AS id; CREATE INDEX ON item (id)",
        "SELECT 1 AS id INTO item; CREATE INDEX ON item (id)",
        "CREATE TABLE draft (id int); ALTER TABLE draft RENAME TO item; DROP TABLE item",
        "CREATE VIEW item AS SELECT 1; DROP VIEW item",
    ],
)
def test_a_relation_that_the_same_script_made_makes_nobody_wait(sql):
    found = effects(sql)
    assert [(lock.relation, lock.is_new) for lock in found.locks] == [("item", True)]
    assert (strongest(found), found.rewrites, found.scans) == (None, (), ())


def test_a_table_beside_a_new_one_still_counts():
    found = effects("CREATE TABLE item (); ALTER TABLE item ADD order_id int REFERENCES orders")
    assert strongest(found) is LockMode.SHARE_ROW_EXCLUSIVE
    assert Lock("item", LockMode.ACCESS_EXCLUSIVE, is_new=True) in found.locks


@pytest.mark.parametrize("sql", ["DO $$ BEGIN DROP TABLE item; END $$", "SELECT 1", "CREATE TYPE mood AS ENUM ()"])
def test_what_the_text_does_not_tell_is_not_guessed(sql):
    assert strongest(effects(sql)) is None


def test_names_of_common_table_expressions_are_no_relations():
    sql = "WITH gone AS (DELETE FROM item RETURNING id) INSERT INTO log SELECT id FROM gone"
    assert locks(sql) == {"log": "ROW EXCLUSIVE", "item": "ROW EXCLUSIVE"}


@pytest.mark.parametrize(
    ("sql", "rewrites", "scans"),
    [
        ("ALTER TABLE item ALTER id TYPE bigint", ("item",), ()),
        ("ALTER TABLE item ALTER name TYPE text", (), ()),
        ("ALTER TABLE item ADD id uuid DEFAULT gen_random_uuid()", ("item",), ()),
        ("ALTER TABLE item ADD at timestamptz DEFAULT now()", (), ()),
        ("ALTER TABLE item SET LOGGED", ("item",), ()),
        ("VACUUM (FULL, ANALYZE) item", ("item",), ()),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY item", (), ()),
        ("ALTER TABLE item ALTER id SET NOT NULL", (), ("item",)),
        ("ALTER TABLE item ADD CHECK (id > 0) NOT VALID", (), ()),
        ("ALTER TABLE item ADD CHECK (id > 0)", (), ("item",)),
        ("UPDATE item SET id = 1", (), ("item",)),
        ("UPDATE item SET id = 1 WHERE id = 2", (), ()),
    ],
)
def test_what_happens_to_a_whole_table_is_said_where_it_is_certain(sql, rewrites, scans):
    found = effects(sql)
    assert (found.rewrites, found.scans) == (rewrites, scans)
