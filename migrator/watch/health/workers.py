"""The workers, as they answer through the broker. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from migrator.model.health import Health, HealthCheck
from migrator.watch.health.clocks import clock
from migrator.watch.health.disk import room


def consumers(replies: Mapping[str, Sequence[Mapping[str, Any]]] | None) -> Counter[str]:
    """How many workers take from each queue, from what ``active_queues`` says."""
    return Counter(str(queue["name"]) for queues in (replies or {}).values() for queue in queues)


def workers(replies: Mapping[str, Any] | None, queues: Iterable[str], door: str) -> list[HealthCheck]:
    """Whether every queue has somebody who takes from it; events of plain applications come through the door."""
    count, taken = len(replies or {}), consumers(replies)
    missing = [name for name in queues if not taken[name]]
    figure = f"{count} workers"
    if not count:
        advice = "start some: 'celery -A tasks worker', as in the Procfile"
        return [HealthCheck("workers", Health.FAIL, "none", "no worker answers, so no event is carried out", advice)]
    if missing:
        sentence = f"nobody takes from {', '.join(missing)}"
        return [HealthCheck("workers", Health.FAIL, figure, sentence, "start a worker with these queues behind -Q")]
    if not taken[door]:
        sentence = f"nobody takes from {door}, where events of applications without our package arrive"
        return [HealthCheck("workers", Health.WARN, figure, sentence, f"name {door} last behind -Q of one worker")]
    said = ", ".join(f"{name} {taken[name]}" for name in (*queues, door))
    return [HealthCheck("workers", Health.OK, figure, said)]


def hosts(replies: Mapping[str, Mapping[str, Any]], before: float, after: float, release: str) -> list[HealthCheck]:
    """Clock, release and room for snapshots on the machines of the workers, one answer for each of them."""
    by_host = {str(said["host"]): said for said in replies.values() if "host" in said}
    checks = []
    for host, said in sorted(by_host.items()):
        checks.append(clock(host, float(said["time"]), before, after))
        if said.get("free") is not None:
            checks.append(room(f"snapshot room on {host}", int(said["free"]), int(said["size"])))
    others = sorted({str(said["release"]) for said in by_host.values()} - {release})
    if others:
        sentence = f"workers are of release {', '.join(others)}, this is {release}"
        checks.append(HealthCheck("release", Health.WARN, ", ".join(others), sentence, "finish the deployment"))
    return checks
