"""Netting: what goes both ways within one group is one movement of the difference."""

from fractions import Fraction

import pytest

from core.values import metered, position, price
from upswell.core.netting import netted
from upswell.core.walk import Step

PRO, MAX = price(1000, name="pro"), price(2000, name="max")


def seats(amount, item, before=0, after=0, held=PRO, **more):
    """Return a step of seats of an item, from a quantity to another."""
    ends = [position(held, quantity, item) if quantity else None for quantity in (before, after)]
    part = "quantity" if all(ends) else "presence"
    return Step(
        **{"part": part, "driver": "seats", "amount": amount, "currency": "usd"} | more, old=ends[0], new=ends[1]
    )


def told(steps):
    """Return item, amount and quantities of each netted step."""
    return [(step.position.item, step.amount, step.old.quantity, step.new.quantity) for step in netted(steps)]


UP, MORE, DOWN = seats(3000, "si_1", 2, 5), seats(1000, "si_2", 0, 1), seats(-2000, "si_3", 4, 2)
FAR_DOWN = seats(-9000, "si_4", 9, 0)


def test_what_goes_one_way_is_left_alone():
    """Steps of one direction stay as they are, each on its own position, in their order; so do those of nothing."""
    nothing = seats(0, "si_9", 3, 3)
    assert netted([UP, nothing, MORE]) == [UP, nothing, MORE]
    assert netted([DOWN, nothing, FAR_DOWN]) == [DOWN, nothing, FAR_DOWN]
    assert netted([]) == []


NETTED = [
    ("up", [UP, DOWN], [("si_1", 1000, 6, 7)]),
    ("up, on the largest", [MORE, UP, DOWN], [("si_1", 2000, 6, 8)]),
    ("down", [UP, FAR_DOWN], [("si_4", -6000, 11, 5)]),
    ("down, on the largest", [DOWN, UP, FAR_DOWN], [("si_4", -8000, 15, 7)]),
    ("to nothing", [seats(2000, "si_1", 1, 3), DOWN], []),
    ("by a single unit", [seats(-1999, "si_1", 3, 1), seats(2000, "si_2", 1, 3)], [("si_2", 1, 4, 4)]),
]


@pytest.mark.parametrize(("steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in NETTED])
def test_opposite_steps_of_seats_are_one(steps, expected):
    """Opposite steps of one driver and product are their sum, on the largest that goes its way, with all quantities."""
    assert told(steps) == expected
    assert told(steps[::-1]) == expected


@pytest.mark.parametrize(
    "other",
    [
        seats(-2000, "si_3", 4, 2, MAX),
        seats(-2000, "si_3", 4, 2, currency="eur"),
        seats(-2000, "si_3", 4, 2, driver="status"),
    ],
    ids=["another product", "another currency", "another driver"],
)
def test_what_is_not_alike_is_not_netted(other):
    """Steps of different drivers, products or currencies stand side by side, whichever way they go."""
    assert netted([UP, other]) == [UP, other]


def test_an_item_that_stays_at_none_has_none():
    """An item set to quantity 0 counts as none of what netted seats stand for, at either end."""
    emptied = Step("quantity", "seats", -2000, "usd", position(PRO, 2, "si_1"), position(PRO, 0, "si_1"))
    filled = Step("quantity", "seats", 3000, "usd", position(PRO, 0, "si_2"), position(PRO, 3, "si_2"))
    assert told([emptied, filled]) == [("si_2", 1000, 2, 3)]


@pytest.mark.parametrize("comes", [True, False])
def test_a_meter_among_seats_adds_no_quantity(comes):
    """A metered position of the same product is netted with its seats, and counts as none of them."""
    api = position(metered(name="pro"), item="si_9", figure=Fraction(500))
    meter = Step("presence", "seats", 500 if comes else -500, "usd", None if comes else api, api if comes else None)
    moved = DOWN if comes else UP
    assert told([moved, meter]) == [
        (moved.position.item, moved.amount + meter.amount, moved.old.quantity, moved.new.quantity)
    ]


def test_a_netted_plan_keeps_its_own_ends():
    """Plans that are netted keep what the larger one was and became: quantities are not added up."""
    up = Step("price", "plan", 1000, "usd", position(PRO, 1, "si_1"), position(MAX, 1, "si_1"))
    down = Step("price", "plan", -3000, "usd", position(price(5000, name="top"), 1, "si_2"), position(MAX, 1, "si_2"))
    (step,) = netted([up, down])
    assert (step.amount, step.old, step.new, step.part) == (-2000, down.old, down.new, "price")
