"""Times that come again and again, written as crontab lines, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery.schedules import crontab

LONGEST_GAP_DAYS = 366 * 41
"""29 February comes on a given day of the week every 40 years at the latest."""
_FORM = "five fields, minute hour day-of-month month day-of-week, such as '0 3 * * *' for every night at 3:00 UTC"


def read_cron(text: str) -> crontab:
    """A crontab line. Raises ValueError that says how one is written; all five fields must fit for a tick."""
    from celery.schedules import crontab  # not needed where nothing recurs

    if len(text.split()) != 5:
        raise ValueError(f"it needs {_FORM}")
    try:
        return crontab.from_string(text)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{str(error).strip('.')}; it needs {_FORM}") from None


def checked_cron(text: str) -> str:
    """The line itself. Raises ValueError for one that cannot be read, or whose day never comes."""
    read_cron(text)
    return text


def latest_tick(schedule: crontab, now: datetime) -> datetime | None:
    """The latest minute, up to now, that the schedule names; None when there is none in the last 41 years."""
    today = now.astimezone(UTC).replace(second=0, microsecond=0)
    for days in range(LONGEST_GAP_DAYS):
        day = today - timedelta(days=days)
        if _names_day(schedule, day):
            latest = (day.hour, day.minute) if days == 0 else (23, 59)
            moments = [
                (hour, minute) for hour in schedule.hour for minute in schedule.minute if (hour, minute) <= latest
            ]
            if moments:
                hour, minute = max(moments)
                return day.replace(hour=hour, minute=minute)
    return None


def _names_day(schedule: crontab, day: datetime) -> bool:
    return (
        day.month in schedule.month_of_year
        and day.day in schedule.day_of_month
        and day.isoweekday() % 7 in schedule.day_of_week
    )
