"""What the peers have in common: one file of ours as one of theirs, and schemas made beforehand."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import psycopg2

from benchmarks.shop import Fleet, Work, WorkDiffers
from migrator.local import Postgres
from migrator.model.migration import Migration


def write_files(folder: Path, steps: Sequence[Migration], text: Callable[[int, Migration], str], suffix: str) -> None:
    """A file for each step, numbered from 1, so that they come in our order."""
    folder.mkdir(parents=True)
    for number, step in enumerate(steps, start=1):
        (folder / f"{number:04}_step{suffix}").write_text(text(number, step))


def two_folders(home: Path, text: Callable[[int, Migration], str], suffix: str) -> dict[Work, Path]:
    """The history alone, and the history with the increment, which is there for what comes after it too."""
    before, after = home / "before", home / "after"
    write_files(before, Work.HISTORY.steps, text, suffix)
    write_files(after, (*Work.HISTORY.steps, *Work.INCREMENT.steps), text, suffix)
    return {Work.HISTORY: before, Work.INCREMENT: after, Work.NOTHING: after}


def make_schemas(postgres: Postgres, fleet: Fleet) -> None:
    """For peers that want to find their schemas; one string, and measured, because the others make them too."""
    with closing(psycopg2.connect(postgres.url(fleet.database))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for schema in fleet.schemas:
            cursor.execute(f"CREATE SCHEMA {schema}")


def started(peer: str, command: Sequence[str | Path], home: Path, environment: Mapping[str, str]) -> None:
    """Run a peer's program to its end; raises WorkDiffers with what it said last when it fails."""
    done = subprocess.run(
        command,
        cwd=home,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-20:])
        raise WorkDiffers(f"{peer} ended with {done.returncode}:\n{said}")
