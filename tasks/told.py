"""The line that the log has for each target's outcome."""

from __future__ import annotations

import structlog

from migrator.model.execution import Outcome, OutcomeState

log = structlog.get_logger("migrator.target")


def tell(outcome: Outcome) -> None:
    """One line: an error where it failed, and only for debugging where there was nothing to do."""
    if outcome.state is OutcomeState.FAILED and outcome.failure is not None:
        failure = outcome.failure
        where = {"migration": failure.script, "line": failure.line, "sqlstate": failure.sqlstate}
        log.error("target failed", reason=failure.message, **{name: value for name, value in where.items() if value})
        return
    what = {"migration": outcome.applied[-1] if outcome.applied else None, "note": outcome.note}
    say = log.info if outcome.applied or outcome.note else log.debug
    say(
        "target done",
        version=outcome.to_version,
        applied=len(outcome.applied),
        seconds=round(outcome.seconds, 4),
        **{name: value for name, value in what.items() if value},
    )
