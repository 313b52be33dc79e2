"""One round: a fleet of its own is migrated under strikes, comes to its end, and is looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.chaos import checker
from tests.chaos.crew import Crew
from tests.chaos.folder import FIRST_VERSION, MIGRATED, TAKEN_BACK, Wanted
from tests.chaos.recovery import Recovery, recoveries
from tests.chaos.schedule import Script, Strike
from tests.chaos.sender import Sender
from tests.chaos.site import AWAY, CONTROL, Site, patiently
from tests.chaos.strikes import Hit, Striker

END_SECONDS = 180.0
"""A round that has not come to its end after this time has lost something."""
QUIET_SECONDS = 60.0
MOST_RETRIES = 3
"""How often the operator retries what failed; a round that needs it says so."""
_ENDS = ("completed", "failed", "halted", "cancelled", "rolled_back")


@dataclass
class Verdict:
    """What became of a round."""

    script: Script
    schemas: int
    hits: list[Hit] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    sent_again: int = 0
    retries: int = 0
    """How often an operator had to retry what had failed."""


class Round:
    """Two databases, one on each target server, with half of the schemas each."""

    def __init__(self, site: Site, crew: Crew, script: Script, schemas: int) -> None:
        self.site, self.crew, self.script = site, crew, script
        self.verdict = Verdict(script, schemas)
        self.names = {f"{server}_{script.seed}": server for server in sorted(site.targets)}
        self.schemas: dict[str, list[str]] = {name: [] for name in self.names}
        self.sender = Sender(site)
        self.striker = Striker(site, crew, self.names)
        self.id = f"chaos-{script.seed}"

    def play(self) -> Verdict:
        """Play it; faults are in the verdict."""
        started = time.monotonic()
        try:
            self._prepare()
            self._migrate()
            if self.script.rolls_back:
                self._roll_back()
            self._check()
            load = os.getloadavg()[0] / (os.cpu_count() or 1)
            self.verdict.recoveries = recoveries(self.site, self.verdict.hits, load)
        except (AssertionError, *AWAY) as error:
            self.verdict.faults.append(f"{type(error).__name__}: {error}")
        finally:
            self.verdict.seconds = time.monotonic() - started
            self.verdict.sent_again = self.sender.again
            self.sender.close()
        if not self.verdict.faults:
            self._clean_up()
        return self.verdict

    def _prepare(self) -> None:
        for number in range(self.verdict.schemas):
            database = list(self.names)[number % 2]
            self.schemas[database].append(f"tenant_{number}")
        for database, server in self.names.items():
            self.site.register(database, server)
            tenants = self.schemas[database]
            self.site.ask(
                """INSERT INTO migrator.tenant (id, slug, database_id, schema_name)
                   SELECT %s || '-' || name, %s || '-' || name, %s, name FROM unnest(%s) AS name""",
                (database, database, database, tenants),
            )

    def _migrate(self) -> None:
        if self.script.rolls_back:  # to the first version, so that there is something to come back to
            self._request(f"{self.id}-first", to_version=FIRST_VERSION)
            self._to_the_end([f"{self.id}-first"])
        started = time.monotonic()
        self._request(self.id)
        plan: list[tuple[float, Callable[[], None]]] = [(s.at, self._striking(s)) for s in self.script.strikes]
        plan += [(at, self._signing_up(number)) for number, at in enumerate(self.script.sign_ups)]
        self._carry_out(plan, started)
        self._to_the_end(self.sender.sent)

    def _request(self, event_id: str, **more: str) -> None:
        wishes = {"request_id": event_id, "scope": "tenant", "target_databases": list(self.names)}
        self.sender.send(event_id, "migration.requested", "normal", requested_by="chaos", **wishes, **more)

    def _roll_back(self) -> None:
        back, started = f"{self.id}-back", time.monotonic()
        self.sender.send(back, "rollback.requested", "critical", execution_id=self.id, requested_by="chaos")
        self._carry_out([(s.at, self._striking(s)) for s in self.script.strikes_back], started)
        self._to_the_end([back])

    def _carry_out(self, plan: Sequence[tuple[float, Callable[[], None]]], started: float) -> None:
        for at, act in sorted(plan, key=lambda each: each[0]):
            while time.monotonic() - started < at:
                self.sender.look()
                time.sleep(min(0.1, max(at - (time.monotonic() - started), 0)))
            act()
        self.site.settle()

    def _striking(self, strike: Strike) -> Callable[[], None]:
        def act() -> None:
            if hit := self.striker.strike(strike):
                self.verdict.hits.append(hit)

        return act

    def _signing_up(self, number: int) -> Callable[[], None]:
        database = list(self.names)[number % 2]
        schema = f"late_{number}"

        def act() -> None:
            self.schemas[database].append(schema)
            tenant = {"tenant_id": f"{database}-{schema}", "tenant_slug": f"{database}-{schema}", "region": "eu"}
            where = {"database_id": database, "schema_name": schema}
            say = self.sender.publish if number % 2 else self.sender.send
            say(f"{self.id}-{schema}", "tenant.created", "high", **tenant, **where)

        return act

    def _to_the_end(self, events: Sequence[str]) -> None:
        """Wait for all events; what ended badly is retried as an operator would."""
        for _ in range(MOST_RETRIES + 1):
            self._wait(lambda: self._have_ended(events), END_SECONDS, lambda: f"no end: {self._standing(events)}")
            failed = self.site.ask(
                """SELECT event.id, execution.id IS NOT NULL, error_message FROM migrator.event
                   LEFT JOIN migrator.execution USING (id) WHERE event.id = ANY(%s) AND status = 'failed'""",
                [list(events)],
            )
            if not failed:
                return
            self.verdict.retries += len(failed)
            for event_id, is_execution, message in failed:
                assert is_execution, f"event {event_id} failed: {message}"
                self.sender.steer(event_id, "retry")
        raise AssertionError(f"still failed after {MOST_RETRIES} retries: {failed}")

    def _have_ended(self, events: Sequence[str]) -> bool:
        known = self.sender.look()
        query = """SELECT count(*) FROM migrator.event LEFT JOIN migrator.execution USING (id)
                   WHERE event.id = ANY(%s) AND status IN ('completed', 'failed')
                     AND (execution.id IS NULL OR execution.state = ANY(%s))"""
        return known and self.site.ask(query, [list(events), list(_ENDS)]) == [(len(events),)]

    def _standing(self, events: Sequence[str]) -> str:
        query = """SELECT event.id, status, error_message, state, wave, waves, done, failed, total
                   FROM migrator.event LEFT JOIN migrator.execution USING (id) WHERE event.id = ANY(%s)"""
        found = self.site.ask(query, [list(events)])
        return "; ".join(str(row) for row in found if row[1] not in ("completed", "failed") or row[3] == "running")

    def _check(self) -> None:
        urls = [target.url() for target in self.site.targets.values()]
        control = self.site.control.url(CONTROL)
        left: list[str] = []

        def is_quiet() -> bool:
            left[:] = checker.remains(control, urls)
            return not left

        self._wait(is_quiet, QUIET_SECONDS, lambda: f"left behind: {left}")
        wanted = TAKEN_BACK if self.script.rolls_back else MIGRATED
        for database, server in self.names.items():
            url = self.site.targets[server].url(database)
            for schemas, expected in self._expected(database, wanted):
                faults = checker.schema_faults(url, schemas, expected, among=self.schemas[database])
                self.verdict.faults += [f"{database}: {fault}" for fault in faults]
        self.verdict.faults += checker.book_faults(control, self.id)

    def _expected(self, database: str, wanted: Wanted) -> list[tuple[list[str], Wanted]]:
        """Taken back is what the migration changed; customers who signed up later have executions of their own."""
        query = """SELECT schema_name FROM migrator.outcome
                   WHERE execution_id = %s AND database_id = %s AND applied <> '{}'"""
        early = [schema for (schema,) in self.site.ask(query, (self.id, database))]
        late = [schema for schema in self.schemas[database] if schema not in early]
        return [(early, wanted), (late, MIGRATED)]

    def _wait(self, condition: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, otherwise()
            time.sleep(0.2)

    def _clean_up(self) -> None:
        """Later rounds find the servers as they were, but for the ledger."""
        for database, server in self.names.items():
            self.site.ask("UPDATE migrator.tenant SET state = 'retired' WHERE database_id = %s", [database])
            self.site.ask("UPDATE migrator.database SET state = 'retired' WHERE id = %s", [database])
            patiently(self.site.targets[server].url(), f'DROP DATABASE "{database}" WITH (FORCE)')
