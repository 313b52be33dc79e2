"""The shop company's own program: it tells migrator what happened and waits for the answer.

All it knows of migrator are two Celery tasks. It opens no database connection and runs no SQL.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from celery.exceptions import TimeoutError as TookTooLong
from celery.result import AsyncResult

from tasks import database_created, tenant_created

FIRST = (
    "amber", "birch", "cobalt", "driftwood", "ember", "fern", "granite", "harbour", "indigo", "juniper",
    "kestrel", "lantern", "meadow", "nutmeg", "orchard", "pebble", "quarry", "rowan", "saffron", "thistle",
)  # fmt: skip
SECOND = (
    "bakery", "books", "botanics", "candles", "ceramics", "coffee", "cycles", "furniture", "garden",
    "leather", "lighting", "outfitters", "paper", "spices", "textiles", "toys", "wines",
)  # fmt: skip


class Refused(Exception):
    """An event came back without success; the message says which and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every event succeeded, 1 when one failed or took too long."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def register(options: argparse.Namespace) -> None:
    """Make all databases known, then the tenants, spread evenly; their schemas come with the next rollout."""
    started = time.monotonic()
    deadline = started + options.timeout
    databases = {id_: _publish_database(id_, name, options) for id_, name in options.database}
    reports = {id_: _report_of(id_, result, deadline) for id_, result in databases.items()}
    for id_, name in options.database:
        print(f"{id_}  {name} at {options.host}:{options.port}  {reports[id_]['summary']}")

    # Only now: a tenant that overtakes its database has to wait for a retry.
    ids = list(databases)
    slugs = [company_name(number) for number in range(options.tenants)]
    tenants = {
        slug: _publish_tenant(str(number), slug, ids[number % len(ids)], auto_migrate=False)
        for number, slug in enumerate(slugs, start=1)
    }
    for slug, result in tenants.items():
        _report_of(slug, result, deadline)
    seconds = time.monotonic() - started
    print(f"{len(databases)} databases and {len(tenants)} tenants registered in {seconds:.1f} s")


def sign_up(options: argparse.Namespace) -> None:
    """One new customer, whose schema is made and migrated at once."""
    started = time.monotonic()
    result = _publish_tenant(options.tenant, options.slug, options.database, auto_migrate=True)
    report = _report_of(options.slug, result, started + options.timeout)
    print(report["summary"])
    print(f"{options.slug} is ready after {(time.monotonic() - started) * 1000:.0f} ms")


def company_name(number: int) -> str:
    """The slug of the number-th invented company, counted from 0; equal numbers, equal names.

    The two lists have 20 and 17 words, which share no factor: stepping through both at once gives
    340 different pairs. After that the names come round again with a number behind them.
    """
    name = f"{FIRST[number % len(FIRST)]}-{SECOND[number % len(SECOND)]}"
    rounds = number // (len(FIRST) * len(SECOND))
    return f"{name}-{rounds + 1}" if rounds else name


def region_of(database_id: str) -> str:
    """eu for eu-1."""
    return database_id[:2]


def _publish_database(id_: str, name: str, options: argparse.Namespace) -> AsyncResult[Any]:
    return database_created.delay(
        database_id=id_,
        database_name=name,
        connection_type="tenant",
        region=region_of(id_),
        host=options.host,
        port=options.port,
        username=options.username,
        auto_migrate=False,
    )


def _publish_tenant(id_: str, slug: str, database_id: str, *, auto_migrate: bool) -> AsyncResult[Any]:
    return tenant_created.delay(
        tenant_id=id_,
        tenant_slug=slug,
        database_id=database_id,
        schema_name="tenant_" + slug.replace("-", "_"),
        region=region_of(database_id),
        auto_migrate=auto_migrate,
    )


def _report_of(what: str, result: AsyncResult[Any], deadline: float) -> Mapping[str, Any]:
    """What the task returned, waiting for it until the deadline (of the monotonic clock)."""
    seconds_left = max(deadline - time.monotonic(), 0.1)
    try:
        report: Mapping[str, Any] = result.get(timeout=seconds_left, propagate=False)
    except TookTooLong:
        raise Refused(f"{what}: no answer in time; the event is {result.id}") from None
    if not result.successful():
        raise Refused(f"{what}: {report}")
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="What the shop company tells migrator.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    registering = commands.add_parser("register", help="make databases and tenants known")
    registering.set_defaults(command=register)
    registering.add_argument("--host", default="127.0.0.1")
    registering.add_argument("--port", type=int, default=5432)
    registering.add_argument("--username", required=True)
    registering.add_argument(
        "--database",
        action="append",
        required=True,
        type=_id_and_name,
        metavar="ID=NAME",
        help="may be repeated",
    )
    registering.add_argument("--tenants", type=int, default=100, metavar="N")

    signing_up = commands.add_parser("sign-up", help="one new customer, ready to use")
    signing_up.set_defaults(command=sign_up)
    signing_up.add_argument("--tenant", required=True, metavar="ID")
    signing_up.add_argument("--slug", required=True)
    signing_up.add_argument("--database", required=True, metavar="ID")

    for command in (registering, signing_up):
        command.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="for all together")
    return parser


def _id_and_name(text: str) -> tuple[str, str]:
    id_, equals, name = text.partition("=")
    if not (id_ and equals and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form ID=NAME, as in eu-1=shop_eu_1")
    return id_, name


if __name__ == "__main__":
    sys.exit(main())
