"""Why a tenant is at the version it is at: a rule for each cause, the one that explains most first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migrator.model.execution import ExecutionState, OutcomeState, Work
from migrator.model.explanation import Attempt, Cause, CauseKind, Explanation, TenantFacts


def explain(facts: TenantFacts) -> Explanation:
    """Why a tenant is at its version. The first cause is the one that the sentence tells."""
    current = _is_current(facts)
    causes = tuple(cause for rule in _RULES for cause in rule(facts))
    at = _at(facts)
    if current and not causes:
        return Explanation(f"{at}, the newest there is: nothing is pending", current, causes)
    if not causes:
        return Explanation(at, current, causes)
    joined = ": " if current or facts.unreachable else ", because "
    return Explanation(f"{at}{joined}{causes[0].sentence}", current, causes)


def _is_current(facts: TenantFacts) -> bool:
    settled = facts.exists and not facts.pending and not facts.disagreements
    return settled and facts.unreachable is None and facts.is_active and facts.is_database_active


def _at(facts: TenantFacts) -> str:
    who = f"tenant {facts.tenant} (schema {facts.schema} of database {facts.database})"
    if facts.unreachable is not None:
        return f"{who} is at a version that nobody can ask for now"
    if not facts.exists:
        return f"{who} has no schema yet"
    where = f"is at version {facts.version}" if facts.version else "is as fresh as before its first migration"
    migrations = "migration" if len(facts.pending) == 1 else "migrations"
    behind = f" and {len(facts.pending)} {migrations} behind version {facts.newest}" if facts.pending else ""
    return f"{who} {where}{behind}"


def _retired(facts: TenantFacts) -> Iterator[Cause]:
    if not facts.is_database_active:
        said = f"database {facts.database} is retired, and no execution goes there"
        yield Cause(CauseKind.RETIRED, said, "migrator database add brings it back")
    if not facts.is_active:
        yield Cause(
            CauseKind.RETIRED, "it is retired, and no execution has it any more", "migrator tenant add brings it back"
        )


def _unreachable(facts: TenantFacts) -> Iterator[Cause]:
    if facts.unreachable is not None:
        yield Cause(CauseKind.UNREACHABLE, facts.unreachable, "migrator doctor")


def _open(facts: TenantFacts) -> Iterator[Cause]:
    """What executions that go on have still to do here."""
    for attempt in facts.attempts:
        if attempt.is_open:
            yield _waiting(attempt)


def _waiting(attempt: Attempt) -> Cause:
    id_, state = attempt.execution, attempt.execution_state
    if attempt.state is OutcomeState.RUNNING:
        return Cause(CauseKind.BEING_DONE, f"execution {id_} is working on it right now", f"migrator watch {id_}")
    if state is ExecutionState.PAUSED:
        said = f"execution {id_} is paused{_why(attempt)}"
        return Cause(CauseKind.PAUSED, said, f"migrator resume {id_}")
    if state is ExecutionState.PENDING:
        said = f"execution {id_} waits for execution {attempt.waits_for}, which has some of the same targets"
        return Cause(CauseKind.WAITS_FOR_EXECUTION, said, f"migrator watch {attempt.waits_for}")
    if state is ExecutionState.PLANNED and attempt.due_at is not None:
        said = f"execution {id_} waits for its window, which opens at {attempt.due_at:%Y-%m-%d %H:%M}"
        return Cause(CauseKind.WAITS_FOR_WINDOW, said, f"migrator show {id_}")
    if attempt.stopped:
        said = f"preflight keeps its database waiting in execution {id_}: {attempt.stopped}"
        return Cause(CauseKind.STOPPED, said, "migrator preflight shows when that is over")
    said = f"execution {id_} has it in wave {attempt.wave} and is in wave {attempt.execution_wave}"
    return Cause(CauseKind.IN_LINE, said, f"migrator watch {id_}")


def _last(facts: TenantFacts) -> Iterator[Cause]:
    """How the last execution that was to change it came to an end without bringing it forward."""
    if not _is_held(facts):
        return
    done = next((a for a in facts.attempts if a.kind in (Work.MIGRATE, Work.ROLLBACK) and not a.is_open), None)
    if done is None:
        return
    id_, again = done.execution, f"mend the cause, then: migrator retry {done.execution}"
    if done.state is OutcomeState.FAILED:
        script = f"{done.script} " if done.script else ""
        said = f"{script}failed there in execution {id_}: {done.error or 'no reason was written down'}"
        yield Cause(CauseKind.FAILED, said, again)
    elif done.state is OutcomeState.PENDING and done.execution_state is ExecutionState.CANCELLED:
        said = f"execution {id_} was cancelled before its turn{_why(done)}"
        yield Cause(CauseKind.CANCELLED, said, f"migrator retry {id_}")
    elif done.state is OutcomeState.PENDING:
        said = f"execution {id_} {done.execution_state.spoken} before its turn{_why(done)}"
        advice = f"migrator resume {id_}, or {again}" if done.execution_state is ExecutionState.HALTED else again
        yield Cause(CauseKind.HALTED, said, advice)
    elif done.kind is Work.ROLLBACK:
        said = f"execution {id_} took it back{f' to version {done.to_version}' if done.to_version else ''}"
        yield Cause(CauseKind.TAKEN_BACK, said, "migrator migrate brings it forward again")


def _is_held(facts: TenantFacts) -> bool:
    return not _is_current(facts) and not any(attempt.is_open for attempt in facts.attempts)


def _why(attempt: Attempt) -> str:
    return f": {attempt.reason}" if attempt.reason else ""


def _disagrees(facts: TenantFacts) -> Iterator[Cause]:
    for said in facts.disagreements:
        advice = f"migrator validate --tenant {facts.tenant}, then perhaps migrator repair --tenant {facts.tenant}"
        yield Cause(CauseKind.DISAGREES, f"its history and the folder disagree: {said}", advice)


def _unmet(facts: TenantFacts) -> Iterator[Cause]:
    for said in facts.unmet:
        yield Cause(CauseKind.DEPENDENCY, said, "migrate that scope first, or ask for all scopes at once")


def _breaker(facts: TenantFacts) -> Iterator[Cause]:
    if facts.breaker is not None:
        said = f"the breaker of database {facts.database} is {facts.breaker}"
        yield Cause(CauseKind.BREAKER, said, f"migrator breaker list; migrator breaker reset {facts.database}")


def _not_asked(facts: TenantFacts) -> Iterator[Cause]:
    """The quiet case: nothing is in the way, and nobody has asked."""
    answered = facts.unreachable is None and facts.is_active and facts.is_database_active
    if not answered or not _is_held(facts) or facts.disagreements or any(_last(facts)) or facts.unmet:
        return
    advice = f"migrator migrate --tenant {facts.tenant}"
    if not facts.exists:
        yield Cause(CauseKind.NOT_THERE, "no execution has made it", advice)
    elif facts.pending:
        named = ", ".join(facts.pending[:3]) + (f" and {len(facts.pending) - 3} more" if len(facts.pending) > 3 else "")
        yield Cause(CauseKind.NOT_ASKED_FOR, f"no execution has been asked for {named}", advice)


def _ahead(facts: TenantFacts) -> Iterator[Cause]:
    if facts.is_ahead:
        said = f"it was migrated with a newer folder than this one, whose newest version is {facts.newest}"
        yield Cause(CauseKind.AHEAD, said, "deploy the folder that it was migrated with here too")


def _drifted(facts: TenantFacts) -> Iterator[Cause]:
    if facts.drifted_since is not None:
        said = f"somebody else has changed its tables since execution {facts.drifted_since}"
        yield Cause(CauseKind.DRIFTED, said, "migrator drift shows the lines that differ")


_RULES: tuple[Callable[[TenantFacts], Iterator[Cause]], ...] = (
    *(_retired, _unreachable, _open, _disagrees, _last, _unmet, _breaker, _not_asked, _ahead, _drifted),
)
