"""Alembic's revisions are applied and taken back in our transaction, and its own table follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from migrator.errors import (
    AppliedElsewhere,
    CannotUndo,
    ChecksumChanged,
    MigrationFailed,
    MigrationMoved,
    StepFailed,
    VersionTableDiffers,
)
from migrator.folder import applied_by_heads, read_folder
from migrator.folder.alembic.offline import offline_sql
from migrator.folder.way_back import WaysBack
from migrator.model.history import is_current
from migrator.schema import history as histories
from migrator.schema.back import Since
from migrator.schema.baseline import baseline
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules
from migrator.schema.validation import findings
from migrator.schema.visit import Visit
from tests.alembic_directory import revision, table, write_directory
from tests.integration.plain_alembic import plain_alembic

LINE = {"a": table("a"), "b": table("b", "a"), "c": table("c", "b")}
OURS = {"flyway_schema_history", "alembic_version"}


@pytest.fixture
def write(tmp_path):
    """Writes revisions beside those that are there and reads the folder."""

    def folder(options="", **revisions):
        if options:
            (tmp_path / "folder.toml").write_text(options)
        return read_folder(write_directory(tmp_path, **revisions))

    return folder


@pytest.fixture
def up(session, schema):
    return lambda folder, **options: Engine(folder, **options).migrate(session, schema)


@pytest.fixture
def down(session, schema):
    def undo(folder, since=None):
        return Engine(folder).undo(session, schema, Since(since), WaysBack(folder))

    return undo


@pytest.fixture
def heads(ask, schema):
    def found():
        return {head for (head,) in ask(f"SELECT version_num FROM {schema}.alembic_version")}

    return found


@pytest.fixture
def tables(ask, schema):
    def names():
        query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
        return {name for (name,) in ask(query, schema)} - OURS

    return names


@pytest.fixture
def recorded(ask, schema):
    def scripts():
        if ask("SELECT to_regclass(%s) IS NULL", f"{schema}.flyway_schema_history") == [(True,)]:
            return []
        return [s for (s,) in ask(f"SELECT script FROM {schema}.flyway_schema_history ORDER BY installed_rank")]

    return scripts


@pytest.fixture
def alembic(server, database, schema, tmp_path):
    """Alembic itself, without us: ``alembic("upgrade", "head")`` in the test's schema."""

    return plain_alembic(server.url(database.name), schema, tmp_path)


def test_revisions_are_applied_in_one_transaction_with_history_and_alembics_table(
    write, up, heads, tables, ask, schema
):
    change = up(write(**LINE))
    assert change.applied == ("a.py", "b.py", "c.py")
    assert (tables(), heads()) == ({"a", "b", "c"}, {"c"})
    rows = ask(
        f"SELECT version, description, type, script, checksum, xmin FROM {schema}.flyway_schema_history ORDER BY 1"
    )
    folder = write()
    assert [row[:5] for row in rows] == [
        (str(m.version), m.description, "SCRIPT", m.script, m.checksum) for m in folder.versioned
    ]
    assert {row[5] for row in rows} == {ask(f"SELECT xmin FROM {schema}.alembic_version")[0][0]}


def test_a_schema_that_is_current_has_nothing_to_do(write, up, session, schema):
    folder = write(**LINE)
    up(folder)
    assert up(folder).applied == ()
    assert is_current(histories.read(session, HistoryTable(schema)).mark, folder, None)


def test_a_revision_that_the_server_refuses_leaves_the_schema_as_it_was_and_is_named_with_its_line(
    write, up, tables, recorded
):
    folder = write(a=LINE["a"], b=revision("b", "a", 'op.execute("SELECT 1")\nop.execute("SELECT nothing")'))
    with pytest.raises(MigrationFailed, match=r"b\.py:17 failed .* SQLSTATE 42703.* the schema is as it was before"):
        up(folder)
    assert (tables(), recorded()) == (set(), [])


def test_a_revision_that_raises_leaves_the_schema_as_it_was_and_is_named_with_its_line(write, up, tables, recorded):
    folder = write(a=LINE["a"], b=revision("b", "a", "import nobody_has_this"))
    with pytest.raises(StepFailed, match=r"b\.py:16 failed .* ModuleNotFoundError: .*nobody_has_this"):
        up(folder)
    assert (tables(), recorded()) == (set(), [])


def test_revisions_are_taken_back_with_alembics_table(write, up, down, tables, heads):
    folder = write(**LINE)
    up(folder)
    down(folder, folder.versioned[0].version)
    assert (tables(), heads()) == ({"a"}, {"a"})
    down(folder)
    assert (tables(), heads()) == (set(), set())
    assert up(folder).applied == ("a.py", "b.py", "c.py")
    assert heads() == {"c"}


def test_a_revision_without_a_real_downgrade_is_not_taken_back(write, up, down, tables):
    folder = write(a=LINE["a"], b=revision("b", "a", 'op.execute("CREATE TABLE b ()")', "pass"))
    up(folder)
    with pytest.raises(CannotUndo, match=r"b\.py.* would undo nothing"):
        down(folder)
    assert tables() == {"a", "b"}


def test_a_branch_that_is_added_later_is_applied_late_and_both_heads_are_kept(
    write, up, heads, tables, session, schema
):
    up(write(**LINE))
    folder = write(x=table("x", "a"))
    past = histories.read(session, HistoryTable(schema))
    assert [finding for finding in findings(folder, past) if finding.is_error] == []
    assert not is_current(past.mark, folder, None)
    assert up(folder).applied == ("x.py",)
    assert (heads(), tables()) == ({"c", "x"}, {"a", "b", "c", "x"})
    assert up(folder).applied == ()
    assert up(write(m=revision("m", ("c", "x")))).applied == ("m.py",)
    assert heads() == {"m"}


def test_a_merge_is_taken_back_to_its_branches(write, up, down, heads, tables):
    folder = write(**LINE, x=table("x", "a"), m=revision("m", ("c", "x")))
    up(folder)
    down(folder, folder.versioned[-2].version)
    assert heads() == {"c", "x"}
    down(folder)
    assert (heads(), tables()) == (set(), set())


def test_a_revision_that_depends_on_another_branch_comes_after_it(write, up, down, heads, tables):
    up_ = 'op.execute("INSERT INTO b VALUES (1)")'
    folder = write(
        **LINE, other=revision("other", None, up_, 'op.execute("DELETE FROM b")', depends="c", labels="side")
    )
    assert up(folder).applied == ("a.py", "b.py", "c.py", "other.py")
    assert heads() == {"other"}
    down(folder, folder.versioned[-2].version)
    assert heads() == {"c"}
    down(folder)
    assert (heads(), tables()) == (set(), set())


def test_a_revision_whose_place_was_changed_after_it_was_applied_is_refused(write, up, recorded):
    up(write(**LINE))
    with pytest.raises(MigrationMoved, match=r"c\.py was applied .* as version 3\.\d+ and is version 4\.\d+"):
        up(write(between=table("between", "b"), c=table("c", "between")))
    assert recorded() == ["a.py", "b.py", "c.py"]


def test_a_revision_that_was_edited_after_it_was_applied_is_refused(write, up):
    up(write(**LINE))
    with pytest.raises(ChecksumChanged, match=r"c\.py was changed"):
        up(write(c=LINE["c"] + "# edited\n"))


def test_a_schema_of_alembics_without_a_history_is_not_migrated_from_nothing(write, up, alembic, recorded, heads):
    folder = write(**LINE)
    alembic("upgrade", "b")
    with pytest.raises(AppliedElsewhere, match=r"says that b is applied; nothing was changed.*baseline --adopt"):
        up(folder)
    assert (recorded(), heads()) == ([], {"b"})


def test_alembics_heads_name_the_migrations_that_are_applied(write, alembic, heads):
    folder = write(**LINE, x=table("x", "a"))
    alembic("upgrade", "b")
    alembic("upgrade", "x")
    assert {m.script for m in applied_by_heads(folder, heads())} == {"a.py", "b.py", "x.py"}


def test_a_schema_is_handed_to_alembic_and_taken_back(write, up, alembic, heads, tables, recorded):
    folder = write(**LINE)
    up(folder, to=folder.versioned[1].version)
    alembic("upgrade", "head")
    assert (heads(), recorded()) == ({"c"}, ["a.py", "b.py"])
    assert up(folder).without_effect == ("c.py",)
    assert recorded() == ["a.py", "b.py", "c.py"]
    alembic("downgrade", "base")
    assert tables() == set()


def test_a_table_that_lacks_what_history_has_is_refused(write, up, alembic, recorded):
    folder = write(**LINE)
    up(folder, to=folder.versioned[1].version)
    alembic("downgrade", "a")
    with pytest.raises(VersionTableDiffers, match="c stands on b, which the table says is not applied"):
        up(folder)
    assert recorded() == ["a.py", "b.py"]


def test_a_table_that_names_an_unknown_revision_is_refused(write, up, ask, schema):
    folder = write(**LINE)
    up(folder, to=folder.versioned[1].version)
    ask(f"UPDATE {schema}.alembic_version SET version_num = 'gone'")
    with pytest.raises(VersionTableDiffers, match="the table names gone, which no file of"):
        up(folder)


def test_a_revision_with_another_on_top_is_not_taken_back(write, up, down, alembic, tables):
    folder = write(**LINE)
    up(folder, to=folder.versioned[1].version)
    alembic("upgrade", "head")
    with pytest.raises(VersionTableDiffers, match="c stands on b, and the table says that it is applied"):
        down(folder)
    assert tables() == {"a", "b", "c"}


def test_a_schema_that_was_declared_to_be_at_a_version_gets_alembics_table(write, up, heads, session, schema, ask):
    folder = write(**LINE, x=table("x", "a"))
    ask(f"CREATE SCHEMA {schema}")
    ask(f"CREATE TABLE {schema}.a (id int)")
    reached = [m for m in folder.versioned if m.version.numbers[0] == 2][-1]
    baseline(Visit(session, HistoryTable(schema), Rules()), folder, reached.version)
    assert up(folder).applied == ("c.py",)
    assert heads() == {"c", "x"}


def test_the_table_may_have_another_name(write, up, ask, schema):
    up(write('[alembic]\nversion_table = "versions_of_shop"\n', **LINE))
    assert ask(f"SELECT version_num FROM {schema}.versions_of_shop") == [("c",)]


def test_a_revision_may_ask_the_configuration_file(write, up, tmp_path, ask, schema):
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\nshop = books\n")
    folder = write(a=revision("a", None, "op.create_table(context.config.get_main_option('shop'))"))
    up(folder)
    assert ask("SELECT to_regclass(%s) IS NOT NULL", f"{schema}.books") == [(True,)]


def test_constraints_get_the_names_of_the_applications_convention(write, up, ask, schema):
    up_ = 'op.create_table("a", sa.Column("id", sa.Integer, primary_key=True))'
    up(write('alembic.naming_convention.pk = "the_key_of_%(table_name)s"', a=revision("a", None, up_)))
    names = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'"
    assert ask(names, f"{schema}.a") == [("the_key_of_a",)]


def test_a_schema_that_stands_for_the_tenants_own_is_rewritten(write, up, tables):
    up_ = 'op.create_table("a", sa.Column("id", sa.Integer), schema="tenant")'
    up(write('rewrite_schemas = ["tenant"]', a=revision("a", None, up_)))
    assert tables() == {"a"}


def test_a_revision_reads_and_writes_rows_with_the_orm_and_savepoints(write, up, ask, schema):
    body = """
bind = op.get_bind()
rows = sa.table("a", sa.column("id"))
with bind.begin_nested() as point:
    bind.execute(rows.insert().values(id=1))
    point.rollback()
from sqlalchemy.orm import Session
with Session(bind) as session:
    session.execute(rows.insert().values(id=2))
    session.commit()
bind.commit()
streamed = bind.execute(sa.select(rows.c.id).execution_options(yield_per=10))
assert [row.id for row in streamed] == [2]
bind.execute(rows.insert().values(id=bind.scalar(sa.select(sa.func.max(rows.c.id))) + 1))
assert sa.inspect(bind).get_table_names(schema=bind.dialect.default_schema_name)
assert not context.is_offline_mode()
"""
    up(write(a=LINE["a"], b=revision("b", "a", body.strip())))
    assert ask(f"SELECT id FROM {schema}.a ORDER BY 1") == [(2,), (3,)]


def test_a_revision_that_rolls_back_is_found_out_and_nothing_of_it_stays(write, up, tables, recorded):
    body = 'op.execute("CREATE TABLE b ()")\nop.get_bind().rollback()'
    with pytest.raises(StepFailed, match="it rolled the transaction back"):
        up(write(a=LINE["a"], b=revision("b", "a", body)))
    assert (tables(), recorded()) == (set(), [])


@pytest.mark.parametrize("asked", ["op.get_bind()", "op.get_bind().engine", "op.get_bind().engine.connect()"])
def test_a_revision_that_asks_for_another_isolation_level_is_refused(write, up, tables, recorded, asked):
    with pytest.raises(StepFailed, match=r"b\.py:16 .* isolation level AUTOCOMMIT; use op.get_context"):
        up(write(a=LINE["a"], b=revision("b", "a", f'{asked}.execution_options(isolation_level="AUTOCOMMIT")')))
    assert (tables(), recorded()) == (set(), [])


def test_a_revision_that_changes_the_driver_s_connection_does_not_leave_it_so(write, up, session, tables):
    body = "op.get_bind().connection.driver_connection.autocommit = False"
    with pytest.raises(StepFailed, match="it ended the transaction that it was given"):
        up(write(a=LINE["a"], b=revision("b", "a", body)))
    assert (session.connection.autocommit, tables()) == (True, set())


BLOCK = """
op.execute("CREATE TABLE before_block (id int)")
with op.get_context().autocommit_block():
    op.create_index("i", "a", ["id"], postgresql_concurrently=True)
op.execute("CREATE TABLE after_block (id int)")
""".strip()
UNBLOCK = """
with op.get_context().autocommit_block():
    op.drop_index("i", "a", postgresql_concurrently=True)
op.execute("DROP TABLE before_block")
op.execute("DROP TABLE after_block")
""".strip()


@pytest.fixture
def index(ask, schema):
    return lambda: ask("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", f"{schema}.i")


def test_an_autocommit_block_is_run_outside_a_transaction(write, up, down, index, heads, tables, recorded):
    folder = write(a=LINE["a"], b=revision("b", "a", BLOCK, UNBLOCK), c=LINE["c"])
    assert [m.transactional for m in folder.versioned] == [True, False, True]
    assert up(folder).applied == ("a.py", "b.py", "c.py")
    assert (index(), heads()) == ([(True,)], {"c"})
    down(folder)
    assert (index(), heads(), tables()) == ([], set(), set())
    assert recorded() == ["a.py", "b.py", "c.py", "c.py", "b.py", "a.py"]


def test_what_stands_before_the_block_is_taken_back_when_it_fails_there(write, up, tables, recorded):
    folder = write(a=LINE["a"], b=revision("b", "a", 'op.execute("SELECT nothing")\n' + BLOCK))
    with pytest.raises(MigrationFailed, match=r"b\.py:16 "):
        up(folder)
    assert (tables(), recorded()) == ({"a"}, ["a.py"])


def test_an_index_that_an_earlier_try_left_invalid_is_built_anew(write, up, index, ask, schema):
    create = 'op.create_index("i", "a", ["id"], unique=True, postgresql_concurrently=True)'
    build = f"with op.get_context().autocommit_block():\n    {create}"
    folder = write(a=LINE["a"], b=revision("b", "a", 'op.drop_constraint("a_pkey", "a")'), c=revision("c", "b", build))
    up(folder, to=folder.versioned[1].version)
    ask(f"INSERT INTO {schema}.a VALUES (1), (1)")
    with pytest.raises(MigrationFailed, match="23505"):
        up(folder)
    assert index() == [(False,)]
    ask(f"TRUNCATE {schema}.a")
    assert up(folder).applied == ("c.py",)
    assert index() == [(True,)]


def test_a_revision_that_was_run_and_not_recorded_is_recorded_and_not_run_twice(
    write, up, ask, schema, index, recorded
):
    folder = write(a=LINE["a"], b=revision("b", "a", BLOCK, UNBLOCK))
    up(folder)
    ask(f"DELETE FROM {schema}.flyway_schema_history WHERE script = 'b.py'")
    ask(f"COMMENT ON TABLE {schema}.flyway_schema_history IS NULL")
    assert up(folder).applied == ("b.py",)
    assert (index(), recorded()) == ([(True,)], ["a.py", "b.py"])


def test_the_older_way_of_leaving_the_transaction_works_too(write, up, index, heads):
    body = 'op.execute("COMMIT")\nop.create_index("i", "a", ["id"], postgresql_concurrently=True)'
    up(write(a=LINE["a"], b=revision("b", "a", body)))
    assert (index(), heads()) == ([(True,)], {"b"})


def test_a_directive_lets_every_statement_commit_by_itself(write, up, index, heads):
    body = 'op.create_index("i", "a", ["id"], postgresql_concurrently=True)'
    up(write(a=LINE["a"], b=revision("b", "a", body, above="# migrator: transactional=false\n")))
    assert (index(), heads()) == ([(True,)], {"b"})


def test_a_block_that_the_file_does_not_show_is_refused_in_a_transaction(write, up, tables, recorded):
    body = 'with getattr(op.get_context(), "autocommit" + "_block")():\n    op.execute("SELECT 1")'
    with pytest.raises(StepFailed, match=r"b\.py:16 failed .* transactional=false"):
        up(write(a=LINE["a"], b=revision("b", "a", body)))
    assert (tables(), recorded()) == (set(), [])


def test_a_new_enum_value_may_be_used_by_a_later_revision(write, up, ask, schema):
    folder = write(
        a=revision(
            "a", None, 'op.execute("CREATE TYPE mood AS ENUM (\'low\')")\nop.execute("CREATE TABLE a (m mood)")'
        ),
        b=revision("b", "a", "op.execute(\"ALTER TYPE mood ADD VALUE 'high'\")"),
        c=revision("c", "b", "op.execute(\"INSERT INTO a VALUES ('high')\")"),
    )
    up(folder)
    assert ask(f"SELECT m::text FROM {schema}.a") == [("high",)]


def test_two_threads_run_revisions_in_two_schemas_at_the_same_time(write, open_, ask, schema):
    insert = 'op.execute("INSERT INTO r1 SELECT pg_sleep(0)::text::int FROM generate_series(1, 0)")'
    names = [f"r{number}" for number in range(1, 9)]
    revisions = {
        name: table(name, names[number - 1] if number else None, description=name) for number, name in enumerate(names)
    }
    folder = write(**revisions, last=revision("last", names[-1], insert))
    schemas = [f"{schema}_{number}" for number in range(6)]
    with ThreadPoolExecutor(2) as threads:
        sessions = [open_(), open_()]

        def migrate(number):
            return [Engine(folder).migrate(sessions[number], name).applied for name in schemas[number::2]]

        done = list(threads.map(migrate, range(2)))
    assert [len(applied) for one in done for applied in one] == [9] * 6
    for name in schemas:
        assert ask("SELECT count(*) FROM pg_tables WHERE schemaname = %s", name) == [(10,)]
        assert ask(f"SELECT version_num FROM {name}.alembic_version") == [("last",)]


def test_the_sql_without_a_database_does_what_the_revision_does(write, up, query, database, heads, ask, schema, tables):
    folder = write(**LINE, x=table("x", "a"), m=revision("m", ("c", "x")))
    written = "\n".join(offline_sql(m) for m in folder.versioned)
    query(database.name, f"CREATE SCHEMA {schema}; SET search_path TO {schema}; {written}")
    assert (heads(), tables()) == ({"m"}, {"a", "b", "c", "x"})
    back = "\n".join(offline_sql(m, undo=True) for m in reversed(folder.versioned))
    query(database.name, f"{back}; RESET search_path")
    assert tables() == set()


def test_the_timeout_of_the_header_holds_for_a_revision(write, up):
    body = 'op.execute("SELECT pg_sleep(30)")'
    with pytest.raises(MigrationFailed, match="57014"):
        up(write(a=revision("a", None, body, above="# migrator: timeout=50ms\n")))
