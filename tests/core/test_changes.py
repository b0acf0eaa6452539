"""The instants at which a counted portfolio differs from just before, and what it then is."""

from dataclasses import replace

import pytest

from core.values import coupon, created, deleted, discount, history, metered, price, said, subscription, updated
from upswell.core.catalogue import Catalogue
from upswell.core.changes import changes
from upswell.core.portfolio import Item
from upswell.core.rules import Rules
from upswell.core.usage import Billed

AT, DAY, MONTH = 1_800_000_000, 86_400, 31 * 86_400
PRO, API = price(1000, name="pro"), metered(name="api")
HELD = subscription(Item("si_1", PRO, 2))


def found(*states, rules=None, **more):
    """Return the changes that ``states`` make."""
    return list(changes(history(*states, **more), rules or Rules()))


def told(*states, **more):
    """Return (seconds after AT, whether a gap, cause, quantities after) of each change."""
    return [
        (one.at - AT, one.gap, one.cause, {item: held.quantity for item, held in one.after.positions.items()})
        for one in found(*states, **more)
    ]


def test_what_counts_no_differently_is_no_change():
    """Renewals, retries and metadata are no changes, and neither is what does not count yet."""
    waiting = replace(HELD, status="incomplete")
    states = [
        created(AT, waiting, "evt_1"),
        updated(AT + 1, waiting, replace(waiting, metadata={"a": "1"}), "evt_2"),
        updated(AT + 2, waiting, HELD, "evt_3"),
        updated(AT + 3, HELD, replace(HELD, status="past_due"), "evt_4"),
        updated(AT + 4, replace(HELD, status="past_due"), HELD, "evt_5"),
    ]
    assert told(*states) == [(2, False, "evt_3", {"si_1": 2})]


def test_several_subscriptions_of_one_second_are_one_change():
    """What happens to several subscriptions within one second is one change; its cause is the last event by id."""
    other = subscription(Item("si_2", PRO, 3), name="sub_2")
    assert told(created(AT, HELD, "evt_2"), created(AT, other, "evt_1")) == [
        (0, False, "evt_2", {"si_1": 2, "si_2": 3})
    ]


def test_a_switch_within_one_second_that_leaves_all_as_it_was_is_none():
    """What is undone within its second is no change."""
    more = subscription(Item("si_1", PRO, 5))
    states = [created(AT, HELD, "evt_1"), updated(AT + 9, HELD, more, "evt_2"), updated(AT + 9, more, HELD, "evt_3")]
    assert told(*states) == [(0, False, "evt_1", {"si_1": 2})]


def test_a_gap_is_a_change_before_the_event_that_shows_it():
    """What was missed is a change of its own, at the event that shows it and before that event's own."""
    missed, after = (subscription(Item("si_1", PRO, quantity)) for quantity in (5, 6))
    assert told(created(AT, HELD, "evt_1"), updated(AT + 9, missed, after, "evt_2"))[1:] == [
        (9, True, "evt_2", {"si_1": 5}),
        (9, False, "evt_2", {"si_1": 6}),
    ]


def test_an_item_that_names_no_quantity_is_one():
    """A licensed item without a quantity is one of it, a metered one has none."""
    held = subscription(Item("si_1", PRO), Item("si_2", API, 7))
    assert told(created(AT, held)) == [(0, False, "evt_created", {"si_1": 1, "si_2": None})]


def test_what_never_counted_is_not_held_back():
    """Only what counted before is held back; what begins unpaid begins when it is paid."""
    unpaid = replace(HELD, status="unpaid")
    other = subscription(Item("si_2", PRO, 1), name="sub_2")
    begun = found(created(AT, unpaid, "evt_1"), created(AT + 1, other, "evt_2"), updated(AT + 2, unpaid, HELD, "evt_3"))
    assert [one.before.around("sub_1").held_back for one in begun] == [{}, {}]
    lost = found(created(AT, HELD, "evt_1"), updated(AT + 2, HELD, unpaid, "evt_3"))
    assert lost[-1].after.around("sub_1").held_back == {"si_1": "unpaid"}


def test_what_stands_around_a_portfolio_is_told():
    """A change tells each subscription's metadata and owner, also of one that ended."""
    other = subscription(Item("si_2", PRO, 1), name="sub_2", customer="cus_2", metadata={"rep": "a"})
    ended = replace(other, status="canceled", ended_at=AT + 5)
    last = found(created(AT, HELD, "evt_1"), created(AT, other, "evt_2"), deleted(AT + 5, ended, "evt_3"))[-1]
    assert last.after.positions.keys() == {"si_1"}
    around = {name: (backdrop.metadata, backdrop.owner) for name, backdrop in last.after.backdrops.items()}
    assert around == {"sub_1": ({}, "cus_1"), "sub_2": ({"rep": "a"}, "cus_2")}


def test_a_portfolio_is_all_positions_of_all_counting_subscriptions():
    """A position is one item of one counting subscription.

    A customer's portfolio is all positions over all its subscriptions.
    """
    two = subscription(Item("si_2", PRO, 1), Item("si_3", API), name="sub_2")
    unpaid = subscription(Item("si_4", PRO, 1), name="sub_3", status="unpaid")
    last = found(*(created(AT, one, f"evt_{one.id}") for one in (HELD, two, unpaid)))[-1]
    assert {name: held.subscription for name, held in last.after.positions.items()} == {
        "si_1": "sub_1",
        "si_2": "sub_2",
        "si_3": "sub_2",
    }


def test_an_item_s_trial_ends_by_itself():
    """An item in its own trial (``current_trial``) does not count until that trial ends, event or not."""
    tried = subscription(Item("si_1", PRO, 1), Item("si_2", PRO, 1, trial_end=AT + DAY))
    assert told(created(AT, tried)) == [
        (0, False, "evt_created", {"si_1": 1}),
        (DAY, False, "evt_created", {"si_1": 1, "si_2": 1}),
    ]


def test_a_trial_that_ends_as_it_is_told_is_over():
    """An item whose trial ends in the second of its event counts at once."""
    tried = subscription(Item("si_1", PRO, 1, trial_end=AT))
    assert told(created(AT, tried)) == [(0, False, "evt_created", {"si_1": 1})]


def test_usage_is_a_change_when_its_invoice_is_finalized():
    """A figure is booked when its invoice is finalized, by that invoice."""
    end = AT + MONTH
    row = Billed("in_1", "il_1", "sub_1", "si_1", AT, end, 70, "usd", "subscription_cycle", end, end + 60, voided=False)
    held = subscription(Item("si_1", API))
    begun, used = found(created(AT, held), billed=[row])
    assert (begun.after.positions["si_1"].figure, used.after.positions["si_1"].figure) == (None, 70)
    assert (used.at, used.gap, used.cause) == (end + 60, False, "in_1")


COUPONS = {f"coupon_{number}": said(coupon(f"coupon_{number}", percent_off="50")) for number in (1, 2)}


def cuts(state, *discounts, at):
    """Return the ids of the discounts on ``si_1`` at a second."""
    known = Catalogue(discounts={one.id: said(one, at=one.start) for one in discounts}, coupons=COUPONS)
    last = [one for one in found(created(AT, state), catalogue=known) if one.at <= at][-1]
    return [cut.discount for cut in last.after.positions["si_1"].cuts]


def mine(name, start, end=None):
    """Return a discount of the customer."""
    return replace(discount(name, f"coupon_{name[-1]}", start, end=end), customer="cus_1")


OWN = [
    ("before it begins", [mine("di_1", AT + 5)], AT, []),
    ("from its start", [mine("di_1", AT + 5)], AT + 5, ["di_1"]),
    ("at its end", [mine("di_1", AT, AT + 9)], AT + 9, []),
    ("the newer of two", [mine("di_1", AT), mine("di_2", AT + 5)], AT + 5, ["di_2"]),
    ("the newer of two, whatever its id", [mine("di_2", AT), mine("di_1", AT + 5)], AT + 5, ["di_1"]),
    ("the older of two when the newer is over", [mine("di_1", AT), mine("di_2", AT + 5, AT + 9)], AT + 9, ["di_1"]),
]


@pytest.mark.parametrize(("discounts", "at", "expected"), [pytest.param(*row[1:], id=row[0]) for row in OWN])
def test_a_subscription_without_a_discount_takes_the_customer_s(discounts, at, expected):
    """A subscription with no discount of its own in force takes its customer's, the newest that is in force."""
    assert cuts(HELD, *discounts, at=at) == expected


def test_a_subscription_s_own_discounts_stand_in_the_customer_s_place():
    """A subscription with a discount in force has no other; once it is over, it has the customer's."""
    held = replace(HELD, discounts=("di_2",))
    own = discount("di_2", "coupon_2", AT, end=AT + 9)
    assert [cuts(held, mine("di_1", AT), own, at=at) for at in (AT, AT + 9)] == [["di_2"], ["di_1"]]


def test_an_item_s_discounts_come_before_its_subscription_s():
    """The item's first, then the subscription's, and both are told apart."""
    held = replace(subscription(Item("si_1", PRO, 2, ("di_2",))), discounts=("di_1",))
    discounts = [discount("di_1", "coupon_1", AT), discount("di_2", "coupon_2", AT)]
    known = Catalogue(discounts={one.id: said(one) for one in discounts}, coupons=COUPONS)
    (begun,) = found(created(AT, held), catalogue=known)
    position = begun.after.positions["si_1"]
    assert [(cut.discount, cut.own) for cut in position.cuts] == [("di_2", True), ("di_1", False)]
    assert [cut.discount for cut in begun.after.around("sub_1").standing] == ["di_1"]
