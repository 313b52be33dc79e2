"""The next number of a folder, written as the folder writes its numbers."""

from __future__ import annotations

import re
from datetime import datetime

_FORMS = (
    (re.compile(r"(?:19|20)\d{12}"), "%Y%m%d%H%M%S"),
    (re.compile(r"(?:19|20)\d\d-\d\d-\d\d-\d{6}(?:-\d+)?"), "%Y-%m-%d-%H%M%S"),
    (re.compile(r"(?:19|20)\d\d_\d\d_\d\d_\d{6}"), "%Y_%m_%d_%H%M%S"),
    (re.compile(r"(?:19|20)\d\d-\d\d-\d\d"), "%Y-%m-%d-%H%M%S"),
)
"""Moments, with and without signs between their parts."""
_UNIX_TIME = re.compile(r"1\d{9}")
_LAST = re.compile(r"\d+$")


def next_number(newest: str, now: datetime) -> str:
    """What follows the newest number of a folder: the moment where it is one, else one more with as many digits."""
    for form, spelling in _FORMS:
        if form.fullmatch(newest):
            return _later(newest, now.strftime(spelling) + _zone(newest))
    if _UNIX_TIME.fullmatch(newest):
        return _later(newest, str(int(now.timestamp())))
    return _one_more(newest)


def _later(newest: str, moment: str) -> str:
    """A clock that is behind, or a second file in one second, must not come before what is there."""
    return moment if moment > newest else _one_more(newest)


def _zone(newest: str) -> str:
    """The tail that diesel writes behind the seconds."""
    return "-0000" if re.search(r"-\d{6}-0+$", newest) else ""


def _one_more(number: str) -> str:
    return _LAST.sub(lambda last: str(int(last[0]) + 1).zfill(len(last[0])), number)
