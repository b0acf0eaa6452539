"""The figures of section 9 of the rule book, exact."""

from collections import defaultdict
from fractions import Fraction

from booked import at, movements, tracks
from hypothesis import given
from hypothesis import strategies as st

from upswell.core.kinds import GROUPS, KINDS
from upswell.report import metrics

TWO = movements(
    """
    2026-01-01 cus_1 new +100
    2026-01-01 cus_2 new +100
    2026-01-10 cus_1 price_change +20
    2026-01-11 cus_1 upgrade +30
    2026-01-12 cus_2 downgrade -40
    """
)


def over(booked, start, end):
    """Return the retention over a window with and without the price group."""
    return metrics.retention(tracks(booked), at(start), at(end))


def test_retention_is_the_rule_books_example():
    """``nrr``: the cohort's MRR at the end / S, with all kinds in it.

    ``grr``: the cohort's sum of the smaller of start and end / S.

    ``nrr_without_price``, ``grr_without_price``: the same without the price group.
    """
    full, bare = over(TWO, "2026-01-05", "2026-02-01")
    assert (full.nrr, full.grr) == (Fraction(105, 100), Fraction(80, 100))
    assert (bare.nrr, bare.grr) == (Fraction(95, 100), Fraction(80, 100))


def test_retention_of_nobody_is_no_figure():
    """Where S or any other denominator is 0 there is no figure, never a division."""
    full, bare = over(TWO, "2025-12-01", "2026-02-01")
    assert (full.nrr, full.grr, bare.nrr, bare.grr) == (None, None, None, None)


def test_who_comes_later_is_not_in_the_cohort():
    """Who comes later than the start is not in the cohort."""
    joined = [*TWO, *movements("2026-01-20 cus_3 new +1000")]
    assert over(joined, "2026-01-05", "2026-02-01") == over(TWO, "2026-01-05", "2026-02-01")


def test_the_cohort_is_who_paid_anything():
    """The cohort is the customers whose MRR was above zero at the start, by however little."""
    booked = movements(
        """
        2026-01-01 cus_1 new +1
        2026-01-01 cus_2 new +1
        2026-01-02 cus_2 discount -1
        2026-01-10 cus_1 seat +1
        2026-01-11 cus_2 discount +1
        """
    )
    full, _ = over(booked, "2026-01-05", "2026-02-01")
    assert (full.nrr, full.grr) == (2, 1)


def test_a_price_raised_before_a_churn_goes_with_it():
    """Without the price group, who left ends at 0, and nobody below it."""
    for price in (+50, -50):
        booked = movements(
            f"""
            2026-01-01 cus_1 new +100
            2026-01-01 cus_2 new +100
            2026-01-10 cus_1 price_change {price}
            2026-01-11 cus_1 churn {-100 - price}
            """
        )
        _, bare = over(booked, "2026-01-05", "2026-02-01")
        assert (bare.nrr, bare.grr) == (Fraction(1, 2), Fraction(1, 2))


def test_a_full_discount_is_no_loss_without_the_price_group():
    """A customer under a 100 % discount still is one: only the price group lowers its MRR."""
    booked = movements("2026-01-01 cus_1 new +100\n2026-01-10 cus_1 discount -100")
    full, bare = over(booked, "2026-01-05", "2026-02-01")
    assert (full.nrr, bare.nrr, bare.grr) == (0, 1, 1)


def test_customers_are_those_whose_life_last_began():
    """A customer, at an instant, is who had ``new`` or ``reactivation`` and no ``churn`` since."""
    booked = movements(
        """
        2026-01-01 cus_1 new +100
        2026-01-01 cus_2 new +100
        2026-01-02 cus_3 new +100
        2026-01-03 cus_2 churn -100
        2026-01-03 cus_3 churn -100
        2026-01-04 cus_3 reactivation +100
        2026-01-05 cus_1 discount -100
        """
    )
    held = tracks(booked)
    assert {track.customer for track in held if track.alive[-1]} == {"cus_1", "cus_3"}
    assert metrics.not_yet_expanded(held, at("2026-01-06")) == 2


def test_ratios_of_a_bridge():
    """``expansion_share_of_new_mrr``: expansion / (expansion + new + reactivation).

    ``quick_ratio``: (new + reactivation + expansion) / what contraction and churn took, as a positive number.
    """
    amounts = dict.fromkeys(KINDS, 0) | {"new": 40, "reactivation": 10, "upgrade": 30, "seat": 20, "downgrade": -20}
    assert metrics.expansion_share(amounts) == Fraction(1, 2)
    assert metrics.quick_ratio(amounts) == 5
    assert metrics.quick_ratio(dict.fromkeys(KINDS, 5)) is not None
    nothing = dict.fromkeys(KINDS, 0)
    assert metrics.expansion_share(nothing) is None
    assert metrics.quick_ratio(nothing) is None


def test_time_to_expansion_is_the_median_of_days():
    """``time_to_expansion_days``: the median over customers of the days from ``new`` to the first expansion movement.

    ``not_yet_expanded``: how many of today's customers have never expanded.
    """
    booked = movements(
        """
        2026-01-01 cus_1 new +100
        2026-01-01 cus_2 new +100
        2026-01-01 cus_3 new +100
        2026-01-01 cus_4 new +100
        2026-01-11 cus_1 seat +10
        2026-01-12 cus_1 seat +10
        2026-01-21T12:00 cus_2 overage +10
        2026-01-22 cus_4 churn -100
        """
    )
    held = tracks(booked)
    assert metrics.time_to_expansion(held, at("2026-02-01")) == Fraction(10 + Fraction(41, 2), 2)
    assert metrics.not_yet_expanded(held, at("2026-02-01")) == 1
    assert metrics.time_to_expansion(held, at("2026-01-11")) is None
    assert metrics.not_yet_expanded(held, at("2026-01-01")) == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(KINDS), st.integers(-(10**12), 10**12)), max_size=30
)


@given(STEPS, st.integers(0, 31), st.integers(0, 31))
def test_the_bridge_adds_up(steps, first, second):
    """Opening + the sum of all kinds = closing, over any window of any movements, in integers."""
    start, end = sorted((first, second))
    booked = movements(
        "\n".join(f"2026-01-{n + 1:02d} {who} {kind} {amount}" for n, (who, kind, amount) in enumerate(steps))
    )
    cuts = [at("2026-01-01") + day * 86_400 for day in (start, end)]
    held = tracks(booked)
    opening, closing = (metrics.mrr(held, cut) for cut in cuts)
    amounts = metrics.bridge(metrics.window(booked, *cuts))
    assert tuple(amounts) == KINDS
    assert opening + sum(amounts.values()) == closing == metrics.stated(held, cuts[1])
    assert sum(metrics.total(amounts, group) for group in set(GROUPS.values())) == closing - opening


@given(STEPS)
def test_gross_retention_never_exceeds_net_or_one(steps):
    """GRR is at most NRR and at most 1; growth does not count in it."""
    held = defaultdict(int)
    lines = []
    for number, (who, kind, wanted) in enumerate(steps):
        amount = max(wanted, -held[who])
        held[who] += amount
        lines.append(f"2026-01-{number + 1:02d} {who} {kind} {amount}")
    booked = movements("\n".join(lines))
    for found in over(booked, "2026-01-10", "2026-02-10"):
        if found.nrr is not None:
            assert 0 <= found.grr <= min(found.nrr, 1)
