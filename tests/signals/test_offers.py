"""The best offer: a higher plan that costs less than the overage, told only where it is certain."""

import pytest
from core.billed import bill, charge
from core.values import history, metered, price, said, subscription, tiered

from signals.asking import DAY, START, life, looked
from upswell.core.catalogue import Catalogue, Product, Version
from upswell.core.portfolio import Item

DAYS = (31, 59, 90)
SHIFT = (START - 1_800_000_000) / DAY
PRO, CALLS = price(5000, name="pro", metadata={"upswell_plan": "pro"}), metered(1, name="calls")
LIMIT = {"upswell_plan": "scale", "upswell_limit": "10000"}
SCALE = price(9000, name="scale", metadata=LIMIT)
SCALES = Version(0, "evt", Product("prod_scale", "Scale"))
PLANS = Catalogue(prices={"price_scale": said(SCALE)}, products={"prod_scale": [SCALES]})


def used(*amounts, units=6400, catalogue=PLANS, plan=PRO):
    """Return what a look finds after months whose overage was so many minor units each."""
    rows = [
        row
        for number, (day, amount) in enumerate(zip(DAYS, amounts, strict=False))
        for row in bill(
            f"in_{number}",
            day + SHIFT,
            charge(units, CALLS, "si_2", ([0, *DAYS][number] + SHIFT, day + SHIFT), amount=amount),
        )
    ]
    held = history(
        *life((0, subscription(Item("si_1", plan, 1), Item("si_2", CALLS)))), billed=rows, catalogue=catalogue
    )
    return {sign.signal: sign.evidence for sign in looked(held, 92).signs}


def plans(**more):
    """Return a catalogue with a higher plan of other terms."""
    return Catalogue(prices={"price_scale": said(price(9000, name="scale", **more))})


def test_three_months_of_overage_are_compared_with_the_next_plan():
    """Three months averaged 64.00, and Scale, which includes the usage, costs 40.00 more."""
    assert used(6000, 6400, 6800)["cheaper_plan"] == "three months of overage averaged 64.00; Scale costs 40.00 more"


@pytest.mark.parametrize("amounts", [(6400, 6400), (4000, 4000, 4000), (0, 9600, 9600)])
def test_less_overage_is_no_offer(amounts):
    """Two months, months that cost no more than the difference, or one without any, are not told."""
    assert "cheaper_plan" not in used(*amounts)


def test_what_the_higher_plan_would_bill_is_counted():
    """A meter of the higher plan's product bills the highest usage: 6,400 calls at half the price are 32.00."""
    its = tiered("graduated", (1000, "0"), (None, "0.5"), name="its", product="prod_scale", usage="metered")
    found = {"price_scale": said(price(6000, name="scale", metadata={"upswell_plan": "scale"})), "price_its": said(its)}
    told = Catalogue(prices=found, products=PLANS.products)
    assert used(6400, 6400, 6400, catalogue=told)["cheaper_plan"] == (
        "three months of overage averaged 64.00; Scale costs 10.00 more and would bill 27.00 for the same usage"
    )


@pytest.mark.parametrize(
    "told",
    [
        plans(metadata={"upswell_plan": "scale"}),
        plans(metadata={"upswell_plan": "scale", "upswell_limit": "6000"}),
        plans(metadata={"upswell_limit": "10000"}),
        plans(metadata={"upswell_plan": "pro", "upswell_limit": "10000"}),
        plans(metadata=LIMIT, active=False),
        plans(metadata=LIMIT, currency="eur"),
        plans(metadata=LIMIT, interval="year"),
        plans(metadata={**LIMIT, "upswell_role": "add_on"}),
        Catalogue(),
    ],
    ids=[
        "includes what?",
        "too little",
        "no plan",
        "the same plan",
        "archived",
        "currency",
        "interval",
        "role",
        "none",
    ],
)
def test_what_is_not_certain_is_not_told(told):
    """The higher plan must be declared, offered, of the same interval and currency, and include the usage."""
    assert "cheaper_plan" not in used(6400, 6400, 6400, catalogue=told)


def test_a_dearer_price_of_the_same_product_is_another_plan_where_none_is_declared():
    """One product with several prices of one interval: the next dearer one that includes the usage."""
    next_one = price(9000, name="pro", id="price_next", metadata={"upswell_limit": "10000"})
    told = Catalogue(prices={"price_next": said(next_one)})
    assert used(6400, 6400, 6400, catalogue=told, plan=price(5000, name="pro"))["cheaper_plan"] == (
        "three months of overage averaged 64.00; prod_pro costs 40.00 more"
    )


def test_two_plans_of_one_price_are_no_certain_offer():
    """Where two dearer plans cost the same, nobody can say which is the next."""
    twin = price(9000, name="twin", metadata={**LIMIT, "upswell_plan": "twin"})
    told = Catalogue(prices={"price_scale": said(SCALE), "price_twin": said(twin)})
    assert "cheaper_plan" not in used(6400, 6400, 6400, catalogue=told)


def test_usage_that_nobody_counted_is_not_compared():
    """Where invoices do not say how many units they bill, nothing is certain."""
    assert "cheaper_plan" not in used(6400, 6400, 6400, units=None)


def test_usage_that_rises_over_three_periods_is_told():
    """Each of three periods was billed more than the one before."""
    assert used(4000, 5500, 7000)["usage_growth"] == (
        "billed usage of prod_calls rose over three periods: 40.00, 55.00, 70.00 a month"
    )
    assert "usage_growth" not in used(4000, 7000, 7000)
    assert "usage_growth" not in used(4000, 5500)
    assert "usage_growth" in used(0, 5500, 7000)
