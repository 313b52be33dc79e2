"""The directory of one server."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from migrator.errors import LocalServiceFailed
from migrator.local.account import hand_over
from migrator.local.shelter import room_for

_LOCK_SECONDS = 3.0  # a server whose parent was killed needs a moment to end
_ORPHAN_SECONDS = 60.0  # a session whose server was killed ends after the statement it works on


class Home:
    """Data, log, lock and notes of a server; as root, data that ``nobody`` cannot reach is behind a symbolic link."""

    def __init__(self, directory: Path, service: str) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "log"
        self._service = service
        self._said = 0  # how long the log was before the present child wrote to it

    @property
    def data(self) -> Path:
        """The data directory itself, behind the link if there is one."""
        return (self.directory / "data").resolve()

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Give the lock as a descriptor to pass to children: it stays locked until the last of them has ended."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("w") as lock:
            self._wait_for(lock)
            yield lock.fileno()

    def make_data(self, fill: Callable[[Path], None]) -> None:
        """Make the data directory unless it is there, filled under another name: a start cut short leaves none."""
        if self.data.exists():
            return
        link, room = self.directory / "data", room_for(self.directory)
        draft = room / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        hand_over(draft)
        fill(draft)
        draft.rename(room / "data")
        if room != self.directory:
            link.unlink(missing_ok=True)  # it led nowhere
            link.symlink_to(room / "data")

    def open_log(self) -> IO[bytes]:
        """Open the log for the next child, whose words begin here."""
        self.log.touch(mode=0o600)
        log = self.log.open("ab")
        self._said = log.tell()
        return log

    def logged(self) -> str:
        """What the present child has logged."""
        with self.log.open("rb") as log:
            log.seek(self._said)
            return log.read().decode(errors="replace")

    def note(self, name: str, text: str) -> None:
        """Write a file for its owner alone; who reads it meanwhile sees the old text or the new."""
        draft = self.directory / f"{name}.new"
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.replace(self.directory / name)

    def noted(self, name: str) -> str:
        """What was noted under a name, empty when nothing was or it is not ours to read."""
        try:
            return (self.directory / name).read_text()
        except OSError:
            return ""

    def failure(self, reason: str) -> LocalServiceFailed:
        """The error that says why the server cannot be used, and where its log is."""
        return LocalServiceFailed(service=self._service, reason=reason, log=self.log)

    def last_words(self) -> str:
        """The end of what the present child has logged."""
        return "\n".join(self.logged().splitlines()[-10:]) or "it logged nothing"

    def _wait_for(self, lock: IO[str]) -> None:
        holder = self.noted("pid")
        deadline = time.monotonic() + (_ORPHAN_SECONDS if _is_dead(holder) else _LOCK_SECONDS)
        while not _locks(lock):
            if time.monotonic() > deadline:
                raise self.failure(f"already runs in {self.directory} as process {holder or '(starting)'}")
            time.sleep(0.02)


def _locks(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_dead(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):  # somebody else's, or not noted yet
        return False
    return False
