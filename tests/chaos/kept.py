"""What a thread of its own keeps running while others kill it."""

from __future__ import annotations

import threading
from typing import Self

PAUSE_SECONDS = 0.05


class Kept:
    """Started on the way in, looked after until the way out, and stopped there whatever happened."""

    def __init__(self, name: str) -> None:
        self._stopped = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)

    def __enter__(self) -> Self:
        try:
            self._start_all()
            self._keeper.start()
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._keeper.is_alive():
            self._keeper.join()
        self._stop_all()

    def _keep(self) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            self._look_after()

    def _start_all(self) -> None:
        raise NotImplementedError

    def _wait_until_ready(self) -> None:
        """Nothing to wait for, unless it says otherwise."""

    def _look_after(self) -> None:
        """Start again what has ended and is due."""
        raise NotImplementedError

    def _stop_all(self) -> None:
        raise NotImplementedError
