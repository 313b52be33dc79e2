"""How a plan and its forecast are said: one document for programs, tables and sentences for people, or the SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from migrator.folder.as_sql import as_sql
from migrator.model.forecast import Group, Prospect, by_wave_number
from migrator.model.migration import Migration, MigrationKind
from migrator.model.plan import Plan
from migrator.model.target import Target
from migrator.watch.progress import spoken_seconds

MOST_DATABASES = 8
"""Databases that a line counts one by one."""


def document(plan: Plan, groups: Sequence[Group], seconds: float | None) -> dict[str, Any]:
    """All of it, for a program. ``seconds`` are None where nothing like it was done before."""
    return {
        "behind": len({planned.target for planned in plan.targets}),
        "current": plan.current,
        "expected_seconds": _rounded(seconds),
        "stages": list(_stages(plan)),
        "groups": [_group(group) for group in groups],
        "targets": list(_targets(plan, groups)),
    }


def show(console: Console, said: Mapping[str, Any], *, with_targets: bool) -> None:
    """The plan for a person: waves, then group by group what is pending, then the targets if they are asked for."""
    console.print(f"{said['behind']} targets are behind, {said['current']} are current; nothing was changed")
    if not said["behind"]:
        return
    console.print(_table_of_waves(said["stages"]))
    for group in said["groups"]:
        _show_group(console, group)
    if with_targets:
        console.print(_table_of_targets(said["targets"]))
    seconds = said["expected_seconds"]
    console.print(
        "how long it takes is not known: not all of it was done before"
        if seconds is None
        else f"expected to take {spoken_seconds(seconds)} in all, with every lane free"
    )


def show_sql(console: Console, groups: Iterable[Group]) -> None:
    """What would be run, each file once for its stage, as text that a server could be given."""
    by_stage: dict[str, dict[str, Migration]] = {}
    for group in groups:
        title = f"stage {group.stage.number}, scope {group.stage.scope}"
        by_stage.setdefault(title, {}).update({str(each.migration.path): each.migration for each in group.pending})
    memo: dict[Any, Any] = {}
    for title, migrations in by_stage.items():
        for migration in sorted(migrations.values(), key=_in_folder_order):
            outside = "" if migration.transactional else ", outside a transaction"
            console.out(f"-- {title}: {migration.script}{outside}\n{as_sql(migration, memo)}\n", highlight=False)


def _in_folder_order(migration: Migration) -> tuple[bool, tuple[int, ...], bool, str]:
    version = migration.version
    return version is None, version.numbers if version else (), not _is_baseline(migration), migration.description


def _is_baseline(migration: Migration) -> bool:
    return migration.kind is MigrationKind.BASELINE


def _stages(plan: Plan) -> Iterator[dict[str, Any]]:
    by_wave = by_wave_number(plan)
    for stage in plan.stages:
        waves = [
            {
                "wave": wave.number,
                "canary": wave.is_canary,
                "targets": wave.total,
                "databases": _by_database(planned.target for planned in by_wave[wave.number]),
            }
            for wave in plan.waves
            if wave.stage == stage.number
        ]
        to = str(stage.to) if stage.to else None
        yield {"stage": stage.number, "scope": stage.scope.value, "to": to, "waves": waves}


def _group(group: Group) -> dict[str, Any]:
    return {
        "stage": group.stage.number,
        "scope": group.stage.scope.value,
        "version": group.version,
        "targets": len(group.targets),
        "databases": _by_database(group.targets),
        "obstacle": group.obstacle,
        "pending": [_prospect(each) for each in group.pending],
        "expected_seconds": _rounded(group.seconds),
        "past_outcomes": group.outcomes,
    }


def _prospect(each: Prospect) -> dict[str, Any]:
    migration = each.migration
    return {
        "script": migration.script,
        "path": str(migration.path),
        "version": str(migration.version) if migration.version else None,
        "description": migration.description,
        "kind": migration.kind.value,
        "code": migration.code is not None,
        "transactional": migration.transactional,
        "destroys": list(each.destroys),
        "escapes": list(each.escapes),
        "locks": list(each.locks),
        "way_back": each.way_back,
        "obstacles": [str(obstacle) for obstacle in each.obstacles],
        "sql": as_sql(migration),
    }


def _targets(plan: Plan, groups: Sequence[Group]) -> Iterator[dict[str, Any]]:
    known = {(group.stage.number, target): group for group in groups for target in group.targets}
    for planned in plan.targets:
        target, group = planned.target, known[planned.stage, planned.target]
        yield {
            "database": target.database_id,
            "schema": target.schema_name,
            "tenant": target.tenant_id,
            "stage": planned.stage,
            "wave": planned.wave,
            "version": group.version,
            "pending": list(group.run[1]),
            "obstacle": group.obstacle,
        }


def _by_database(targets: Iterable[Target]) -> dict[str, int]:
    return dict(sorted(Counter(target.database_id for target in targets).items()))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _table_of_waves(stages: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(
        "stage", "scope", "up to", "wave", "targets", "databases", box=None, pad_edge=False, header_style="bold"
    )
    for stage in stages:
        for wave in stage["waves"]:
            name = f"{wave['wave']} canary" if wave["canary"] else str(wave["wave"])
            cells = (str(stage["stage"]), stage["scope"], stage["to"] or "newest", name, str(wave["targets"]))
            table.add_row(*cells, escape(_counted(wave["databases"])))
    return table


def _table_of_targets(targets: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("target", "stage", "wave", "version", "pending", box=None, pad_edge=False, header_style="bold")
    for each in targets:
        pending = each["obstacle"] or ", ".join(each["pending"]) or "nothing"
        place = escape(f"{each['database']}/{each['schema']}")
        table.add_row(place, str(each["stage"]), str(each["wave"]), each["version"] or "fresh", escape(pending))
    return table


def _show_group(console: Console, group: Mapping[str, Any]) -> None:
    at = f"at version {group['version']}" if group["version"] else "fresh"
    at = "in an unknown state" if group["obstacle"] and not group["version"] else at
    heading = f"\nstage {group['stage']}: {group['targets']} of scope {group['scope']}, {at}"
    console.print(f"{heading} ({_counted(group['databases'])})", style="bold", markup=False)
    if group["obstacle"]:
        console.print(f"  nothing could be applied: {group['obstacle']}", style="red", markup=False)
    elif not group["pending"]:
        console.print("  nothing is pending, only the mark is written anew")
    for each in group["pending"]:
        console.print(f"  {each['script']}  {each['description']}, {_kind(each)}", markup=False)
        for style, remark in _remarks(each):
            console.print(f"      {remark}", style=style, markup=False)
    if group["expected_seconds"] is not None:
        said = f"expected {spoken_seconds(group['expected_seconds'])} for each, as in {group['past_outcomes']} outcomes"
        console.print(f"  {said}", style="dim")


def _kind(each: Mapping[str, Any]) -> str:
    return f"{each['kind']} code" if each["code"] else str(each["kind"])


def _remarks(each: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("red", f"destroys: {said}") for said in each["destroys"])
    yield from (("yellow", f"changes schema {schema}, which is not its own") for schema in each["escapes"])
    yield from (("yellow", f"locks: {said}") for said in each["locks"])
    if not each["transactional"]:
        yield "yellow", "runs outside a transaction"
    yield ("dim", _way_back(each)) if each["way_back"] else ("yellow", _way_back(each))


def _way_back(each: Mapping[str, Any]) -> str:
    if each["way_back"]:
        return "way back: a written undo" if each["way_back"] == "undo" else "way back: an inverse that is certain"
    first, more = each["obstacles"][0], len(each["obstacles"]) - 1
    return f"no way back: {first}{f', and {more} more' if more else ''}"


def _counted(databases: Mapping[str, int]) -> str:
    named = [f"{database} {count}" for database, count in list(databases.items())[:MOST_DATABASES]]
    left = len(databases) - MOST_DATABASES
    return ", ".join([*named, *([f"{left} more databases"] if left > 0 else [])])
