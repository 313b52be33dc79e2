"""A time in which work may be done, and comes again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """From ``opens`` up to ``closes``; both with a time zone."""

    opens: datetime
    closes: datetime

    def after(self, now: datetime, every: timedelta) -> Window:
        """The first one that has not closed yet, a whole number of periods later."""
        if now < self.closes:
            return self
        periods = math.floor((now - self.closes) / every) + 1
        return Window(self.opens + periods * every, self.closes + periods * every)
