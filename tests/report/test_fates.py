"""What became of customers who had expanded, against those who had not; and expansion over longer windows."""

import plain
import pytest
from booked import at, movements, put, tracks
from hypothesis import given
from hypothesis import strategies as st
from receiving import configured
from strides import CUT, STEP, at_day, told

from upswell.answers.summary import summary_of
from upswell.render import sentences
from upswell.report.fates import Fate, after_expansion
from upswell.report.periods import Week
from upswell.store.ledger import Ledger

STORY = """
2025-10-01 cus_7 new +4000
2026-05-01 cus_1 new +1000
2026-05-01 cus_2 new +1000
2026-05-01 cus_3 new +1000
2026-05-01 cus_4 new +1000
2026-05-01 cus_5 new +1000
2026-06-20 cus_1 seat +500
2026-06-25 cus_2 upgrade +500
2026-08-01 cus_3 seat +100
2026-10-01 cus_1 downgrade -200
2026-10-01 cus_2 price_change -100
2026-10-02 cus_4 churn -1000
2026-10-20 cus_1 churn -1300
2026-10-28 cus_5 add_on +600
2026-11-10 cus_6 new +1000
"""


@given(st.lists(STEP, max_size=40), CUT, CUT, CUT)
def test_fates_from_tracks_are_those_of_movements(steps, first, second, third):
    """Who had expanded, and who was lost since, is over any windows of any movements what the movements say."""
    booked = movements(told(steps))
    before, start, end = (at(at_day(day)) for day in sorted((first, second, third)))
    for code in ("usd", "eur"):
        held = [track for track in tracks(booked) if track.currency == code]
        paying = {who for who, mrr in plain.mrr(booked, code, start).items() if mrr > 0}
        grew = plain.seen(booked, code, ("expansion",), before, start)
        lost = plain.seen(booked, code, ("contraction", "churn"), start, end)
        found = after_expansion(held, before, start, end)
        assert (found.expanded.customers, found.expanded.lost) == (len(paying & grew), len(paying & grew & lost))
        assert (found.others.customers, found.others.lost) == (len(paying - grew), len((paying - grew) & lost))


def test_nobody_has_no_share():
    """A share stands beside its counts, and is null where there is no customer to count."""
    assert after_expansion([], 0, 1, 2).expanded == Fate(customers=0, lost=0, share=None)


@pytest.fixture
def figures(tmp_path):
    """Give the figures of a week, from a ledger."""
    config = configured(tmp_path)
    with Ledger(config.ledger.path, create=True) as ledger:
        put(ledger, STORY)
        week = Week.parse("2026-W46", config.report.timezone)
        yield summary_of(ledger, config, week, week.end + 9 * 3600).figures


def test_who_had_expanded_is_told_beside_who_had_not(figures):
    """Of those who paid 90 days before the end, each counts once, however often it was lost; price is no loss."""
    assert figures.after_expansion.expanded == Fate(customers=3, lost=1, share=0.333333)
    assert figures.after_expansion.others == Fate(customers=3, lost=1, share=0.333333)


def test_expansion_is_told_over_longer_windows(figures):
    """The trailing rates are expansion over the window / MRR at its start."""
    assert figures.expansion_rate_trailing.d30 == 0.068182  # 600 of 8800
    assert figures.expansion_rate_trailing.m12 == 0.425  # 1700 of 4000


def test_both_are_facts_of_the_summary(figures):
    """Each is one sentence, with the counts beside the shares."""
    assert sentences.further(figures) == (
        "Expansion over 30 days was 6.8% of the MRR at their start; over 12 months 42.5%.",
        "Of 3 customers who had expanded 90 to 180 days ago, 1 (33.3%) shrank or left since; of 3 others, 1 (33.3%).",
    )
