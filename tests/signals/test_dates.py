"""Signals of dates: who renews, whose discount or trial ends, and from which day on."""

import pytest
from core.billed import at as billed_at
from core.billed import bill, charge
from core.values import discount, price, said, seats, subscription

from signals.asking import DAY, START, at, seen
from upswell.core.catalogue import Catalogue
from upswell.core.discounts import Coupon
from upswell.core.portfolio import Item
from upswell.signals.terms import Terms

YEARLY = subscription(Item("si_1", price(12000, "year"), 10))
TRIAL = seats(5, status="trialing", trial_end=at(30))


@pytest.mark.parametrize(("day", "told"), [(304, False), (305, True), (364, True), (366, False)])
def test_a_yearly_subscription_renews_within_the_window(day, told):
    """With 60 days, what began on January 1 is told from November 2 on, until it renews."""
    assert ("renewal" in seen((0, YEARLY), day=day)) is told


def test_a_renewal_is_told_with_its_day_and_amount():
    """The evidence names what renews, when, in how many days, and what it costs a month."""
    assert seen((0, YEARLY), day=325)["renewal"] == (
        "prod_pro × 10 renews on 1 January 2027, in 40 days: 100.00 a month"
    )


def test_the_invoice_knows_better_when_the_period_ends():
    """A billing cycle that was moved renews when the period of its last invoice ends."""
    held = price(12000, "year")
    ends = (at(200) - billed_at(0)) / DAY
    rows = bill("in_1", (at(20) - billed_at(0)) / DAY, charge(10, held, span=((at(20) - billed_at(0)) / DAY, ends)))
    found = seen((0, subscription(Item("si_1", held, 10))), day=190, billed=rows)
    assert found["renewal"].startswith("prod_pro × 10 renews on 20 July, in 10 days")


def test_what_is_billed_by_the_month_has_no_renewal():
    """A renewal every month is no occasion."""
    assert seen((0, seats(5)), day=55) == {}


def test_the_renewal_window_is_the_configuration_s():
    """``renewal_days`` says how long before it begins."""
    assert "renewal" not in seen((0, YEARLY), day=325, terms=Terms(renewal_days=30))


def reduced():
    """Return a life under a discount of 20 % that ends on day 100, with its catalogue."""
    told = Catalogue(
        coupons={"launch": said(Coupon("launch", "repeating", "20", name="Launch"))},
        discounts={"di_1": said(discount("di_1", "launch", START, end=at(100), subscription="sub_1"), at=START)},
    )
    return (0, seats(10, discounts=("di_1",))), told


def test_a_discount_is_told_in_the_30_days_before_it_ends():
    """The evidence says what is paid before and after; on the day itself it is over."""
    step, told = reduced()
    assert seen(step, day=92, catalogue=told)["discount_ending"] == (
        "20 % off (Launch) ends on 11 April, in 8 days: 80.00 becomes 100.00 a month"
    )
    assert [day for day in (69, 70, 99, 100) if "discount_ending" in seen(step, day=day, catalogue=told)] == [70, 99]


def test_a_trial_is_told_in_its_last_week():
    """A trial that ends on day 30 is told from day 23 on, with what is paid then."""
    assert [day for day in (22, 23, 29, 30) if "trial_ending" in seen((0, TRIAL), day=day)] == [23, 29]
    assert seen((0, TRIAL), day=27)["trial_ending"] == (
        "the trial of prod_pro × 5 ends on 31 January, in 3 days: 50.00 a month before discounts from then on"
    )


def test_a_trial_of_what_costs_nothing_is_none():
    """Where nothing is to be paid afterwards, there is nothing to decide."""
    free = subscription(price(0), status="trialing", trial_end=at(30))
    assert seen((0, free), day=27) == {}
