"""Maintenance of one schema: invalid indexes and statistics."""

from __future__ import annotations

import psycopg2
import pytest
from waiting import eventually, meanwhile

from migrator.errors import SchemaLocked, SchemaRefused, SchemaRefusedForNow, UnknownSchema
from migrator.schema.alone import Alone
from migrator.schema.analyze import analyze
from migrator.schema.history import HistoryTable
from migrator.schema.reindex import reindex_invalid
from migrator.schema.rules import Rules

ITEMS = """
CREATE SCHEMA {0};
CREATE TABLE {0}.item (id int, name text);
INSERT INTO {0}.item SELECT number, number FROM generate_series(1, 9) AS number;
"""
INVALID = """
SELECT names.relname
FROM pg_index AS indexes JOIN pg_class AS names ON names.oid = indexes.indexrelid
WHERE NOT indisvalid AND names.relnamespace = %s::regnamespace
ORDER BY names.relname
"""


@pytest.fixture
def items(schema, ask):
    ask(ITEMS.format(schema))
    return schema


@pytest.fixture
def alone(session, schema):
    return Alone(session, HistoryTable(schema), Rules(schema_lock_wait=0.2, tries=2))


def invalid(ask, schema):
    return [name for (name,) in ask(INVALID, schema)]


def broken_build(ask, schema, name="item_id"):
    """A unique index whose concurrent build failed because of a duplicate."""
    ask(f"INSERT INTO {schema}.item VALUES (1, 'again')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        ask(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {schema}.item (id)")


def test_a_schema_without_invalid_indexes_is_left_alone(items, alone, ask):
    ask(f"CREATE INDEX item_name ON {items}.item (name)")
    before = ask("SELECT relfilenode FROM pg_class WHERE relname = 'item_name'")
    assert reindex_invalid(alone).sentence == "there was no invalid index"
    assert ask("SELECT relfilenode FROM pg_class WHERE relname = 'item_name'") == before


def test_an_invalid_index_is_rebuilt_and_valid_then(items, alone, ask):
    broken_build(ask, items)
    ask(f"DELETE FROM {items}.item WHERE name = 'again'")
    assert reindex_invalid(alone).rebuilt == ("item_id",)
    assert invalid(ask, items) == []
    assert reindex_invalid(alone).rebuilt == ()


def test_an_index_that_cannot_be_rebuilt_fails_with_the_reason_and_leaves_nothing_more_behind(items, alone, ask):
    broken_build(ask, items)
    with pytest.raises(SchemaRefused, match=r"rebuilding its index item_id was refused with SQLSTATE 23505"):
        reindex_invalid(alone)
    assert invalid(ask, items) == ["item_id"]


def test_what_a_killed_rebuild_left_is_dropped_and_not_rebuilt(items, alone, ask):
    ask(f"CREATE INDEX item_name ON {items}.item (name)")
    ask(f"INSERT INTO {items}.item VALUES (1, 'again')")
    broken_build(ask, items, "item_name_ccnew")
    assert reindex_invalid(alone).sentence == "dropped as left over: item_name_ccnew"
    assert ask("SELECT count(*) FROM pg_indexes WHERE schemaname = %s", items) == [(1,)]


def test_invalid_indexes_of_other_schemas_are_not_touched(items, alone, ask):
    ask(ITEMS.format("other"))
    broken_build(ask, "other", "other_id")
    assert reindex_invalid(alone).rebuilt == ()
    assert invalid(ask, "other") == ["other_id"]


def test_reindexing_keeps_out_of_a_schema_that_is_being_migrated(items, alone, open_):
    open_("somebody").run(f"SELECT pg_advisory_lock({HistoryTable(items).lock})")
    with pytest.raises(SchemaLocked, match="is being migrated by somebody"):
        reindex_invalid(alone)


def test_the_lock_of_the_schema_is_free_after_reindexing(items, alone, ask, open_):
    reindex_invalid(alone)
    assert open_().rows(f"SELECT pg_try_advisory_lock({HistoryTable(items).lock})") == [(True,)]


def test_a_rebuild_waits_for_old_transactions_longer_than_lock_timeout(items, session, open_, ask):
    broken_build(ask, items)
    ask(f"DELETE FROM {items}.item WHERE name = 'again'")
    old = open_("old")
    old.run(f"BEGIN; INSERT INTO {items}.item VALUES (100, 'x')")
    patient = Alone(session, HistoryTable(items), Rules(lock_timeout=0.01, tries=1))
    with meanwhile(reindex_invalid, patient) as rebuilding:
        eventually(
            lambda: ask(
                "SELECT true FROM pg_stat_activity WHERE application_name = 'test' AND wait_event_type = 'Lock'"
            )
        )
        old.run("COMMIT")
        assert rebuilding.result(20).rebuilt == ("item_id",)


def test_every_table_of_a_schema_is_analyzed(items, alone, ask):
    ask(f"CREATE MATERIALIZED VIEW {items}.names AS SELECT name FROM {items}.item")
    assert ask("SELECT count(*) FROM pg_stats WHERE schemaname = %s", items) == [(0,)]
    assert analyze(alone) == 2
    analyzed = ask("SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = %s ORDER BY 1", items)
    assert analyzed == [("item",), ("names",)]


def test_a_table_that_stays_locked_is_given_up_for_now(items, session, open_):
    open_("vacuum").run(f"BEGIN; LOCK TABLE {items}.item IN SHARE UPDATE EXCLUSIVE MODE")
    impatient = Alone(session, HistoryTable(items), Rules(lock_timeout=0.05, tries=2))
    with pytest.raises(SchemaRefusedForNow, match="analyzing its table item was refused with SQLSTATE 55P03"):
        analyze(impatient)


@pytest.mark.parametrize("maintain", [reindex_invalid, analyze])
def test_a_schema_that_does_not_exist_is_an_error_of_its_own(alone, maintain):
    with pytest.raises(UnknownSchema):
        maintain(alone)
