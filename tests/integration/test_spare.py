"""Spares: what can be renamed and what cannot, who gets which, and what is left when somebody dies at any step."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from migrator.cli.init import upgrade_control_schema
from migrator.errors import ConnectionLost, SpareUnfit
from migrator.fleet import events, registry
from migrator.fleet import spares as pool
from migrator.fleet.store import Store
from migrator.model.event import Event, EventType
from migrator.model.spare import SPARE, Care, Spare, SpareState, care_for
from migrator.model.target import Database, DatabaseKind
from migrator.model.template import NoTemplate
from migrator.schema import history
from migrator.schema import spare as making
from migrator.schema.engine import Change, Engine
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules
from migrator.schema.spare import Left, NotTaken
from migrator.schema.template import make_template
from migrator.schema.validation import findings

FILES = {
    "V1__item.sql": "CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL);\n"
    "INSERT INTO item (name) VALUES ('one'), ('two');",
    "V2__f.sql": "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM item $$;\n"
    "CREATE VIEW items AS SELECT id, name FROM item;",
}
NEXT = FILES | {"V3__more.sql": "ALTER TABLE item ADD COLUMN more text"}
RULES = Rules(schema_lock_wait=0.2)


@pytest.fixture
def template(session, server):
    return lambda read: make_template(session, read, None, RULES, (server.bin,))


@pytest.fixture
def engine():
    return lambda read, execution="e1": Engine(read, RULES, to=read.latest, execution=execution)


@pytest.fixture
def spare(session, folder, template, engine):
    """A spare of FILES, and the engine of an execution that may take it."""
    read = folder(FILES)
    name = making.new_name()
    fit = making.make_spare(session, name, engine(read), template(read))
    return of(name, fit), engine(read)


def of(name, fit):
    seen = fit.seen
    return Spare("one", name, SpareState.READY, fit.digest, fit.version, seen.fingerprint, seen.stamp, fit.rank)


def test_a_spare_becomes_a_schema_like_a_replayed_one_with_a_history_that_is_valid(session, schema, spare):
    ready, engine = spare
    taken = making.take(session, ready, schema, engine)
    engine.migrate(session, f"{schema}_replayed")
    assert fingerprint_of(session, schema) == fingerprint_of(session, f"{schema}_replayed")
    past = history.read(session, HistoryTable(schema))
    assert [f for f in findings(engine.folder, past) if f.is_error] == []
    assert (taken.to_version, taken.applied, taken.until_rank) == ("2", ("V1__item.sql", "V2__f.sql"), 2)
    assert (past.mark.execution, past.mark.since_rank, past.newest_rank) == ("e1", 0, 2)
    session.run(f"SET search_path TO {schema}; INSERT INTO item (name) VALUES ('three')")
    assert session.rows("SELECT max(id), f(), (SELECT count(*) FROM items) FROM item") == [(3, 3, 3)]


def test_a_schema_from_a_spare_goes_on_with_the_next_migration(session, schema, spare, folder):
    ready, engine = spare
    making.take(session, ready, schema, engine)
    assert Engine(folder(NEXT)).migrate(session, schema).applied == ("V3__more.sql",)


def test_a_spare_is_brought_forward_like_any_other_schema(session, schema, spare, folder, template, engine):
    ready, _ = spare
    later = folder(NEXT)
    fit = making.forward(session, ready.schema_name, engine(later), template(later))
    assert (fit.version, fit.rank) == ("3", 3)
    assert isinstance(making.take(session, of(ready.schema_name, fit), schema, engine(later)), Change)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE {}.item ADD COLUMN other int",
        "ALTER TABLE {}.item ALTER COLUMN name SET DEFAULT 'x'",
        "CREATE INDEX ON {}.item (name)",
        "CREATE TABLE {}.other ()",
        "CREATE OR REPLACE FUNCTION {}.f() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "GRANT SELECT ON {}.item TO PUBLIC",
        "GRANT USAGE ON SCHEMA {} TO PUBLIC",
        "DROP VIEW {}.items",
    ],
)
def test_a_spare_that_somebody_changed_is_not_taken(session, schema, spare, ask, change):
    ready, engine = spare
    ask(change.format(ready.schema_name))
    found = making.take(session, ready, schema, engine)
    assert found == NotTaken("somebody has changed it since it was verified", Left.UNFIT)
    assert ask("SELECT to_regnamespace(%s) IS NULL", schema) == [(True,)]


@pytest.mark.parametrize("harmless", ["ANALYZE {}.item", "VACUUM {}.item", "VACUUM FREEZE {}.item"])
def test_a_spare_that_a_server_has_cared_for_can_be_taken(session, schema, spare, ask, harmless):
    ready, engine = spare
    ask(harmless.format(ready.schema_name))
    assert isinstance(making.take(session, ready, schema, engine), Change)


def test_a_spare_whose_mark_says_another_state_is_not_taken(session, schema, spare, ask):
    ready, engine = spare
    ask(f"COMMENT ON TABLE {ready.schema_name}.flyway_schema_history IS 'something'")
    assert making.take(session, ready, schema, engine).left is Left.UNFIT


def test_a_spare_that_is_not_there_any_more_is_not_taken(session, schema, spare):
    ready, engine = spare
    making.drop_spare(session, ready.schema_name)
    assert making.take(session, ready, schema, engine) == NotTaken("it is not there any more", Left.UNFIT)


def test_a_spare_stays_as_it_was_when_there_is_such_a_schema_already(session, schema, spare, ask):
    ready, engine = spare
    ask(f"CREATE SCHEMA {schema}")
    found = making.take(session, ready, schema, engine)
    assert found == NotTaken(f"there is a schema {schema} already", Left.AS_IT_WAS)
    assert making.look(session, [ready.schema_name], RULES)[ready.schema_name].stamp == ready.stamp


def test_a_spare_stays_as_it_was_while_somebody_is_at_work_in_the_schema(session, schema, spare, open_):
    ready, engine = spare
    open_().run(f"SELECT pg_advisory_lock({HistoryTable(schema).lock})")
    assert making.take(session, ready, schema, engine).left is Left.AS_IT_WAS


def test_a_connection_that_breaks_before_the_renaming_leaves_the_spare(session, schema, spare, open_, ask):
    ready, engine = spare
    broken = open_()
    ask("SELECT pg_terminate_backend(%s)", broken.connection.info.backend_pid)
    with pytest.raises(ConnectionLost):
        making.take(broken, ready, schema, engine)
    assert isinstance(making.take(session, ready, schema, engine), Change)


def test_whoever_comes_again_after_the_renaming_finds_it_done_and_once(session, schema, spare):
    ready, engine = spare
    making.take(session, ready, schema, engine)
    assert making.take(session, ready, schema, engine).left is Left.UNFIT
    again = engine.migrate(session, schema)
    assert (again.resumed, again.applied, again.since_rank) == (True, ("V1__item.sql", "V2__f.sql"), 0)


def test_nothing_but_a_spare_is_dropped_as_one(session, schema, ask):
    ask(f"CREATE SCHEMA {schema}")
    with pytest.raises(SpareUnfit):
        making.drop_spare(session, schema)
    assert ask("SELECT to_regnamespace(%s) IS NULL", schema) == [(False,)]


BY_TEXT = {
    "a body": "DO $x$ BEGIN EXECUTE format('CREATE FUNCTION g() RETURNS text LANGUAGE sql AS %L',"
    " format('SELECT name FROM %I.item', current_schema())); END $x$;",
    "a search_path": "DO $x$ BEGIN EXECUTE format('ALTER FUNCTION f() SET search_path TO %I', current_schema());"
    " END $x$;",
    "a default": "DO $x$ BEGIN EXECUTE format('ALTER TABLE item ADD COLUMN home text DEFAULT %L', current_schema());"
    " END $x$;",
    "a row": "INSERT INTO item (name) VALUES (current_schema());",
    "a view": "DO $x$ BEGIN EXECUTE format('CREATE VIEW home AS SELECT %L::text AS name', current_schema()); END $x$;",
    "a comment": "DO $x$ BEGIN EXECUTE format('COMMENT ON TABLE item IS %L', 'of ' || current_schema()); END $x$;",
}


@pytest.mark.parametrize("text", BY_TEXT.values(), ids=BY_TEXT)
def test_a_folder_that_says_the_name_of_its_schema_as_text_has_no_pool(
    session, folder, template, engine, server, text, ask
):
    read = folder(FILES | {"V3__named.sql": text})
    made = template(read)
    if isinstance(made, NoTemplate):
        assert "not like a replayed one" in made.reason
    else:
        said = making.names_itself(session, made, engine(read), (server.bin,))
        assert "SCHEMA" in said
        assert "migrator_scratch" not in said
    assert ask("SELECT count(*) FROM pg_namespace WHERE nspname ^@ 'migrator_scratch'") == [(0,)]


def test_what_may_be_renamed_is_asked_of_a_dump_and_not_of_the_catalog():
    dump = "CREATE TABLE new.t ();\nALTER FUNCTION new.f() SET search_path TO 'old';\nINSERT INTO new.t VALUES ('OLD');"
    assert making.mentions(dump, "old", "new") == (
        "ALTER FUNCTION schema.f() SET search_path TO 'SCHEMA';; INSERT INTO schema.t VALUES ('SCHEMA');"
    )
    assert making.mentions("CREATE TABLE new.t ()", "old", "new") == ""


def test_what_postgresql_keeps_as_a_reference_can_be_renamed(session, folder, template, engine, server):
    more = {
        "V3__refs.sql": "CREATE TYPE mood AS ENUM ('good'); CREATE SEQUENCE s;\n"
        "CREATE TABLE t (id bigint DEFAULT nextval('s'), item int REFERENCES item, mood mood DEFAULT 'good');\n"
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;\n"
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();\n"
        "CREATE FUNCTION h() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM item; END;\n"
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM items WITH NO DATA;"
    }
    read = folder(FILES | more)
    assert making.names_itself(session, template(read), engine(read), (server.bin,)) == ""


@pytest.fixture(scope="module")
def control(server, new_database):
    url = server.url(new_database())
    os.environ["PGPASSFILE"] = str(server.passfile)
    upgrade_control_schema(url)
    store = Store(url, pool_size=8)
    yield store
    store.dispose()


@pytest.fixture
def pooled(control, request):
    """A registered database of the test's own, with spares that are ready at a state."""
    name = f"db_{abs(hash(request.node.name))}"

    def made(*spares, digest="d"):
        with control.begin() as connection:
            registry.add_database(connection, Database(name, name, DatabaseKind.TENANT, spares=len(spares)))
            for each in spares:
                pool.begin(connection, name, SPARE + each, "maker")
                seen = making.Seen("f", "s")
                assert pool.ready(connection, name, SPARE + each, "maker", making.Fit(digest, "2", 2, seen))
        return name

    return made


def claimed(control, name, execution, digest="d"):
    with control.begin() as connection:
        found = pool.claim(connection, name, digest, execution)
        return found.schema_name.removeprefix(SPARE) if found else None


def test_each_execution_gets_a_spare_of_its_own_and_the_same_one_again(control, pooled):
    name = pooled("a", "b")
    assert [claimed(control, name, execution) for execution in ("e1", "e2", "e1", "e3")] == ["a", "b", "a", None]


def test_nobody_waits_for_another_s_claim_that_is_not_committed(control, pooled):
    name = pooled("a", "b")
    with control.begin() as connection:
        first = pool.claim(connection, name, "d", "e1")
        assert claimed(control, name, "e2") == "b"
        assert first.schema_name == SPARE + "a"


def test_many_at_once_never_get_the_same_spare(control, pooled):
    name = pooled(*"abcdef")
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: claimed(control, name, f"e{n}"), range(8)))
    assert sorted(each for each in found if each) == list("abcdef")


def test_a_spare_of_another_state_of_the_folder_is_not_handed_out(control, pooled):
    assert claimed(control, pooled("a"), "e1", digest="another") is None


def test_a_spare_that_was_given_back_or_failed_is_handed_out_again_or_never(control, pooled):
    name = pooled("a")
    with control.begin() as connection:
        found = pool.claim(connection, name, "d", "e1")
        pool.keep(connection, found, "e1")
    assert claimed(control, name, "e2") == "a"
    with control.begin() as connection:
        pool.fail(connection, found, "somebody has changed it")
    assert claimed(control, name, "e2") is None


def test_a_late_giving_back_does_not_free_another_s_spare(control, pooled):
    name = pooled("a")
    with control.begin() as connection:
        found = pool.claim(connection, name, "d", "e1")
        pool.keep(connection, found, "e1")
        pool.claim(connection, name, "d", "e2")
        pool.keep(connection, found, "e1")
    assert claimed(control, name, "e3") is None


def test_a_taken_spare_is_taken_back_only_when_its_event_is_over(control, pooled):
    name = pooled("a")
    event = Event(f"e-{name}", EventType.TENANT_CREATED, {})
    with control.begin() as connection:
        events.receive(connection, event)
        found = pool.claim(connection, name, "d", event.id)
        assert not pool.take_back(connection, found, "tender")
        [known] = pool.spares(connection, name)
        assert care_for(known, making.Seen("f", "s"), "d", busy=False) is Care.LEAVE
        events.fail(connection, event.id, event.type, "gone")
        [known] = pool.spares(connection, name)
        assert care_for(known, making.Seen("f", "s"), "d", busy=False) is Care.KEEP
        assert pool.take_back(connection, found, "tender")


def test_one_looks_after_a_pool_at_a_time_and_another_when_that_one_is_gone(control, pooled):
    name = pooled("a")
    with control.begin() as connection:
        assert pool.claim_pool(connection, name, "one", 60)
        assert not pool.claim_pool(connection, name, "two", 60)
        pool.leave_pool(connection, name, "one", "d", None, tended=True)
        assert pool.claim_pool(connection, name, "two", 0)
    with control.begin() as connection:
        assert pool.claim_pool(connection, name, "three", 60)
        assert not pool.renew_pool(connection, name, "two", 60)


def test_upkeep_is_told_of_pools_that_are_short_and_not_again_at_once(control, pooled):
    name = pooled("a")

    def due(digest="d", rest=60.0):
        with control.begin() as connection:
            return name in pool.due_pools(connection, 0, digest, rest, every=600)

    assert due()  # never looked after
    assert not due()
    with control.begin() as connection:
        pool.claim_pool(connection, name, "one", 60)
        pool.leave_pool(connection, name, "one", "d", None, tended=True)
    assert not due(rest=0)
    assert due("another", rest=0)
    claimed(control, name, "e1")
    assert due(rest=0)
    with control.begin() as connection:
        pool.claim_pool(connection, name, "one", 60)
        pool.leave_pool(connection, name, "one", "d", "it cannot be", tended=True)
    assert not due(rest=0)


def test_a_spare_that_another_tender_took_over_does_not_become_ready_by_the_first(control, pooled):
    name = pooled("a")
    with control.begin() as connection:
        [found] = pool.spares(connection, name)
        pool.take_back(connection, found, "one")
        pool.take_back(connection, replace(found, state=SpareState.MAKING), "two")
        fit = making.Fit("d", "2", 2, making.Seen("f", "s"))
        assert not pool.ready(connection, name, found.schema_name, "one", fit)
