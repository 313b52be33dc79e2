"""What every shape is: exact, so that a field that nobody wrote down is a mistake."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

Moment = datetime
"""ISO 8601."""


class Shape(BaseModel):
    """A JSON object with just these fields."""

    model_config = ConfigDict(extra="forbid")


class TargetError(Shape):
    """A target that could not be looked into, as database/schema."""

    target: str
    error: str | None
