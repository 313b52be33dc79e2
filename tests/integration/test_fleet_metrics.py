"""What the ledger counts for metrics and health."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from migrator.fleet import SCHEMA, breakers, events, health
from migrator.model.breaker import BreakerState
from migrator.model.event import Event, EventType
from migrator.watch.health import control as control_checks
from migrator.watch.health import rhythm
from migrator.watch.metrics.latency import Latencies
from migrator.watch.metrics.ledger import read_ledger
from migrator.watch.metrics.page import Samples
from tests.integration.small_fleet import done, failed, found, lane, opened


@pytest.fixture
def scraped(store):
    """The value of each sample by its name and the sorted values of its labels, as a scraper reads them."""
    latencies = Latencies()

    def read():
        samples = Samples()
        with store.begin() as connection:
            read_ledger(connection, latencies, samples)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(type("Collected", (), {"collect": lambda _: iter(samples)})())
        families = text_string_to_metric_families(generate_latest(registry).decode())
        return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}

    return read


def test_executions_and_targets_are_counted_by_what_became_of_them(store, claim, write, scraped):
    opened(store, found(4))
    first, second, _ = claim(lane(), 3)
    write(done(first), failed(second))
    page = scraped()
    assert page["migrator_executions", "migrate", "running"] == 1
    shown = {key[1:] for key, value in page.items() if key[0] == "migrator_targets" and value == 1}
    assert shown == {tuple(sorted(("eu-1", "tenant", state))) for state in ("done", "failed", "running", "pending")}
    assert page["migrator_target_duration_seconds_bucket", "0.5", "eu-1", "tenant"] == 0
    assert page["migrator_target_duration_seconds_bucket", "1", "eu-1", "tenant"] == 1
    assert page["migrator_target_duration_seconds_sum", "eu-1", "tenant"] == 0.5
    assert (page["migrator_leases", "live"], page["migrator_leases", "expired"]) == (1, 0)
    assert page["migrator_tenants", "eu-1"] == 4


def test_every_database_has_one_breaker_state(store, scraped):
    opened(store, [*found(1), *found(1, "eu-2")])
    with store.begin() as connection:
        breakers.note(connection, "eu-2", BreakerState.OPEN, "it is away", "me")
    page = scraped()
    shown = {key[1:] for key, value in page.items() if key[0] == "migrator_breaker_state" and value == 1}
    assert shown == {("closed", "eu-1"), ("eu-2", "open")}
    assert len([key for key in page if key[0] == "migrator_breaker_state"]) == 2 * len(BreakerState)


def complete(store, id_, query, control, *, taking, ago=0.0, retries=0):
    """An event that took so many seconds and ended so long ago."""
    with store.begin() as connection:
        events.receive(connection, Event(id_, EventType.TENANT_CREATED))
        events.complete(connection, id_, {})
    query(
        control,
        f"""UPDATE {SCHEMA}.event SET completed_at = now() - %s * interval '1 second', retry_count = %s,
            created_at = now() - (%s + %s) * interval '1 second' WHERE id = %s""",
        ago,
        retries,
        ago,
        taking,
        id_,
    )


def test_the_latency_of_events_is_the_same_for_who_asked_before_and_who_asks_first(store, scraped, query, control):
    complete(store, "a", query, control, taking=0.2, ago=3600, retries=2)
    before = scraped()
    complete(store, "b", query, control, taking=20, ago=1)
    again, fresh = scraped(), scraped()
    for page in (again, fresh):
        assert page["migrator_event_latency_seconds_count", "tenant.created"] == 2
        assert page["migrator_event_latency_seconds_bucket", "0.25", "tenant.created"] == 1
        assert page["migrator_event_latency_seconds_bucket", "30", "tenant.created"] == 2
        assert page["migrator_event_latency_seconds_sum", "tenant.created"] == pytest.approx(20.2)
        assert page["migrator_event_retries_total", "tenant.created"] == 2
        assert page["migrator_events", "completed", "tenant.created"] == 2
    assert before["migrator_event_latency_seconds_count", "tenant.created"] == 1


def test_events_that_are_settled_are_read_once(store, query, control):
    complete(store, "a", query, control, taking=0.2, ago=3600)
    latencies = Latencies()
    with store.begin() as connection:
        first = latencies.read(connection)
        query(control, f"UPDATE {SCHEMA}.event SET type = 'read.again'")
        second = latencies.read(connection)
    assert Counter(first.keys()) == Counter(second.keys()) == Counter(["tenant.created"])


def test_the_oldest_event_that_is_due_and_not_taken_is_told(store, query, control, scraped):
    with store.begin() as connection:
        assert health.waiting_events(connection).waiting == 0
        events.receive(connection, Event("a", EventType.TENANT_CREATED))
    query(
        control,
        f"UPDATE {SCHEMA}.event SET status = 'pending', created_at = now() - interval '2 hours', "
        "scheduled_at = now() - interval '100 seconds'",
    )
    with store.begin() as connection:
        oldest, _ = control_checks.waiting(connection, 30)
    assert (oldest.health, oldest.figure) == ("warn", "1m 40s")
    assert 100 <= scraped()["migrator_event_oldest_age_seconds",] < 160


def test_a_claim_that_was_left_behind_is_a_warning_and_one_of_a_paused_execution_is_not(store, claim, query, control):
    opened(store, found(1))
    claim(lane())
    query(control, f"UPDATE {SCHEMA}.outcome SET lease_until = now() - interval '1 minute'")
    with store.begin() as connection:
        _, leases = control_checks.waiting(connection, 30)
        assert (leases.health, leases.figure) == ("warn", "0 live, 1 expired")
    query(control, f"UPDATE {SCHEMA}.execution SET state = 'paused'")
    with store.begin() as connection:
        assert control_checks.waiting(connection, 30)[1].health == "ok"


def test_the_control_database_tells_its_schema_and_its_clock(store):
    reached, clock = control_checks.control_database(store)
    assert (reached.health, clock.health) == ("ok", "ok")
    assert reached.figure.startswith("schema ")


def test_a_control_database_without_our_tables_says_what_to_do(store, query, control):
    query(control, f"DROP TABLE {SCHEMA}.flyway_schema_history")
    [only] = control_checks.control_database(store)
    assert (only.health, only.figure) == ("fail", "wrong schema")
    assert "migrator init" in only.advice


TICK = f"CREATE TABLE IF NOT EXISTS {SCHEMA}.tick (name text PRIMARY KEY, at timestamptz, by text)"
OUTBOX = f"CREATE VIEW {SCHEMA}.sendable AS SELECT now() - interval '30 seconds' AS due_at"


@pytest.mark.parametrize(("age", "health_"), [(1, "ok"), (20, "warn"), (120, "fail")])
def test_beat_is_judged_by_its_own_interval(store, query, control, age, health_):
    query(control, TICK)
    query(
        control, f"INSERT INTO {SCHEMA}.tick (name, at, by) VALUES ('beat', now() - {age} * interval '1 second', 'm1')"
    )
    with store.begin() as connection:
        found_ = rhythm.beat(connection, 5.0)
    assert (found_.health, "m1" in found_.sentence) == (health_, True)


def test_a_beat_that_was_never_seen_is_a_warning(store):
    with store.begin() as connection:
        assert rhythm.beat(connection, 5.0).health == "warn"


def test_the_relay_is_judged_by_the_oldest_event_that_it_could_send(store, query, control, scraped):
    with store.begin() as connection:
        assert rhythm.relay(connection).health == "ok"
    query(control, f"DROP VIEW IF EXISTS {SCHEMA}.sendable")
    query(control, OUTBOX)
    with store.begin() as connection:
        found_ = rhythm.relay(connection)
    assert (found_.health, found_.figure) == ("warn", "30s")
    assert scraped()["migrator_relay_unsent_events",] == 1
