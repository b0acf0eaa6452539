"""The twelve weeks that pictures show: the same figures as each week's own summary."""

from dataclasses import replace
from datetime import date

import pytest
from booked import put
from charted import twelve
from hypothesis import given
from hypothesis import strategies as st
from summaries import BERLIN, BUSY, summary

from upswell.answers.trend import with_trend
from upswell.report.periods import Week
from upswell.store import books
from upswell.store.ledger import Ledger

WEEK = Week.parse("2026-W46", BERLIN)
LIVES = """
2025-12-01 cus_1 new +5000
2026-01-01 cus_2 new +2000
2026-07-20 cus_2 downgrade -500
2026-08-25 cus_1 seat +1000
2026-09-01 cus_3 new +700
2026-09-08 cus_3 price_change +70
2026-09-14 cus_2 churn -1500
2026-10-08 cus_2 reactivation +1500
2026-10-20 cus_1 upgrade +250
2026-10-21 cus_1 upgrade +250
2026-11-15T22:59:59 cus_3 overage +30
2026-11-15T23:00:00 cus_3 overage +31
"""


def told(text, cut=None):
    """Return the twelve weeks up to week 46 from the movements that ``text`` tells."""
    return twelve(text, WEEK, cut)


def own(text, point):
    """Return what the summary of a point's own week says of it."""
    name = Week(date.fromisoformat(point.first), BERLIN).name
    figures = summary(text, period=name).figures
    return {kind: figures.bridge[kind] for kind in point.expansion}, figures.nrr.d30, figures.grr.d30


def test_each_week_is_as_its_own_summary_has_it():
    """Expansion by cause, NRR and GRR of every week are those that the week's summary states."""
    points = told(LIVES)
    assert [point.first for point in points][:2] == ["2026-08-24", "2026-08-31"]
    assert len(points) == 12
    for point in points:
        assert (dict(point.expansion), point.nrr, point.grr) == own(LIVES, point)


_KINDS = {"seat": 1, "upgrade": 1, "add_on": 1, "overage": 1, "price_change": 1, "downgrade": -1, "discount": -1}


@st.composite
def lives(draw):
    """Give the movements of up to four customers over the weeks around the twelve, as text."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        days = sorted(draw(st.lists(st.integers(0, 180), min_size=1, max_size=8)))
        mrr, what = 0, "new"
        for day in days:
            when = date.fromordinal(date(2026, 5, 20).toordinal() + day)
            amount = draw(st.integers(1, 900))
            if what == "new":
                kind = "new"
            else:
                kind = draw(st.sampled_from(sorted(_KINDS)))
                amount = amount * _KINDS[kind] if amount * _KINDS[kind] + mrr >= 0 else amount
                kind = "seat" if amount > 0 and _KINDS[kind] < 0 else kind
            what, mrr = "grown", mrr + amount
            lines.append(f"{when}T{draw(st.integers(0, 23)):02d}:00 cus_{number} {kind} {amount:+d}")
    return "\n".join(lines)


@given(text=lives())
def test_any_history_gives_the_figures_of_each_weeks_summary(text):
    """Whatever happened, a picture never says anything else than the summary that was or would have been posted."""
    for point in told(text):
        assert (dict(point.expansion), point.nrr, point.grr) == own(text, point)


@pytest.mark.parametrize(
    ("text", "mondays"),
    [
        ("", []),
        ("2026-11-10 cus_1 new +10000", []),
        ("2026-11-10 cus_1 new +10000\n2026-11-11 cus_1 seat +100", ["2026-11-09"]),
        ("2026-11-03 cus_1 new +10000\n2026-11-04 cus_1 seat +100", ["2026-11-02", "2026-11-09"]),
    ],
)
def test_weeks_before_there_was_anything_are_left_out(text, mondays):
    """A young history is short, and an empty one has no weeks."""
    assert [point.first for point in told(text)] == mondays


def test_a_running_week_ends_now():
    """The last week goes as far as its summary does."""
    at = WEEK.start + 3 * 86_400
    now, whole = told(BUSY, cut=at)[-1], told(BUSY)[-1]
    assert now.first == whole.first == "2026-11-09"
    assert sum(now.expansion.values()) == 49000 + 24000 + 12000 + 9900
    assert sum(whole.expansion.values()) == 115734


def test_the_ledger_gives_the_weeks_of_the_main_currency(tmp_path):
    """What is read is what was written, of one currency; a summary gets its twelve weeks."""
    other = "".join(f"{line} currency=eur\n" for line in LIVES.replace("cus_", "eur_").strip().splitlines())
    with Ledger(tmp_path / "upswell.db", create=True) as ledger:
        put(ledger, LIVES + other)
        given = with_trend(ledger, summary(LIVES), WEEK.end)
        moved = books.bridge(ledger, "usd", WEEK.start, WEEK.end)
    assert given.trend == told(LIVES)
    assert replace(given, trend=()) == summary(LIVES)
    assert {kind: amount for kind, amount in moved.items() if amount} == {"overage": 30}
