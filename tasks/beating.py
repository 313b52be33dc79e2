"""Beat's sign of life: written to the ledger by beat's own process, each time that it has sent upkeep."""

from __future__ import annotations

from typing import Any

import structlog
from celery.signals import after_task_publish, beat_embedded_init, beat_init

from migrator.errors import MigratorError
from migrator.fleet import ticks
from tasks import desk

UPKEEP = "migrator.upkeep"

log = structlog.get_logger("migrator.beat")


@beat_init.connect
@beat_embedded_init.connect
def _note_from_now_on(**_: Any) -> None:
    """Only in beat's process: what others send is no sign of beat."""
    after_task_publish.connect(note_tick, sender=UPKEEP)


def note_tick(**_: Any) -> None:
    """A ledger that is away must not stop beat."""
    try:
        with desk.store().begin() as connection:
            ticks.note(connection, ticks.BEAT, desk.host())
    except MigratorError as error:
        log.warning("tick could not be noted in the ledger", reason=str(error))
