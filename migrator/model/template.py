"""A template: what a fresh schema at one version of a folder consists of."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.slot import slot

OWN = f'"{slot("schema")}"'
"""Stands in a body wherever the schema is named."""


@dataclass(frozen=True)
class Template:
    """Made once for a folder's state and a server's major version, and then run instead of the folder's history."""

    digest: str
    """Of the folder's state that it stands for."""
    server: int
    """Major version: a dump of one server need not load into an older one."""
    version: str | None
    """The newest version in it; None for a folder of repeatable migrations alone."""
    body: str
    """SQL with a slot wherever the schema is named; nothing in it is for psql."""
    fingerprint: str
    """Of a schema that was made by replay, and of one that was made from this."""

    def for_schema(self, schema: str) -> str:
        """The text for one schema. The strict rules for schema names make quotes inside constants safe."""
        return self.body.replace(OWN, f'"{schema}"')


@dataclass(frozen=True, slots=True)
class NoTemplate:
    """Why there can be none; the folder's history is replayed then."""

    digest: str
    server: int
    reason: str
