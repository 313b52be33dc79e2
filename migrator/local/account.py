"""As whom the servers run: as ourselves, but as ``nobody`` when we are root, which PostgreSQL refuses to be."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any


def run_as() -> dict[str, Any]:
    """The servers' account as arguments of subprocess; none when it is ours."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def hand_over(file: Path | int) -> None:
    """Give the servers' account a file, by its path or its descriptor."""
    if account := run_as():
        os.chown(file, account["user"], account["group"])


def is_reachable(path: Path) -> bool:
    """Whether the servers' account gets there, by the modes on the way; may say no where an ACL says yes."""
    way = {path, *path.parents, *path.resolve().parents}
    return os.geteuid() != 0 or all(step.stat().st_mode & 0o001 for step in way)
