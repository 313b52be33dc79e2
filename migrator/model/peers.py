"""Which targets should be alike."""

from __future__ import annotations

from typing import NamedTuple

from migrator.model.target import Scope


class Peers(NamedTuple):
    """Targets that should be alike: of one scope, at one version, on servers of one major version."""

    scope: Scope
    version: str | None
    server: int
