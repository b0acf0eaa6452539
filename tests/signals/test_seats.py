"""Signals of seats: near a limit or a tier's edge, and added lately."""

import pytest
from core.values import price, seats, subscription, tiered

from signals.asking import seen
from upswell.core.catalogue import Catalogue, Customer, Product, Version
from upswell.core.portfolio import Item
from upswell.signals.limits import declared

TEN = price(metadata={"upswell_limit": "10"})
TEAM = tiered("volume", (10, 1000), (None, 800), name="team")


def holding(quantity, held):
    """Return a subscription to so many units of a price."""
    return subscription(Item("si_1", held, quantity))


@pytest.mark.parametrize(
    ("quantity", "evidence"),
    [
        (7, None),
        (8, "8 of 10 seats of prod_pro"),
        (10, "10 of 10 seats of prod_pro: the limit is reached"),
        (12, "12 seats of prod_pro, 2 more than the 10 included"),
    ],
)
def test_seats_are_near_their_limit_from_the_threshold_on(quantity, evidence):
    """At 80 % of the limit in the price's metadata seats are near it, and at 100 % they have reached it."""
    assert seen((0, holding(quantity, TEN)), day=60).get("seat_limit") == evidence


def test_the_end_of_a_tier_is_told_with_what_comes_behind_it():
    """Without a limit, it is the end of the tier that the seats are in; behind the last one there is none."""
    assert seen((0, holding(9, TEAM)), day=60)["seat_limit"] == (
        "9 of 10 seats of prod_team in its tier, 90.00 a month; 11 cost 88.00"
    )
    assert "seat_limit" not in seen((0, holding(11, TEAM)), day=60)


def test_small_tiers_are_no_limit():
    """One of one seat is what everybody holds: a tier that ends before 5 says nothing."""
    small = tiered("volume", (4, 1000), (None, 800))
    assert seen((0, holding(4, small)), day=60) == {}


def test_a_limit_stands_on_the_price_the_product_or_the_customer():
    """The nearest wins: the price's, then the product's, then the customer's."""
    product = Version(0, "evt", Product("prod_pro", "Pro", {"upswell_limit": "20"}))
    customer = Version(0, "evt", Customer("cus_1", metadata={"upswell_limit": "9"}))
    of_customer = Catalogue(customers={"cus_1": [customer]})
    of_both = Catalogue(products={"prod_pro": [product]}, customers={"cus_1": [customer]})
    assert "seat_limit" in seen((0, holding(9, price())), day=60, catalogue=of_customer)
    assert "seat_limit" not in seen((0, holding(9, price())), day=60, catalogue=of_both)
    assert "seat_limit" in seen((0, holding(9, TEN)), day=60, catalogue=of_both)


@pytest.mark.parametrize("text", ["", "0", "-5", "many", "10.5", "٣"])
def test_what_is_no_number_is_no_limit(text):
    """A limit is a whole number above zero; thousands may be set apart."""
    assert declared({"upswell_limit": text}) is None
    assert declared({"upswell_limit": "10,000"}).most == 10_000


def test_seats_added_in_90_days_are_told_with_their_amount():
    """5 seats in January and 8 in March are 3 more; 90 days later they are not lately any more."""
    steps = ((0, seats(5)), (60, seats(8)))
    assert seen(*steps, day=70)["seats_added"] == "5 → 8 seats of prod_pro since 2 March: +30.00 a month"
    assert "seats_added" not in seen(*steps, day=151)


def test_a_seat_among_many_is_no_growth():
    """Less than a tenth more is no sign, nor are seats that went again."""
    assert seen((0, seats(50)), (60, seats(52)), day=70) == {}
    assert seen((0, seats(50)), (60, seats(80)), (64, seats(50)), day=70) == {}
