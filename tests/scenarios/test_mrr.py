"""Section 1 of the rule book: what a subscription item is worth a month."""

from typing import Any

import pytest
from rulebook import cases

from scenarios.story import Story

VOLUME = {"tiers": [(5, 7), (10, 6.5), (None, 6)], "mode": "volume"}
GRADUATED = {**VOLUME, "mode": "graduated"}
STAIRS = {"tiers": [(5, 5, 10), (10, 4, 20), (15, 3, 30), (20, 2, 40), (None, 1, 50)], "mode": "graduated"}
SHAPES = {
    "volume tiers: up to 5 at 7.00, up to 10 at 6.50, above at 6.00": VOLUME,
    "the same tiers, graduated": GRADUATED,
    "the same tiers, graduated, a year": {**GRADUATED, "every": "year"},
    "graduated by fives at 5, 4, 3, 2, 1, each tier with a flat 10, 20, 30, 40, 50": STAIRS,
    "500.00 a year": {"amount": 500, "every": "year"},
    "10.00 a week": {"amount": 10, "every": "week"},
    "10.00 every 2 weeks": {"amount": 10, "every": "2 week"},
    "1.00 a day": {"amount": 1, "every": "day"},
    "50.00 every 2 months": {"amount": 50, "every": "2 month"},
    "90.00 a quarter": {"amount": 90, "every": "3 month"},
    "0.05 every 2 months: half a cent, to the even one below": {"amount": 0.05, "every": "2 month"},
    "0.07 every 2 months: half a cent, to the even one above": {"amount": 0.07, "every": "2 month"},
    "0.000008 a month": {"amount": "0.000008"},
    "0.00123456789012 a month": {"amount": "0.00123456789012"},
    "10.00 a package of 10, rounded up": {"amount": 10, "divide": (10, "up")},
    "10.00 a package of 10, rounded down": {"amount": 10, "divide": (10, "down")},
}


def subscribed(story: Story, shape: dict[str, Any], quantity: int, worth: float) -> None:
    """Let a customer subscribe to a quantity of a price, and check that it is worth so much a month."""
    price = story.price("Pro", **shape)
    story.at("2026-01-10 12:00")
    story.subscribe(price * quantity)
    story.expect("new", worth, price=(None, price), quantity=(..., quantity))
    story.check()


@pytest.mark.parametrize(("price", "quantity", "worth"), cases("So much is a quantity worth a month."))
def test_a_quantity_is_worth_its_price_by_the_month(story: Story, price: str, quantity: str, worth: str) -> None:
    """So much is a quantity worth a month.

    An item's MRR is its price's amount for its quantity, divided by the months in one billing interval.
    """
    subscribed(story, SHAPES[price], int(quantity.replace(",", "")), float(worth.replace(",", "")))


@pytest.mark.parametrize(("amount", "units", "worth"), [(10, 5, 50), ("0.00123456789012", 10**9, 1_234_567.89)])
def test_a_price_per_unit_may_be_a_fraction_of_a_cent(
    story: Story, amount: float | str, units: int, worth: float
) -> None:
    """Per unit: quantity × unit amount, also in fractions of a cent with up to 12 places."""
    subscribed(story, {"amount": amount}, units, worth)


@pytest.mark.parametrize(("way", "worth"), [("up", 30), ("down", 20)])
def test_packages_are_rounded_before_they_are_priced(story: Story, way: str, worth: float) -> None:
    """`transform_quantity`: the quantity is divided, and rounded up or down, before it is multiplied."""
    subscribed(story, {"amount": 10, "divide": (10, way)}, 25, worth)


def test_volume_tiers_price_all_units_alike(story: Story) -> None:
    """Volume tiers: all units at the tier that the quantity falls in, plus the flat amount of that tier."""
    subscribed(story, {**STAIRS, "mode": "volume"}, 6, 6 * 4 + 20)


def test_graduated_tiers_price_each_unit_where_it_stands(story: Story) -> None:
    """Graduated tiers: each unit at its own tier, plus the flat amount of every tier entered."""
    subscribed(story, STAIRS, 6, 5 * 5 + 10 + 4 + 20)


@pytest.mark.parametrize("mode", ["graduated", "volume"])
def test_no_unit_of_a_tiered_price_costs_its_first_flat_amount(story: Story, mode: str) -> None:
    """Tiers at quantity 0: the first tier's flat amount is billed all the same."""
    subscribed(story, {**STAIRS, "mode": mode}, 0, 10)


def test_mixed_intervals_inside_one_subscription_add_up(story: Story) -> None:
    """Items of different intervals in one subscription add up."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 12), story.price("Support", 120, "year"))
    story.expect("new", 22)
    story.check()


def test_each_item_is_rounded_by_itself(story: Story) -> None:
    """Each subscription item is rounded once, half to even, after its discounts."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 10, "year"), story.price("Reports", 10, "year"))
    story.expect("new", 1.66)
    story.check()


def test_rounding_comes_after_discounts(story: Story) -> None:
    """Each subscription item is rounded once, half to even, after its discounts."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 12.17, "year"), coupons=[story.coupon(percent=50)])
    story.expect("new", 0.51)
    story.check()


def test_a_subscription_in_another_currency_takes_that_option_of_the_price(story: Story) -> None:
    """`currency_options`: a subscription in another currency pays the amounts given for that currency."""
    price = story.price("Pro", 10, options={"eur": 9})
    story.at("2026-01-10 12:00")
    story.subscribe(price * 3, currency="eur")
    story.expect("new", 27, currency="eur")
    story.check()


def test_an_inline_price_needs_no_event_of_its_own(story: Story) -> None:
    """inline: a price made for one subscription counts like any other."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 33, quiet=True, active=False))
    story.expect("new", 33)
    story.check()


def test_nothing_but_the_subscription_is_needed_for_a_plain_price(story: Story) -> None:
    """An event may depend on tiers, a discount or a product name it does not carry; a plain price does not."""
    story.at("2026-01-10 12:00")
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    story.events.clear()
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.swap(pro, enterprise * 5)
    story.expect("upgrade", 50, price=(pro, enterprise))
    story.check()


def test_tiers_may_be_known_only_later(story: Story) -> None:
    """Amounts that an event does not carry, such as tiers, are never taken for zero: the event waits until they are known.

    An event that needs a discount, a coupon or tiers nobody told of waits for them, and then counts as of its time.
    """
    story.at("2026-01-10 12:00")
    price = story.price("Pro", **GRADUATED, quiet=True)  # type: ignore[arg-type]
    story.subscribe(price * 6)
    story.expect("new", 41.5)
    story.at("2026-01-20 12:00")
    price.change(nickname="Pro, by seats")
    story.check()


def test_a_metered_item_has_no_licensed_mrr(story: Story) -> None:
    """metered: 0 in advance: what is billed afterwards counts as usage (section 5)."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 20), story.price("Calls", 0.01, metered=True))
    story.expect("new", 20)
    story.check()


def test_a_quantity_of_zero_at_a_price_a_unit_is_nothing(story: Story) -> None:
    """Money per item is the price's amount for the quantity: none for no unit."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 0)
    story.at("2026-01-20 12:00")
    sub.seats(pro, 2)
    story.expect("new", 20, driver="seats")
    story.check()


@pytest.mark.parametrize(("currency", "units", "worth"), [("jpy", 15, 15), ("kwd", 12.34, 12.34), ("usd", 15, 15)])
def test_money_is_an_integer_in_the_currencys_minor_unit(
    story: Story, currency: str, units: float, worth: float
) -> None:
    """Money is an integer in the currency's minor unit."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", units, currency=currency))
    story.expect("new", worth, currency=currency)
    story.check()
