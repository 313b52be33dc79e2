"""Fields of payloads and what they accept, and what all payloads have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from migrator.errors import BadSchemaName, BadVersion
from migrator.model.identifier import checked_schema_name
from migrator.model.share import Share
from migrator.model.spare import SPARE
from migrator.model.version import Version


def _as_schema_name(name: str) -> str:
    try:
        checked_schema_name(name)
    except BadSchemaName as error:
        raise ValueError(f"it {error.facts['reason']}") from None
    if name.lower().startswith(SPARE):
        raise ValueError(f"it begins with {SPARE}, which is kept for spare schemas")
    return name


def _as_version(text: str) -> str:
    try:
        return str(Version(text))
    except BadVersion:
        raise ValueError("it is not made of numbers separated by dots or underscores") from None


def _as_share(text: str) -> str:
    return str(Share.read(text))


Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
SchemaName = Annotated[str, AfterValidator(_as_schema_name)]
VersionText = Annotated[str, AfterValidator(_as_version)]
ShareText = Annotated[str, AfterValidator(_as_share)]
Labels = dict[Annotated[str, StringConstraints(min_length=1, max_length=100)], str]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=7 * 24 * 3600)]


class Payload(BaseModel):
    """Unknown fields are refused: a misspelt option must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(Payload):
    """What changed: only the fields that were given count, and at least one must be."""

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that were given, without the id."""
        key = next(iter(type(self).model_fields))
        return self.model_dump(mode="json", exclude_unset=True, exclude={key})

    @model_validator(mode="after")
    def _says_something(self) -> Change:
        if not self.changes:
            raise ValueError("nothing that changed was given")
        return self
