"""Logs: structlog, JSON for machines and readable on a terminal, on stderr."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog


def _task_of_celery(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Celery names a task in the text of a line; programs want it beside the text."""
    said = line.pop("positional_args", None)
    if isinstance(said, Mapping) and {"id", "name"} <= said.keys():
        line.setdefault("task", said["name"])
        line.setdefault("task_id", said["id"])
    return line


_SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_QUIET = {
    "alembic": logging.WARNING,  # else it tells of every revision in every schema
    "urllib3": logging.ERROR,  # it quotes paths, which are secrets where alerts are sent
}


def configure(level: str = "INFO", style: str = "auto") -> None:
    """Send our lines and those of every library, also warnings, through one formatter."""
    pretty = style == "console" or (style == "auto" and sys.stderr.isatty())
    colors = "NO_COLOR" not in os.environ
    renderer = structlog.dev.ConsoleRenderer(colors=colors) if pretty else structlog.processors.JSONRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, _task_of_celery],
        pass_foreign_args=True,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[output], force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    logging.getLogger("apprise").propagate = False  # whoever sends listens to it, and keeps addresses to themselves
    logging.captureWarnings(True)
    threading.excepthook = _thread_died
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _thread_died(died: threading.ExceptHookArgs) -> None:
    """A thread's last words are a line like any other."""
    trace: TracebackType | None = died.exc_traceback
    error = died.exc_value or died.exc_type()
    name = died.thread.name if died.thread else "?"
    logging.getLogger("threading").critical("thread %s died", name, exc_info=(died.exc_type, error, trace))
