"""What the ledger's past says about the time that something will take."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection

from migrator.fleet.store import rows
from migrator.model.forecast import Past, Run


def past_seconds(connection: Connection, runs: Collection[Run]) -> dict[Run, Past]:
    """The median over all targets that were given the same scripts; runs without any are left out."""
    asked = sorted(run for run in runs if run[1])
    wanted = [{"number": n, "scope": scope, "applied": applied} for n, (scope, applied) in enumerate(asked)]
    found = rows(connection, "past_seconds", runs=json.dumps(wanted)) if wanted else []
    return {asked[row.number]: Past(row.seconds, row.outcomes) for row in found}
