"""When a summary is due."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest
from booked import at
from hypothesis import given
from hypothesis import strategies as st

from upswell.configuration.settings import ReportSettings
from upswell.configuration.times import due, last_night, next_run, post_at
from upswell.report.periods import Week


def report(day="monday", clock="09:00", zone="Europe/Berlin"):
    """Return the settings of a report."""
    return ReportSettings(ZoneInfo(zone), day, time.fromisoformat(clock), "usd", ())


def asked(now, first="2026-01-01", claimed=(), settings=None):
    """Return the week due at ``now`` and the missed ones, by name, or None."""
    found = due(at(now), None if first is None else at(first), claimed, settings or report())
    return found and (found.period.name, [week.name for week in found.missed])


def test_a_week_is_due_at_the_time_of_the_reports_zone():
    """Monday 09:00 in Berlin is 08:00 UTC in winter: not a second earlier."""
    known = {"2026-W44", "2026-W45"}
    assert asked("2026-11-16T07:59:59", claimed=known) is None
    assert asked("2026-11-16T08:00:00", claimed=known) == ("2026-W46", [])


def test_what_is_claimed_is_not_due():
    """A claimed week is never posted again, whatever restarts."""
    assert asked("2026-11-16T08:00", claimed={"2026-W46"}) is None


def test_after_an_outage_of_three_days_the_week_is_posted_late():
    """A post missed on Monday is made on Thursday."""
    assert asked("2026-11-19T14:30", claimed={"2026-W45"}) == ("2026-W46", [])


def test_only_the_latest_missed_week_is_posted_and_names_the_earlier_ones():
    """After weeks of outage there is one post, not one a week."""
    assert asked("2026-11-19T14:30", claimed={"2026-W43"}) == ("2026-W46", ["2026-W44", "2026-W45"])


def test_nothing_from_before_the_first_serve_is_posted_or_named():
    """Who starts on a Monday at ten does not get the post of nine, and no list of weeks before."""
    assert asked("2026-11-16T09:05", first="2026-11-16T09:00") is None
    assert asked("2026-11-23T08:00", first="2026-11-16T09:00") == ("2026-W47", [])
    assert asked("2026-11-23T08:00", first=None) is None


@pytest.mark.parametrize(
    ("week", "settings", "moment"),
    [
        ("2026-W46", report(), "2026-11-16T09:00:00+01:00"),
        ("2026-W46", report("friday", "17:30"), "2026-11-20T17:30:00+01:00"),
        ("2026-W46", report("sunday", "23:59"), "2026-11-22T23:59:00+01:00"),
        ("2026-W12", report("sunday", "02:30"), "2026-03-29T03:30:00+02:00"),
        ("2026-W42", report("sunday", "02:30"), "2026-10-25T02:30:00+02:00"),
        ("2026-W12", report("monday", "09:00"), "2026-03-23T09:00:00+01:00"),
        ("2026-W13", report("monday", "09:00"), "2026-03-30T09:00:00+02:00"),
        ("2026-W09", report("sunday", "02:30", "America/New_York"), "2026-03-08T03:30:00-04:00"),
    ],
)
def test_clocks_that_jump_do_not_skip_or_double_a_post(week, settings, moment):
    """A time the clocks skip is as much later; of a time shown twice it is the first."""
    zone = settings.timezone
    named = Week.parse(week, zone)
    assert post_at(named, settings).isoformat() == moment
    now = int(post_at(named, settings).timestamp())
    earlier = {named.shift(-back).name for back in (1, 2)}
    assert due(now, 0, earlier, settings).period == named
    for later in (60, 3600, 7200):
        assert due(now + later, 0, {*earlier, named.name}, settings) is None


DAYS = st.sampled_from(["monday", "wednesday", "saturday", "sunday"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"])


@given(st.integers(1_600_000_000, 1_900_000_000), DAYS, st.times(), ZONES)
def test_the_next_run_is_the_first_moment_something_becomes_due(now, day, clock, zone):
    """Between now and the next run nothing new becomes due; at it, the week before does."""
    settings = ReportSettings(ZoneInfo(zone), day, clock.replace(second=0, microsecond=0), "usd", ())
    moment = int(next_run(now, settings).timestamp())
    assert now < moment <= now + 8 * 86_400
    current = due(now, now - 14 * 86_400, (), settings).period
    assert due(moment - 1, 0, {current.name}, settings) is None
    assert due(moment, 0, {current.name}, settings).period == current.shift(1)


@pytest.mark.parametrize(
    ("now", "zone", "night"),
    [
        ("2026-11-16T02:59:59", "Europe/Berlin", "2026-11-15T03:00"),
        ("2026-11-16T03:00", "Europe/Berlin", "2026-11-16T03:00"),
        ("2026-11-16T23:59", "Europe/Berlin", "2026-11-16T03:00"),
        ("2026-07-16T12:00", "Europe/Berlin", "2026-07-16T02:00"),
        ("2026-11-16T18:59", "Asia/Tokyo", "2026-11-15T19:00"),
        ("2026-11-16T19:00", "Asia/Tokyo", "2026-11-16T19:00"),
        ("2026-11-16T03:00", "America/Los_Angeles", "2026-11-15T12:00"),
    ],
)
def test_the_quiet_hour_is_four_on_the_zones_clocks(now, zone, night):
    """It was last four in the morning today or, before that, yesterday."""
    assert last_night(at(now), report(zone=zone)) == at(night)
