"""The parts of a run, in their order: those that need workers share a stage, the others have servers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.calibrate import calibrate
from benchmarks.choice import Choice
from benchmarks.costs import costs
from benchmarks.doorstep import Doorstep, doorstep
from benchmarks.idle import idle
from benchmarks.latency import latency
from benchmarks.machine import machine_facts
from benchmarks.newcomer import measure
from benchmarks.race import picture, race
from benchmarks.scale import Scale
from benchmarks.section import Section
from benchmarks.simulation.costs import Costs
from benchmarks.slope import slope
from benchmarks.stage import Stage, temporary_home, workers_on
from benchmarks.table import Row, as_ratios
from benchmarks.watching import watch
from migrator.local import LocalServices


@dataclass
class Result:
    """Everything that was found."""

    facts: dict[str, Any] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    picture: str | None = None
    ratios: str | None = None
    costs: Costs | None = None


class Programme:
    """One run of the benchmark."""

    def __init__(
        self,
        scale: Scale,
        choice: Choice,
        lanes: int | None,
        say: Callable[[str], None],
        keep: Callable[[Result], None] = lambda result: None,
    ) -> None:
        """``keep`` is given what there is after each part, so that the last one cannot take an hour's work with it."""
        self._scale, self._choice, self._lanes, self._say, self._keep = scale, choice, lanes, say, keep
        self._result = Result()

    def run(self) -> Result:
        """Part after part. Raises WorkDiffers and WorkersFailed."""
        with self._servers() as (services, home):
            self._note(services)
            if self._choice.needs_workers:
                with workers_on(services, home, self._connections(services)) as stage:
                    self._on_stage(stage)
        if "d" in self._choice.parts:
            self._newcomers()
        if "watching" in self._choice.parts:
            self._watching()
        return self._result

    def _on_stage(self, stage: Stage) -> None:
        parts, scale, say = self._choice.parts, self._scale, self._say
        if self._choice.works:
            found = race(stage, scale, self._choice, say)
            rows = [Row(**row) for row in found.document["rows"]]
            self._result.picture, self._result.ratios = picture(rows), as_ratios(rows)
            self._add(found)
        if "idle" in parts:
            say(f"nothing to do for {scale.idle}")
            self._add(idle(stage, scale))
        if "e" in parts:
            say("events")
            self._add(latency(stage, scale))
        if "g" in parts:
            self._add(slope(stage, scale, say))
        if "costs" in parts:
            section, self._result.costs = costs(stage, scale, self._result.facts, say)
            self._add(section)

    def _add(self, section: Section) -> None:
        self._result.sections.append(section)
        self._keep(self._result)

    def _newcomers(self) -> None:
        """The work (d): one more tenant, by the length of the history; on one connection, then from event to report."""
        self._say("newcomers")
        with self._servers() as (services, home):
            found = [measure(services.postgres, home, *sizes) for sizes in self._scale.newcomers]
        whole = [self._doorstep(*sizes) for sizes in self._scale.newcomers]
        told = "\n\n".join(each.as_markdown() for each in (*found, *whole))
        goals = [each.goal for each in (*found, *whole)]
        document = {"newcomers": [asdict(each) for each in found], "doorsteps": [asdict(each) for each in whole]}
        self._add(Section("One new tenant", told, document, goals))

    def _doorstep(self, migrations: int, turns: int) -> Doorstep:
        self._say(f"a newcomer from event to report, after {migrations} migrations")
        with self._servers() as (services, home):
            return doorstep(services, home, migrations, turns)

    def _watching(self) -> None:
        self._say("watching")
        with self._servers() as (services, home):
            found = watch(services, home, self._scale.watching)
        self._add(Section("Watching", "\n\n".join(each.as_markdown() for each in found)))

    def _note(self, services: LocalServices) -> None:
        scale = self._scale
        size = f"{scale.schemas} tenants, {scale.rounds} rounds, other tools in {scale.peer_rounds} of them"
        self._result.facts |= {**machine_facts(services.postgres), "size": size}

    def _connections(self, services: LocalServices) -> int:
        """As many as asked for, or as many as the limit is fastest with."""
        self._say("starting" if self._lanes else "calibrating")
        found = {} if self._lanes else calibrate(services.postgres, max(self._scale.schemas // 10, 4))
        connections = self._lanes or min(found, key=lambda many: found[many])
        timed = ", ".join(f"{many}: {seconds:.2f} s" for many, seconds in found.items()) or "not calibrated"
        self._result.facts["connections"] = f"{connections} ({timed})"
        return connections

    @contextmanager
    def _servers(self) -> Iterator[tuple[LocalServices, Path]]:
        with temporary_home() as home, LocalServices(home / "services", durable=self._scale.durable) as services:
            yield services, home
