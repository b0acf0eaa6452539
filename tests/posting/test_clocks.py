"""Posting while the report zone's clocks jump."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from upswell.configuration.settings import ReportSettings
from upswell.configuration.times import due, post_at
from upswell.report.periods import Week

MINUTE, HOUR, WEEK = 60, 3600, 7 * 86_400

FORWARD = [  # zone, what the clocks show, when it is posted
    ("Europe/Berlin", "2026-03-29T01:30", "2026-03-29T01:30+01:00"),
    ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30+02:00"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T03:30-04:00"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45+11:00"),
    ("America/Santiago", "2026-09-06T00:00", "2026-09-06T01:00-03:00"),
    ("Africa/Cairo", "2026-04-24T00:00", "2026-04-24T01:00+03:00"),
    ("Asia/Beirut", "2026-03-29T00:30", "2026-03-29T01:30+03:00"),
]
BACK = [
    ("Europe/Berlin", "2026-10-25T01:30", "2026-10-25T01:30+02:00"),
    ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30+02:00"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T01:30-04:00"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45+11:00"),
    ("America/Havana", "2026-11-01T00:00", "2026-11-01T00:00-04:00"),
    ("America/Santiago", "2026-04-04T23:30", "2026-04-04T23:30-03:00"),
]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def settings(zone, shown):
    """Return a report at the weekday and time of ``shown``."""
    moment = datetime.fromisoformat(shown)
    return ReportSettings(ZoneInfo(zone), _DAYS[moment.weekday()], moment.time(), "usd", ())


@pytest.mark.parametrize(("zone", "shown", "moment"), [*FORWARD, *BACK])
def test_a_server_that_asks_every_minute_posts_once_at_each_switch(zone, shown, moment):
    """From the week before the switch to the week after it there is one post a week, each at its minute."""
    report = settings(zone, shown)
    switch = int(datetime.fromisoformat(moment).timestamp())
    first = Week.last_complete(switch, report.timezone).shift(-1)
    claimed = {first.shift(-1).name}
    posted = []
    for at in (switch - WEEK, switch, switch + WEEK):
        for now in range(at - 5 * HOUR, at + 5 * HOUR, MINUTE):
            if found := due(now, 0, claimed, report):
                claimed.add(found.period.name)
                posted.append((found.period, found.missed, now))
    assert [(week, missed) for week, missed, _ in posted] == [(first.shift(n), ()) for n in range(3)]
    assert [now for *_, now in posted] == [int(post_at(week, report).timestamp()) for week, *_ in posted]
    assert posted[1][2] == switch


@pytest.mark.parametrize(
    ("zone", "name", "hours"),
    [
        ("Europe/Berlin", "2026-W13", 167),
        ("Europe/Berlin", "2026-W43", 169),
        ("America/New_York", "2026-W10", 167),
        ("America/New_York", "2026-W44", 169),
        ("Australia/Lord_Howe", "2026-W14", 168.5),
        ("Australia/Lord_Howe", "2026-W40", 167.5),
        ("America/Santiago", "2026-W36", 167),
        ("America/Santiago", "2026-W14", 169),
        ("Africa/Cairo", "2026-W17", 167),
        ("Asia/Kolkata", "2026-W13", 168),
    ],
)
def test_a_week_in_which_the_clocks_jump_is_as_long_as_they_show(zone, name, hours):
    """A week with a switch is an hour, or half of one, shorter or longer, and touches both its neighbours."""
    week = Week.parse(name, ZoneInfo(zone))
    assert week.end - week.start == hours * HOUR
    assert (week.shift(-1).end, week.shift(1).start) == (week.start, week.end)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
def test_nine_on_monday_is_nine_on_the_clocks_of_every_week_of_a_year(zone):
    """Whatever the clocks did since the last post, the next one is when they show nine."""
    report = ReportSettings(ZoneInfo(zone), "monday", time(9), "usd", ())
    week = Week.parse("2026-W01", report.timezone)
    for ahead in range(53):
        moment = post_at(week.shift(ahead), report)
        assert (moment.weekday(), moment.time()) == (0, time(9))
        assert datetime.fromtimestamp(moment.timestamp(), report.timezone) == moment
