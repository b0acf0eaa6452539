"""What must hold of a customer's movements, and what is said where it does not."""

from dataclasses import replace

import pytest
from booked import movements

from upswell.core.invariants import breaches


def life(*lines):
    """Return the movements that ``lines`` tell, in order of time, with the ids ``mov_0``, ``mov_1`` and so on."""
    return [replace(one, id=f"mov_{number}") for number, one in enumerate(movements("\n".join(lines)))]


LIFE = life(
    "2026-01-05 cus_1 new +5000",
    "2026-01-06 cus_1 upgrade +2000",
    "2026-01-07 cus_1 downgrade -1000",
    "2026-01-08 cus_1 discount -6000",
    "2026-01-08 cus_1 new +100 currency=eur",
    "2026-01-09 cus_1 churn -100 currency=eur",
    "2026-01-10 cus_1 churn 0",
    "2026-01-11 cus_1 reactivation +100",
)


def test_a_life_in_order_breaches_nothing():
    """Movements that add up, in order, each with its cause, breach nothing; a churn may be of nothing."""
    assert breaches(LIFE) == []


def test_no_movements_breach_nothing():
    """A customer who never paid has no movements, and nothing is wrong with that."""
    assert breaches([]) == []


def changed(place, **values):
    """Return the life with ``values`` in one of its movements."""
    return [replace(one, **values) if index == place else one for index, one in enumerate(LIFE)]


ONE = life("2026-01-05 cus_1 new +5000")
BROKEN = [
    ("a gap", LIFE[:1] + LIFE[2:], ["mov_2 begins at 7000, and the balance is 5000"]),
    ("a first one that does not begin at zero", LIFE[1:2], ["mov_1 begins at 5000, and the balance is 0"]),
    ("a sum", [replace(ONE[0], mrr_after=4999)], ["mov_0 does not add up"]),
    ("below zero", life("2026-01-05 cus_1 discount -1"), ["mov_0 ends below zero, at -1 usd"]),
    ("an upgrade down", changed(2, kind="upgrade"), ["mov_2 is a upgrade of -1000"]),
    ("a new of nothing", life("2026-01-05 cus_1 new 0"), ["mov_0 is a new of 0"]),
    ("a discount of nothing", life("2026-01-05 cus_1 discount 0"), ["mov_0 is a discount of 0"]),
    ("a new down", changed(0, kind="new", amount=-1, mrr_after=-1)[:1], [
        "mov_0 ends below zero, at -1 usd", "mov_0 is a new of -1"]),
    ("a reactivation down", changed(2, kind="reactivation"), ["mov_2 is a reactivation of -1000"]),
    ("a downgrade up", life("2026-01-05 cus_1 downgrade +1"), ["mov_0 is a downgrade of 1"]),
    ("a churn up", life("2026-01-05 cus_1 churn +1"), ["mov_0 is a churn of 1"]),
    ("no cause", [replace(ONE[0], cause="")], ["mov_0 has no cause or no reason"]),
    ("no reason", [replace(ONE[0], reason="")], ["mov_0 has no cause or no reason"]),
    ("two of one id", changed(1, id="mov_0"), ["two movements share an id"]),
    ("the wrong order", changed(1, occurred_at=LIFE[0].occurred_at - 1), ["mov_1 comes before mov_0"]),
]  # fmt: skip


@pytest.mark.parametrize(("told", "expected"), [pytest.param(*row[1:], id=row[0]) for row in BROKEN])
def test_a_breach_is_said_in_a_sentence(told, expected):
    """Opening + movements = closing per currency, never below zero, kind and sign agree, each has a cause, in order."""
    assert breaches(told) == expected


def test_mrr_may_be_below_zero_inside_a_group():
    """Between the steps of one instant an amount may dip; only what a group leaves behind must not."""
    dip = life("2026-01-05 cus_1 new +100", "2026-01-06 cus_1 downgrade -150", "2026-01-06 cus_1 upgrade +100")
    assert breaches([dip[0], *sorted(dip[1:], key=lambda one: one.mrr_before, reverse=True)]) == []
