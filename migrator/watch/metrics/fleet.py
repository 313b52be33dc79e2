"""How far the tenants are apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from migrator.model.folder import Folder
from migrator.model.version import Version


def version_lag(versions: Iterable[Version | None], folder: Folder) -> int:
    """How many versioned migrations of the folder lie between the oldest and the newest of these versions.

    None stands for a tenant that has none yet. No tenants, no lag.
    """
    found = set(versions)
    if len(found) < 2:
        return 0
    held = [version for version in found if version is not None]
    oldest, newest = (None if None in found else min(held)), max(held)
    known = (migration.version for migration in folder.migrations if migration.version is not None)
    return sum(1 for version in set(known) if version <= newest and (oldest is None or version > oldest))
