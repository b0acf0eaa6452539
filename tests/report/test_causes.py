"""Expansion by cause: amounts, counts and customers that add up, against the weeks before."""

from datetime import date, timedelta
from fractions import Fraction

from booked import at, movements
from core.values import calm
from hypothesis import given
from hypothesis import strategies as st
from summaries import BUSY, summary

from upswell.core.kinds import KINDS
from upswell.report.causes import EXPANSION_KINDS, Cause, shared_out

WEEK = 7 * 86_400
STEPS = st.lists(
    st.tuples(
        st.integers(0, 34), st.sampled_from(["a", "b", "c"]), st.sampled_from(KINDS), st.integers(-(10**9), 10**9)
    ),
    max_size=30,
)


def told(steps):
    """Return the lines of movements of five weeks, and the figures of the last one."""
    days = [(date(2026, 10, 12) + timedelta(days=day), who, kind, amount) for day, who, kind, amount in steps]
    text = "\n".join(f"{day}T12:00 {who} {kind} {amount}" for day, who, kind, amount in days)
    return text, summary(text).figures


def test_each_cause_has_amount_count_and_customers():
    """A cause is told with its amount, its movements, and its customers, each of these counted once."""
    causes = summary(BUSY).figures.causes
    assert causes["upgrade"] == Cause(49000, 1, 1, 0, 0)
    assert causes["seat"] == Cause(36000, 2, 2, 35120, 8780)
    assert causes["add_on"] == Cause(9900, 1, 1, 0, 0)
    twice = summary("2026-01-01 cus_1 new +1\n2026-11-10 cus_1 seat +5\n2026-11-11 cus_1 seat +7").figures.causes
    assert twice["seat"] == Cause(12, 2, 1, 0, 0)


@calm
@given(STEPS)
def test_the_causes_add_up_to_expansion(steps):
    """Amounts and counts of the causes, last week's and the mean of four add up to those of all expansion."""
    _, found = told(steps)
    assert tuple(found.causes) == EXPANSION_KINDS
    held = found.causes.values()
    assert sum(cause.amount for cause in held) == found.expansion.total
    assert sum(cause.count for cause in held) == found.expansion.count
    assert max(cause.customers for cause in held) <= found.expansion.customers
    assert found.expansion.customers <= sum(cause.customers for cause in held)
    assert sum(cause.previous for cause in held) == found.previous.expansion
    assert sum(cause.mean for cause in held) == found.mean.expansion


@calm
@given(STEPS)
def test_a_cause_is_the_sum_of_its_movements(steps):
    """Each figure of a cause is what its own movements of the week, and of the four before, say."""
    text, found = told(steps)
    for kind, cause in found.causes.items():
        own = [movement for movement in movements(text) if movement.kind == kind]
        ages = [(movement.amount, (at("2026-11-09") - movement.occurred_at) // WEEK + 1) for movement in own]
        weeks = [[amount for amount, age in ages if age == back] for back in range(5)]
        assert (cause.amount, cause.count, cause.previous) == (sum(weeks[0]), len(weeks[0]), sum(weeks[1]))
        assert abs(cause.mean - Fraction(sum(map(sum, weeks[1:])), 4)) < 1


@calm
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=6), st.integers(1, 13))
def test_what_is_shared_out_adds_up(sums, divisor):
    """Rounded parts add up to the rounded whole, and each is less than 1 away from what it is."""
    whole = round(Fraction(sum(sums), divisor))
    parts = shared_out(sums, divisor, whole)
    assert sum(parts) == whole
    assert all(abs(part - Fraction(one, divisor)) < 1 for part, one in zip(parts, sums, strict=True))
