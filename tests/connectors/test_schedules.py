"""Subscription schedules, pending updates and planned ends: what any API version says becomes the same values."""

import pytest

from connectors.reading import PLAIN_PRICE, state_of, told_of
from connectors.sent import body, coupon, discount, item, price, subscription
from upswell.core.discounts import Coupon
from upswell.core.facts import Facts
from upswell.core.phases import Offer, Phase, PhaseItem, Terms
from upswell.core.portfolio import Item, Pending
from upswell.errors import ShapeError
from upswell_connectors.shapes import facts_of

CREATED = "subscription_schedule.created"
START, MIDDLE, END = 1_800_100_000, 1_800_200_000, 1_800_300_000


def phase(*items, **more):
    """Return a phase as the API of 2026 shows it."""
    fields = {"start_date": START, "end_date": END, "currency": "usd", "items": list(items), "discounts": []}
    return fields | {"metadata": {}, "trial_end": None, "add_invoice_items": []} | more


def schedule(*phases, **more):
    """Return a schedule of the subscription."""
    fields = {"id": "sub_sched_1", "object": "subscription_schedule", "customer": "cus_1", "status": "active"}
    fields |= {"subscription": "sub_1", "end_behavior": "release", "phases": list(phases)}
    return {key: value for key, value in (fields | more).items() if value is not ...}


def phase_of(*items, **more):
    """Return the one phase of a schedule as it is read."""
    (found,) = told_of(schedule(phase(*items, **more)), CREATED).terms.phases
    return found


def test_a_schedule_says_whose_it_is_and_what_it_plans():
    """Customer, subscription, status, end behaviour and phases; the subscription or customer may be expanded."""
    plain = told_of(schedule(phase({"price": "price_1", "quantity": 2})), CREATED)
    assert (plain.id, plain.customer, plain.before) == ("sub_sched_1", "cus_1", None)
    held = (PhaseItem("price_1", 2),)
    assert plain.terms == Terms("active", "sub_1", "release", (Phase(START, END, "usd", held, ()),))
    expanded = {"customer": {"id": "cus_1", "object": "customer"}, "subscription": {"id": "sub_1"}}
    assert told_of(schedule(phase({"price": "price_1", "quantity": 2}), **expanded), CREATED) == plain


ITEMS = [
    ("an id", {"price": "price_1"}, "price_1"),
    ("an id beside the plan", {"price": "price_1", "plan": "price_1"}, "price_1"),
    ("a plan, as in 2020", {"plan": "price_1"}, "price_1"),
    ("a whole price", {"price": price()}, PLAIN_PRICE),
    ("nothing", {}, ""),
]


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in ITEMS], ids=[row[0] for row in ITEMS])
def test_a_phase_holds_prices_by_id_or_whole(given, expected):
    """phases[].items[].price may be an id or an object."""
    assert phase_of(given).items == (PhaseItem(expected),)


def test_phases_of_2020_had_plans():
    """`plans` are what `items` were before; they are read where there are no items."""
    legacy = {"plans": [{"plan": "price_1", "quantity": 3}], "items": None, "currency": None}
    found = phase_of(**legacy)
    assert (found.items, found.currency) == ((PhaseItem("price_1", 3),), "")


OFFERS = [
    ("a coupon", {"coupon": "coupon_1"}, Offer(None, "coupon_1")),
    ("a whole coupon", {"coupon": coupon()}, Offer(None, Coupon("coupon_1", "forever", "20.0", created=1_700_000_000))),
    ("a discount", {"discount": "di_1", "coupon": None}, Offer("di_1")),
    ("a whole discount", {"discount": discount()}, Offer("di_1")),
    ("a promotion code", {"promotion_code": "promo_1"}, Offer()),
    ("a whole promotion code", {"promotion_code": {"id": "promo_1", "coupon": "coupon_1"}}, Offer(None, "coupon_1")),
    (
        "one since clover",
        {"promotion_code": {"id": "promo_1", "promotion": {"coupon": "coupon_1"}}},
        Offer(None, "coupon_1"),
    ),
]


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in OFFERS], ids=[row[0] for row in OFFERS])
def test_a_phase_gives_discounts(given, expected):
    """A coupon or promotion code begins a discount, and a discount goes on; on the phase and on its items."""
    found = phase_of({"price": "price_1", "discounts": [given]}, discounts=[given])
    assert (found.offers, found.items[0].offers) == ((expected,), (expected,))


def test_no_word_of_discounts_is_not_the_word_that_there_are_none():
    """Where a payload leaves them out, those of the subscription stay; an empty list or null says there are none."""
    bare = phase({"price": "price_1"})
    del bare["discounts"]
    (silent,) = told_of(schedule(bare), CREATED).terms.phases
    assert (silent.offers, silent.items[0].offers) == (None, None)
    assert phase_of(discounts=None).offers == phase_of(discounts=[]).offers == ()


def test_a_phase_of_2020_had_one_coupon():
    """Until there were several, `coupon` stood on the phase; beside a list, the list counts."""
    assert phase_of(coupon="coupon_1", discounts=None).offers == (Offer(None, "coupon_1"),)
    both = phase_of(coupon="coupon_1", discounts=[{"coupon": "coupon_1"}, {"coupon": "coupon_2"}])
    assert both.offers == (Offer(None, "coupon_1"), Offer(None, "coupon_2"))


def test_a_phase_may_be_a_trial():
    """`trial_end` lies inside it, and `trial` makes the whole phase one."""
    assert phase_of(trial_end=MIDDLE).trial_end == MIDDLE
    assert phase_of(trial=True).trial_end == END


def test_phases_are_in_the_order_of_time():
    """However the payload lists them."""
    found = told_of(schedule(phase(start_date=MIDDLE), phase(end_date=MIDDLE)), CREATED)
    assert [one.start for one in found.terms.phases] == [START, MIDDLE]


def test_an_update_says_what_it_replaced():
    """previous_attributes laid over the object are the terms before it."""
    now, then = schedule(phase({"price": "price_2"})), [phase({"price": "price_1"})]
    (told,) = facts_of(body(now, "subscription_schedule.updated", {"phases": then, "status": "not_started"})).told
    assert told.value.terms.phases[0].items == (PhaseItem("price_2"),)
    assert (told.value.before.status, told.value.before.phases[0].items) == ("not_started", (PhaseItem("price_1"),))


def test_what_names_nobody_says_nothing():
    """A schedule without a customer is no error, and no fact."""
    assert facts_of(body({"id": "sub_sched_1", "object": "subscription_schedule"}, CREATED)) == Facts()
    assert facts_of(body(schedule(customer=...), CREATED)) == Facts()


@pytest.mark.parametrize("broken", [{"phases": [{}]}, {"phases": {}}, {"customer": 7}, {"id": ...}])
def test_a_schedule_that_cannot_be_read_says_so(broken):
    """The event is kept as failed, with where it is broken."""
    with pytest.raises(ShapeError, match="the subscription schedule cannot be read"):
        facts_of(body(schedule(**broken), CREATED))


FLAG = {"cancel_at_period_end": True}
ENDS = [
    ("a date", subscription(cancel_at=END, current_period_end=MIDDLE), END),
    ("a date and the flag", subscription(**FLAG, cancel_at=END, current_period_end=MIDDLE), END),
    ("the flag before basil", subscription(**FLAG, current_period_end=END), END),
    ("the flag since basil", subscription(item(current_period_end=END), **FLAG), END),
    ("periods in both places", subscription(item(current_period_end=END), **FLAG, current_period_end=MIDDLE), END),
    ("several", subscription(item(current_period_end=END), item(id="si_2", current_period_end=MIDDLE), **FLAG), MIDDLE),
    ("no period", subscription(**FLAG), None),
    ("neither", subscription(item(current_period_end=END), current_period_end=END), None),
]


@pytest.mark.parametrize(("given", "end"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_a_subscription_is_set_to_end_by_date_or_with_its_period(given, end):
    """cancel_at, else with the flag the current period's end: of items the earliest since basil, before of itself."""
    assert state_of(given).after.cancel_at == end


def test_a_pending_update_says_what_waits_and_until_when():
    """Its items, the end of a trial, discounts by id; what it does not name is None."""
    waits = {"expires_at": END, "subscription_items": [item(quantity=7), item(id="si_2", deleted=True)]}
    found = state_of(subscription(pending_update=waits | {"trial_end": MIDDLE, "discounts": ["di_1", discount()]}))
    assert found.after.pending == Pending(END, (Item("si_1", PLAIN_PRICE, 7),), MIDDLE, ("di_1",))
    assert state_of(subscription(pending_update={"expires_at": END})).after.pending == Pending(END)
    single = state_of(subscription(pending_update={"expires_at": END, "discount": discount()}))
    assert single.after.pending.discounts == ("di_1",)
    assert state_of(subscription(pending_update=None)).after.pending is None


def test_a_coupon_says_how_long_it_lasts():
    """duration_in_months is what a phase's discount will last."""
    repeating = coupon(duration="repeating", duration_in_months=3)
    assert told_of(repeating, "coupon.created").months == 3
