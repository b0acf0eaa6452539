"""Summaries of movements written as text (see ``booked``)."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from booked import movements, tracks

from upswell.report import metrics
from upswell.report.figures import Earlier, trailing
from upswell.report.periods import parse
from upswell.report.restated import Now, Past
from upswell.report.summary import Booked, Health, span_of, summarise

BERLIN = ZoneInfo("Europe/Berlin")
WELL = Health(pending=0, failed=0, last_event_at="2026-11-16T07:58:12Z")


def summary(text="", period="2026-W46", *, zone=BERLIN, now=None, currency="usd", health=WELL, **more):
    """Summarise the week, or month, in which ``text`` happens, by default as it stood nine hours after its end."""
    named = parse(period, zone)
    booked = movements(text)
    span = span_of(named, named.end + 9 * 3600 if now is None else now)
    past = more.pop("past", Past())
    return summarise(
        Booked(booked, tracks(booked), {one.currency: earlier(booked, one.currency, span) for one in booked}),
        span,
        currency=currency,
        names=more.pop("names", {}),
        health=health,
        past=replace(past, now={post.period.name: _now(booked, post.period) for post in past.posts}),
        **more,
    )


def earlier(booked, code, span):
    """Return the sums in the currency ``code`` of the four periods before, and of the trailing windows."""
    before = [span.period.shift(-back) for back in range(1, 5)]
    windows = [(one.start, one.end) for one in before] + [(start, span.cut) for start in trailing(span)]
    own = [one for one in booked if one.currency == code]
    *four, month, year = (metrics.bridge(metrics.window(own, *window)) for window in windows)
    return Earlier(four, month, year)


def _now(booked, period):
    """Return what the movements of ``period`` say now."""
    happened = metrics.window(booked, period.start, period.end)
    codes = {movement.currency for movement in happened}
    bridges = {code: metrics.bridge(one for one in happened if one.currency == code) for code in codes}
    return Now(bridges, happened)


BUSY = """
2025-12-01 cus_1 new +500000
2025-12-02 cus_2 new +200000
2025-12-03 cus_3 new +100000
2025-12-04 cus_4 new +100000
2025-12-05 cus_5 new +44069
2026-11-04 cus_2 seat +35120
2026-11-09T10:00 cus_1 upgrade +49000 reason=Pro_→_Enterprise
2026-11-10T10:00 cus_1 seat +24000 reason=7_→_9_seats_of_Enterprise
2026-11-10T11:00 cus_2 seat +12000 origin=sales reason=10_→_14_seats_of_Team
2026-11-11T11:00 cus_3 add_on +9900 reason=Reports_added
2026-11-12T11:00 cus_3 overage +20834 reason=API_calls:_145.00_→_353.34
2026-11-12T12:00 cus_4 downgrade -3000 reason=5_→_4_seats_of_Team
2026-11-12T13:00 cus_5 churn -44069 reason=cancelled
2026-11-12T14:00 cus_4 discount -2000 reason=LAUNCH20_began
2026-11-13T14:00 cus_6 new +9900 reason=Pro
2026-12-03 cus_4 discount +2000 reason=LAUNCH20_ends
"""
NAMES = {"cus_1": "Harbor & Finch", "cus_2": "Quill <Works>", "cus_3": "Copper Kettle"}
QUIET = """
2025-12-01 cus_1 new +500000
2026-11-13T14:00 cus_6 new +9900
"""
