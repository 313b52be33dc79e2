"""TLS options reach libpq and the Redis clients, and what does not show the right certificate is refused.

The embedded PostgreSQL is built without TLS, so a TLS end of the tests stands in front of it.
"""

from __future__ import annotations

import pytest
import redis

from migrator import client
from migrator.errors import ControlDatabaseUnreachable, DatabaseUnreachable
from migrator.fleet.store import Store
from migrator.local import Valkey
from migrator.model.breaker import BreakerState, Thresholds
from migrator.model.target import Database, DatabaseKind
from migrator.schema.session import Access, open_session, open_url
from tasks.breaker_store import BreakerStore
from tests.certificates import Certified
from tests.integration.tls import TlsEnd


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Certified(tmp_path_factory.mktemp("ca"), "authority")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Another authority, which signed nothing of ours."""
    return Certified(tmp_path_factory.mktemp("other"), "stranger")


@pytest.fixture(scope="module")
def guest(authority, tmp_path_factory):
    return Certified(tmp_path_factory.mktemp("guest"), "guest", authority)


@pytest.fixture(scope="module")
def postgres_end(server, authority, tmp_path_factory):
    end = TlsEnd(server.port, Certified(tmp_path_factory.mktemp("pg"), "pg", authority), authority, asks_first=True)
    yield end
    end.close()


@pytest.fixture(scope="module")
def valkey_end(authority, tmp_path_factory):
    place = tmp_path_factory.mktemp("valkey")
    valkey = Valkey(place)
    valkey.start()
    end = TlsEnd(valkey.port, Certified(place / "tls", "valkey", authority), authority, asks_first=False)
    yield end
    end.close()
    valkey.stop()


def postgres_url(server, end, dbname, authority, **more):
    options = {"sslmode": "verify-full", "sslrootcert": authority.certificate, **more}
    said = "&".join(f"{name}={value}" for name, value in options.items())
    return f"postgresql://postgres:{server.password}@127.0.0.1:{end.port}/{dbname}?{said}"


def test_the_control_database_is_reached_by_tls_with_the_options_in_its_url(
    server, control, postgres_end, authority, guest
):
    before = postgres_end.handshakes
    more = {"sslcert": guest.certificate, "sslkey": guest.key}
    store = Store(postgres_url(server, postgres_end, control, authority, **more))
    store.check_schema()
    store.dispose()
    assert postgres_end.handshakes == before + 1
    assert "guest" in str(postgres_end.guests[-1])


def test_a_control_database_with_a_strangers_certificate_is_refused(server, control, postgres_end, stranger):
    store = Store(postgres_url(server, postgres_end, control, stranger))
    with pytest.raises(ControlDatabaseUnreachable, match="certificate verify failed"):
        store.check_schema()


def test_one_schema_is_reached_by_tls_with_the_options_in_its_url(server, database, postgres_end, authority):
    session = open_url(postgres_url(server, postgres_end, database.name, authority))
    assert session.connection.info.ssl_in_use
    session.close()


@pytest.fixture
def target(database, postgres_end):
    return Database("eu-1", database.name, DatabaseKind.TENANT, "127.0.0.1", postgres_end.port, "postgres")


@pytest.fixture
def environment(monkeypatch, server, authority):
    monkeypatch.setenv("TARGET_PASSWORD", server.password)
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(authority.certificate))


@pytest.mark.usefixtures("environment")
def test_a_target_database_is_reached_by_tls_with_libpqs_own_environment(target):
    session = open_session(target, access=Access("env:TARGET_PASSWORD"))
    assert session.connection.info.ssl_in_use
    session.close()


@pytest.mark.usefixtures("environment")
def test_a_target_database_with_a_strangers_certificate_is_refused(target, monkeypatch, stranger):
    monkeypatch.setenv("PGSSLROOTCERT", str(stranger.certificate))
    with pytest.raises(DatabaseUnreachable, match="certificate verify failed"):
        open_session(target, access=Access("env:TARGET_PASSWORD"))


@pytest.mark.usefixtures("environment")
def test_a_target_database_without_tls_is_refused_where_tls_is_asked_for(database):
    with pytest.raises(DatabaseUnreachable, match="server does not support SSL"):
        open_session(database, access=Access("env:TARGET_PASSWORD"))


def valkey_url(end, authority):
    return f"rediss://127.0.0.1:{end.port}/0?ssl_cert_reqs=required&ssl_ca_certs={authority.certificate}"


@pytest.fixture
def application(valkey_end, authority):
    url = valkey_url(valkey_end, authority)
    yield client.connect(url, url)
    client._connected.clear()


def test_events_and_results_go_through_tls(application, valkey_end):
    sent = client.tenant_deleted.delay(tenant_id="7")
    with application.connection_for_read() as connection:
        found = connection.default_channel.basic_get("normal", no_ack=True)
    assert found.headers["id"] == sent.id
    application.backend.store_result("x", {"done": 1}, "SUCCESS")
    assert application.AsyncResult("x").result == {"done": 1}
    assert valkey_end.handshakes > 0


def test_the_breakers_are_reached_through_tls(valkey_end, authority):
    store = BreakerStore(valkey_url(valkey_end, authority), Thresholds())
    assert store.run("look", "eu-1").before.state is BreakerState.CLOSED


def test_a_valkey_with_a_strangers_certificate_is_refused(valkey_end, stranger):
    store = BreakerStore(valkey_url(valkey_end, stranger), Thresholds())
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        store.run("look", "eu-1")
