"""On what the figures were made."""

from __future__ import annotations

import os
import platform
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import celery
import psutil
import psycopg2

from migrator.local import Postgres


def machine_facts(postgres: Postgres) -> dict[str, Any]:
    """Hardware and versions, by the words of the report."""
    with closing(psycopg2.connect(postgres.url())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
        ((server, fsync),) = cursor.fetchall()
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB RAM, {platform.system()}",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "PostgreSQL": f"{server}, fsync {fsync}, on the same machine",
        "Python": platform.python_version(),
        "Celery": celery.__version__,
    }
