"""What discounts take off the items of one subscription."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import calm, coupon, off, percent
from upswell.core.discounts import Priced, _spread, cut, discounted, eligible
from upswell.core.money import rounded
from upswell.core.rules import Rules


def item(amount, *cuts, name="si_1", months=1):
    """Return an item of ``amount`` minor units each ``months`` months under ``cuts``."""
    return Priced(name, Fraction(amount, months), Fraction(months), cuts)


def left(*rows):
    """Return what is left of each item, rounded, in the order of their ids."""
    return [rounded(amount) for _, amount in sorted(discounted(rows).items())]


@pytest.mark.parametrize(
    ("cuts", "amount"),
    [
        ((percent(20),), 800),
        ((off(300),), 700),
        ((percent(20, "di_1"), off(300, "di_2")), 500),
        ((off(300, "di_1"), percent(20, "di_2")), 560),
        ((percent(50, "di_1"), percent(50, "di_2")), 250),
        ((percent(20, "di_1", own=True), off(300, "di_2")), 500),
        ((percent(100),), 0),
        ((percent(120),), 0),
        ((off(1001),), 0),
        ((off(700, "di_1"), off(700, "di_2")), 0),
        ((), 1000),
    ],
    ids=[
        "a percentage",
        "an amount",
        "a percentage, then an amount",
        "an amount, then a percentage",
        "two percentages",
        "the item's first, then the subscription's",
        "everything",
        "more than everything, by percentage",
        "more than everything, by amount",
        "more than everything, by two amounts",
        "nothing",
    ],
)
def test_discounts_come_off_in_their_order(cuts, amount):
    """The item's first, then the subscription's, in array order; never below zero."""
    assert left(item(1000, *cuts)) == [amount]


def test_what_one_item_lacks_does_not_change_the_order_on_another():
    """An expired or ineligible discount on one item leaves the others' array order as it is."""
    first, second, third = percent(50, "di_3"), off(100, "di_2"), percent(10, "di_1")
    rows = [item(1000, first, second, name="si_1"), item(1000, second, third, name="si_2")]
    assert left(*rows) == [467, 840]
    assert left(*reversed(rows)) == [467, 840]


def test_half_way_between_two_orders_the_id_decides():
    """Where two items disagree about the order, as between two states, the result is still the same every time."""
    one, two = percent(50, "di_1"), off(100, "di_2")
    rows = [item(1000, one, two, name="si_1"), item(1000, two, one, name="si_2")]
    assert left(*rows) == left(*reversed(rows)) == [450, 450]


def test_an_item_s_discount_is_its_own():
    """A discount of an item takes nothing off its neighbours, even where two of the same kind stand on both."""
    mine, yours = off(300, "di_1", own=True), off(500, "di_2", own=True)
    assert left(item(1000, mine, name="si_1"), item(1000, yours, name="si_2")) == [700, 500]


@pytest.mark.parametrize(
    ("amount", "dues", "expected"),
    [
        (300, (1000, 2000), [900, 1800]),
        (100, (1000, 1000, 1000), [966, 967, 967]),
        (101, (1000, 1000, 1000), [966, 966, 967]),
        (1, (1000, 2000), [1000, 1999]),
        (1, (1000, 1000), [999, 1000]),
        (2999, (1000, 2000), [0, 1]),
        (3000, (1000, 2000), [0, 0]),
        (5000, (1000, 2000), [0, 0]),
        (100, (0, 1000), [0, 900]),
        (100, (0, 0), [0, 0]),
    ],
)
def test_an_amount_off_is_spread_in_whole_minor_units(amount, dues, expected):
    """What is left over of a unit goes to the largest remainder, ties by item id.

    No item goes below zero.
    """
    rows = [item(due, off(amount), name=f"si_{number}") for number, due in enumerate(dues)]
    assert left(*rows) == expected
    assert left(*reversed(rows)) == expected


def test_an_amount_off_of_all_that_is_there_leaves_nothing():
    """An amount that is just what is due takes all of it, where the items' own amounts are no whole units too."""
    assert left(*(item(Fraction(2, 3), off(2), name=f"si_{number}") for number in range(3))) == [0, 0, 0]


def test_an_amount_off_is_spread_over_what_earlier_discounts_left():
    """An amount is spread over the amounts left by earlier discounts."""
    half, amount = percent(50, "di_item", own=True), off(300)
    assert left(item(2000, half, amount, name="si_1"), item(2000, amount, name="si_2")) == [900, 1800]


@pytest.mark.parametrize(
    ("shares", "months", "expected"),
    [
        ((1000, 12000), (1, 12), [700, 1000]),
        ((12000, 3000), (12, 3), [1000, 900]),
        ((12000, 24000), (12, 12), [992, 1983]),
        ((1000, 0), (1, 0), [700, 0]),
    ],
    ids=["a month and a year", "a year and a quarter", "two years", "a one-time price"],
)
def test_an_amount_off_comes_off_each_invoice_of_the_shortest_interval(shares, months, expected):
    """With mixed intervals it comes off the items of the shortest; then it is brought to a month."""
    rows = [
        Priced(f"si_{number}", Fraction(share, count or 1), Fraction(count), (off(300),))
        for number, (share, count) in enumerate(zip(shares, months, strict=True))
    ]
    assert left(*rows) == expected


def test_an_amount_off_is_spread_over_the_items_it_is_for():
    """With applies_to.products, only the items of those products share the amount."""
    monthly = item(1000, name="si_1")
    yearly = item(12000, off(1200, products=("prod_pro",)), name="si_2", months=12)
    assert left(monthly, yearly) == [1000, 900]


def test_a_discount_is_for_the_products_it_names():
    """``applies_to.products`` limits a discount; without it, it is for all."""
    limited, unlimited = percent(50, "di_1", products=("prod_pro", "prod_max")), percent(20, "di_2")
    assert eligible([limited, unlimited], "prod_pro") == (limited, unlimited)
    assert eligible([limited, unlimited], "prod_other") == (unlimited,)


DURATIONS = {
    "recurring": {"forever", "repeating"},
    "forever": {"forever"},
    "all": {"forever", "repeating", "once"},
    "none": set(),
}


@pytest.mark.parametrize("setting", DURATIONS)
@pytest.mark.parametrize("duration", ["forever", "repeating", "once"])
def test_the_rules_say_which_durations_count(setting, duration):
    """``forever`` and ``repeating`` count, ``once`` never; a setting changes that."""
    found = cut("di_1", coupon(duration=duration, percent_off="25"), "usd", Rules(discounts=setting))
    assert (found is not None) == (duration in DURATIONS[setting])


@pytest.mark.parametrize(
    ("terms", "currency", "expected"),
    [
        ({"percent_off": "12.5"}, "usd", (Fraction(1, 8), 0)),
        ({"amounts_off": (("usd", 500),)}, "usd", (None, 500)),
        ({"amounts_off": (("eur", 400), ("usd", 500))}, "eur", (None, 400)),
        ({"amounts_off": (("usd", 500),)}, "eur", None),
        ({}, "usd", None),
    ],
    ids=["percent", "amount", "another currency's amount", "no amount in this currency", "no terms"],
)
def test_a_coupon_takes_off_what_it_says_in_the_currency(terms, currency, expected):
    """``percent_off`` takes a share, ``amount_off`` an amount in its currency and nothing in another."""
    found = cut("di_1", coupon(products=("prod_pro",), **terms), currency, Rules())
    assert (found and (found.percent, found.amount)) == expected
    if found:
        assert (found.discount, found.own, found.products) == ("di_1", False, ("prod_pro",))


wholes = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 5000).map(Fraction), min_size=1)


@calm
@given(st.integers(1, 20_000), wholes)
def test_shares_are_whole_and_add_up_and_never_exceed_what_is_due(amount, due):
    """An amount off is spread in whole minor units that add up to it, or to all there is, and fit each item."""
    shares = _spread(amount, due)
    assert all(share.denominator == 1 and 0 <= share <= due[name] for name, share in shares.items())
    assert sum(shares.values()) == min(amount, sum(due.values()))


fractions = st.fractions(0, 5000, max_denominator=12)
cuts = st.one_of(
    st.builds(percent, st.integers(0, 100), st.just("di_p"), st.booleans()),
    st.builds(off, st.integers(1, 9000), st.just("di_o"), st.booleans()),
)
rows = st.lists(
    st.tuples(
        fractions, st.sampled_from([0, 1, 3, 12]), st.lists(cuts, max_size=2, unique_by=lambda one: one.discount)
    ),
    min_size=1,
    max_size=5,
)


@calm
@given(rows)
def test_discounts_never_take_more_than_is_there_nor_add_anything(drawn):
    """Whatever discounts stand on whatever items, none costs less than nothing or more than without them."""
    held = [Priced(f"si_{n}", amount, Fraction(months), tuple(cuts)) for n, (amount, months, cuts) in enumerate(drawn)]
    for row, amount in zip(held, discounted(held).values(), strict=True):
        assert 0 <= amount <= row.monthly
