"""Subscriptions, their items and prices: what any API version says becomes the same values."""

from dataclasses import replace

import pytest

from connectors.reading import NOW, OF_SOURCE, OLD_DISCOUNT, PLAIN_PRICE, UPDATED, state_of
from connectors.sent import (
    body,
    discount,
    invoice,
    item,
    line,
    plan,
    price,
    subscription,
)
from upswell.core.facts import Told
from upswell.core.portfolio import Item
from upswell.core.prices import Amounts, Price, Tier
from upswell_connectors.shapes import facts_of


def shown_price(**more):
    """Return the price that a subscription item with this ``price`` holds."""
    (held,) = state_of(subscription(item(price=price(**more)))).after.items
    return held.price


ITEMS = [
    ("a price", item()),
    ("a price beside its plan", item(plan=plan())),
    ("a plan alone, as in 2020", item(price=..., plan=plan())),
    ("a null price beside its plan", item(price=None, plan=plan())),
    ("periods of its own, since basil", item(current_period_start=1, current_period_end=2)),
    ("no trial, since endive", item(current_trial=None)),
    ("no discounts", item(discounts=...)),
    ("null discounts", item(discounts=None)),
    ("an expanded product", item(price=price(product={"id": "prod_1", "object": "product", "name": "Pro"}))),
    ("a deleted product", item(price=price(product={"id": "prod_1", "object": "product", "deleted": True}))),
    ("a key of the future", item(future={"deep": [1, {"er": None}]})),
]


@pytest.mark.parametrize("given", [row[1] for row in ITEMS], ids=[row[0] for row in ITEMS])
def test_an_item_is_the_same_in_every_version(given):
    """By what is present, never by version name: a legacy plan, a price, periods on items, an expanded product."""
    (held,) = state_of(subscription(given)).after.items
    assert held == Item("si_1", PLAIN_PRICE, 5)


def test_an_item_has_its_own_trial_and_discounts():
    """Since endive an item may be in its own trial; discounts stand on items as ids or expanded."""
    one = item(current_trial={"end_date": 1_801_000_000}, discounts=["di_2", discount(id="di_3")], quantity=...)
    (held,) = state_of(subscription(one)).after.items
    assert (held.trial_end, held.discounts, held.quantity) == (1_801_000_000, ("di_2", "di_3"), None)


def test_a_deleted_item_is_none():
    """An item that is marked as deleted is no longer held."""
    after = state_of(subscription(item(), item(id="si_2", deleted=True))).after
    assert [one.id for one in after.items] == ["si_1"]


PRICES = [
    ({"unit_amount": None, "unit_amount_decimal": "0.08"}, {"amounts": Amounts("0.08")}),
    ({"unit_amount_decimal": ...}, {"amounts": Amounts("1000")}),
    ({"unit_amount": None, "unit_amount_decimal": 12.5}, {"amounts": Amounts("12.5")}),
    ({"unit_amount": None, "unit_amount_decimal": None}, {"amounts": Amounts()}),
    ({"currency": "USD"}, {}),
    ({"recurring": None}, {"interval": None}),
    ({"recurring": {"interval": "year", "interval_count": 2}}, {"interval": "year", "interval_count": 2}),
    ({"recurring": {"interval": "month", "usage_type": "metered"}}, {"usage": "metered"}),
    ({"transform_quantity": {"divide_by": 10, "round": "up"}}, {"divide_by": 10, "round_up": True}),
    ({"transform_quantity": {"divide_by": 10, "round": "down"}}, {"divide_by": 10}),
    ({"transform_quantity": {"divide_by": 0, "round": "down"}}, {}),
    ({"product": None}, {"product": "price_1"}),
    ({"product": ...}, {"product": "price_1"}),
    ({"metadata": {"upswell_plan": "a", "seats": 5, "gone": None}}, {"metadata": {"upswell_plan": "a", "seats": "5"}}),
    *((same, same) for same in ({"nickname": "Pro"}, {"lookup_key": "pro"}, {"active": False})),
    ({"currency_options": {"EUR": {"unit_amount": 900}}}, {"other_currencies": {"eur": Amounts("900")}}),
    ({"currency_options": {"eur": {"unit_amount": None, "unit_amount_decimal": "0.5"}}},
     {"other_currencies": {"eur": Amounts("0.5")}}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), PRICES, ids=[str(next(iter(row[0].items()))) for row in PRICES])
def test_a_price_is_read_with_all_its_shapes(given, expected):
    """All price shapes: fractional amounts, other currencies, packages, intervals, metered and one-time."""
    fields = {name: getattr(PLAIN_PRICE, name) for name in Price.__dataclass_fields__}
    assert shown_price(**given) == Price(**fields | expected)


IN_TIERS = {"billing_scheme": "tiered", "unit_amount": None, "unit_amount_decimal": None}
TIERS = [
    ("the last one null", {"up_to": None}),
    ("the last one inf", {"up_to": "inf"}),
    ("the last one without an end", {}),
]


@pytest.mark.parametrize("end", [row[1] for row in TIERS], ids=[row[0] for row in TIERS])
def test_tiers_are_read_where_they_were_expanded(end):
    """Tiers, graduated and volume, with flat amounts; the last one ends nowhere, as null, ``inf`` or nothing."""
    given = [{"up_to": 5, "unit_amount": 700, "flat_amount": None, "flat_amount_decimal": "12.5"}]
    given += [end | {"unit_amount": None, "unit_amount_decimal": "0.5", "flat_amount": 100}]
    held = shown_price(**IN_TIERS, tiers_mode="volume", tiers=given)
    assert (held.mode, held.amounts) == ("volume", Amounts(tiers=(Tier(5, "700", "12.5"), Tier(None, "0.5", "100"))))


@pytest.mark.parametrize("tiers", [..., None, []], ids=["left out", "null", "empty"])
def test_tiers_that_did_not_come_are_unknown(tiers):
    """Tiers come only when expanded: without them their price is incomplete, never free."""
    held = shown_price(**IN_TIERS, tiers_mode="graduated", tiers=tiers)
    assert (held.mode, held.amounts_in("usd")) == ("graduated", None)


def test_a_plan_has_the_shapes_of_its_time():
    """Tiers, ``transform_usage`` and fractional amounts of plans are those of prices."""
    tiers = [{"up_to": None, "unit_amount": 5, "flat_amount": None}]
    given = plan(billing_scheme="tiered", tiers_mode="graduated", tiers=tiers, amount=None, amount_decimal=None)
    (held,) = state_of(subscription(item(price=..., plan=given))).after.items
    assert (held.price.mode, held.price.amounts) == ("graduated", Amounts(tiers=(Tier(None, "5"),)))
    packages = {"divide_by": 9, "round": "up"}
    given = plan(amount=None, amount_decimal="0.5", usage_type="metered", transform_usage=packages)
    (held,) = state_of(subscription(item(price=..., plan=given))).after.items
    assert (held.price.amounts, held.price.divide_by, held.price.usage) == (Amounts("0.5"), 9, "metered")


def test_a_subscription_is_read_whole():
    """A subscription's state is what its payload says, its times in unix seconds."""
    given = subscription(
        status="past_due",
        pause_collection={"behavior": "void", "resumes_at": None},
        currency="EUR",
        trial_end=5,
        ended_at=6,
        cancel_at=7,
        cancel_at_period_end=True,
        start_date=8,
        created=9,
        metadata={"a": "1", "b": None},
        customer={"id": "cus_9", "object": "customer"},
    )
    after = state_of(given).after
    assert (after.id, after.customer, after.status) == ("sub_1", "cus_9", "past_due")
    assert (after.pause, after.currency) == ("void", "eur")
    assert (after.trial_end, after.ended_at, after.cancel_at, after.cancel_at_period_end) == (5, 6, 7, True)
    assert (after.start_date, after.created, after.metadata) == (8, 9, {"a": "1"})


def test_a_subscription_without_a_currency_has_its_price_s():
    """Older payloads name the currency on their prices alone."""
    assert state_of(subscription(currency=...)).after.currency == "usd"


DISCOUNTS = [
    ("none", subscription(), (), None),
    ("left out", subscription(discounts=...), (), None),
    ("null", subscription(discounts=None, discount=None), (), None),
    ("ids", subscription(discounts=["di_1", "di_2"]), ("di_1", "di_2"), None),
    ("expanded", subscription(discounts=[discount()]), ("di_1",), OLD_DISCOUNT),
    ("one, as before lists", subscription(discount=discount(), discounts=...), ("di_1",), OLD_DISCOUNT),
    ("one beside its id", subscription(discount=discount(), discounts=["di_1"]), ("di_1",), OLD_DISCOUNT),
    ("one of a list", subscription(discount=discount(), discounts=["di_2", "di_1", "di_3"]),
     ("di_2", "di_1", "di_3"), OLD_DISCOUNT),
    ("one beside another", subscription(discount=discount(), discounts=["di_2"]), ("di_2", "di_1"), OLD_DISCOUNT),
    ("expanded, since clover", subscription(discounts=[discount(**OF_SOURCE)]),
     ("di_1",), replace(OLD_DISCOUNT, coupon="coupon_1")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "names", "carried"), [pytest.param(*row[1:], id=row[0]) for row in DISCOUNTS])
def test_a_subscription_names_its_discounts_in_every_version(given, names, carried):
    """A ``discount`` object, ids, expanded discounts, and since clover a source: the same names, in order."""
    facts = facts_of(body(given, UPDATED))
    assert facts.state
    assert facts.state.after.discounts == names
    assert [told.value for told in facts.told] == ([carried] if carried else [])


def test_what_an_item_carries_is_told_too():
    """An expanded discount on an item is told like one on the subscription."""
    facts = facts_of(body(subscription(item(discounts=[discount()])), UPDATED))
    assert facts.told == (Told(NOW, OLD_DISCOUNT),)


def test_what_a_subscription_carried_before_is_told_too():
    """A discount that only the state before carried whole is told as well, and one that both carried once."""
    gone = facts_of(body(subscription(), UPDATED, {"discount": discount()}))
    assert gone.told == (Told(NOW, OLD_DISCOUNT),)
    kept = facts_of(body(subscription(discounts=[discount()]), UPDATED, {"status": "past_due"}))
    assert kept.told == (Told(NOW, OLD_DISCOUNT),)


def before_of(previous, **more):
    """Return the state before an event with these previous attributes."""
    before = state_of(subscription(**more), previous=previous).before
    assert before is not None
    return before


def test_previous_attributes_are_laid_over_the_object():
    """An event's ``previous_attributes`` laid over its object is the state before it: changed keys only."""
    before = before_of({"status": "trialing", "trial_end": 5, "cancel_at": None}, cancel_at=9, metadata={"a": "1"})
    assert (before.status, before.trial_end, before.cancel_at, before.metadata) == ("trialing", 5, None, {"a": "1"})


def test_nested_attributes_are_laid_over_key_by_key():
    """A changed hash holds its changed keys only; null is a key that was not there."""
    before = before_of({"metadata": {"b": None, "c": "old"}}, metadata={"a": "1", "b": "2", "c": "new"})
    assert before.metadata == {"a": "1", "c": "old"}
    paused = {"behavior": "void"}
    assert before_of({"pause_collection": None}, pause_collection=paused).pause is None
    assert before_of({"pause_collection": paused}, pause_collection={"behavior": "keep_as_draft"}).pause == "void"
    assert before_of({"pause_collection": paused}).pause == "void"


def test_a_changed_array_was_what_the_event_says_whole():
    """A changed array comes whole: all old items, and all old discounts."""
    before = before_of({"items": {"data": [item(id="si_9", quantity=2)]}, "discounts": ["di_9"]}, discounts=["di_1"])
    assert [(one.id, one.quantity) for one in before.items] == [("si_9", 2)]
    assert before.discounts == ("di_9",)


def test_only_an_update_has_a_before():
    """A subscription that was created or deleted does not say what was before."""
    assert state_of(subscription(), "customer.subscription.deleted", {"status": "active"}).before is None
    assert state_of(subscription(), "customer.subscription.created").before is None
    assert state_of(subscription()).before is None


def test_a_state_is_that_of_its_event():
    """A state carries its event's id, type and second."""
    state = state_of(subscription())
    assert (state.created, state.type, state.event, state.source) == (NOW, UPDATED, "evt_1", "observed")


def test_a_nested_list_that_goes_on_is_named():
    """Nested lists return the first ten: what goes on at Stripe is named, to be read there."""
    items = {"object": "list", "data": [item()], "has_more": True}
    assert facts_of(body(subscription(items=items), UPDATED)).cut_off == "sub_1"
    lines = {"object": "list", "data": [line()], "has_more": True}
    assert facts_of(body(invoice(lines=lines), "invoice.finalized")).cut_off == "in_1"
    assert facts_of(body(invoice(), "invoice.finalized")).cut_off is None
