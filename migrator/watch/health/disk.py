"""Room for snapshots, where they are kept on a disk of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from migrator.model.health import Health, HealthCheck
from migrator.watch.performance import spoken_bytes

WARN_SHARE, FAIL_SHARE = 0.10, 0.02
"""Of the disk, free."""


def free_room(url: str) -> tuple[int, int] | None:
    """Bytes free and in all on the disk that a store of snapshots is on; None for one that is elsewhere.

    A directory that is not made yet is looked for further up. Raises OSError for a disk that cannot be asked, and
    ImportError or ValueError for an address that fsspec cannot open.
    """
    files, path = url_to_fs(url)
    if not isinstance(files, LocalFileSystem):
        return None
    place = Path(path).absolute()
    there = next(parent for parent in (place, *place.parents) if parent.exists())
    usage = shutil.disk_usage(there)
    return usage.free, usage.total


def snapshot_room(url: str) -> list[HealthCheck]:
    """The room on this machine; of a store elsewhere there is nothing to measure."""
    name = "snapshot room here"
    try:
        found = free_room(url)
    except (OSError, ImportError, ValueError) as error:
        return [HealthCheck(name, Health.FAIL, "unknown", str(error), "see the setting 'snapshots'")]
    if found is None:
        return [HealthCheck(name, Health.OK, "elsewhere", "snapshots are kept in a store that is not on this machine")]
    return [room(name, *found)]


def room(name: str, free: int, size: int) -> HealthCheck:
    """What is left of a disk."""
    share = free / size if size else 0.0
    figure = f"{spoken_bytes(free)} free, {share:.0%}"
    if share >= WARN_SHARE:
        return HealthCheck(name, Health.OK, figure, "there is room")
    state = Health.FAIL if share < FAIL_SHARE else Health.WARN
    return HealthCheck(
        name, state, figure, "the disk for snapshots is nearly full", "'migrator snapshot expire', or a larger disk"
    )
