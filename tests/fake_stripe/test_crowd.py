"""Many invented customers."""

from collections import Counter

import pytest

from fake_stripe import schemas
from upswell_connectors.fake_stripe import ENDIVE
from upswell_connectors.fake_stripe.amounts import full_amount
from upswell_connectors.fake_stripe.api import Api
from upswell_connectors.fake_stripe.crowd import MONTHS, crowd

UNTIL = 1_764_000_000


@pytest.fixture(scope="module")
def many():
    """Four hundred customers."""
    return crowd(400, until=UNTIL)


def test_the_same_number_gives_the_same_account(many):
    """Objects are the same in every run, and another seed gives others."""
    assert crowd(400, until=UNTIL).store == many.store
    assert crowd(20, until=UNTIL, seed="other").store != crowd(20, until=UNTIL).store


def test_they_come_evenly_and_have_ten_invoices_each(many):
    """In each quarter of the time as many come, and there are about ten invoices to a customer."""
    first = UNTIL - MONTHS * 30 * 86_400
    quarters = Counter((one.created - first) * 4 // (UNTIL - first) for one in many.store.customers.values())
    assert list(quarters.values()) == [100, 100, 100, 100]
    assert 9 <= len(many.store.invoices) / 400 <= 12


def test_what_can_become_of_a_customer_becomes_of_some(many):
    """Trials, coupons, prorations, usage, pauses, failures and cancellations all occur."""
    store = many.store
    assert {"active", "trialing", "past_due", "unpaid", "canceled"} <= {
        one.status for one in store.subscriptions.values()
    }
    assert {"paid", "void", "open", "draft"} == {one.status for one in store.invoices.values()}
    lines = [line for invoice in store.invoices.values() for line in invoice.lines]
    assert {line.proration for line in lines} == {False, True}
    assert {"QUARTER", "FIVE"} == {one.coupon for one in store.discounts.values()}
    assert any(line.discounts for line in lines)
    assert any(line.amount > 0 and store.prices[line.price].meter for line in lines)


def test_the_last_invoice_agrees_with_the_subscription(many):
    """What was charged for the running period is what is held, unless it was changed without proration since."""
    store, agreed = many.store, 0
    for subscription in store.subscriptions.values():
        if subscription.status != "active" or subscription.latest_invoice is None:
            continue
        item = subscription.items[0]
        last = [
            line
            for line in store.invoices[subscription.latest_invoice].lines
            if line.item == item.id and not line.proration and line.start == item.start and line.end == item.end
        ]
        whole = full_amount(store.prices[item.price], item.quantity or 0)
        agreed += bool(last) and sum(line.amount for line in last) == whole
    active = sum(one.status == "active" for one in store.subscriptions.values())
    assert agreed > active * 0.8


def test_objects_have_stripes_shape(many):
    """A page of subscriptions and of invoices validates against Stripe's own schemas."""
    api = Api(many)
    for name in ("subscriptions?status=all&", "invoices?"):
        page = api.get(f"/v1/{name}limit=100")[1]["data"]
        assert len(page) == 100
        assert schemas.wrong(ENDIVE.name, page) == []


@pytest.mark.parametrize("days", [0, 30, MONTHS * 30])
def test_events_are_recorded_for_as_long_as_asked(days):
    """Of so many days before the end there are events, of the days before none; the objects are the same."""
    found = crowd(40, until=UNTIL, events=days)
    assert found.store == crowd(40, until=UNTIL).store
    assert bool(found.events) == bool(days)
    assert all(event["created"] >= UNTIL - days * 86_400 for event in found.events)
    told = {event["data"]["object"]["id"] for event in found.events}
    assert {one.id for one in found.store.customers.values() if one.created > UNTIL - days * 86_400} <= told
    assert found.recording
