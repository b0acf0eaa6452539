"""When the weekly summary is posted: pure functions of the clock, the settings and what was posted already."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from upswell.settings import ReportSettings
from upswell.weeks import Week, last_complete, local

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Due:
    """The week to post now, and the earlier ones that never were, oldest first."""

    week: Week
    missed: tuple[Week, ...]


def post_at(week: Week, report: ReportSettings) -> datetime:
    """Return when ``week`` is posted: at the first such day and time after its end, on the zone's clocks.

    A time that the clocks skip is as much later as they jump; of one that they show twice it is the first.
    """
    day = week.shift(1).monday + timedelta(days=_DAYS.index(report.day))
    shown = datetime.combine(day, report.time, tzinfo=report.timezone)
    return local(int(shown.timestamp()), report.timezone)


def next_run(now: int, report: ReportSettings) -> datetime:
    """Return when the next summary is posted after ``now`` (unix seconds UTC), on the report zone's clocks."""
    week = last_complete(now, report.timezone)
    moment = post_at(week, report)
    return moment if moment.timestamp() > now else post_at(week.shift(1), report)


def due(now: int, first_served_at: int | None, claimed: Collection[str], report: ReportSettings) -> Due | None:
    """Return what is to be posted at ``now`` (unix seconds UTC), or None.

    It is the latest week whose time has come, unless it is ``claimed`` (names of weeks) or its time was before
    ``first_served_at``. Earlier unclaimed weeks since then are only named.
    """
    week = last_complete(now, report.timezone)
    if post_at(week, report).timestamp() > now:
        week = week.shift(-1)
    if first_served_at is None or not _open(week, first_served_at, claimed, report):
        return None
    missed = []
    earlier = week.shift(-1)
    while _open(earlier, first_served_at, claimed, report):
        missed.append(earlier)
        earlier = earlier.shift(-1)
    return Due(week, tuple(reversed(missed)))


def _open(week: Week, first_served_at: int, claimed: Collection[str], report: ReportSettings) -> bool:
    return week.name not in claimed and post_at(week, report).timestamp() >= first_served_at


_QUIET = time(4)


def last_night(now: int, report: ReportSettings) -> int:
    """Return when it was last four in the morning on the report zone's clocks (unix seconds UTC), up to ``now``."""
    today = local(now, report.timezone).date()
    moments = (datetime.combine(today - timedelta(days=ago), _QUIET, tzinfo=report.timezone) for ago in (0, 1))
    return next(moment for one in moments if (moment := int(one.timestamp())) <= now)
