"""Stages: in which order the scopes of a fleet are migrated."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.target import Scope
from migrator.model.version import Version


@dataclass(frozen=True, slots=True)
class Stage:
    """A scope brought up to a version before the next stage begins."""

    number: int
    """Counted from 1."""
    scope: Scope
    to: Version | None = None
    """None for the folder's newest version, or the one that was asked for."""
