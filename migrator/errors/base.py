"""What all of them share."""

from __future__ import annotations

from typing import Any, ClassVar

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_REFUSED = 3
EXIT_INTERRUPTED = 130


class MigratorError(Exception):
    """What happened, to which target, what the state is now, and what to do next: one sentence."""

    sentence: ClassVar[str] = "{reason}"
    exit_code: ClassVar[int] = EXIT_FAILED

    def __init__(self, *finished: Any, **facts: Any) -> None:
        super().__init__(*(finished or (self.sentence.format(**facts),)))
        self.facts = facts

    def __str__(self) -> str:
        return str(self.args[0])


class TransientError(MigratorError):
    """Trying again, unchanged and a little later, may succeed."""


class BadInput(MigratorError):
    """The request, the folder or the settings are wrong; nothing was touched."""

    exit_code = EXIT_BAD_INPUT
