"""Reasons: the line a person reads beside a movement."""

from fractions import Fraction

import pytest

from core.test_walk import FLAT, MAX, PRO, REPORTS, TEAM, portfolio, usage
from core.values import catalogue, off, percent, position, price, tiered
from upswell.core.reasons import life_reason, step_reason
from upswell.core.rules import Rules
from upswell.core.walk import walk

NAMES = catalogue(pro="Pro", max="Enterprise", reports="Reports", team="Team", flat="Flat", api="API calls")
LAST_YEAR = price(1000, name="2025", product="prod_pro")
THIS_YEAR = price(1200, name="2026", product="prod_pro")
YEARLY = price(12000, "year", "yearly", product="prod_pro")
QUARTERLY = price(9000, "3 months", "quarterly", product="prod_pro")
SEATS = tiered("volume", (5, 500), (10, 400))
PACKS = price(1000, divide_by=10, round_up=True)
HALF, COUPON = (percent(50),), (off(300),)
DECLARED = Rules(price_changes=frozenset({("price_2025", "price_2026")}))
FAMILY = Rules(families={"prod_pro": "pro"})


def reasons(before, after, rules=None):
    """Return the reasons of the steps that change an amount."""
    return [step_reason(step, NAMES) for step in walk(before, after, 100, NAMES, rules or Rules()) if step.amount]


PLAIN = [
    (position(PRO), position(MAX), "Pro → Enterprise: 20.00 − 10.00"),
    (position(PRO, 5), position(MAX, 5), "Pro → Enterprise for 5 seats: 5 × (20.00 − 10.00)"),
    (position(PRO, 5, cuts=HALF), position(MAX, 5, cuts=HALF),
     "Pro → Enterprise for 5 seats: 5 × (20.00 − 10.00), less 50 %"),
    (position(PRO, cuts=COUPON), position(MAX, cuts=COUPON), "Pro → Enterprise: 7.00 → 17.00 a month"),
    (position(THIS_YEAR), position(price(24000, "year", "max")), "Pro → Enterprise, monthly → yearly: 20.00 − 12.00"),
    (position(FLAT), position(TEAM, 10), "Flat → Team, 1 → 10: 100.00 → 200.00 a month"),
    (position(YEARLY), position(THIS_YEAR), "Pro, yearly → monthly: 12.00 − 10.00"),
    (position(price(1200, "week")), position(price(200, "day", "daily", product="prod_pro")),
     "Pro, weekly → daily: 60.83 − 52.00"),
    (position(QUARTERLY), position(THIS_YEAR), "Pro, every 3 months → monthly: 12.00 − 30.00"),
    (position(PRO, 5), position(PRO, 8), "Pro: 5 → 8 seats: 3 × 10.00"),
    (position(PRO, 5), position(PRO, 3), "Pro: 5 → 3 seats: −2 × 10.00"),
    (position(PRO, 5, cuts=COUPON), position(PRO, 7, cuts=COUPON), "Pro: 5 → 7 seats: 47.00 → 67.00 a month"),
    (position(SEATS, 5), position(SEATS, 6), "Pro: 5 → 6 seats: 25.00 → 24.00 a month"),
    (position(PACKS, 25), position(PACKS, 41), "Pro: 25 → 41 seats: 30.00 → 50.00 a month"),
    (position(PACKS, 10), position(PACKS, 11), "Pro: 10 → 11 seats: 10.00 → 20.00 a month"),
    (position(price("0.08"), 1000), position(price("0.08"), 3000), "Pro: 1000 → 3000 seats: 2000 × 0.0008"),
    (usage(None), usage(7000), "API calls: first billed usage, 70.00 a month"),
    (usage(7000), usage(1300), "API calls: billed usage 70.00 → 13.00 a month"),
    (usage(7000, cuts=HALF), usage(9000, cuts=HALF), "API calls: billed usage 70.00 → 90.00 a month, less 50 %"),
    (usage(7000), usage(None), "API calls: billed usage 70.00 → 0 a month"),
    (position(PRO), position(PRO, cuts=HALF), "Pro: no discount → 50 % off: 10.00 → 5.00 a month"),
    (position(PRO, cuts=COUPON), position(PRO), "Pro: 3.00 off → no discount: 7.00 → 10.00 a month"),
    (position(PRO, cuts=HALF), position(PRO, cuts=(percent(Fraction(25, 2)), off(100))),
     "Pro: 50 % off → 12.5 % off and 1.00 off: 5.00 → 7.75 a month"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "words"), PLAIN, ids=[words for *_, words in PLAIN])
def test_a_reason_names_what_moved_and_shows_the_arithmetic(before, after, words):
    """A one-line reason a person can read, with the arithmetic where it is plain, else the amounts around it."""
    assert reasons(portfolio(before), portfolio(after)) == [words]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (DECLARED, "Pro for 3 seats: 3 × (12.00 − 10.00) (declared in [[rules.price_change]])"),
        (FAMILY, "Pro for 3 seats: 3 × (12.00 − 10.00) (one plan family, pro)"),
    ],
    ids=["declared", "a family"],
)
def test_the_reason_of_a_price_change_says_which_rule_decided(rules, words):
    """A price increase is not expansion, and its reason says by which rule."""
    assert reasons(portfolio(position(LAST_YEAR, 3)), portfolio(position(THIS_YEAR, 3)), rules) == [words]


ONE = position(REPORTS, item="si_2")
THREE = position(REPORTS, 3, "si_2", cuts=HALF)
COME_AND_GO = [
    ([], [ONE], {}, "Reports added: +20.00 a month"),
    ([], [position(REPORTS, 3, "si_2")], {}, "Reports × 3 added: 3 × 20.00"),
    ([THREE], [], {}, "Reports × 3 removed: −3 × 20.00, less 50 %"),
    ([ONE], [], {"si_2": "unpaid"}, "Reports held back (unpaid): −20.00 a month"),
    ([], [position(REPORTS, 2, "si_2")], {"si_2": "paused"}, "Reports × 2 is back (was paused): 2 × 20.00"),
]


@pytest.mark.parametrize(
    ("before", "after", "held_back", "words"), COME_AND_GO, ids=[words for *_, words in COME_AND_GO]
)
def test_a_reason_says_what_came_and_what_went(before, after, held_back, words):
    """What is added, removed, held back or back is named with its quantity and its amount."""
    kept = position(PRO)
    assert reasons(portfolio(kept, *before, held_back=held_back), portfolio(kept, *after, held_back=held_back)) == [
        words
    ]


def test_a_switch_of_currency_has_a_reason_in_each():
    """A switch of currency says in which currency something is no longer paid, and in which it is now."""
    euro = price(900, name="euro", product="prod_pro", currency="eur")
    assert reasons(portfolio(position(PRO)), portfolio(position(euro))) == [
        "Pro is no longer paid in USD: −10.00 a month",
        "Pro is now paid in EUR: +9.00 a month",
    ]


def test_a_product_of_unknown_name_goes_by_its_price_s_nickname_or_its_id():
    """Where nobody told a product's name, its price's nickname stands for it, else the product's id."""
    before, after = position(price(1000, name="a", nickname="Starter")), position(price(3000, name="b"))
    assert reasons(portfolio(before), portfolio(after)) == ["Starter → prod_b: 30.00 − 10.00"]


LIFE = [
    ("new", "status", "Starts with Enterprise × 2, Pro: 50.00 a month"),
    ("new", "discount", "Starts with Enterprise × 2, Pro: 50.00 a month (by a discount alone)"),
    ("reactivation", "status", "Back with Enterprise × 2, Pro: 50.00 a month"),
    ("churn", "plan", "Gone: Enterprise × 2, Pro: 50.00 a month (a plan swapped with a free one)"),
    ("churn", "seats", "Gone: Enterprise × 2, Pro: 50.00 a month (by quantity alone)"),
    ("reactivation", "usage", "Back with Enterprise × 2, Pro: 50.00 a month (by billed usage alone)"),
]


def test_positions_of_one_size_are_told_by_item_id():
    """Positions that are worth the same are listed by item id, in whatever order they are held."""
    held = [position(PRO, item="si_2"), position(TEAM, item="si_3"), position(MAX, item="si_1")]
    assert life_reason("new", "status", held, 5000, NAMES) == "Starts with Enterprise, Team, Pro: 50.00 a month"


@pytest.mark.parametrize(("kind", "driver", "words"), LIFE, ids=[words for *_, words in LIFE])
def test_who_comes_and_who_goes_is_told_with_all_positions(kind, driver, words):
    """``new``, ``churn`` and ``reactivation`` list all positions, the largest first, and what alone did it."""
    held = [position(PRO), position(MAX, 2, "si_2")]
    assert life_reason(kind, driver, held, 5000, NAMES) == words
