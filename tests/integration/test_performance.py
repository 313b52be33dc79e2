"""What migrations cost, from the engine's transaction to the sentence about it."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from migrator.fleet import claims, ledger
from migrator.fleet import performance as costs
from migrator.model.execution import Outcome, OutcomeState
from migrator.model.performance import Lap
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules
from migrator.watch.performance import performance_of, runs_of
from tests.integration.small_fleet import done, found, lane, opened
from tests.integration.waiting import eventually, meanwhile

FILES = {
    "V1__a.sql": "CREATE TABLE a (n int);",
    "V2__fill.sql": "INSERT INTO a SELECT generate_series(1, 1000); SELECT pg_sleep(0.05);",
    "V3__nothing.sql": "SELECT 1;",
}


@pytest.fixture
def applied(session, schema, folder):
    def up(files, **rules):
        return Engine(folder(files), Rules(**rules)).migrate(session, schema)

    return up


def test_each_migration_tells_its_seconds_its_rows_and_the_log_meanwhile(applied):
    first, fill, nothing = applied(FILES).laps
    assert [lap.script for lap in (first, fill, nothing)] == list(FILES)
    assert fill.rows == 1000
    assert fill.seconds >= 0.05 > first.seconds
    assert fill.wal > 1000 * 24


def test_a_migration_that_runs_outside_a_transaction_tells_its_seconds(applied):
    applied(FILES)
    alone = "-- migrator: transactional=false\nCREATE INDEX CONCURRENTLY a_n ON a (n);"
    [lap] = applied(FILES | {"V4__index.sql": alone}).laps
    assert (lap.script, lap.rows, lap.wal) == ("V4__index.sql", None, None)
    assert lap.seconds > 0


def test_nothing_to_do_costs_nothing(applied):
    applied(FILES)
    assert applied(FILES).laps == ()


def test_without_measuring_the_history_and_what_had_no_effect_are_as_ever(applied, ask, schema):
    change = applied(FILES, measures=False)
    assert (change.laps, change.without_effect) == ((), ("V3__nothing.sql",))
    [(took,)] = ask(f'SELECT execution_time FROM "{schema}".flyway_schema_history WHERE version = %s', "2")
    assert took >= 50


def test_measuring_takes_no_round_trip_of_its_own(open_, schema, folder):
    def sent(measures, name):
        session = open_()
        strings = []
        run, rows = session.run, session.rows
        session.run = lambda text: strings.append(text) or run(text)
        session.rows = lambda text: strings.append(text) or rows(text)
        Engine(folder(FILES), Rules(measures=measures)).migrate(session, name)
        return len(strings)

    assert sent(True, schema) == sent(False, schema + "_too") == 2


def test_seconds_for_which_somebody_else_had_the_schema_are_told_apart(open_, schema, folder, monkeypatch):
    holder, session, paused = open_("holder"), open_(), []
    holder.run(f"SELECT pg_advisory_lock({HistoryTable(schema).lock})")

    def pause(seconds):
        paused.append(seconds)
        time.sleep(seconds)
        if sum(paused) >= 0.2:
            holder.run(f"SELECT pg_advisory_unlock({HistoryTable(schema).lock})")

    monkeypatch.setattr("migrator.schema.visit.time", SimpleNamespace(sleep=pause, monotonic=time.monotonic))
    started = time.monotonic()
    change = Engine(folder(FILES)).migrate(session, schema)
    assert change.waited == pytest.approx(sum(paused))
    assert change.seconds + change.waited <= time.monotonic() - started + 0.001


def test_tries_that_the_server_refused_for_a_lock_are_counted_with_their_seconds(applied, open_, schema, folder):
    applied(FILES)
    blocker, session = open_("blocker"), open_()
    blocker.run(f'BEGIN; LOCK TABLE "{schema}".a')

    more = folder(FILES | {"V4__wait.sql": "ALTER TABLE a ADD COLUMN b int;"})
    with meanwhile(Engine(more, Rules(lock_timeout=0.2, tries=50)).migrate, session, schema) as migrating:
        eventually(lambda: session.refused >= 1)
        blocker.run("COMMIT")
    change = migrating.result()
    assert change.refused == session.refused >= 1
    assert change.waited >= 0.2 * change.refused


def with_laps(claim, seconds, *laps, **more) -> Outcome:
    return Outcome(claim, OutcomeState.DONE, "1", "2", tuple(lap.script for lap in laps), seconds, laps=laps, **more)


def test_the_ledger_sums_up_by_execution_database_and_migration(store, claim, write):
    opened(store, found(3))
    first, *rest = claim(lane())
    write(with_laps(first, 0.5, Lap("V2__b.sql", 0.1, 5, 100), Lap("V3__c.sql", 0.2)))
    write(*(with_laps(each, 1.0, Lap("V2__b.sql", 0.4, 7, 300)) for each in rest))
    with store.begin() as connection:
        dearest, other = costs.costs(connection, "e1")
    assert (dearest.script, dearest.count, dearest.least, dearest.most) == ("V2__b.sql", 3, 0.1, 0.4)
    assert (dearest.rows, dearest.wal, dearest.seconds) == (19, 700, pytest.approx(0.9))
    assert dearest.median == pytest.approx(0.4, rel=0.1)
    assert (other.script, other.count, other.median, other.rows, other.wal) == ("V3__c.sql", 1, 0.2, None, None)


def test_durations_are_counted_along_once_for_each_outcome_whose_fence_holds(store, claim, write, query, control):
    opened(store, found(3))
    claimed = claim(lane())
    write(*(with_laps(each, seconds) for each, seconds in zip(claimed, (0.003, 0.3, 4000.0), strict=True)))
    write(*(with_laps(each, 0.3) for each in claimed))
    [(scope, count, seconds, buckets)] = query(control, "SELECT scope, count, seconds, buckets FROM migrator.duration")
    assert (scope, count, seconds) == ("tenant", 3, 4000.303)
    assert (buckets[0], buckets[6], buckets[-1], sum(buckets)) == (1, 1, 1, 3)


def test_outcomes_of_two_lanes_are_added_up(store, claim, write, query, control):
    opened(store, found(4))
    one, two, three, four = claim(lane())
    write(done(one))
    write(done(two), done(three))
    write(done(four))
    assert query(control, "SELECT count, seconds FROM migrator.duration") == [(4, 2.0)]


def test_a_migration_is_compared_with_runs_in_the_same_database_and_else_in_others_of_its_kind(store, query, control):
    for number, (database, seconds) in enumerate((("eu-1", 0.1), ("eu-2", 0.4), ("eu-1", 0.2), ("eu-3", 1.0))):
        id_ = f"e{number}"
        with_database(store, id_, database, seconds)
        moment = timedelta(minutes=number)
        query(control, "UPDATE migrator.execution SET created_at = created_at + %s WHERE id = %s", moment, id_)
    with store.begin() as connection:
        found_ = {id_: costs.costs(connection, id_)[0].before for id_ in ("e0", "e1", "e2", "e3")}
    assert found_["e0"] is None
    assert found_["e1"] == pytest.approx(0.1, rel=0.1)
    assert found_["e2"] == pytest.approx(0.1, rel=0.1)
    assert 0.1 <= found_["e3"] <= 0.4


def with_database(store, execution, database, seconds):
    targets = found(1, database)
    opened(store, targets, execution)
    with store.begin() as connection:
        [claimed] = claims.claim(connection, lane(database_id=database, execution=execution), 1)
        claims.write_outcomes(connection, execution, [with_laps(claimed, seconds, Lap("V2__b.sql", seconds))])


def test_what_an_execution_cost_names_databases_migrations_and_the_slowest(store, claim, write):
    opened(store, found(3))
    slow, *rest = claim(lane())
    write(with_laps(slow, 2.0, Lap("V2__b.sql", 1.9), refused=2, waited=1.5))
    write(*(with_laps(each, 0.5, Lap("V2__b.sql", 0.4)) for each in rest))
    with store.begin() as connection:
        told = performance_of(connection, "e1")
    [database] = told["databases"]
    assert (database["database"], database["count"], database["median"]) == ("eu-1", 3, 0.5)
    assert (database["refused"], database["waited"]) == (2, 1.5)
    assert told["migrations"][0]["script"] == "V2__b.sql"
    assert told["slowest"][0] | {} == {
        "database": "eu-1",
        "schema": slow.schema_name,
        "tenant": slow.tenant_id,
        "seconds": 2.0,
        "refused": 2,
        "waited": 1.5,
        "applied": 1,
    }


def test_all_runs_of_a_migration_are_found_by_its_file_and_by_its_version(store):
    for number in range(2):
        with_database(store, f"e{number}", "eu-1", 0.1)
    with store.begin() as connection:
        by_file, by_version, none = (runs_of(connection, name) for name in ("V2__b.sql", "2", "%"))
    assert [run["execution"] for run in by_file] == ["e1", "e0"]
    assert (by_version, none) == (by_file, [])


def test_an_execution_of_which_nothing_is_known_cost_nothing(store):
    opened(store, found(1))
    with store.begin() as connection:
        assert ledger.execution(connection, "e1").total == 1
        assert performance_of(connection, "e1") == {"databases": [], "migrations": [], "slowest": []}
