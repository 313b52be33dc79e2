"""Which peers take part: those that are installed, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.dbmate import Dbmate
from benchmarks.peers.django_tenants import DjangoTenants
from benchmarks.peers.liquibase import Liquibase
from benchmarks.peers.place import NotInstalled
from benchmarks.peers.with_alembic import WithAlembic
from benchmarks.peers.with_yoyo import Yoyo
from benchmarks.shop import Lane
from migrator.local import Postgres


@dataclass
class Lineup:
    """The peers' lanes and versions, and by name what is missing of the others."""

    lanes: list[Lane] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


PEERS = ("alembic", "django-tenants", "django-tenants mp", "dbmate", "yoyo", "liquibase")


def line_up(postgres: Postgres, home: Path, connections: int, *, wanted: tuple[str, ...] = PEERS) -> Lineup:
    """Make the lanes of the peers that are wanted and installed."""
    found = Lineup()
    for name, make in _makers(postgres, home, connections).items():
        if name not in wanted:
            continue
        try:
            lane = make()
        except NotInstalled as missing:
            found.missing[name] = str(missing)
        else:
            found.lanes.append(lane)
            found.versions[name] = lane.version
    return found


def _makers(postgres: Postgres, home: Path, connections: int) -> Mapping[str, Callable[[], Lane]]:
    return {
        "alembic": lambda: WithAlembic(postgres, home / "alembic"),
        "django-tenants": lambda: DjangoTenants(postgres, home / "django", connections, "standard"),
        "django-tenants mp": lambda: DjangoTenants(postgres, home / "django_mp", connections, "multiprocessing"),
        "dbmate": lambda: Dbmate(postgres, home / "dbmate", connections),
        "yoyo": lambda: Yoyo(postgres, home / "yoyo"),
        "liquibase": lambda: Liquibase(postgres, home / "liquibase", connections),
    }
