"""What lint finds, where, and what it does not mind."""

from __future__ import annotations

import pytest

from migrator.errors import FolderMissing, LintExtraMissing
from migrator.folder.lint import IGNORABLE, lint_folder, squawk
from migrator.folder.lint.rules import RULES
from migrator.model.target import Scope
from migrator.model.version import Version

LONG = "n" * 64


@pytest.fixture
def lint(tmp_path):
    """Lints files as a tenant's and gives file, line and rule of each finding; squawk only where it is asked for."""

    def linted(files: dict[str, str], scope: Scope = Scope.TENANT, **options):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return lint_folder(tmp_path, scope, **{"with_squawk": False} | options)

    return linted


@pytest.fixture
def rules(lint):
    """The rules that a single file breaks, each with its line."""

    def broken(sql: str, **more):
        return [(finding.rule, finding.line) for finding in lint({"V1__a.sql": sql}, **more).findings]

    return broken


FOUND = {
    "escapes-schema": ("SELECT 1;\nCREATE TABLE public.a ()", 2),
    "refused-statement": ("\\i x.sql", 1),
    "unreadable": ("-- migrator: timeout=soon\nSELECT 1", 1),
    "no-way-back": ("SELECT 1;\n\nTRUNCATE a;", 3),
    "mixed-transaction": ("CREATE TABLE a ();\nVACUUM a;", 2),
    "long-statement": ("\nALTER TABLE a ALTER b TYPE bigint; -- migrator: ignore=no-way-back", 2),
    "lock-held": ("LOCK TABLE a;" + "SELECT 1;" * 11, 1),
    "lookup-without-schema": ("SELECT 1 FROM\n pg_catalog.pg_class WHERE relname = 'a'", 2),
    "extension-in-tenant": ("DROP EXTENSION citext", 1),
    "frozen-value": ("INSERT INTO a SELECT CURRENT_DATE", 1),
    "long-name": (f"SELECT 1;\nCREATE TABLE {LONG} ()", 2),
    "unparsed": ("SELECT 1;\nCREATE SPACESHIP a;", 2),
    "unknown-rule": ("-- migrator: ignore=nonsense\nSELECT 1", 1),
}
ELSEWHERE = {"empty-undo", "changed-after-applied"}
"""Not found in a single file: the folders of tests/folders have the one, an integration test the other."""


def test_every_rule_has_an_example_that_breaks_it():
    assert set(FOUND) | ELSEWHERE == set(RULES)


@pytest.mark.parametrize("rule", FOUND)
def test_a_rule_finds_what_it_is_for_on_its_line(rules, rule):
    sql, line = FOUND[rule]
    assert rules(sql) == [(rule, line)]


FINE = {
    "a table of its own": "CREATE TABLE a (id int PRIMARY KEY); CREATE INDEX ON a (id); DROP TABLE a",
    "what is shared": "CREATE TABLE a (country text REFERENCES public.country)",
    "time that was thought about": "-- migrator: timeout=1min\nCREATE INDEX ON a (id)",
    "a change of some rows": "UPDATE a SET id = 1 WHERE id = 2",
    "a constraint that is checked later": "ALTER TABLE a ADD CHECK (id > 0) NOT VALID",
    "a setting beside a concurrent build": "SET lock_timeout = '1s'; -- migrator: ignore=long-statement\n"
    "CREATE INDEX CONCURRENTLY i ON a (id) -- migrator: ignore=long-statement",
    "a look-up in a schema": "SELECT 1 FROM pg_tables WHERE schemaname = current_schema()",
    "a look-up along search_path": "SELECT 1 FROM pg_constraint WHERE conrelid = 'a'::regclass",
    "a look-up in a comment": "SELECT 1 -- FROM pg_class\n",
    "what belongs to the cluster": "SELECT 1 FROM pg_roles WHERE rolname = 'reader'",
    "a table that is called like a catalog's": "CREATE TABLE columns (id int); SELECT 1 FROM columns",
    "a default": "CREATE TABLE a (at timestamptz DEFAULT now())",
    "a name of 63 bytes": f"CREATE TABLE {LONG[:63]} ()",
    "a strong lock at the end": "SELECT 1;" * 20 + "LOCK TABLE a",
    "a weak lock at the start": "INSERT INTO a VALUES (1);" + "SELECT 1;" * 20,
}


@pytest.mark.parametrize("sql", FINE.values(), ids=FINE)
def test_what_is_fine_is_not_found(rules, sql):
    assert rules(sql) == []


def test_look_ups_inside_of_functions_are_found_on_their_lines(rules):
    sql = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n  SELECT 1;\n  SELECT 2 FROM pg_class c, pg_type;\n$$"
    assert rules(sql) == [("lookup-without-schema", 3), ("lookup-without-schema", 3)]


@pytest.mark.parametrize("scope", [Scope.ADMIN, Scope.REGIONAL])
@pytest.mark.parametrize("rule", ["escapes-schema", "lookup-without-schema", "extension-in-tenant", "frozen-value"])
def test_what_only_a_tenant_must_not_do_is_fine_elsewhere(rules, scope, rule):
    assert rule not in [found for found, _ in rules(FOUND[rule][0], scope=scope)]


def test_a_script_for_the_way_back_is_looked_at_too(lint):
    found = lint({"V1__a.sql": "CREATE TABLE a ()", "U1__a.sql": "DROP TABLE a;\nDROP TABLE public.b;"}).findings
    assert [(each.path.name, each.line, each.rule) for each in found] == [("U1__a.sql", 2, "escapes-schema")]


def test_an_undo_script_that_drops_needs_no_way_back(lint):
    assert lint({"V1__a.sql": "DROP TABLE a", "U1__a.sql": "CREATE TABLE a ()"}).findings == ()


def test_a_repeatable_migration_needs_no_way_back(lint):
    assert lint({"R__a.sql": "DROP VIEW IF EXISTS a; TRUNCATE cache"}).findings == ()


@pytest.mark.parametrize(
    "sql",
    [
        "-- migrator: ignore=no-way-back\nTRUNCATE a;\nTRUNCATE b;",
        "SELECT 1;\n-- migrator: ignore=no-way-back\nTRUNCATE a;",
        "SELECT 1;\nTRUNCATE\n  -- migrator: ignore=no-way-back\n  a;",
        "SELECT 1;\nTRUNCATE a; -- migrator: ignore=no-way-back\n",
    ],
)
def test_a_comment_in_the_header_or_beside_a_statement_silences_a_rule(lint, sql):
    linted = lint({"V1__a.sql": sql})
    assert (linted.findings, linted.ignored) == ((), sql.count("TRUNCATE"))


def test_a_comment_beside_one_statement_is_not_meant_for_the_next(rules):
    assert rules("SELECT 1;\nTRUNCATE a; -- migrator: ignore=no-way-back\nTRUNCATE b;") == [("no-way-back", 3)]


def test_an_error_cannot_be_silenced(rules):
    found = rules("-- migrator: ignore=escapes-schema\nUPDATE public.a SET id = 1 WHERE id = 2")
    assert found == [("unknown-rule", 1), ("escapes-schema", 2)]
    assert "escapes-schema" not in IGNORABLE


def test_a_folder_may_silence_a_rule_and_leave_its_old_files_out(lint):
    options = '[lint]\nafter = "1"\nignore = ["long-name"]\n'
    linted = lint({"folder.toml": options, "V1__a.sql": "TRUNCATE a", "V2__b.sql": f"CREATE TABLE {LONG} ()"})
    assert (linted.findings, linted.files, linted.ignored) == ((), 1, 1)


def test_what_is_not_newer_than_a_version_is_left_out_but_has_to_be_readable(lint):
    files = {"V1__a.sql": "TRUNCATE a;\n\\i x", "V2__b.sql": "TRUNCATE b"}
    found = lint(files, after=Version("1")).findings
    assert [(each.path.name, each.rule) for each in found] == [
        ("V1__a.sql", "refused-statement"),
        ("V2__b.sql", "no-way-back"),
    ]


def test_mistakes_of_several_files_are_all_told(lint):
    files = {"V1__a.sql": "\\i x", "V2__b.sql": "-- migrator: no", "seed.sql": "", "U9__x.sql": "", "V2.0__c.sql": ""}
    found = lint(files | {"folder.toml": "nonsense = true"}).findings
    assert [each.path.name for each in found] == [
        "U9__x.sql",
        "V1__a.sql",
        "V2__b.sql",
        "V2__b.sql",
        "folder.toml",
        "seed.sql",
    ]


def test_a_folder_of_no_convention_is_one_finding(lint):
    (finding,) = lint({"orders.sql": "SELECT 1"}).findings
    assert (finding.rule, finding.is_error) == ("unreadable", True)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FolderMissing):
        lint_folder(tmp_path / "absent")


def squawked(lint, sql: str, scope: Scope):
    return [each.rule for each in lint({"V1__a.sql": sql}, scope, with_squawk=True).findings if each.source == "squawk"]


def test_a_column_that_no_row_can_have_is_an_error_of_squawks(lint):
    (finding,) = lint({"V1__a.sql": "SELECT 1;\nALTER TABLE a ADD b int NOT NULL"}, with_squawk=True).findings
    assert (finding.rule, finding.line, finding.is_error, finding.source) == (
        "adding-required-field",
        2,
        True,
        "squawk",
    )


def test_a_tenants_index_may_stay_in_the_transaction_where_a_large_tables_should_not(lint):
    sql = "CREATE INDEX i ON a (id)"
    assert squawked(lint, sql, Scope.TENANT) == []
    assert squawked(lint, sql, Scope.REGIONAL) == ["require-concurrent-index-creation"]


@pytest.mark.parametrize("comment", ["-- squawk-ignore ban-drop-table", "-- migrator: ignore=ban-drop-table"])
def test_a_rule_of_squawks_is_silenced_by_either_comment(lint, comment):
    assert squawked(lint, f"SELECT 1;\n{comment}\nDROP TABLE a", Scope.TENANT) == []
    assert squawked(lint, "SELECT 1;\nDROP TABLE a", Scope.TENANT) == ["ban-drop-table"]


def test_squawk_sees_neither_rows_nor_sections_nor_placeholders(lint):
    files = {
        "folder.toml": "placeholders = true",
        "1_a.sql": "-- migrate:up\nCOPY ${schema}.a FROM stdin;\n1\n\\.\nDROP TABLE ${schema}.a;\n"
        "-- migrate:down\nDROP TABLE b;",
    }
    found = [(each.rule, each.line) for each in lint(files, with_squawk=True).findings if each.source == "squawk"]
    assert found == [("ban-drop-table", 5)]


def test_without_squawk_nothing_is_checked_and_the_extra_is_named(lint, monkeypatch):
    monkeypatch.setattr(squawk.shutil, "which", lambda *_args, **_more: None)
    with pytest.raises(LintExtraMissing, match=r"squawk-cli.*migrator\[lint\].*--no-squawk"):
        lint({"V1__a.sql": "SELECT 1"}, with_squawk=True)


def test_no_rule_of_ours_has_the_name_of_one_of_squawks():
    assert not RULES.keys() & squawk.RULES.keys()


def test_what_has_a_way_back_that_follows_from_the_folder_needs_no_script(lint):
    made = "CREATE TABLE a (id int); CREATE MATERIALIZED VIEW ids AS SELECT id FROM a;"
    found = lint({"V1__a.sql": made, "V2__b.sql": "DROP MATERIALIZED VIEW ids;"}).findings
    assert [each.rule for each in found] == []


def test_a_way_back_that_is_not_certain_has_to_be_written(lint):
    found = lint({"V1__a.sql": "CREATE TABLE a (id int, b int);", "V2__b.sql": "ALTER TABLE a DROP b;"}).findings
    assert [each.rule for each in found] == ["no-way-back"]
