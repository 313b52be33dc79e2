"""How the check before a rollout is said: names that are there already, and targets that differ from their peers."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rich.console import Console

from migrator.cli.output import counted, named
from migrator.model.peers import Peers
from migrator.schema.drift import grouped
from tasks.checking import Checked

MOST_LISTED = 20


def document(found: Checked) -> dict[str, Any]:
    """All of it, for a program; targets are named as database/schema."""
    return {
        "collisions": [
            {
                "target": str(target),
                "kind": each.made.kind,
                "name": each.made.name,
                "script": each.made.script,
                "line": each.made.line,
                "sentence": str(each),
            }
            for target, those in sorted(found.collisions.items())
            for each in those
        ],
        "drift": _drift(found),
        "silent": dict(sorted(found.silent.items())),
    }


def show(console: Console, said: dict[str, Any]) -> None:
    """The same for a person."""
    for each in said["collisions"][:MOST_LISTED]:
        console.print(f"{each['target']}: {each['sentence']}", style="red", markup=False)
    if (more := len(said["collisions"]) - MOST_LISTED) > 0:
        console.print(f"and {counted(more, 'more collision')}", style="red")
    for row in said["drift"]:
        at = f"{row['scope']} at version {row['version'] or 'none'}"
        odd = [target for group in row["odd"] for target in group]
        text = f"{at}: {row['alike']} alike, {len(odd)} odd: {named(odd)}; 'migrator drift' shows the lines that differ"
        console.print(text, style="yellow", markup=False)
    for database, reason in said["silent"].items():
        console.print(f"{database} was not checked: {reason}", style="red", markup=False)
    if not any(said.values()):
        console.print("checked: no name that would be made is there already, and no target is odd")


def _drift(found: Checked) -> list[dict[str, Any]]:
    by_peers: dict[Peers, dict[str, str]] = defaultdict(dict)
    for each in found.candidates:
        if each.fingerprint is not None and isinstance(each.peers, Peers):
            by_peers[each.peers][str(each.target)] = each.fingerprint
    rows = []
    for peers, prints in by_peers.items():
        norm, *odd = grouped(prints)
        if odd:
            rows.append(
                {
                    "scope": peers.scope.value,
                    "version": peers.version,
                    "server": peers.server,
                    "alike": len(norm.members),
                    "odd": [list(group.members) for group in odd],
                }
            )
    return rows
