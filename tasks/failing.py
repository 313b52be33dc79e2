"""What becomes of a target that could not be worked on."""

from __future__ import annotations

import structlog

from migrator.errors import MigratorError, TransientError
from migrator.model.execution import Claim, Failure, Outcome, OutcomeState

MOST_TRIES = 3
"""How often a target is begun before what keeps happening to it becomes its outcome."""

log = structlog.get_logger("migrator.target")


def failed_or_again(
    error: MigratorError, claim: Claim, seconds: float, *, fingerprint_before: str | None = None
) -> Outcome | None:
    """The outcome of a failure; None for one that may pass: the target is claimed again, but not for ever."""
    if isinstance(error, TransientError) and claim.number < MOST_TRIES:
        log.warning("target is put back", reason=str(error), tries=claim.number)
        return None
    return Outcome(
        claim,
        OutcomeState.FAILED,
        seconds=seconds,
        failure=_failure(error),
        fingerprint_before=fingerprint_before,
    )


def _failure(error: MigratorError) -> Failure:
    facts = error.facts
    script = facts.get("script")
    return Failure(
        message=str(error),
        sqlstate=facts.get("sqlstate"),
        script=str(script) if script else None,
        line=facts.get("line"),
        statement=facts.get("statement"),
    )
