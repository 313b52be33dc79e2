"""Rounds: every lane does every work over a fleet of its own, in turn, in another order each time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from benchmarks.processor import Meter
from benchmarks.same import check_same
from benchmarks.shop import Fleet, Lane, Work, schema_names
from migrator.local import Postgres

_GOODBYE_SECONDS = 0.2
"""For server processes to end after their connection, else their processor time is counted nowhere."""


@dataclass(frozen=True)
class Sample:
    """What one work cost one lane in one round, in seconds."""

    round: int
    work: Work
    lane: str
    wall: float
    server: float
    client: float


def play(
    postgres: Postgres, lanes: Sequence[Lane], meters: Mapping[str, Meter], rounds: int, schemas: int
) -> Iterator[Sample]:
    """Round after round. Databases are kept to the end: dropping files makes the file system slow for a while."""
    for number in range(1, rounds + 1):
        yield from play_round(postgres, _turned(lanes, number), meters, number, schemas)


def play_round(
    postgres: Postgres, lanes: Sequence[Lane], meters: Mapping[str, Meter], number: int, schemas: int
) -> Iterator[Sample]:
    """One round, in the order of the lanes; raises WorkDiffers after a work that they did not all do alike."""
    fleets = {lane.name: Fleet(f"{lane.name}_{number}", schema_names(schemas)) for lane in lanes}
    for lane in lanes:
        postgres.create_database(fleets[lane.name].database)
        lane.prepare(fleets[lane.name])
    for work in Work:
        for lane in lanes:
            yield _measured(postgres, lane, meters[lane.name], number, work, fleets[lane.name])
        check_same(postgres, work, fleets)


def _measured(postgres: Postgres, lane: Lane, meter: Meter, number: int, work: Work, fleet: Fleet) -> Sample:
    _write_out(postgres)
    server, client = meter.read()
    started = time.perf_counter()
    lane.run(work, fleet)
    wall = time.perf_counter() - started
    time.sleep(_GOODBYE_SECONDS)
    server_after, client_after = meter.read()
    return Sample(number, work, lane.name, wall, server_after - server, client_after - client)


def _write_out(postgres: Postgres) -> None:
    """A checkpoint, so that no lane pays for what the one before it has left in memory."""
    with closing(psycopg2.connect(postgres.url())) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("CHECKPOINT")


def _turned(lanes: Sequence[Lane], by: int) -> list[Lane]:
    by %= len(lanes)
    return [*lanes[by:], *lanes[:by]]
