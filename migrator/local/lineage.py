"""Children that die with their parent, however it dies; on Linux, where the kernel sees to it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Command = Sequence[str | Path]

_PR_SET_PDEATHSIG = 1


def die_with_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    """A ``preexec_fn`` by which a child gets this signal when its parent dies; None elsewhere than on Linux.

    To the kernel the parent is the thread that forks, not its process: fork in one that lives long enough.
    """
    if sys.platform != "linux":
        return None
    # Loaded before the fork: between fork and exec the child must not take a lock that another thread held.
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, farewell)
        if os.getppid() != parent:  # too late, it is dead
            os._exit(1)

    return ask_the_kernel


class Parent:
    """Forks in a thread that lives as long as this object, so a child may outlive the thread that asked for it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)

    def fork(self, command: Command, farewell: signal.Signals, **options: Any) -> subprocess.Popen[bytes]:
        """Start a child in a session of its own, where a Ctrl-C in our terminal does not reach it."""
        return self._thread.submit(
            lambda: subprocess.Popen(
                command,
                cwd="/",
                start_new_session=True,
                preexec_fn=die_with_parent(farewell),  # noqa: PLW1509 - system calls only, no locks
                **options,
            )
        ).result()
