"""Rounds: every lane does every work over a fleet of its own, in turn, in another order each time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from benchmarks.processor import Meter
from benchmarks.same import check_same
from benchmarks.shop import Fleet, Lane, Work, WorkDiffers, schema_names
from migrator.local import Postgres

_GOODBYE_SECONDS = 0.2
"""For server processes to end after their connection, else their processor time is counted nowhere."""


@dataclass(frozen=True)
class Sample:
    """What one work cost one lane in one round, in seconds; ``tenants`` is how many it did it for."""

    round: int
    work: Work
    lane: str
    tenants: int
    wall: float
    server: float
    client: float


@dataclass(frozen=True)
class Race:
    """Who runs, over what: the works are done in their order, up to the last of them."""

    lanes: Sequence[Lane]
    meters: Mapping[str, Meter]
    works: Sequence[Work]
    schemas: int
    label: str = "race"
    """Part of the names of its databases."""

    def at_work(self, work: Work) -> list[Lane]:
        """The lanes that can do it."""
        return [lane for lane in self.lanes if work in lane.works]

    def fleet(self, lane: Lane, number: int) -> Fleet:
        """The one of a lane in a round."""
        most = min(self.schemas, lane.most or self.schemas)
        return Fleet(f"{self.label}_{lane.name}_{number}".replace(" ", "_").replace("-", "_"), schema_names(most))

    def turned(self, by: int) -> Race:
        """The same with another lane first."""
        by %= len(self.lanes)
        return Race([*self.lanes[by:], *self.lanes[:by]], self.meters, self.works, self.schemas, self.label)


def play_round(postgres: Postgres, race: Race, number: int) -> Iterator[Sample]:
    """One round, in the order of the lanes; raises WorkDiffers after a work that they did not all do alike.

    Databases are kept to the end: dropping files makes the file system slow for a while.
    """
    fleets = {lane.name: race.fleet(lane, number) for lane in race.lanes}
    for lane in race.lanes:
        postgres.create_database(fleets[lane.name].database)
        lane.prepare(fleets[lane.name])
    catalogs: dict[Work, set[str]] = {}
    for work in race.works:
        lanes = race.at_work(work)
        for lane in lanes:
            yield measured(postgres, lane, race.meters[lane.name], number, work, fleets[lane.name])
        catalogs[work] = check_same(postgres, work, {lane.name: fleets[lane.name] for lane in lanes})
    if Work.ROLLBACK in catalogs and catalogs[Work.ROLLBACK] != catalogs[Work.HISTORY]:
        raise WorkDiffers("a schema after the rollback is not what it was before the increment")


def measured(postgres: Postgres, lane: Lane, meter: Meter, number: int, work: Work, fleet: Fleet) -> Sample:
    """Let a lane do a work, and read clock and processors before and after."""
    _write_out(postgres)
    server, client = meter.read()
    started = time.perf_counter()
    lane.run(work, fleet)
    wall = time.perf_counter() - started
    time.sleep(_GOODBYE_SECONDS)
    server_after, client_after = meter.read()
    tenants = len(fleet.schemas)
    return Sample(number, work, lane.name, tenants, wall, server_after - server, client_after - client)


def _write_out(postgres: Postgres) -> None:
    """A checkpoint, so that no lane pays for what the one before it has left in memory."""
    with closing(psycopg2.connect(postgres.url())) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("CHECKPOINT")
