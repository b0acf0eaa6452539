"""When what is configured is due, a report and the nightly comparison: pure functions of a moment and the settings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from upswell.configuration.settings import ReportSettings
from upswell.core.clocks import local
from upswell.report.periods import Reported, Week

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_QUIET = time(4)  # at night, when nobody waits for anything


@dataclass(frozen=True, slots=True)
class Due:
    """The week or month to post now, and the earlier ones that never were, oldest first."""

    period: Reported
    missed: tuple[Reported, ...]


def post_at(period: Reported, report: ReportSettings) -> datetime:
    """Return when ``period`` is posted: a week on its day after it, a month on the first after it.

    At the time of ``report``, on the zone's clocks. One that they skip is as much later as they jump; of one that they
    show twice it is the first.
    """
    after = _DAYS.index(report.day) if isinstance(period, Week) else 0
    day = period.shift(1).first + timedelta(days=after)
    shown = datetime.combine(day, report.time, tzinfo=report.timezone)
    return local(int(shown.timestamp()), report.timezone)


def next_run(now: int, report: ReportSettings, kind: type[Reported] = Week) -> datetime:
    """Return when the next report of that ``kind`` is posted after ``now`` (unix seconds UTC), on its zone's clocks."""
    period = kind.last_complete(now, report.timezone)
    moment = post_at(period, report)
    return moment if moment.timestamp() > now else post_at(period.shift(1), report)


def due(
    now: int,
    first_served_at: int | None,
    claimed: Collection[str],
    report: ReportSettings,
    kind: type[Reported] = Week,
) -> Due | None:
    """Return what is to be posted at ``now`` (unix seconds UTC) of the weeks, or of another ``kind``; or None.

    It is the latest period whose time has come, unless it is ``claimed`` (names of periods) or its time was before
    ``first_served_at``. Earlier unclaimed ones since then are only named.
    """
    period = kind.last_complete(now, report.timezone)
    if post_at(period, report).timestamp() > now:
        period = period.shift(-1)
    if first_served_at is None or not _open(period, first_served_at, claimed, report):
        return None
    missed = []
    earlier = period.shift(-1)
    while _open(earlier, first_served_at, claimed, report):
        missed.append(earlier)
        earlier = earlier.shift(-1)
    return Due(period, tuple(reversed(missed)))


def _open(period: Reported, first_served_at: int, claimed: Collection[str], report: ReportSettings) -> bool:
    return period.name not in claimed and post_at(period, report).timestamp() >= first_served_at


def last_night(now: int, report: ReportSettings) -> int:
    """Return when it was last four in the morning on the report zone's clocks (unix seconds UTC), up to ``now``."""
    today = local(now, report.timezone).date()
    moments = (datetime.combine(today - timedelta(days=ago), _QUIET, tzinfo=report.timezone) for ago in (0, 1))
    return next(moment for one in moments if (moment := int(one.timestamp())) <= now)
