"""Who holds a lease: one run of one lane, told apart from every other, and recognised in a target database."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.preflight import LANE

LONGEST_NAME = 63
"""Bytes of an application_name."""
OURS = "migrator "
"""What the application_name of every connection of ours begins with."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One run of a lane, or of a single target's event, in one process of one worker."""

    host: str
    worker: int
    """The process id of the worker's main process."""
    process: int
    """The process id of the child that does the work; the same where there are no children."""
    task: str
    """A short hash of the Celery task's id: a process id may be given out again."""
    token: str
    """Hexadecimal and random, never given twice."""

    def __str__(self) -> str:
        return f"{children_of(self.host, self.worker)}{self.process}:{self.task}:{self.token}"

    @property
    def of_its_task(self) -> str:
        """What the names of all holders begin with that this process was for this task."""
        return f"{children_of(self.host, self.worker)}{self.process}:{self.task}:"


def children_of(host: str, worker: int) -> str:
    """What the names of all holders of a worker begin with."""
    return f"{host}:{worker}:"


def token_of(holder: str) -> str:
    """The token in a holder's name."""
    return holder.rpartition(":")[2]


def spoken(holder: str) -> str:
    """As people are told of it: host and process."""
    host, *rest = holder.split(":")
    return f"{host}, process {rest[1]}" if len(rest) > 1 else holder


def lane_name(slot: int, holder: str, execution_id: str) -> str:
    """The application_name of a lane: ``migrator lane 2 1f0c9a6be2d4 <execution>``, cut to what PostgreSQL keeps.

    The token comes before the execution's id, which may be long, so that it is never cut off.
    """
    return _cut(f"{LANE} {slot} {token_of(holder)} {execution_id}")


def program_name(doing: str, name: str) -> str:
    """The application_name of a program that works for a connection of this name; a lane's token is in it too."""
    return _cut(f"{doing} for {name.removeprefix(OURS)}") if name.startswith(LANE) else doing


def _cut(name: str) -> str:
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")
