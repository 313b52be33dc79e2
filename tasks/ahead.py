"""Read ahead: a worker reads the tenants' folder before its children are made, so that no newcomer waits for that."""

from __future__ import annotations

from typing import Any

import structlog
from celery.signals import worker_init

from migrator.errors import MigratorError
from migrator.model.target import Scope
from tasks import desk

log = structlog.get_logger("migrator.worker")


@worker_init.connect
def read_ahead(**_: Any) -> None:
    """Children have what their parent had read, and look for themselves whether it changed since."""
    try:
        desk.folder(Scope.TENANT)
    except MigratorError as error:
        log.info("the tenants' folder was not read ahead", reason=str(error))
