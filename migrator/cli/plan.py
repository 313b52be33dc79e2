"""``migrator plan``: what would run where. Needs the control database and the targets' own, no worker and no broker."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click
from kombu.utils.uuid import uuid
from rich.console import Console

from migrator.cli import check as checked
from migrator.cli import forecast as shown
from migrator.cli.control import whoami
from migrator.cli.output import say
from migrator.cli.rollout import label_option, rollout_options
from migrator.cli.targets import Wanted, choosing_targets
from migrator.errors import EXIT_FAILED
from migrator.model.door import parse_payload
from migrator.model.event import EventType
from migrator.model.forecast import Group, by_wave_number, expected_seconds
from migrator.model.payload import MigrationRequested
from migrator.model.plan import Plan, make_plan
from migrator.model.rollout import Rollout
from migrator.model.target import Database
from tasks import desk
from tasks.checking import check
from tasks.forecast import forecast
from tasks.sizes import sizes_for
from tasks.staging import staged
from tasks.survey import folders_for
from tasks.wanted import wanted_targets


@click.command()
@choosing_targets
@click.option("--to", help="Stop at this version; needs --scope.")
@label_option
@rollout_options
@click.option("--sql", is_flag=True, help="Print the SQL instead, in order.")
@click.option("--targets", is_flag=True, help="List every target with what is pending there.")
def plan(sql: bool, targets: bool, as_json: bool, **asked: Any) -> None:
    """What 'migrate' with the same options would do: stages, waves, pending migrations, what they destroy or lock,
    how they are taken back, how long it takes. Changes nothing; ends with 1 when a target's history is in the way.

    With --check it looks into every target for names that would be made and are there already, which ends with 1 too,
    and for targets that differ from others of their version.

    Example: migrator plan --scope tenant --canary 2 --wave-size 20%
    """
    request = _request(**asked)
    found, groups, seconds, databases = _look(request)
    document = shown.document(found, groups, seconds)
    if request.check:
        document["check"] = checked.document(check(groups, databases))
    if sql:
        say(as_json, document, lambda console: shown.show_sql(console, groups))
    else:
        say(as_json, document, lambda console: _show(console, document, with_targets=targets))
    if any(group.obstacle for group in groups) or document.get("check", {}).get("collisions"):
        sys.exit(EXIT_FAILED)


def _show(console: Console, document: dict[str, Any], *, with_targets: bool) -> None:
    shown.show(console, document, with_targets=with_targets)
    if "check" in document:
        checked.show(console, document["check"])


def _request(*, wanted: Wanted, to: str | None, labels: dict[str, str], wishes: dict[str, Any]) -> MigrationRequested:
    """The request that 'migrate' would send. Raises BadPayload as that would."""
    chosen = {"databases": wanted.databases, "schemas": wanted.schemas, "tenants": wanted.tenants}
    fields = {
        **wishes,
        **{f"target_{name}": list(found) for name, found in chosen.items() if found},
        **({"to_version": to} if to else {}),
        "target_labels": labels,
        "scope": wanted.scope,
        "request_id": uuid(),
        "requested_by": whoami(),
    }
    payload = parse_payload(EventType.MIGRATION_REQUESTED, fields)
    if not isinstance(payload, MigrationRequested):
        raise TypeError(f"{payload} is no request to migrate")
    return payload


def _look(request: MigrationRequested) -> tuple[Plan, list[Group], float | None, dict[str, Database]]:
    targets, databases = wanted_targets(
        request.scope,
        request.target_databases,
        request.target_schemas,
        request.target_tenants,
        request.target_labels,
    )
    folders = folders_for(targets)
    to, rollout = desk.known_version(request.scope, request.to_version), request.rollout()
    found = staged(targets, databases, folders, to)
    sizes = sizes_for(rollout, [target for _, late in found.stages for target in late], databases)
    made = make_plan(found.stages, rollout, current=found.current, sizes=sizes)
    groups = forecast(found, databases, folders)
    return made, groups, _expected(made, groups, databases, rollout), databases


def _expected(made: Plan, groups: list[Group], databases: dict[str, Database], rollout: Rollout) -> float | None:
    budgets = {
        id_: desk.budget(replace(each, lanes=rollout.lanes or each.lanes)).bulk for id_, each in databases.items()
    }
    waves = [[(each.stage, each.target) for each in wave] for wave in by_wave_number(made).values()]
    seconds = expected_seconds(waves, groups, budgets)
    return None if seconds is None else seconds + rollout.soak_seconds * max(0, len(waves) - 1)
