"""``migrator lint`` and ``migrator new`` as a person types them."""

from __future__ import annotations

import json

import pytest

from migrator import cli


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["migrator", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


@pytest.fixture
def tenant(tmp_path):
    path = tmp_path / "migrations" / "tenant"
    path.mkdir(parents=True)
    return path


def test_findings_are_shown_by_file_with_line_rule_sentence_and_what_to_do(command, tenant):
    (tenant / "V1__a.sql").write_text("SELECT 1;\nCREATE TABLE public.a ();\nDROP TABLE b;")
    code, said, _ = command("lint", "--no-squawk")
    assert code == 1
    assert said.splitlines() == [
        "migrations/tenant/V1__a.sql",
        "     2  error   escapes-schema: it changes something in schema public, which is not the tenant's",
        "        leave the schema out of the name, or let folder.toml allow or rewrite it",
        "     3  warning no-way-back: it drops table b, and no script brings that back",
        "        write an undo script, or keep what it destroys until nobody can want it back",
        "1 migrations: 1 error, 1 warning",
    ]


def test_warnings_alone_are_no_failure(command, tenant):
    (tenant / "V1__a.sql").write_text("DROP TABLE b;")
    assert command("lint", tenant)[0] == 0


def test_a_folder_that_is_named_after_a_scope_is_of_that_scope(command, tmp_path):
    path = tmp_path / "regional"
    path.mkdir()
    (path / "V1__a.sql").write_text("CREATE TABLE public.a ()")
    assert command("lint", path)[0] == 0
    assert command("lint", path, "--scope", "tenant")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--url", "x"], "need each other"), (["absent"], "no migration folder")]
)
def test_what_cannot_be_linted_is_bad_usage(command, tenant, arguments, said):
    code, _, complaint = command("lint", *arguments)
    assert code == 2
    assert said in complaint


def test_no_folder_at_all_is_bad_usage(command):
    assert command("lint")[0] == 2


def test_new_prints_what_it_made_and_makes_the_folder_too(command, tmp_path):
    code, said, _ = command("new", "add orders")
    assert (code, said) == (0, "migrations/tenant/V1__add_orders.sql\n")
    assert (tmp_path / "migrations/tenant/V1__add_orders.sql").read_text().startswith("-- add orders\n")


def test_new_speaks_json_and_follows_scope_and_convention(command):
    code, said, _ = command("new", "add orders", "--scope", "admin", "--convention", "pairs", "--json")
    files = [f"migrations/admin/0001_add_orders.{way}.sql" for way in ("up", "down")]
    assert (code, json.loads(said)) == (0, {"files": files})
