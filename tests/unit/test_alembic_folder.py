"""An Alembic script directory is read as text, and its revisions get versions that stay."""

from __future__ import annotations

import pytest

from migrator.errors import (
    AlembicExtraMissing,
    BadDirective,
    BadFolderOptions,
    BadInput,
    BadRevision,
    BadScriptDirectory,
    BadVersion,
    DuplicateVersion,
    NoOfflineSql,
    UnknownRevision,
    UnreadableFile,
)
from migrator.folder import applied_by_heads, read_folder
from migrator.folder.alembic.offline import offline_sql
from migrator.folder.checksum import checksum
from tests.alembic_directory import revision, table, write_directory

LINE = {"a": table("a"), "b": table("b", "a"), "c": table("c", "b")}
BLOCK = "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')"


@pytest.fixture
def read(tmp_path):
    """Writes revisions beside those that are there and reads the folder."""

    def written(options="", **revisions):
        if options:
            (tmp_path / "folder.toml").write_text(options)
        return read_folder(write_directory(tmp_path, **revisions))

    return written


def versions(folder):
    return {m.author_version: m.version.text for m in folder.versioned}


def order(folder):
    return [m.author_version for m in folder.versioned]


def test_a_revision_becomes_a_migration(read, tmp_path):
    (found,) = read(a_first=table("a", description="Make a.\n\nAt length.")).versioned
    path = tmp_path / "versions" / "a_first.py"
    assert (found.script, found.path, found.author_version) == ("a_first.py", path, "a")
    assert (found.description, found.checksum) == ("Make a.", checksum(path.read_text()))
    assert (found.history_type, found.statements, found.transactional) == ("SCRIPT", (), True)
    assert found.written_undo.history_type == "UNDO_SCRIPT"


def test_nothing_of_the_folder_is_run_to_read_it(read):
    assert order(read(a="raise AssertionError\n" + table("a"))) == ["a"]


@pytest.mark.parametrize("convention", [None, "alembic"])
def test_env_beside_versions_is_recognised_and_may_be_named(tmp_path, convention):
    assert order(read_folder(write_directory(tmp_path, **LINE), convention)) == ["a", "b", "c"]


def test_the_convention_may_be_named_in_the_folder(read):
    assert order(read('convention = "alembic"', **LINE)) == ["a", "b", "c"]


@pytest.mark.parametrize("location", ["db/scripts", "%(here)s/db/scripts"])
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("alembic.ini", "[alembic]\nscript_location = {}\nfile_template = %%(rev)s\n[logger_x]\nformat = %(name)s\n"),
        ("pyproject.toml", '[tool.alembic]\nscript_location = "{}"\n'),
    ],
)
def test_a_configuration_file_leads_to_the_script_directory(tmp_path, file, text, location):
    write_directory(tmp_path / "db" / "scripts", **LINE)
    (tmp_path / file).write_text(text.format(location))
    assert order(read_folder(tmp_path)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("separator", "locations"),
    [
        ("", "one two"),
        ("", "one, two"),
        ("path_separator = newline", "\n    one\n    two"),
        ("path_separator = os", "one:two"),
    ],
)
def test_revisions_may_be_in_several_places(tmp_path, separator, locations):
    write_directory(tmp_path / "scripts")
    for place, name in (("one", "a"), ("two", "b")):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{name}.py").write_text(LINE[name])
    ini = f"[alembic]\nscript_location = scripts\nversion_locations = {locations}\n{separator}\n"
    (tmp_path / "alembic.ini").write_text(ini)
    assert order(read_folder(tmp_path)) == ["a", "b"]


def test_revisions_may_be_in_folders_below_when_the_configuration_says_so(tmp_path):
    write_directory(tmp_path, a=LINE["a"])
    (tmp_path / "versions" / "2024").mkdir()
    (tmp_path / "versions" / "2024" / "b.py").write_text(LINE["b"])
    assert order(read_folder(tmp_path)) == ["a"]
    (tmp_path / "alembic.ini").write_text("[alembic]\nrecursive_version_locations = true\n")
    assert order(read_folder(tmp_path)) == ["a", "b"]


def test_the_folder_may_say_where_the_script_directory_is(tmp_path):
    write_directory(tmp_path / "deep" / "down", **LINE)
    (tmp_path / "folder.toml").write_text('convention = "alembic"\n[alembic]\nscript_location = "deep/down"\n')
    assert order(read_folder(tmp_path)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("[alembic]\nscript_location = shop:migrations\n", "shop:migrations names a package; give its path"),
        ("[alembic]\nscript_location = nowhere\n", "nowhere/versions: there is no such folder"),
        ("[alembic\n", "alembic.ini: File contains no section headers"),
        ("[alembic]\nscript_location = %(there)s\n", "alembic.ini: Bad value substitution"),
    ],
)
def test_a_script_directory_that_cannot_be_found_is_said_with_its_reason(tmp_path, ini, said):
    (tmp_path / "alembic.ini").write_text(ini)
    with pytest.raises(BadScriptDirectory, match=said):
        read_folder(tmp_path, "alembic")


def test_a_folder_that_is_named_alembic_and_is_none_is_refused(tmp_path):
    with pytest.raises(BadScriptDirectory, match=r"has neither env\.py with versions/ nor an alembic\.ini"):
        read_folder(tmp_path, "alembic")


def test_the_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("migrator.folder.alembic.reading.find_spec", lambda name: None)
    with pytest.raises(AlembicExtraMissing, match=r"pip install 'migrator\[alembic\]'"):
        read_folder(write_directory(tmp_path, **LINE))


def test_sql_files_beside_the_revisions_are_theirs_to_read(read, tmp_path):
    write_directory(tmp_path)
    (tmp_path / "versions" / "a.sql").write_text("CREATE TABLE a ()")
    assert order(read(**LINE)) == ["a", "b", "c"]


def test_the_version_is_the_depth_and_a_number_of_the_revisions_own(read):
    assert versions(read(**LINE)) == {"a": "1.3398926610", "b": "2.1042540566", "c": "3.779955203"}


def test_a_revision_keeps_its_version_whatever_is_added_beside_it_or_behind_it(read):
    before = versions(read(**LINE))
    after = versions(read(x=table("x", "a"), y=table("y", "x"), m=revision("m", ("c", "y")), z=table("z")))
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == 7


def test_who_stands_on_another_comes_after_it(read):
    found = order(
        read(
            **LINE,
            x=table("x", "a"),
            m=revision("m", ("c", "x")),
            side=revision("side", None, depends=("m", "label")),
            other=revision("other", "x", labels="label"),
        )
    )
    stands_on = {"b": "a", "c": "b", "x": "a", "m": "c", "other": "x", "side": "m"}
    assert all(found.index(upper) > found.index(lower) for upper, lower in stands_on.items())
    assert found.index("side") > found.index("other")


def test_a_branch_is_not_too_late_in_such_a_folder(read):
    folder = read(**LINE)
    assert (folder.out_of_order, folder.version_table) == (True, "alembic_version")


def test_a_migration_may_be_meant_by_its_version_or_its_revision(read):
    folder = read(**LINE)
    (_, b, _) = folder.versioned
    assert folder.version_named("b") == folder.version_named(b.version.text) == b.version
    with pytest.raises(BadVersion):
        folder.version_named("gone")


@pytest.mark.parametrize(
    ("heads", "applied"),
    [((), ""), (("b",), "ab"), (("c", "x"), "abcx"), (("m",), "abcxm"), (("side",), "ab side")],
)
def test_heads_stand_for_all_that_they_stand_on(read, heads, applied):
    side = revision("side", None, depends="b")
    folder = read(**LINE, x=table("x", "a"), m=revision("m", ("c", "x")), side=side)
    names = {"side"} | set(applied[:2]) if "side" in applied else set(applied)
    found = applied_by_heads(folder, heads)
    assert {m.author_version for m in found} == names
    assert [m.version for m in found] == sorted(m.version for m in found)


def test_a_head_that_the_folder_does_not_have_is_named(read):
    with pytest.raises(UnknownRevision, match="there is no revision gone in"):
        applied_by_heads(read(**LINE), ["gone"])


def test_a_folder_of_another_convention_has_no_revisions(tmp_path):
    (tmp_path / "V1__a.sql").write_text("SELECT 1")
    with pytest.raises(BadInput, match="is no Alembic script directory"):
        applied_by_heads(read_folder(tmp_path), ["a"])


@pytest.mark.parametrize(
    ("up", "back", "has_way_back", "is_empty"),
    [
        ("op.drop_table('x')", "op.create_table('x')", True, False),
        ("op.drop_table('x')", "pass", False, True),
        ("op.drop_table('x')", '"""Nothing."""\nreturn None', False, True),
        ("op.drop_table('x')", "raise NotImplementedError", False, False),
        ("op.drop_table('x')", None, False, False),
        ("pass", "pass", True, False),
    ],
)
def test_a_way_back_is_one_that_does_something(read, up, back, has_way_back, is_empty):
    (found,) = read(a=revision("a", None, up, back)).versioned
    assert (found.undo_code is not None, found.undo_is_empty) == (has_way_back, is_empty)


@pytest.mark.parametrize(
    "up",
    [
        BLOCK,
        "op.execute('COMMIT')",
        "op.get_bind().execute(sa.text('commit;'))",
        "run()\n\ndef run():\n    deeper()\n\ndef deeper():\n"
        + BLOCK.replace("with", "    with").replace("\n", "\n    "),
    ],
)
def test_a_way_that_leaves_the_transaction_is_seen_in_the_text(read, up):
    (found,) = read(a=revision("a", None, up, "op.execute('x')")).versioned
    assert (found.transactional, found.written_undo.transactional) == (False, True)
    (found,) = read(a=revision("a", None, "op.execute('commit to it')", BLOCK)).versioned
    assert (found.transactional, found.written_undo.transactional) == (True, False)


@pytest.mark.parametrize("value", [True, False])
def test_a_new_enum_value_is_seen_in_the_text(read, value):
    sql = f"ALTER TYPE mood {'ADD VALUE' if value else 'RENAME VALUE'} 'x'"
    assert read(a=revision("a", None, f'op.execute("{sql}")')).versioned[0].adds_values is value


def test_directives_stand_in_the_first_comment(read):
    (found,) = read(a=table("a", above="# migrator: timeout=10min, transactional=false\n")).versioned
    assert (found.directives.timeout, found.transactional, found.written_undo.transactional) == (600, False, False)


def test_a_directive_that_contradicts_the_text_is_refused_with_the_line(read):
    with pytest.raises(
        BadDirective, match=r"a\.py:17: transactional=true, and what stands here leaves the transaction"
    ):
        read(a=revision("a", None, BLOCK, above="# migrator: transactional=true\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", r"a\.py:1: it does not say its revision"),
        ("revision = 'a'\n", r"a\.py:1: it has no function upgrade"),
        ("revision = make()\n", r"a\.py:1: revision is not written out"),
        ("revision = 'a'\ndown_revision = 3.5\n", r"a\.py:2: down_revision is 3\.5, which names no revision"),
        ("revision = 'a'\ndown_revision = 'z'\ndef upgrade(): pass\n", r"a\.py:2: down_revision names z, and no file"),
        ("revision = 'a'\ndef upgrade(engine_name): pass\n", r"a\.py:2: upgrade wants an argument, engine_name"),
        ("revision = 'a'\ndef upgrade(:\n", r"a\.py:2: "),
    ],
)
def test_a_file_that_is_no_revision_is_named_with_its_line(read, text, said):
    with pytest.raises(BadRevision, match=said):
        read(a=text)


def test_a_label_that_two_revisions_claim_is_named(read):
    with pytest.raises(BadRevision, match=r"b\.py:11: the branch label side is taken already"):
        read(a=revision("a", labels="side"), b=revision("b", labels="side"))


def test_two_files_of_one_revision_are_both_named(read):
    with pytest.raises(DuplicateVersion, match=r"version a is claimed by two files: .*a\.py and .*b\.py"):
        read(a=table("a"), b=table("a"))


def test_revisions_that_stand_on_each_other_are_drawn(read):
    with pytest.raises(BadScriptDirectory, match=r"its revisions stand on each other: (a > b > a|b > a > b)"):
        read(a=table("a", "b"), b=table("b", "a"))


def test_a_file_that_is_not_utf8_is_named(read, tmp_path):
    write_directory(tmp_path)
    (tmp_path / "versions" / "a.py").write_bytes(b"# \xff")
    with pytest.raises(UnreadableFile, match=r"a\.py cannot be read: byte 2 is not UTF-8, in line 1"):
        read()


def test_annotated_variables_and_lists_are_read_as_well(read):
    text = "revision: str = 'b'\ndown_revision: str | None = ['a']\nbranch_labels: None = None\ndef upgrade(): ...\n"
    assert order(read(a=LINE["a"], b=text)) == ["a", "b"]


def test_an_option_that_does_not_exist_is_refused(read):
    with pytest.raises(BadFolderOptions, match=r"alembic\.version_tabel"):
        read('[alembic]\nversion_tabel = "x"\n', **LINE)


def test_the_sql_of_a_revision_is_known_without_a_database(read):
    a, b, _ = read(**LINE).versioned
    assert "CREATE TABLE alembic_version" in offline_sql(a)
    assert "CREATE TABLE b" in offline_sql(b)
    assert "UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = 'a'" in offline_sql(b)
    back = offline_sql(b, undo=True)
    assert "DROP TABLE b" in back
    assert "version_num='a' WHERE alembic_version.version_num = 'b'" in back


@pytest.mark.parametrize(
    ("up", "said"),
    [
        ("list(op.get_bind().execute(sa.text('SELECT 1')))", r"a\.py:16 cannot be written down as SQL .*TypeError"),
        ("import nobody_has_this", r"a\.py:16 cannot be written down as SQL .*ModuleNotFoundError"),
    ],
)
def test_a_revision_that_asks_the_database_has_no_sql_without_it(read, up, said):
    (found,) = read(a=revision("a", None, up, None)).versioned
    with pytest.raises(NoOfflineSql, match=said):
        offline_sql(found)
    with pytest.raises(NoOfflineSql, match="it has no way back"):
        offline_sql(found, undo=True)


def test_a_migration_of_another_convention_has_no_such_sql(tmp_path):
    (tmp_path / "V1__a.sql").write_text("SELECT 1")
    with pytest.raises(NoOfflineSql, match="it is no revision of Alembic's"):
        offline_sql(read_folder(tmp_path).versioned[0])
