"""Alerts: the rules held against a ledger, and what is told."""

from __future__ import annotations

import pytest
from failing import OPS

from migrator.fleet import alerts, deliveries
from migrator.model.alert import DeliveryState
from migrator.watch.alerts.limits import Limits
from migrator.watch.alerts.look import look


@pytest.fixture
def see(store):
    """Holds the rules against the ledger; what fires goes to the channel ops."""

    def once(channels=(OPS,), **limits):
        with store.begin() as connection:
            return look(connection, Limits(**{"calm": 0.0, **limits}), channels, 3600.0, "a test")

    return once


@pytest.fixture
def shown(store):
    """All alerts, oldest first."""

    def rows():
        with store.begin() as connection:
            return sorted(alerts.listed(connection, resolved=True), key=lambda row: row.id)

    return rows


@pytest.fixture
def take(store):
    def claimed(channel="ops", seconds=60.0):
        with store.begin() as connection:
            return deliveries.claim(connection, channel, seconds)

    return claimed


@pytest.fixture
def sent(store, take):
    """Sends everything that is due, in vain or not; what was sent, in order."""

    def through(channel="ops"):
        told = []
        while (row := take(channel)) is not None:
            with store.begin() as connection:
                deliveries.end(connection, row, DeliveryState.SENT)
            told.append((row.kind, row.rule, row.key))
        return told

    return through
