"""The rules: pure functions over facts. Each finds causes, and says of each what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from migrator.model.alert import Finding, Severity
from migrator.watch.alerts.facts import Facts
from migrator.watch.alerts.limits import Limits
from migrator.watch.alerts.stalled import stalled
from migrator.watch.alerts.words import first_of, in_short
from migrator.watch.progress import spoken_seconds

Found = Iterator[tuple[str, str, Mapping[str, Any]]]
"""Key, sentence and facts of each cause."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is wrong, from where on, and how bad that is."""

    name: str
    severity: Severity
    says: str
    find: Callable[[Facts, Limits], Found]
    limits: tuple[str, ...] = ()
    """The thresholds that it looks at, by their names in Limits."""
    settles: bool = False
    """Whether its causes may come and go by themselves."""


def findings(facts: Facts, limits: Limits) -> list[Finding]:
    """What is wrong now, by the rules that are not switched off."""
    return [
        Finding(rule.name, key, rule.severity, sentence, told, rule.settles)
        for rule in RULES
        if rule.name not in limits.off
        for key, sentence, told in rule.find(facts, limits)
    ]


def settling() -> frozenset[str]:
    """The rules whose causes may come and go."""
    return frozenset(rule.name for rule in RULES if rule.settles)


def _event_failed(facts: Facts, limits: Limits) -> Found:
    for dead in facts.dead_letters:
        if dead.execution:
            said = (
                f"execution {dead.execution} of {dead.type} failed: {in_short(dead.reason)}. What is done stays done. "
                f"See 'migrator show {dead.execution}'; 'migrator retry {dead.execution}' takes up what failed"
            )
        else:
            which = f"event {dead.ids[0]}" if dead.count == 1 else f"{dead.count} events, such as {dead.ids[0]},"
            said = f"{which} of {dead.type} failed for good: {in_short(dead.reason)}. {_again(dead.error, dead)}"
        yield dead.execution or f"{dead.type} {dead.error}".strip(), said, asdict(dead)


def _again(error: str, dead: Any) -> str:
    if error == "BadPayload":
        return "Send it anew with what was wrong put right; 'migrator events --failed' lists them"
    if dead.count == 1:
        return f"'migrator events retry {dead.ids[0]}' sends it again"
    return f"'migrator events retry --all-failed --type {dead.type}' sends them again"


def _execution_halted(facts: Facts, limits: Limits) -> Found:
    for each in facts.halted:
        left = each.total - each.done - each.failed
        yield (
            each.execution,
            f"execution {each.execution} halted in wave {each.wave} of {each.waves}: {in_short(each.reason)}. "
            f"{each.done} of {each.total} targets are done, {each.failed} failed, {left} were not touched. "
            f"See 'migrator show {each.execution}'; 'migrator retry {each.execution}' takes up what is left or failed, "
            f"'migrator rollback {each.execution}' takes back what it changed, "
            f"'migrator cancel {each.execution}' leaves all as it is",
            asdict(each) | {"untouched": left},
        )


def _execution_stalled(facts: Facts, limits: Limits) -> Found:
    for each in facts.open:
        if (why := stalled(each, limits)) is not None:
            ended = each.done + each.failed
            yield (
                each.execution,
                f"execution {each.execution} stands still: no outcome for {spoken_seconds(each.quiet_seconds)}, {why}. "
                f"{ended} of {each.total} targets ended, {each.left} are left. "
                f"Look whether workers are running and serve its queue, and at their log; "
                f"'migrator show {each.execution}' tells more",
                asdict(each),
            )


def _budget_near(facts: Facts, limits: Limits) -> Found:
    for each in facts.open:
        budgets = (
            ("its failure budget", each.failed - each.forgiven, each.most_failures),
            (f"the failure budget of wave {each.wave}", each.wave_failed, each.wave_most),
        )
        for name, failed, most in budgets:
            if most and most * limits.budget_share <= failed <= most:
                yield (
                    each.execution,
                    f"execution {each.execution} has used {failed} of the {most} failures that {name} allows, with "
                    f"{each.left} of {each.total} targets left; it halts by itself at one more than that. "
                    f"See 'migrator show {each.execution}'; 'migrator pause {each.execution}' stops it now",
                    asdict(each),
                )
                break


def _breaker_open(facts: Facts, limits: Limits) -> Found:
    for each in facts.breakers:
        yield (
            each.database,
            f"the breaker of database {each.database} is {each.state} since {each.since:%Y-%m-%d %H:%M:%S %Z}: "
            f"{in_short(each.reason)}. Work on it waits, other databases go on. It closes by itself when a probe gets "
            f"through; 'migrator breaker list' tells when the next may go, 'migrator breaker reset {each.database}' "
            f"lets everybody try now",
            asdict(each),
        )


def _drift_found(facts: Facts, limits: Limits) -> Found:
    for each in facts.drift:
        yield (
            each.database,
            f"{each.count} schemas of database {each.database} are not as their peers of the same version are: "
            f"{first_of(each.schemas, each.count)}. Nothing was changed. "
            f"'migrator drift --database {each.database}' looks again and tells the differences",
            asdict(each),
        )


def _beat_silent(facts: Facts, limits: Limits) -> Found:
    silent = facts.beat_silent_seconds
    if silent is not None and silent > limits.beat_silent:
        seen = f"no sign for {spoken_seconds(silent)}" if facts.beat_seen else "never a sign"
        yield (
            "beat",
            f"beat is silent, there was {seen}. What runs goes on; schedules, events that wait for their time and work "
            f"that was lost with a worker wait for it. Start it again: 'celery -A tasks beat', one for all workers",
            {"silent_seconds": round(silent, 1), "seen": facts.beat_seen},
        )


def _queue_age(facts: Facts, limits: Limits) -> Found:
    for each in facts.due:
        if each.seconds > limits.queue_age:
            yield (
                each.queue,
                f"{each.count} events of the queue {each.queue} are due and nobody takes them; the oldest, {each.id} "
                f"of {each.type}, for {spoken_seconds(each.seconds)}. They wait in the ledger and nothing is lost. "
                f"Look whether beat and a worker that serves the queue {each.queue} are running",
                asdict(each),
            )


def _relay_lag(facts: Facts, limits: Limits) -> Found:
    unsent = facts.unsent
    if unsent is not None and unsent.seconds > limits.relay_lag:
        yield (
            "relay",
            f"{unsent.count} published events could be sent and are not; the oldest, {unsent.id}, for "
            f"{spoken_seconds(unsent.seconds)}. They wait in the ledger and nothing is lost. Look whether a relay is "
            f"running and reaches the broker; 'migrator events' lists them",
            asdict(unsent),
        )


def _rollback_failed(facts: Facts, limits: Limits) -> Found:
    for each in facts.rollbacks:
        if each.total:
            left = each.total - each.done
            said = (
                f"rollback {each.event} of execution {each.takes_back} {each.state}: {each.done} of {each.total} "
                f"targets are taken back, {left} are not. {in_short(each.reason)}. See 'migrator show {each.event}'; "
                f"'migrator retry {each.event}' takes up those"
            )
        else:
            said = (
                f"the rollback of execution {each.takes_back} was not begun, nothing was taken back: "
                f"{in_short(each.reason)}. See 'migrator rollback {each.takes_back} --dry-run'"
            )
        yield each.takes_back, said, asdict(each)


def _pool_short(facts: Facts, limits: Limits) -> Found:
    for each in facts.pools:
        if each.seconds > limits.pool_short:
            why = in_short(each.refusal) if each.refusal else "no reason was recorded: nobody got to making them"
            yield (
                each.database,
                f"database {each.database} has {each.ready} of {each.wanted} spares for "
                f"{spoken_seconds(each.seconds)}: {why}. New tenants are made from the template meanwhile, "
                f"which is slower. See 'migrator spare list --database {each.database}'; "
                f"'migrator database set {each.database} --spares 0' wants none there",
                asdict(each),
            )


def _target_loses_workers(facts: Facts, limits: Limits) -> Found:
    for each in facts.worn:
        yield (
            f"{each.execution} {each.database}/{each.schema}",
            f"{each.count} workers were lost at work on schema {each.schema} of database {each.database} and nothing "
            f"else, in execution {each.execution}; at the third it is given up, the others go on. Look at the workers' "
            f"memory and log, and at what the migration does there; 'migrator show {each.execution}' tells more, "
            f"'migrator pause {each.execution}' stops it now",
            asdict(each),
        )


RULES: tuple[Rule, ...] = (
    Rule("event_failed", Severity.ERROR, "an event failed for good", _event_failed, ("failed_within",)),
    Rule("execution_halted", Severity.ERROR, "an execution halted", _execution_halted, ("news",)),
    Rule(
        "execution_stalled",
        Severity.CRITICAL,
        "no outcome comes, though targets are left and nothing explains it",
        _execution_stalled,
        ("stalled", "stalled_held"),
        settles=True,
    ),
    Rule("rollback_failed", Severity.CRITICAL, "a rollback came to a bad end", _rollback_failed, ("news",)),
    Rule(
        "budget_near",
        Severity.WARNING,
        "an execution has nearly used up its failure budget",
        _budget_near,
        ("budget_share",),
        settles=True,
    ),
    Rule("breaker_open", Severity.ERROR, "the breaker of a database is not closed", _breaker_open, settles=True),
    Rule("drift_found", Severity.WARNING, "the last look for drift found some", _drift_found, ("news",)),
    Rule("beat_silent", Severity.CRITICAL, "there is no sign of beat", _beat_silent, ("beat_silent",), settles=True),
    Rule("queue_age", Severity.ERROR, "an event is due and nobody takes it", _queue_age, ("queue_age",), settles=True),
    Rule(
        "relay_lag",
        Severity.ERROR,
        "a published event could be sent and is not",
        _relay_lag,
        ("relay_lag",),
        settles=True,
    ),
    Rule(
        "pool_short",
        Severity.WARNING,
        "a database has fewer spares than are wanted",
        _pool_short,
        ("pool_short",),
        settles=True,
    ),
    Rule(
        "target_loses_workers",
        Severity.ERROR,
        "one target takes worker after worker with it",
        _target_loses_workers,
        ("losses",),
    ),
)
