"""What a comment above the first statement can say: directives, and the marks of other tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import BadDirective
from migrator.folder import read_folder
from migrator.folder.directives import read_directives
from migrator.folder.header import header_comments, header_end
from migrator.model.migration import Directives
from migrator.model.version import Version

INDEX = "CREATE INDEX CONCURRENTLY i ON t (a)"


@pytest.fixture
def read(tmp_path):
    def written(text: str, file: str = "V1__a.sql"):
        (tmp_path / file).write_text(text)
        return read_folder(tmp_path).versioned[0]

    return written


@pytest.mark.parametrize(
    ("sql", "comments"),
    [
        ("", []),
        ("-- a\n--b\n", [(1, "a"), (2, "b")]),
        ("\n\r\n  -- a\r\nSELECT 1; -- b", [(3, "a")]),
        ("/* -- a\n /* -- b */ -- c */ -- d\n-- e", [(2, "d"), (3, "e")]),
        ("/* never closed\n-- a", []),
        ("SELECT 1; -- a", []),
    ],
)
def test_a_header_is_the_line_comments_above_the_first_statement(sql, comments):
    assert list(header_comments(sql)) == comments


@pytest.mark.parametrize("header", ["", "-- a\n", "\n/* a /* b */ */\n-- c\r\n "])
def test_a_header_ends_where_the_first_statement_starts(header):
    assert header_end(header + "SELECT 1") == len(header)


@pytest.mark.parametrize(
    ("header", "directives"),
    [
        ("-- nothing", Directives()),
        ("-- migrator: transactional=false", Directives(transactional=False)),
        ("--migrator:transactional = TRUE", Directives(transactional=True)),
        ("-- migrator: timeout=10min", Directives(timeout=600.0)),
        ("-- migrator: timeout=1.5h", Directives(timeout=5400.0)),
        ("-- migrator: timeout=500ms", Directives(timeout=0.5)),
        ("-- migrator: timeout=30 s", Directives(timeout=30.0)),
        ("-- migrator: timeout=1d", Directives(timeout=86400.0)),
        ("-- migrator: destructive=true", Directives(destructive=True)),
        ("-- migrator: depends=regional:12", Directives(depends=(("regional", Version("12")),))),
        (
            "-- migrator: depends=regional:12\n-- migrator: depends=admin:1.2, timeout=1s",
            Directives(timeout=1.0, depends=(("regional", Version("12")), ("admin", Version("1.2")))),
        ),
    ],
)
def test_a_header_carries_directives(header, directives):
    assert read_directives(f"{header}\nSELECT 1", Path("x.sql")) == directives


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("timout=1s", "there is no directive 'timout', did you mean timeout?"),
        ("colour=red", "there is no directive 'colour'"),
        ("please look", "'please look' is not of the form name=value"),
        ("", "'' is not of the form name=value"),
        ("transactional=no", "'no' is neither true nor false"),
        ("timeout=10", "'10' is not a time above zero with its unit"),
        ("timeout=0s", "'0s' is not a time above zero with its unit"),
        ("timeout=1s, timeout=2s", "timeout is given twice"),
        ("depends=12", "'12' is not of the form scope:version with one of the scopes admin, regional, tenant"),
        ("depends=global:12", "'global:12' is not of the form scope:version"),
        ("depends=admin:new", "version 'new' is not made of numbers"),
    ],
)
def test_a_directive_that_cannot_be_read_is_refused_with_its_line_and_those_there_are(said, reason):
    with pytest.raises(BadDirective) as caught:
        read_directives(f"-- a\n\n-- migrator: {said}\nSELECT 1", Path("m/x.sql"))
    assert str(caught.value).startswith(f"m/x.sql:3: {reason}")
    assert str(caught.value).endswith(
        "the directives are transactional=true|false, timeout=10min, depends=regional:12, destructive=true|false, "
        "ignore=rule"
    )


def test_a_directive_in_the_second_half_of_a_sectioned_file_has_the_line_of_the_file(tmp_path):
    (tmp_path / "1_a.sql").write_text("-- migrate:up\nSELECT 1;\n-- migrate:down\n-- migrator: x=1\nSELECT 1;")
    with pytest.raises(BadDirective, match=r"1_a\.sql:4: there is no directive 'x'"):
        read_folder(tmp_path)


def test_a_migration_carries_the_directives_of_both_its_ways(tmp_path):
    (tmp_path / "1_a.up.sql").write_text("-- migrator: timeout=1s\nSELECT 1")
    (tmp_path / "1_a.down.sql").write_text("-- migrator: transactional=false\nSELECT 1")
    (found,) = read_folder(tmp_path).versioned
    assert (found.directives, found.transactional) == (Directives(timeout=1.0), True)
    assert (found.undo_directives, found.written_undo.transactional) == (Directives(transactional=False), False)


@pytest.mark.parametrize(
    ("file", "text", "transactional"),
    [
        ("1_a.sql", "SELECT 1", True),
        ("1_a.sql", "-- no-transaction\nSELECT 1", False),
        ("1_a.sql", "SELECT 1; -- no-transaction", True),
        ("1_a.sql", "-- there is no-transaction here\nSELECT 1", True),
        ("V1__a.sql", "-- no-transaction\r\nSELECT 1", False),
        ("1_a.up.sql", "--no-transaction\nSELECT 1", False),
        ("1_a.autocommit.up.sql", "SELECT 1", False),
        ("1_a.postgres.autocommit.up.sql", "SELECT 1", False),
        ("1_autocommit.up.sql", "SELECT 1", True),
        ("V1__a.sql", "-- migrator: transactional=false\nSELECT 1", False),
        ("1_a.sql", "-- no-transaction\n-- migrator: transactional=true\nSELECT 1", True),
        ("V1__a.sql", INDEX, False),
        ("V1__a.sql", f"-- migrator: transactional=true\n{INDEX}", False),
    ],
)
def test_marks_and_directives_take_a_migration_out_of_the_transaction(read, file, text, transactional):
    assert read(text, file).transactional == transactional
