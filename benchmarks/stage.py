"""Where the benchmark plays: a temporary directory with servers, a copy of the migrations, and workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.shop import MIGRATIONS, ROOT
from benchmarks.workers import Workers
from migrator import client
from migrator.local import LocalServices


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A directory that PostgreSQL's own account can enter too, gone afterwards with all that was measured."""
    with tempfile.TemporaryDirectory(prefix="migrator-benchmark-") as name:
        home = Path(name)
        home.chmod(0o755)
        yield home


@contextmanager
def workers_on(services: LocalServices, home: Path, lanes: int) -> Iterator[tuple[Workers, Path]]:
    """Workers on a control database made for them, and the folder that they migrate from."""
    folder = home / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    environment = {
        **services.environment(),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "MIGRATOR_MIGRATIONS": str(folder),
        "MIGRATOR_LANES": str(lanes),
        "MIGRATOR_LOG_LEVEL": "WARNING",
    }
    init = [sys.executable, "-m", "migrator.cli", "init", "--json"]
    subprocess.run(init, env={**os.environ, **environment}, cwd=home, check=True, stdout=subprocess.DEVNULL)
    client.connect(services.valkey.url(), services.valkey.url())
    with Workers(home, environment) as workers:
        yield workers, folder
