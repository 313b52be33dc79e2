"""``migrator drift``: which targets differ from others that should be alike, few queries per database."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import click
from rich.console import Console

from migrator.cli.output import say
from migrator.cli.schema.fingerprint import as_document
from migrator.cli.targets import Look, Wanted, choosing_targets, each_database
from migrator.errors import EXIT_FAILED, MigratorError, UnknownSchema
from migrator.model.peers import Peers
from migrator.model.target import Database, Target
from migrator.schema.drift import Difference, Group, differences, grouped, summary
from migrator.schema.fingerprint import Catalog, describe, fingerprints_of
from migrator.schema.marks import read_marks
from migrator.schema.session import Session, session_on
from tasks import desk

AT_ONCE = 500
"""Schemas asked for in one statement, so that none of them holds its snapshot for long."""
MOST_DESCRIBED = 20
"""Groups whose differences are looked up; where there are more, the rest is only counted."""
MOST_NAMED = 10
"""Odd targets that are named to a person; a program gets all."""
_PATIENCE = "SET lock_timeout TO '5s'"


@dataclass(frozen=True, slots=True)
class Found:
    """One target as it was met."""

    peers: Peers
    fingerprint: str
    database: Database


@click.command()
@choosing_targets
def drift(wanted: Wanted, as_json: bool) -> None:
    """Which targets differ from the others of their scope and version; changes nothing, ends with 1 when some do.

    The largest group of equal targets is the norm. Lines say what an odd one has otherwise: - missing, + besides,
    ~ another.

    Example: migrator drift --scope tenant --database eu-1
    """
    looks = each_database(wanted, "drift", _fingerprints)
    document = _document(looks)
    say(as_json, document, lambda console: _show(console, document))
    if document["drift"] or document["errors"]:
        sys.exit(EXIT_FAILED)


def _fingerprints(session: Session, database: Database, targets: list[Target]) -> Iterator[Look[Found]]:
    history_table = desk.settings().history_table
    session.run(_PATIENCE)
    marks = read_marks(session, history_table)
    left = iter(targets)
    while batch := list(islice(left, AT_ONCE)):
        found = fingerprints_of(session, [target.schema_name for target in batch], history_table)
        for target in batch:
            if target.schema_name not in found:
                error = UnknownSchema(database=database.id, schema=target.schema_name)
                yield Look(target, error=str(error))
                continue
            mark = marks.get(target.schema_name)
            version = (mark.version or "fresh") if mark else "unknown"
            peers = Peers(target.scope, version, session.connection.server_version // 10000)
            yield Look(target, Found(peers, found[target.schema_name], database))


def _document(looks: list[Look[Found]]) -> dict[str, Any]:
    by_peers: dict[Peers, dict[str, Look[Found]]] = defaultdict(dict)
    for look in looks:
        if look.found:
            by_peers[look.found.peers][str(look.target)] = look
    rows = [_peers_row(peers, members) for peers, members in sorted(by_peers.items())]
    return {
        "drift": any(len(row["groups"]) > 1 for row in rows),
        "peers": rows,
        "errors": [{"target": str(look.target), "error": look.error} for look in looks if look.error],
    }


def _peers_row(peers: Peers, members: dict[str, Look[Found]]) -> dict[str, Any]:
    groups = grouped({name: look.found.fingerprint for name, look in members.items() if look.found})
    found, unread = _differences(groups, members)
    return {
        "scope": peers.scope.value,
        "version": peers.version,
        "server": peers.server,
        "targets": len(members),
        "summary": summary(groups, found),
        "groups": [_group_row(group, found.get(group.fingerprint, ()), unread) for group in groups],
    }


def _group_row(group: Group, found: tuple[Difference, ...], unread: dict[str, str]) -> dict[str, Any]:
    return {
        "fingerprint": group.fingerprint,
        "count": len(group.members),
        "targets": list(group.members),
        "differences": [as_document(difference) for difference in found],
        "error": unread.get(group.fingerprint),
    }


def _differences(
    groups: tuple[Group, ...], members: dict[str, Look[Found]]
) -> tuple[dict[str, tuple[Difference, ...]], dict[str, str]]:
    """Each group's differences from the norm, by its fingerprint, and why some could not be read."""
    if len(groups) < 2:
        return {}, {}
    try:
        norm = _catalog(members[groups[0].members[0]])
    except MigratorError as error:
        return {}, {group.fingerprint: str(error) for group in groups[1:]}
    found, unread = {}, {}
    for group in groups[1 : MOST_DESCRIBED + 1]:
        try:
            found[group.fingerprint] = differences(norm, _catalog(members[group.members[0]]))
        except MigratorError as error:
            unread[group.fingerprint] = str(error)
    return found, unread


def _catalog(look: Look[Found]) -> Catalog:
    if look.found is None:
        raise ValueError(f"{look.target} was not found")
    with session_on(look.found.database, "migrator drift", desk.access()) as session:
        session.run(_PATIENCE)
        return describe(session, look.target.schema_name, desk.settings().history_table)


def _show(console: Console, document: dict[str, Any]) -> None:
    if not document["peers"] and not document["errors"]:
        console.print("no target is registered for what was asked")
    for row in document["peers"]:
        console.print(f"{row['scope']} at version {row['version']}: {row['summary']}", style="bold", markup=False)
        for group in row["groups"][1:]:
            _show_group(console, group)
    for error in document["errors"]:
        console.print(f"{error['target']}: {error['error']}", style="red", markup=False)


def _show_group(console: Console, group: dict[str, Any]) -> None:
    named = ", ".join(group["targets"][:MOST_NAMED])
    more = group["count"] - MOST_NAMED
    console.print(f"  {group['count']}: {named}{f' and {more} more' if more > 0 else ''}", markup=False)
    for line in [difference["line"] for difference in group["differences"]] or [group["error"] or "not looked up"]:
        console.print("\n".join(f"    {part}" for part in line.splitlines()), markup=False)
