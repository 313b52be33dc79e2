"""How pending migrations are cut into runs, and where in a file a statement is."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import migration

from migrator.model.migration import Statement, scripts
from migrator.schema.script import Place, runs

INDEX = "CREATE INDEX CONCURRENTLY i ON t (a)"


def found(*kinds: str):
    """Migrations: t in a transaction, x outside."""
    return [migration(f"V{n}__m.sql", INDEX if kind == "x" else "SELECT 1") for n, kind in enumerate(kinds, start=1)]


@pytest.mark.parametrize(
    ("kinds", "cut"),
    [
        ("", []),
        ("t", [1]),
        ("tttt", [4]),
        ("x", [1]),
        ("xx", [1, 1]),
        ("ttxt", [2, 1, 1]),
        ("xttxxt", [1, 2, 1, 1, 1]),
    ],
)
def test_as_many_as_possible_run_in_one_transaction_and_others_alone(kinds, cut):
    assert [len(run) for run in runs(found(*kinds))] == cut


def test_cutting_keeps_the_order():
    pending = found(*"ttxtx")
    assert scripts(m for run in runs(pending) for m in run) == scripts(pending)


def test_one_statement_outside_a_transaction_takes_its_whole_file_out():
    (run,) = runs([migration("V1__m.sql", f"SELECT 1; {INDEX}")])
    assert not run[0].transactional


@pytest.mark.parametrize(("position", "line"), [(None, 5), (0, 5), (8, 5), (9, 6), (30, 7)])
def test_a_position_inside_a_statement_has_its_own_line(position, line):
    statement = Statement("SELECT a\n, b\n  , c FROM t WHERE x", 5)
    place = Place(migration("V1__m.sql"), statement).at(position)
    assert (place.statement.line, place.statement.text) == (line, statement.text)
    assert place.migration.path == Path("migrations/V1__m.sql")
