"""Section 1 of the rule book: discounts of an amount."""

import pytest

from scenarios.story import Story
from scenarios.streams import Line


def test_an_amount_off_never_goes_below_zero(story: Story) -> None:
    """No item goes below zero."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 20))
    story.expect("new", 20)
    story.at("2026-02-10 12:00")
    sub.discount(story.coupon(off=30))
    story.expect("discount", -20)
    story.check()


def test_an_amount_off_comes_off_each_invoice(story: Story) -> None:
    """Pro 120 a year, with 12.00 off: 9."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 120, "year"), coupons=[story.coupon(off=12)])
    story.expect("new", 9)
    story.check()


def test_an_amount_off_an_item_comes_off_that_item(story: Story) -> None:
    """An amount off comes off each invoice, not off each unit."""
    story.at("2026-01-10 12:00")
    story.subscribe(Line(story.price("Pro", 10), 5, [story.coupon(off=15)]), story.price("Reports", 20))
    story.expect("new", 55)
    story.check()


def test_an_amount_off_some_products_comes_off_those(story: Story) -> None:
    """Pro 100 and Reports 20, with 30.00 off Reports: 100."""
    pro, reports = story.price("Pro", 100), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    story.subscribe(pro, reports, coupons=[story.coupon(off=30, products=[reports])])
    story.expect("new", 100)
    story.check()


def test_a_customers_amount_off_comes_off_every_subscription(story: Story) -> None:
    """A customer's amount off comes off every subscription that takes it, since each has its own invoices."""
    story.favour(story.coupon(off=10))
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Gold", 30))
    story.subscribe(story.price("Silver", 50))
    story.expect("new", 60)
    story.check()


def test_an_amount_off_comes_off_the_items_of_the_shortest_interval(story: Story) -> None:
    """With mixed intervals, an amount off comes off the items of the shortest interval.

    Pro 20 a month and Support 120 a year, with 5.00 off: 25.
    """
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 20), story.price("Support", 120, "year"), coupons=[story.coupon(off=5)])
    story.expect("new", 25)
    story.check()


def test_an_amount_off_beyond_the_shortest_interval_is_lost(story: Story) -> None:
    """With mixed intervals, an amount off comes off the items of the shortest interval.

    Pro 20 a month and Support 120 a year, with 30.00 off: 10.
    """
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 20), story.price("Support", 120, "year"), coupons=[story.coupon(off=30)])
    story.expect("new", 10)
    story.check()


def test_an_amount_off_is_spread_in_whole_minor_units(story: Story) -> None:
    """It is spread over those items in whole minor units per billing interval, and only then brought to a month.

    Pro 0.18 a year and Reports 0.18 a year, with 0.01 off: 0.17 / 12 → 0.01, 0.18 / 12 → 0.02: 0.03.
    """
    story.at("2026-01-10 12:00")
    pro, reports = story.price("Pro", 0.18, "year"), story.price("Reports", 0.18, "year")
    story.subscribe(pro, reports, coupons=[story.coupon(off=0.01)])  # by halves it would be 0.175 / 12 → 0.01, twice
    story.expect("new", 0.03)
    story.check()


def test_the_next_unit_goes_to_the_largest_remainder(story: Story) -> None:
    """What is left over of a unit goes to the largest remainder, ties by item id."""
    story.at("2026-01-10 12:00")
    pro, reports = story.price("Pro", 0.18, "year"), story.price("Reports", 0.2, "year")
    story.subscribe(
        pro, reports, coupons=[story.coupon(off=0.01)]
    )  # 0.0047 and 0.0053: 0.18 / 12 → 0.02, 0.19 / 12 → 0.02
    story.expect("new", 0.04)
    story.check()


@pytest.mark.parametrize("pro_first", [True, False])
def test_equal_remainders_go_by_item_id(story: Story, pro_first: bool) -> None:
    """What is left over of a unit goes to the largest remainder, ties by item id."""
    names = ("Pro", "Reports") if pro_first else ("Reports", "Pro")
    prices = [story.price(name, 0.18, "year") for name in names]
    story.at("2026-01-10 12:00")
    sub = story.subscribe(*prices)  # 0.18 / 12 = 1.5 cents → 2 (half to even), twice
    story.expect("new", 0.04)
    story.at("2026-02-10 12:00")
    sub.discount(story.coupon(off=0.01))  # 0.17 / 12 = 1.42 → 1 for the smaller id, the other stays at 2
    story.expect("discount", -0.01, product=(f"prod_{names[0]}", f"prod_{names[0]}"))
    story.check()


def test_an_amount_off_is_spread_over_what_earlier_discounts_left(story: Story) -> None:
    """It is spread by what the discounts before it left of each item."""
    pro, reports = story.price("Pro", 100), story.price("Reports", 50)
    most, coupon = story.coupon(percent=90, products=[pro]), story.coupon(off=30)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, reports, coupons=[most, coupon])  # 10 − 5 and 50 − 25
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.remove(reports)  # 10 − 10
    story.expect("downgrade", -30, driver="add_on", price=(reports, None))
    story.check()


def test_an_amount_off_in_another_currency_is_none(story: Story) -> None:
    """An amount off is money of its own currency and never comes off another."""
    story.favour(story.coupon(off=10))
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 30, currency="eur"))
    story.expect("new", 30, currency="eur")
    story.check()


def test_an_amount_off_may_be_given_in_several_currencies(story: Story) -> None:
    """A coupon with amounts in several currencies takes off the one in the subscription's."""
    story.at("2026-01-10 12:00")
    coupon = story.coupon(off=10, options={"eur": 8})
    story.subscribe(story.price("Pro", 30, currency="eur"), coupons=[coupon])
    story.expect("new", 22, currency="eur")
    story.check()


def test_an_amount_off_moves_along_with_what_it_stands_on(story: Story) -> None:
    """A discount granted anew on the same terms moves nothing."""
    pro, enterprise, coupon = story.price("Pro", 10), story.price("Enterprise", 20), story.coupon(off=5)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, enterprise, coupons=[coupon])
    story.expect("new", 25)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.at("2026-02-10 12:20")
    story.subscribe(pro, enterprise, coupons=[coupon])
    story.check()
