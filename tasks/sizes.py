"""How large targets are, where the order of a rollout asks for it: one query per database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from migrator.errors import MigratorError
from migrator.model.rollout import Order, Rollout
from migrator.model.target import Database, Target
from migrator.schema.clone import sizes_of
from migrator.schema.session import session_on
from tasks import desk
from tasks.survey import MOST_AT_ONCE

log = structlog.get_logger("migrator.sizes")


def sizes_for(
    rollout: Rollout | None, targets: Sequence[Target], databases: Mapping[str, Database]
) -> dict[Target, int]:
    """Bytes on disk by target; empty unless the smallest come first. What is not known, or not there yet, counts as
    nothing.
    """
    if rollout is None or rollout.order is not Order.SMALLEST:
        return {}
    ids = sorted({target.database_id for target in targets})
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        found = dict(zip(ids, pool.map(lambda id_: _sizes(databases[id_], targets), ids), strict=True))
    return {target: found[target.database_id].get(target.schema_name, 0) for target in targets}


def _sizes(database: Database, targets: Sequence[Target]) -> dict[str, int]:
    schemas = [target.schema_name for target in targets if target.database_id == database.id]
    try:
        with session_on(database, "migrator survey", desk.access()) as session:
            return sizes_of(session, schemas)
    except MigratorError as error:
        log.warning("sizes could not be asked for", database=database.id, reason=str(error))
        return {}
