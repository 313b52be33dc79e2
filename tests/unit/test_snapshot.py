"""Snapshots without a server: when one is wanted, how long it is kept, what was written since, what a sidecar holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from migrator.model.identifier import MAX_BYTES
from migrator.model.snapshot import (
    LeftBehind,
    Snapshot,
    SnapshotPolicy,
    TableRows,
    expired,
    left_behind,
    wants_snapshot,
)
from migrator.schema.aside import new_name
from migrator.schema.restore import without_header_lines
from migrator.schema.snapshot_store import SnapshotStore, new_id

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ONE = Snapshot(
    id="20261124T120000000000Z-ab12cd",
    database="eu-1",
    schema="acme",
    taken_at=NOW,
    server_version="18.6",
    dump_version="18.6",
    size=10,
    sha256="00",
    rows={"orders": TableRows(3, 16400, 5)},
    history_table="flyway_schema_history",
    rank=7,
    version="1.2",
)


def aged(days, schema="acme"):
    return replace(ONE, taken_at=NOW - days * DAY, schema=schema, id=f"{schema}-{days}")


@pytest.mark.parametrize(
    ("policy", "with_a_way_back", "without"),
    [(SnapshotPolicy.NEVER, False, False), (SnapshotPolicy.UNSAFE, False, True), (SnapshotPolicy.ALWAYS, True, True)],
)
def test_the_policy_decides_with_the_way_back_alone(policy, with_a_way_back, without):
    assert wants_snapshot(policy, True) is with_a_way_back
    assert wants_snapshot(policy, False) is without


def test_what_is_old_expires_except_for_the_last_ones_of_its_schema():
    kept = [aged(1), aged(40), aged(41, "other")]
    assert expired([aged(50), *kept, aged(60)], NOW, 30 * DAY, keep_last=2) == (aged(50), aged(60))


def test_what_is_young_is_kept_however_many_there_are():
    assert expired([aged(days) for days in range(9)], NOW, 30 * DAY, keep_last=0) == ()


def test_a_sidecar_is_read_back_as_it_was_written():
    found = replace(ONE, fingerprint="f", execution="e1", usable_by_all=True)
    assert Snapshot.read(found.as_text()) == found


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 99}', json.dumps({**json.loads(ONE.as_text()), "rows": 3}), '{"format": 1}']
)
def test_what_is_no_sidecar_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        Snapshot.read(text)


@pytest.mark.parametrize(
    ("then", "now", "written"),
    [
        (TableRows(3, 1, 5), TableRows(3, 1, 9), 4),
        (TableRows(3, 1, 5), TableRows(9, 1, 5), 6),
        (TableRows(9, 1, 9), TableRows(3, 1, 0), 6),
        (TableRows(3, 1, 5), TableRows(4, 2, 90), 1),
        (None, TableRows(2, 1, 3), 3),
    ],
    ids=["changed rows", "statistics lag", "statistics began anew", "another table", "a new table"],
)
def test_rows_written_since_are_never_fewer_than_the_counts_differ(then, now, written):
    assert now.written_since(then) == written


def test_tables_that_nobody_wrote_to_are_not_named():
    same = TableRows(1, 1, 1)
    assert left_behind({"a": same, "gone": same}, {"a": same, "b": same}) == (
        LeftBehind("b", None, 1, 1),
        LeftBehind("gone", 1, None, 0),
    )


def test_ids_sort_by_time():
    ids = [new_id(NOW + seconds * timedelta(seconds=0.1), "ffffff") for seconds in range(20)]
    assert ids == sorted(ids)


@pytest.mark.parametrize("schema", ["acme", "a" * MAX_BYTES])
def test_the_name_of_what_is_set_aside_fits_and_is_another_each_time(schema):
    names = {new_name(schema) for _ in range(50)}
    assert (len(names), max(map(len, names)) <= MAX_BYTES) == (50, True)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_only_settings_before_the_first_entry_are_left_out(size):
    settings = b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nSET row_security = off;\n"
    script = b"--\n" + settings + b"\n--\n-- Name: a; Type: TABLE\n--\n" + settings
    chunks = (script[at : at + size] for at in range(0, len(script), size))
    kept = b"--\nSET row_security = off;\n\n--\n-- Name: a; Type: TABLE\n--\n" + settings
    assert b"".join(without_header_lines(chunks)) == kept


@pytest.mark.parametrize("database", ["eu-1", "..", ".", "a/b", "x y", "eu.1"])
def test_whatever_a_database_is_called_its_snapshots_stay_below_the_store(tmp_path, database):
    store, other = SnapshotStore(str(tmp_path / "s")), replace(ONE, database=database)
    size, sha256 = store.put(database, "acme", ONE.id, [b"archive"])
    store.seal(replace(other, size=size, sha256=sha256))
    [found] = store.snapshots(database, "acme")
    store.verify(found)
    assert {path.relative_to(tmp_path / "s").parts[1] for path in tmp_path.rglob("*.*") if path.is_file()} == {"acme"}


def test_what_crashes_left_is_cleared_away_after_a_day_and_snapshots_are_not(tmp_path):
    store = SnapshotStore(str(tmp_path))
    size, sha256 = store.put("eu-1", "acme", ONE.id, [b"archive"])
    store.seal(replace(ONE, size=size, sha256=sha256))
    left = new_id(NOW, "ffffff")
    store.put("eu-1", "acme", left, [b"never sealed"])
    (tmp_path / "eu-1/acme" / f"{left}.dump.part").write_text("")
    (tmp_path / "notes.json").write_text("{}")
    assert store.clear_away(NOW + 0.9 * DAY) == 0
    assert store.clear_away(NOW + 1.1 * DAY) == 2
    assert sorted(path.suffix for path in tmp_path.rglob(f"{ONE.id}*")) == [".dump", ".json"]


def test_a_password_in_the_address_of_a_store_is_not_shown():
    assert SnapshotStore("memory://user:hunter2@bucket/x").url == "memory://bucket/x"
