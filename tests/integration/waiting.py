"""Waiting for conditions, and work in a second thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


def eventually(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """What the condition said when it first said something; fails when it never does."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)
    return found


@contextmanager
def meanwhile(work: Callable[..., Any], *arguments: Any):
    """Work in another thread while the block runs; its Future is waited for at the end of the block."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        future: Future[Any] = pool.submit(work, *arguments)
        yield future
