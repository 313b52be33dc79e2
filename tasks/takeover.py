"""Taking over what a lost worker had: its connections are ended first; a target on which too many were lost fails."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from migrator.errors import QueryRefused, WorkersLost
from migrator.model.execution import Claim, Failure, Loss, Outcome, OutcomeState
from migrator.model.holder import spoken, token_of
from migrator.schema.backends import end_backends
from migrator.schema.session import Session

MOST_LOSSES = 3
"""So many workers may be lost that had a target and nothing else, before it fails."""

log = structlog.get_logger("migrator.takeover")


def take_over(session: Session, batch: Sequence[Claim]) -> None:
    """End what the former holders of these targets still run in the server.

    Where our role may not, the schema's own lock still keeps two from working in it at once, and we wait for that.
    """
    lost = {claim.schema_name: claim.taken_from for claim in batch if claim.taken_from is not None}
    if not lost:
        return
    log.warning(
        "targets of a lost worker are taken over", targets=len(lost), workers=sorted(map(spoken, lost.values()))
    )
    try:
        ended = end_backends(session, {token_of(holder) for holder in lost.values()})
    except QueryRefused as error:
        if session.is_closed:
            return
        advice = "connect as the same role, or GRANT pg_signal_backend to it"
        log.warning("connections of a lost worker could not be ended", reason=str(error), advice=advice)
        return
    for name, gone in ended.items():
        say = log.info if gone else log.warning
        say(
            "connection of a lost worker was ended" if gone else "connection of a lost worker is still there", name=name
        )


def lost_too_often(claim: Claim) -> Outcome | None:
    """The outcome of a target that took too many workers with it; None for one that is worked on."""
    if len(claim.worn) < MOST_LOSSES:
        return None
    story = "; ".join(map(_told, claim.losses))
    error = WorkersLost(schema=claim.schema_name, database=claim.database_id, times=len(claim.losses), story=story)
    return Outcome(claim, OutcomeState.FAILED, failure=Failure(str(error)))


def _told(loss: Loss) -> str:
    more = "" if loss.alone else ", with others in hand"
    return f"{spoken(loss.worker)} at {loss.at[:19].replace('T', ' ')}{more}"
