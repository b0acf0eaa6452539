"""Instants (unix seconds UTC) on the clocks of a time zone."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Return ``instant`` (unix seconds UTC) as the zone's clocks show it."""
    return datetime.fromtimestamp(instant, zone)


def utc(instant: int) -> str:
    """Return ``instant`` (unix seconds UTC) in ISO 8601: ``2026-11-16T09:00:00Z``."""
    return datetime.fromtimestamp(instant, UTC).isoformat()[:19] + "Z"


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first second of ``day`` in the zone, unix seconds UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def days_before(instant: int, days: int, zone: ZoneInfo) -> int:
    """Return the instant so many calendar days earlier, at the same time on the zone's clocks."""
    return int((local(instant, zone) - timedelta(days=days)).timestamp())


def months_before(instant: int, months: int, zone: ZoneInfo) -> int:
    """Return the instant so many calendar months earlier; a day the month lacks becomes its last."""
    moment = local(instant, zone)
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())
