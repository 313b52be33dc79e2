"""One look: the rules held against the ledger, and what follows written down, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row

from migrator.fleet import alerts, deliveries, ticks
from migrator.model.alert import Changes, Finding, OpenAlert, Severity, decide
from migrator.watch.alerts.facts import read_facts
from migrator.watch.alerts.limits import Limits
from migrator.watch.alerts.rules import findings, settling


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """What a channel wants to be told of."""

    name: str
    severity: Severity = Severity.WARNING
    """And everything worse."""
    rules: frozenset[str] = frozenset()
    """Empty for all."""

    def wants(self, rule: str, severity: Severity) -> bool:
        """Whether it is told of such an alert."""
        return severity.rank >= self.severity.rank and (not self.rules or rule in self.rules)


def look(
    connection: Connection, limits: Limits, channels: Sequence[ChannelFilter], patience: float, by: str
) -> Changes:
    """Fire, keep and resolve alerts, and ask for what has to be told; two at once do the same as one.

    ``patience``: seconds after which a delivery that does not get through is given up. ``by``: who looks.
    """
    now = alerts.lock(connection)
    known = [_opened(row) for row in alerts.opened(connection)]
    changes = decide(findings(read_facts(connection, limits), limits), known, now, limits.calm)
    alerts.apply(connection, changes, now)
    for row in alerts.opened(connection):
        wanted = [each.name for each in channels if each.wants(row.rule, Severity(row.severity))]
        if wanted and row.calm_since is None:
            deliveries.tell_fired(connection, row.id, wanted)
    deliveries.give_up(connection, patience)
    ticks.note(connection, ticks.RULES, by)
    return changes


def told(changes: Changes) -> list[tuple[str, Finding | OpenAlert]]:
    """What is worth a line in the log: what fired, and what is over."""
    return [("alert fired", each) for each in changes.fire] + [("alert resolved", each) for each in changes.resolve]


def _opened(row: Row[object]) -> OpenAlert:
    settles = row.rule in settling()
    return OpenAlert(row.id, row.rule, row.key, row.times, row.calm_since, settles)
