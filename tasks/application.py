"""The Celery application."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import celeryd_init, setup_logging, task_prerun

from migrator.wire.signing import SERIALIZER, sign_and_verify
from tasks import desk
from tasks.broker_repairs import UnackedLease, survive_broker_restarts

desk.settings()  # says what is wrong with them in a sentence; Celery would show a traceback
app = Celery("migrator", amqp="migrator.wire.outgoing:Outgoing", set_as_current=False)  # who imports us keeps their own
app.config_from_object(os.environ.get("CELERY_CONFIG_MODULE", "config.celery"))
if app.conf.task_serializer == SERIALIZER:
    sign_and_verify(app)
app.steps["consumer"].add(UnackedLease)
survive_broker_restarts()


@celeryd_init.connect  # before Celery warns of what it thinks of its user
@setup_logging.connect
def _configure_logging(**_: Any) -> None:
    """Ours instead of Celery's, in workers and beat."""
    from config import logging, settings

    chosen = settings.load()
    logging.configure(chosen.log_level, chosen.log_format)


@task_prerun.connect
def _name_the_task(task_id: str, task: Any, **_: Any) -> None:
    """A process runs many tasks; what one bound to its log lines is not true for the next."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
