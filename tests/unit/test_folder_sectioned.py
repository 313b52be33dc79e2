"""One file with both ways: what dbmate, goose and sql-migrate mean by their markers."""

from __future__ import annotations

import pytest

from migrator.errors import BadSections, RefusedStatement
from migrator.folder import read_folder

TOOLS = {
    "dbmate": ("-- migrate:up", "-- migrate:down"),
    "goose": ("-- +goose Up", "-- +goose Down"),
    "sql-migrate": ("-- +migrate Up", "-- +migrate Down"),
    "node-pg-migrate": ("-- Up Migration", "-- Down Migration"),
}
every_tool = pytest.mark.parametrize(("up", "down"), TOOLS.values(), ids=TOOLS)


@pytest.fixture
def read(tmp_path):
    def written(text: str):
        (tmp_path / "20240131120000_a.sql").write_bytes(text.encode())
        (found,) = read_folder(tmp_path, "sectioned").versioned
        return found

    return written


def placed(migration) -> list[tuple[str, int]]:
    return [(statement.text, statement.line) for statement in migration.statements]


@every_tool
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_the_statements_of_the_up_section_have_the_lines_of_the_file(read, up, down, end):
    found = read(end.join(["-- why", "", up, "SELECT 1;", "", "SELECT 2;", down, "SELECT 3;"]))
    assert placed(found) == [("SELECT 1", 4), ("SELECT 2", 6)]


@every_tool
def test_the_way_back_stands_on_the_lines_of_the_file(read, up, down):
    found = read(f"{up}\nSELECT 1;\n{down}\nSELECT 3;\n")
    assert found.undo.split("\n") == ["", "", down, "SELECT 3;", ""]


@every_tool
def test_a_statement_starts_at_its_place_in_the_text_of_the_migration(read, up, down):
    found = read(f"-- ü\n{down}\nSELECT 'é';\n{up}\nSELECT 'ü';\n")
    (statement,) = found.statements
    assert found.sql[statement.start :].startswith("SELECT 'ü'")
    assert found.sql.count("\n", 0, statement.start) + 1 == statement.line == 5


@every_tool
def test_a_file_without_a_down_section_has_no_way_back(read, up, down):
    found = read(f"{up}\nSELECT 1")
    assert (found.undo, found.undo_is_empty) == (None, False)


@every_tool
def test_an_empty_down_section_is_no_way_back_and_says_so(read, up, down):
    found = read(f"{up}\nSELECT 1;\n{down}\n-- cannot be undone")
    assert (found.undo, found.undo_is_empty) == (None, True)


@every_tool
def test_an_empty_up_section_has_no_statements(read, up, down):
    assert placed(read(f"{up}\n{down}\nSELECT 1")) == []


@every_tool
def test_a_file_without_an_up_section_is_refused(read, up, down):
    with pytest.raises(BadSections, match=r"_a\.sql:2: there is no up section; it begins with ") as caught:
        read(f"\n{down}\nSELECT 1;")
    assert str(caught.value).endswith(up)


def test_a_file_without_any_section_is_told_how_they_begin(read):
    with pytest.raises(BadSections, match=r"_a\.sql:1: there is no up section; it begins with -- migrate:up, -- \+g"):
        read("SELECT 1;")


def test_a_file_without_sections_among_those_with_them_is_refused(tmp_path):
    (tmp_path / "1_a.sql").write_text("-- migrate:up\nSELECT 1")
    (tmp_path / "2_b.sql").write_text("SELECT 1")
    with pytest.raises(BadSections, match=r"/2_b\.sql:1: there is no up section"):
        read_folder(tmp_path)


@every_tool
def test_a_statement_before_the_first_section_is_refused_with_its_line(read, up, down):
    with pytest.raises(BadSections, match=r"_a\.sql:4: there is a statement before the first section"):
        read(f"/* {up} */\n-- b\n\nSELECT 0;\n{up}\nSELECT 1;")


@pytest.mark.parametrize("up", [TOOLS["dbmate"][0], TOOLS["goose"][0]])
def test_a_second_up_section_is_refused(read, up):
    with pytest.raises(BadSections, match=r"_a\.sql:3: there is a second section for the way up"):
        read(f"{up}\nSELECT 1;\n{up}\nSELECT 2;")


def test_sql_migrate_may_go_to_and_fro(read):
    found = read("-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 9;\n-- +migrate Up\nSELECT 2;\n")
    assert placed(found) == [("SELECT 1", 2), ("SELECT 2", 6)]


def test_the_markers_of_two_tools_in_one_file_are_refused(read):
    with pytest.raises(BadSections, match=r"_a\.sql:2: the markers of two tools"):
        read("-- migrate:up\n-- +goose Down\n")


def test_gooses_substitution_of_variables_is_refused(read):
    with pytest.raises(BadSections, match=r"_a\.sql:2: goose's ENVSUB is not supported"):
        read("-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${HOME}';")


@pytest.mark.parametrize("tool", ["goose", "migrate"])
def test_the_marks_around_a_statement_are_only_comments(read, tool):
    function = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND $$"
    found = read(f"-- +{tool} Up\n-- +{tool} StatementBegin\n{function};\n-- +{tool} StatementEnd\nSELECT 1;")
    assert placed(found) == [(function, 3), ("SELECT 1", 8)]


@pytest.mark.parametrize(
    ("text", "forward", "back"),
    [
        ("-- migrate:up\n-- migrate:down", True, True),
        ("-- migrate:up transaction:false\n-- migrate:down", False, True),
        ("--migrate:up  foo:bar transaction:false\r\n-- migrate:down transaction:false", False, False),
        ("-- migrate:up transaction:true\n-- migrate:down", True, True),
        ("-- +goose Up\n-- +goose Down", True, True),
        ("-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose Down", False, False),
        ("-- +goose up\n-- +goose no transaction\n-- +goose down", False, False),
        ("-- +migrate Up notransaction\n-- +migrate Down", False, True),
        ("-- +migrate Up\n-- +migrate Down notransaction", True, False),
    ],
)
def test_a_way_that_its_tool_runs_outside_a_transaction_is_marked(read, text, forward, back):
    found = read(text + "\nSELECT 1;")
    assert (found.transactional, found.written_undo.transactional) == (forward, back)


@pytest.mark.parametrize("line", ["  -- migrate:down", "-- migrate:downwards", "/* -- migrate:down */", "-- +goose"])
def test_what_only_resembles_a_marker_is_a_comment(read, line):
    assert placed(read(f"-- migrate:up\nSELECT 1;\n{line}\nSELECT 2;")) == [("SELECT 1", 2), ("SELECT 2", 4)]


def test_a_refused_statement_is_found_on_its_line(read):
    with pytest.raises(RefusedStatement, match=r"_a\.sql:5: "):
        read("-- a\n-- migrate:down\nSELECT 1;\n-- migrate:up\nROLLBACK;")


def test_a_file_that_the_parser_cannot_read_is_one_statement_without_the_way_back(read):
    (statement,) = read("-- migrate:up\nCREATE SPACESHIP s;\n-- migrate:down\nDROP TABLE t;").statements
    assert "DROP" not in statement.text
