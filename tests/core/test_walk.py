"""The walk from one portfolio to the next: which step books what."""

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import VOLUME, by_item, calm, metered, off, percent, position, price, tiered
from upswell.core.catalogue import Catalogue
from upswell.core.portfolio import Backdrop, Portfolio
from upswell.core.prices import Amounts, Tier
from upswell.core.rules import Rules
from upswell.core.walk import walk

PRO, MAX = price(1000, name="pro"), price(2000, name="max")
REPORTS = price(2000, name="reports")
VOLUME_PLAN = tiered("volume", (5, 500), (10, 400))
YEARLY, MONTHLY = price(12000, "year", "yearly", product="prod_pro"), price(1200, name="monthly", product="prod_pro")
FIFTH, HALF, ALL = (percent(20),), (percent(50),), (percent(100),)
TEAM, FLAT = price(2000, name="team"), price(10000, name="flat")


def portfolio(*positions, standing=MappingProxyType({}), held_back=MappingProxyType({})):
    """Return the portfolio of ``positions``; ``standing`` are subscriptions' discounts, ``held_back`` items."""
    names = ("sub_1", "sub_2", "sub_3")
    around = {name: Backdrop(standing.get(name, ()), held_back=held_back) for name in names}
    return Portfolio(by_item(*positions), around)


def walked(before, after, rules=None):
    """Return part, driver and amount of the steps that change an amount."""
    steps = walk(before, after, 100, Catalogue(), rules or Rules())
    return [(step.part, step.driver, step.amount) for step in steps if step.amount]


def usage(figure, **more):
    """Return a metered position whose figure is so many minor units (None: none yet)."""
    return position(metered(name="api"), figure=None if figure is None else Fraction(figure), **more)


STEPS = [
    ("an upgrade and seats", [position(PRO, 5)], [position(MAX, 8)], [
        ("price", "plan", 5000), ("quantity", "seats", 6000)]),
    ("both under a standing discount", [position(PRO, 5, cuts=FIFTH)], [position(MAX, 8, cuts=FIFTH)], [
        ("price", "plan", 4000), ("quantity", "seats", 4800)]),
    ("an add-on", [position(PRO)], [position(MAX), position(REPORTS, item="si_2")], [
        ("price", "plan", 1000), ("presence", "add_on", 2000)]),
    ("a discount that was for the old plan", [position(PRO, cuts=HALF)], [position(MAX)], [
        ("price", "plan", 500), ("discounts", "discount", 1000)]),
    ("volume tiers", [position(VOLUME_PLAN, 5)], [position(VOLUME_PLAN, 6)], [("quantity", "seats", -100)]),
    ("a flat plan to seats", [position(FLAT)], [position(TEAM, 10)], [("price", "plan", 10000)]),
    ("seats to a flat plan", [position(TEAM, 10)], [position(FLAT)], [("price", "plan", -10000)]),
    ("a swap up with seats down", [position(PRO, 5)], [position(MAX, 3)], [
        ("price", "plan", 5000), ("quantity", "seats", -4000)]),
    ("a swap up with seats up from one", [position(PRO)], [position(MAX, 3)], [
        ("price", "plan", 1000), ("quantity", "seats", 4000)]),
    ("a swap to seats that are free", [position(PRO)], [position(price(0, name="free"), 3)], [
        ("price", "plan", -1000)]),
    ("more of a product on another item", [position(PRO)], [position(PRO), position(PRO, 2, "si_2")], [
        ("presence", "seats", 2000)]),
    ("the second product gone", [position(PRO), position(REPORTS, item="si_2")], [position(PRO)], [
        ("presence", "add_on", -2000)]),
    ("first usage", [usage(None)], [usage(70)], [("usage", "usage", 70)]),
    ("usage under a discount", [usage(70, cuts=HALF)], [usage(170, cuts=HALF)], [("usage", "usage", 50)]),
    ("usage of an item that comes", [position(PRO)], [position(PRO), usage(70, item="si_2")], [("usage", "usage", 70)]),
    ("licensed to metered", [position(PRO, 3)], [usage(70)], [("price", "plan", -3000), ("usage", "usage", 70)]),
    ("metered to licensed", [usage(70)], [position(PRO, 3)], [("price", "plan", 3000), ("usage", "usage", -70)]),
    ("a discount begins", [position(PRO)], [position(PRO, cuts=ALL)], [("discounts", "discount", -1000)]),
    ("another interval", [position(YEARLY)], [position(MONTHLY)], [("price", "term", 200)]),
    ("nothing", [position(PRO)], [position(PRO)], []),
    ("another item id", [position(PRO)], [position(PRO, item="si_2")], []),
    ("two subscriptions into one", [position(PRO), position(PRO, 1, "si_2", "sub_2")], [position(PRO, 2)], [
        ("quantity", "seats", 1000), ("presence", "seats", -1000)]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "steps"), [pytest.param(*row[1:], id=row[0]) for row in STEPS])
def test_each_step_books_its_part(before, after, steps):
    """Price at the old quantity, quantity, positions, usage, discounts: in this order, each on what it changed."""
    assert walked(portfolio(*before), portfolio(*after)) == steps


@pytest.mark.parametrize("why", ["unpaid", "paused", "collection paused"])
def test_what_is_held_back_goes_and_comes_by_its_status(why):
    """Gone to or back from unpaid, paused or a collection pause: driver status."""
    both = [position(PRO), position(REPORTS, item="si_2", subscription="sub_2")]
    away = portfolio(both[0], held_back={"si_2": why})
    assert walked(portfolio(*both), away) == [("presence", "status", -2000)]
    assert walked(away, portfolio(*both)) == [("presence", "status", 2000)]


def test_what_is_back_brings_its_usage_along():
    """A metered item that is back from a pause is back with the figure it had."""
    api = usage(70, item="si_2", subscription="sub_2")
    away = portfolio(position(PRO), held_back={"si_2": "unpaid"})
    assert walked(away, portfolio(position(PRO), api)) == [("presence", "status", 70)]


def test_a_seat_is_seats_wherever_it_stands():
    """A position in role seat that is added is seats, whatever product it is of."""
    rules = Rules(roles={"price_reports": "seat"})
    after = portfolio(position(PRO), position(REPORTS, item="si_2"))
    assert walked(portfolio(position(PRO)), after, rules) == [("presence", "seats", 2000)]


def test_an_added_position_has_the_discounts_that_stood_before():
    """An added position has those discounts that stood on its subscription before, and were for its product."""
    for_all, for_pro, new = percent(10, "di_1"), percent(50, "di_2", products=("prod_pro",)), percent(20, "di_3")
    before = portfolio(position(PRO, cuts=(for_all,)), standing={"sub_1": (for_all, for_pro)})
    added = position(REPORTS, item="si_2", cuts=(for_all, new))
    assert walked(before, portfolio(position(PRO, cuts=(for_all,)), added)) == [
        ("presence", "add_on", 1800),
        ("discounts", "discount", -360),
    ]


def test_a_kept_position_keeps_its_discounts_on_another_subscription():
    """A swapped position keeps its old discounts, even on a new subscription; the last step ends them."""
    before = portfolio(position(PRO, cuts=(percent(20),)))
    after = portfolio(position(MAX, item="si_2", subscription="sub_2"))
    assert walked(before, after) == [("price", "plan", 800), ("discounts", "discount", 400)]


def test_an_amount_off_is_spread_anew_with_every_step():
    """After each the customer's whole MRR is computed anew, and the difference is booked on the position changed."""
    before = portfolio(position(PRO, cuts=(off(1500),)))
    after = portfolio(position(PRO, cuts=(off(1500),)), position(REPORTS, item="si_2", cuts=(off(1500),)))
    assert walked(replace(before, backdrops={"sub_1": Backdrop((off(1500),))}), after) == [("presence", "add_on", 1500)]


@pytest.mark.parametrize("terms", [{"percent": 20}, {"off": 500}], ids=["a percentage", "an amount"])
def test_a_discount_that_is_granted_anew_is_the_same(terms):
    """The same terms under a new id, on the same items or on those that replace them, move nothing."""
    made = percent if "percent" in terms else off
    old, new = (made(*terms.values(), name) for name in ("di_1", "di_2"))
    before = portfolio(position(PRO, cuts=(old,)), position(REPORTS, item="si_2", cuts=(old,)))
    again = [position(PRO, cuts=(new,)), position(REPORTS, item="si_2", cuts=(new,))]
    assert walked(before, portfolio(*again)) == []
    moved = [replace(one, item=f"{one.item}_new", subscription="sub_2", shelf="sub_2") for one in again]
    assert walked(before, portfolio(*moved)) == []


def test_the_same_amount_off_on_fewer_subscriptions_is_less_of_it():
    """Two subscriptions merged into one under the same amount off have it once, and the rest is a discount gone."""
    cut = off(500)
    before = [position(PRO, cuts=(cut,)), position(REPORTS, item="si_2", subscription="sub_2", cuts=(cut,))]
    after = [replace(one, subscription="sub_3", shelf="sub_3") for one in before]
    assert walked(portfolio(*before), portfolio(*after)) == [("discounts", "discount", 500)]


def test_a_switch_of_currency_is_two_steps():
    """In a switch a percentage is kept, and an amount off, being money of the old currency, shows as ``discount``."""
    cuts = (percent(50), off(100))
    euro = price(900, currency="eur")
    steps = walk(portfolio(position(PRO, cuts=cuts)), portfolio(position(euro)), 100, Catalogue(), Rules())
    assert [(step.driver, step.amount, step.currency) for step in steps] == [
        ("term", -400, "usd"),
        ("term", 450, "eur"),
        ("discount", 450, "eur"),
    ]


def test_a_step_tells_the_position_s_own_mrr_around_it():
    """A step carries the MRR of its own position before and after it, beside what it did to the whole."""
    api = position(REPORTS, 3, "si_2")
    steps = walk(portfolio(position(PRO, 5)), portfolio(position(MAX, 8), api), 100, Catalogue(), Rules())
    assert [(step.position.item, step.was, step.now) for step in steps] == [
        ("si_1", 5000, 10000),
        ("si_1", 10000, 16000),
        ("si_2", 0, 6000),
    ]
    (gone,) = walk(portfolio(position(PRO), api), portfolio(position(PRO)), 100, Catalogue(), Rules())
    assert (gone.position.item, gone.was, gone.now) == ("si_2", 6000, 0)


def test_a_joined_plan_step_tells_both_ends():
    """A flat plan swapped for seats is one step with the MRR and quantity of both ends."""
    (step,) = walk(portfolio(position(FLAT)), portfolio(position(TEAM, 10)), 100, Catalogue(), Rules())
    assert (step.was, step.now) == (10000, 20000)
    assert [end and end.quantity for end in (step.old, step.new)] == [1, 10]


PRICES = [
    *(PRO, MAX, REPORTS, price(0, name="free"), metered(name="api"), tiered("volume", *VOLUME, name="tiers")),
    *(price(12000, "year", "yearly", product="prod_pro"), price(997, "3 months", "quarter", product="prod_pro")),
]
EURO = {"eur": Amounts("900", (Tier(None, "90"),))}
CUTS = [(), (percent(20),), (off(701),), (percent(33, "di_1"), off(101, "di_2")), (off(101, "di_2"), percent(20))]
HOMES = {"si_1": "sub_1", "si_2": "sub_1", "si_3": "sub_1", "si_4": "sub_2", "si_5": "sub_3", "si_6": "sub_3"}
CURRENCIES = {"sub_1": "usd", "sub_2": "usd", "sub_3": "eur"}


@st.composite
def portfolios(draw):
    """Draw a portfolio of positions on three subscriptions, the third of them in euros."""
    found = []
    for item in draw(st.lists(st.sampled_from(sorted(HOMES)), unique=True, max_size=4)):
        held = replace(draw(st.sampled_from(PRICES)), other_currencies=EURO)
        owner = HOMES[item]
        figure = draw(st.one_of(st.none(), st.fractions(0, 500, max_denominator=3))) if held.metered else None
        own = draw(st.sampled_from([(), (off(55, f"di_{item}", own=True),), (percent(50, f"di_{item}", own=True),)]))
        more = {"cuts": (*own, *draw(st.sampled_from(CUTS))), "figure": figure, "currency": CURRENCIES[owner]}
        found.append(position(held, draw(st.integers(0, 9)), item, owner, **more))
    standing = {name: draw(st.sampled_from(CUTS)) for name in CURRENCIES}
    return portfolio(*found, standing=standing, held_back=draw(st.sampled_from([{}, {"si_1": "unpaid"}])))


ROLES = Rules(roles={"price_reports": "add_on"}, families={"price_pro": "a", "price_max": "b"})


@calm
@given(portfolios(), portfolios(), st.sampled_from([Rules(), ROLES]))
def test_the_steps_telescope(before, after, rules):
    """Their sum is exactly MRR after minus MRR before, in every currency."""
    steps = walk(before, after, 100, Catalogue(), rules)
    opening, closing = before.totals, after.totals
    for currency in ("usd", "eur"):
        moved = sum(step.amount for step in steps if step.currency == currency)
        assert moved == closing.get(currency, 0) - opening.get(currency, 0)
