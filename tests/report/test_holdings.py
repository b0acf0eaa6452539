"""What a customer holds, in words and numbers."""

from fractions import Fraction

import pytest
from core.values import by_item, metered, position, price, tiered

from upswell.core.catalogue import Catalogue
from upswell.core.portfolio import Portfolio
from upswell.report.holdings import holdings


def told(*positions):
    """Return the holdings of a portfolio of ``positions``."""
    return holdings(Portfolio(by_item(*positions)), Catalogue())


def test_the_largest_holding_is_told_first():
    """Holdings are told the largest first, by MRR before discounts, ties by item id, in whatever order they came."""
    held = [position(price(), item="si_2"), position(price(2000), item="si_3"), position(price(), item="si_1")]
    assert [one.item for one in told(*held)] == ["si_3", "si_1", "si_2"]


def test_a_meter_says_whether_it_was_billed():
    """A metered position has no terms in advance: it is billed by usage, or was not billed yet."""
    held = [position(metered(), item="si_1", figure=Fraction(0)), position(metered(), item="si_2")]
    assert [one.terms for one in told(*held)] == ["billed usage", "usage, none billed yet"]


@pytest.mark.parametrize(("amount", "terms"), [(4900, "49.00 once"), (None, "0.00 once")])
def test_what_is_paid_once_says_so(amount, terms):
    """A one-time price asks its amount once, whether it is known or not, and is worth nothing a month."""
    (held,) = told(position(price(amount, interval=None)))
    assert (held.terms, held.mrr) == (terms, 0)


def test_tiers_that_ask_nothing_say_so():
    """Tiers are told as far as they are reached and ask anything: units, flat amounts, or nothing."""
    steps = tiered("graduated", (2, 0), (None, 500, 100))
    held = [position(steps, 2, "si_1"), position(steps, 3, "si_2")]
    assert [one.terms for one in told(*held)] == [
        "2 × 0.00 + 1 × 5.00 + 1.00 flat a month (graduated tiers)",
        "2 × 0.00 a month (graduated tiers)",
    ]
