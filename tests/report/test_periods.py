"""ISO weeks, months and quarters of a zone."""

from zoneinfo import ZoneInfo

import pytest
from booked import at
from hypothesis import given
from hypothesis import strategies as st

from upswell.core import clocks
from upswell.errors import UpswellError
from upswell.report.periods import Month, Quarter, Week, parse

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "America/Santiago")


@pytest.mark.parametrize(
    ("instant", "zone", "name"),
    [
        ("2026-11-15T23:59:59", "UTC", "2026-W46"),
        ("2026-11-16T00:00:00", "UTC", "2026-W47"),
        ("2026-11-15T23:00:00", "Europe/Berlin", "2026-W47"),
        ("2026-11-16T04:59:59", "America/New_York", "2026-W46"),
        ("2027-01-03T12:00:00", "UTC", "2026-W53"),
        ("2025-12-29T12:00:00", "UTC", "2026-W01"),
    ],
)
def test_an_instant_lies_in_the_week_of_the_zones_calendar(instant, zone, name):
    """Weeks, months and days are those of ``[report] timezone``, and a week starts on Monday.

    It has its ISO year and number.
    """
    assert Week.containing(at(instant), ZoneInfo(zone)).name == name


@pytest.mark.parametrize(("name", "hours"), [("2026-W13", 167), ("2026-W43", 169), ("2026-W46", 168)])
def test_a_week_is_an_hour_shorter_or_longer_where_the_clocks_change(name, hours):
    """The week the clocks go forward has 167 hours, the one they go back 169."""
    week = Week.parse(name, BERLIN)
    assert week.end - week.start == hours * 3600


@pytest.mark.parametrize(
    "name", ["2026-W54", "2025-W53", "2026-W00", "2026-46", "46", "", "2026-W460", "0000-W01", "1970-W20", "9999-W01"]
)
def test_what_is_no_week_is_refused_with_an_example(name):
    """A week that does not exist or is written otherwise is an error that shows how to write one."""
    with pytest.raises(UpswellError, match="no ISO week: write one as 2026-W46"):
        Week.parse(name, BERLIN)


@pytest.mark.parametrize(
    "name", ["2026-13", "2026-00", "2026-1", "2026-W46", "11", "", "2026-011", "0001-01", "9999-12"]
)
def test_what_is_no_month_is_refused_with_an_example(name):
    """A month that does not exist or is written otherwise is an error that shows how to write one."""
    with pytest.raises(UpswellError, match="is no month: write one as 2026-11"):
        Month.parse(name, BERLIN)


@given(
    st.integers(min_value=86_400 * 372, max_value=4_000_000_000),
    st.sampled_from(ZONES),
    st.sampled_from([Week, Month, Quarter]),
    st.integers(-60, 60),
)
def test_periods_cover_all_time_without_gap_or_overlap(instant, zone, kind, many):
    """Every instant lies in exactly one week, month and quarter, which ends where the next one starts."""
    period = kind.containing(instant, ZoneInfo(zone))
    assert period.holds(instant)
    assert period.end == period.shift(1).start
    assert period.shift(many).shift(-many) == period
    assert kind.of(period.first, period.zone) == period
    assert kind.last_complete(instant, ZoneInfo(zone)) == period.shift(-1)


@given(
    st.integers(min_value=86_400 * 372, max_value=4_000_000_000),
    st.sampled_from(ZONES),
    st.sampled_from([Week, Month]),
)
def test_weeks_and_months_are_found_by_their_names(instant, zone, kind):
    """A name says whether it is that of a week or of a month."""
    period = kind.containing(instant, ZoneInfo(zone))
    assert kind.parse(period.name, period.zone) == parse(period.name, period.zone) == period


def test_months_and_quarters_are_three_and_twelve_a_year():
    """A quarter is three months, from January, April, July or October on."""
    january = Month.parse("2026-01", BERLIN)
    assert [january.shift(many).name for many in (-1, 0, 11, 12)] == ["2025-12", "2026-01", "2026-12", "2027-01"]
    quarters = [Quarter.of(january.shift(many).first, BERLIN).name for many in range(12)]
    assert quarters == [f"2026-Q{number}" for number in (1, 2, 3, 4) for _ in range(3)]


def test_days_and_months_before_are_those_of_the_calendar():
    """Weeks, months and days are those of ``[report] timezone``, and a week starts on Monday.

    Thirty days and twelve months back is the same time on its clocks, or the month's last day.
    """
    midnight = at("2026-04-12T22:00")
    assert clocks.local(clocks.days_before(midnight, 30, BERLIN), BERLIN).isoformat() == "2026-03-14T00:00:00+01:00"
    leap = at("2028-02-29T12:00")
    assert clocks.local(clocks.months_before(leap, 12, BERLIN), BERLIN).isoformat() == "2027-02-28T13:00:00+01:00"
    assert clocks.utc(clocks.months_before(at("2026-01-31"), 2, ZoneInfo("UTC"))) == "2025-11-30T00:00:00Z"
