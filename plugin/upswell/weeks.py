"""ISO weeks in a time zone: from Monday's first instant to the next Monday's."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from upswell.errors import UpswellError

_NAME = re.compile(r"([0-9]{4})-W([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week of a zone. ``start`` and ``end`` (exclusive) are unix seconds UTC of local midnights."""

    monday: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """The week as ISO writes it: ``2026-W46``."""
        year, number, _ = self.monday.isocalendar()
        return f"{year:04d}-W{number:02d}"

    @property
    def start(self) -> int:
        """The first second of the week."""
        return midnight(self.monday, self.zone)

    @property
    def end(self) -> int:
        """The first second of the next week: this week ends just before it."""
        return midnight(self.monday + timedelta(days=7), self.zone)

    def holds(self, instant: int) -> bool:
        """Say whether ``instant`` (unix seconds UTC) lies in the week."""
        return self.start <= instant < self.end

    def shift(self, weeks: int) -> "Week":
        """Return the week so many weeks later; earlier where ``weeks`` is negative."""
        return Week(self.monday + timedelta(weeks=weeks), self.zone)


def parse(name: str, zone: ZoneInfo) -> Week:
    """Return the week ``name``, written ``2026-W46``. Raises UpswellError where there is no such week."""
    match = _NAME.fullmatch(name.strip())
    try:
        if match:
            return Week(date.fromisocalendar(int(match[1]), int(match[2]), 1), zone)
    except ValueError:
        pass
    raise UpswellError(f"{name!r} is no ISO week: write one as 2026-W46")


def containing(instant: int, zone: ZoneInfo) -> Week:
    """Return the week that ``instant`` (unix seconds UTC) lies in, by the zone's own calendar."""
    day = local(instant, zone).date()
    return Week(day - timedelta(days=day.weekday()), zone)


def last_complete(instant: int, zone: ZoneInfo) -> Week:
    """Return the last week that is over at ``instant`` (unix seconds UTC)."""
    return containing(instant, zone).shift(-1)


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Return ``instant`` (unix seconds UTC) as the zone's clocks show it."""
    return datetime.fromtimestamp(instant, zone)


def utc(instant: int) -> str:
    """Return ``instant`` (unix seconds UTC) in ISO 8601: ``2026-11-16T09:00:00Z``."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
