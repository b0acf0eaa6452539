"""What a quantity of a price costs a month, before discounts."""

from fractions import Fraction

import pytest
from rulebook import cases

from core.values import STAIRS, VOLUME, metered, price, tiered
from upswell.core.money import rounded
from upswell.core.prices import Amounts, Tier, completed, is_free, monthly

WORTH = [
    *[
        ("volume", tiered("volume", *VOLUME), *row)
        for row in ((1, 700), (5, 3500), (6, 3900), (20, 12000), (25, 15000))
    ],
    *[("graduated", tiered("graduated", *VOLUME), *row) for row in ((5, 3500), (6, 4150), (10, 6750), (11, 7350))],
    ("graduated with flats", tiered("graduated", *STAIRS), 12, 11100),
    ("graduated with flats, to a tier's end", tiered("graduated", *STAIRS), 10, 7500),
    ("volume with flats", tiered("volume", *STAIRS), 6, 4400),
    ("graduated, by the year", tiered("graduated", *VOLUME, every="year"), 6, 346),
    ("graduated, nothing held", tiered("graduated", *STAIRS), 0, 1000),
    ("volume, nothing held", tiered("volume", *STAIRS), 0, 1000),
    ("graduated without flats, nothing held", tiered("graduated", *VOLUME), 0, 0),
    ("one endless tier", tiered("graduated", (None, 300, 100)), 4, 1300),
    ("volume past a last tier that ends", tiered("volume", (5, 700), (10, 650)), 11, 7150),
    ("graduated past a last tier that ends", tiered("graduated", (5, 700), (10, 650)), 11, 6750),
    ("per unit", price(1000), 5, 5000),
    ("nothing held", price(1000), 0, 0),
    ("a year", price(50000, "year"), 4, 16667),
    ("two years", price(24000, "2 years"), 1, 1000),
    ("a week", price(1000, "week"), 1, 4333),
    ("two weeks", price(1000, "2 weeks"), 1, 2167),
    ("a day", price(100, "day"), 1, 3042),
    ("thirty days", price(3000, "30 days"), 1, 3042),
    ("two months", price(5000, "2 months"), 1, 2500),
    ("a quarter", price(9000, "3 months"), 1, 3000),
    ("half a cent, to the even one below", price(5, "2 months"), 1, 2),
    ("half a cent, to the even one above", price(7, "2 months"), 1, 4),
    ("a fraction of a cent", price("0.0008"), 1_000_000, 800),
    ("twelve places", price("0.123456789012"), 1_000_000_000, 123_456_789),
    ("packages rounded up", price(1000, divide_by=10, round_up=True), 25, 3000),
    ("packages rounded down", price(1000, divide_by=10), 25, 2000),
    ("a whole number of packages", price(1000, divide_by=10, round_up=True), 20, 2000),
    ("no packages", price(1000, divide_by=10, round_up=True), 0, 0),
    ("metered", metered(1000), 5, 0),
    ("one-time", price(1000, interval=None), 5, 0),
]


@pytest.mark.parametrize(
    ("held", "quantity", "worth"), [pytest.param(*row[1:], id=f"{row[0]}, {row[2]}") for row in WORTH]
)
def test_a_quantity_costs_its_amount_times_the_intervals_of_a_month(held, quantity, worth):
    """Per item: the price's amount for the quantity, per billing interval, times intervals per month, rounded once."""
    assert rounded(monthly(held, "usd", quantity)) == worth


@pytest.mark.parametrize(("interval", "months"), cases("One billing interval lasts so many months."))
def test_an_interval_lasts_so_many_months(interval, months):
    """One billing interval lasts so many months."""
    assert price(7, interval).months == Fraction(months)
    assert monthly(price(7, interval), "usd", 3) == 21 / Fraction(months)


def test_what_is_paid_once_is_no_mrr():
    """One-time: 0: what is paid once does not recur."""
    assert monthly(price(1000, interval=None), "usd", 5) == 0


def test_a_month_s_cost_is_exact_until_it_is_rounded():
    """In between there are exact fractions, and no floating point numbers."""
    assert monthly(price("0.000000000001", "week"), "usd", 3) == Fraction(3 * 52, 12 * 10**12)


def test_a_price_in_another_currency_is_its_own_option():
    """A subscription in another currency costs what currency_options say, tiers included."""
    held = price(1000, other_currencies={"eur": Amounts("900")})
    steps = tiered("volume", *VOLUME, other_currencies={"eur": Amounts(tiers=(Tier(None, "5"),))})
    assert (monthly(held, "eur", 2), monthly(steps, "eur", 2)) == (1800, 10)


@pytest.mark.parametrize(
    "held",
    [
        price(None),
        price(1000, currency="eur"),
        price(1000, currency="eur", other_currencies={"usd": Amounts()}),
        price(1000, mode="graduated"),
        tiered("volume", *VOLUME, currency="eur", other_currencies={"usd": Amounts("5")}),
    ],
    ids=["no amount", "another currency", "an option without amount", "no tiers", "an option without tiers"],
)
def test_a_price_without_its_amounts_cannot_be_counted(held):
    """What a payload does not carry is never taken for zero: the price is named instead."""
    with pytest.raises(LookupError, match=held.id):
        monthly(held, "usd", 1)
    with pytest.raises(LookupError, match=held.id):
        is_free(held, "usd")


@pytest.mark.parametrize(
    ("held", "free"),
    [
        (metered(0), True),
        (metered("0.00"), True),
        (metered("0.0001"), False),
        (tiered("graduated", (100, 0), (None, 0)), True),
        (tiered("graduated", (100, 0), (None, 2)), False),
        (tiered("volume", (100, 0, 5), (None, 0)), False),
    ],
    ids=["zero", "zero written out", "a fraction", "tiers of zero", "a later tier costs", "a flat fee costs"],
)
def test_a_price_is_free_when_all_its_amounts_are_zero(held, free):
    """A metered position is paid if its price is not all zero."""
    assert is_free(held, "usd") is free


def test_a_price_is_completed_by_another_payload_of_it():
    """Tiers and currency_options come only when expanded: any payload that carried them will do."""
    bare = price(None, mode="volume", nickname="now", other_currencies={"eur": Amounts("1")})
    other = tiered("volume", *VOLUME, nickname="then", other_currencies={"eur": Amounts("2"), "gbp": Amounts("3")})
    whole = completed(bare, other)
    assert whole.amounts == other.amounts
    assert whole.other_currencies == {"eur": Amounts("1"), "gbp": Amounts("3")}
    assert whole.nickname == "now"


def test_a_price_keeps_the_amounts_it_has():
    """Another payload of a price only fills in what is missing."""
    assert completed(price(1000), price(2000)).amounts == Amounts("1000")
