"""What each command's ``--json`` prints. The single place of truth: docs/json.md is made from it, tests hold to it.

Fields may be added in a minor release; none is renamed, dropped or given another meaning.
"""

from __future__ import annotations

from typing import Any

from migrator.cli.shapes import execution, fleet, folder, schema

SHAPES: dict[str, Any] = {
    "migrator baseline": folder.Baselined,
    "migrator breaker list": list[fleet.Breaker],
    "migrator breaker open": fleet.BreakerSet,
    "migrator breaker reset": fleet.BreakerSet,
    "migrator cancel": execution.Steered,
    "migrator database add": execution.Report,
    "migrator database list": list[fleet.ListedDatabase],
    "migrator database remove": execution.Report,
    "migrator database show": fleet.ShownDatabase,
    "migrator doctor": fleet.Doctor,
    "migrator drift": folder.Drift,
    "migrator events list": list[execution.Event],
    "migrator events retry": list[execution.SentAgain],
    "migrator executions": list[execution.Execution],
    "migrator explain": fleet.Explained,
    "migrator init": fleet.Initialised,
    "migrator lint": folder.Linted,
    "migrator local status": fleet.Local,
    "migrator maintenance add": execution.Scheduled,
    "migrator maintenance list": execution.Maintenance,
    "migrator migrate": execution.Report | execution.Sent,
    "migrator new": folder.Made,
    "migrator pause": execution.Steered,
    "migrator plan": folder.Plan,
    "migrator preflight": fleet.Preflight,
    "migrator rehearse": folder.Rehearsals,
    "migrator repair": folder.Repaired,
    "migrator resume": execution.Steered,
    "migrator retry": execution.Steered,
    "migrator rollback": execution.Report | execution.Sent,
    "migrator schema baseline": schema.SchemaBegun,
    "migrator schema diff": schema.Diff,
    "migrator schema down": schema.Down | schema.DownPlan,
    "migrator schema fingerprint": schema.Fingerprint,
    "migrator schema preflight": fleet.DatabaseChecks,
    "migrator schema repair": schema.SchemaRepaired,
    "migrator schema snapshot drop-aside": schema.Aside,
    "migrator schema snapshot expire": list[schema.Snapshot],
    "migrator schema snapshot list": list[schema.Snapshot],
    "migrator schema snapshot restore": schema.Restored,
    "migrator schema snapshot show": schema.ShownSnapshot,
    "migrator schema snapshot take": schema.Snapshot,
    "migrator schema snapshot verify": list[schema.Verified],
    "migrator schema status": schema.SchemaStatus,
    "migrator schema up": schema.Up,
    "migrator schema validate": schema.SchemaValidated,
    "migrator show": execution.Shown,
    "migrator snapshot expire": list[schema.Snapshot],
    "migrator snapshot list": list[schema.Snapshot],
    "migrator snapshot restore": list[schema.RestoredTarget],
    "migrator snapshot take": list[schema.TakenOfTarget],
    "migrator snapshot verify": list[schema.Verified],
    "migrator status": fleet.Status,
    "migrator tenant add": execution.Report,
    "migrator tenant list": list[fleet.ListedTenant],
    "migrator tenant remove": execution.Report,
    "migrator tenant show": fleet.ShownTenant,
    "migrator validate": folder.Validated,
    "migrator watch": execution.Report,
}
"""Command to the shape of its document."""
