"""Applications that publish: several processes, each with the light client, as fast as they can."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from migrator import client

TWICE_EVERY = 100
"""Every so many events one is sent twice under its id, as a sender does that got no answer."""


def tenant(number: int, database: str) -> dict[str, str]:
    """A customer, for ``tenant.created``."""
    name = f"load_{number}"
    return {"tenant_id": name, "tenant_slug": name, "database_id": database, "schema_name": name, "region": "eu"}


def publish(broker: str, backend: str, numbers: range, databases: tuple[str, ...], migrate_every: int) -> int:
    """Sign customers up; every ``migrate_every``-th gets a schema at once. Returns how many messages were sent."""
    client.connect(broker, backend)
    sent = 0
    for number in numbers:
        payload = tenant(number, databases[number % len(databases)])
        wishes = {**payload, "auto_migrate": number % migrate_every == 0}
        for _ in range(2 if number % TWICE_EVERY == 0 else 1):
            client.tenant_created.apply_async(kwargs=wishes, task_id=event_id(number), ignore_result=True)
            sent += 1
    return sent


def publish_by_many(
    broker: str, backend: str, count: int, databases: tuple[str, ...], migrate_every: int, processes: int = 4
) -> int:
    """The same from several processes at once."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(publish, broker, backend, numbers, databases, migrate_every)
            for numbers in _shares(count, processes)
        ]
        return sum(job.result() for job in jobs)


def event_id(number: int) -> str:
    """The id under which a customer's sign-up is sent."""
    return f"load-{number}"


def _shares(count: int, processes: int) -> Iterator[range]:
    for first in range(processes):
        yield range(first, count, processes)
