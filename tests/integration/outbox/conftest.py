"""The outbox, as publishers and relays use it."""

from __future__ import annotations

import psycopg2
import pytest

from migrator import client
from migrator.fleet import events, outbox


@pytest.fixture
def connection(store):
    with store.begin() as open_:
        yield open_


@pytest.fixture
def application(server, control):
    """A connection of an application: psycopg2 as it comes."""
    opened = psycopg2.connect(server.url(control))
    yield opened
    opened.close()


@pytest.fixture
def ids(store):
    """Takes what may be sent now, marks it as sent, and gives the ids."""

    def take(most=100, age=0.0):
        with store.begin() as connection:
            taken = [event.id for event in outbox.take(connection, most, age=age)]
            outbox.mark_sent(connection, taken)
        return taken

    return take


@pytest.fixture
def publish(store):
    def stored(event, payload, **options):
        with store.begin() as connection:
            return client.publish(connection, event, payload, **options)

    return stored


@pytest.fixture
def end(store):
    def ended(event_id):
        with store.begin() as connection:
            events.complete(connection, event_id, {"summary": "done"})

    return ended
