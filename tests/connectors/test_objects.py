"""Bare objects as the API lists them: what they say, and what they do not."""

import pytest

from connectors.reading import NOW, OLD_DISCOUNT, PLAIN_PRICE
from connectors.sent import (
    body,
    coupon,
    customer,
    details,
    discount,
    invoice,
    item,
    line,
    of_basil,
    price,
    subscription,
)
from upswell.core.catalogue import Customer
from upswell.core.facts import Facts, Told
from upswell.errors import ShapeError
from upswell_connectors.shapes import facts_of, facts_of_object

SUBSCRIPTIONS = [
    ("until acacia", subscription()),
    ("since basil", subscription(item(current_period_start=1, current_period_end=2))),
    ("an expanded customer", subscription(customer={"id": "cus_1", "object": "customer"})),
]


@pytest.mark.parametrize("given", [row[1] for row in SUBSCRIPTIONS], ids=[row[0] for row in SUBSCRIPTIONS])
def test_a_listed_subscription_is_a_snapshot(given):
    """A subscription in a list is what it was when the list was asked for, and no event."""
    found = facts_of_object(given, NOW)
    assert found.state is None
    assert found.snapshot is not None
    assert found.snapshot.at == NOW
    assert found.snapshot.subscription == facts_of(body(given, "customer.subscription.created")).state.after


def test_a_listed_subscription_tells_the_discounts_it_carries():
    """Expanded discounts of a subscription and its items are told with it."""
    whole = discount(id="di_item", subscription_item="si_1")
    found = facts_of_object(subscription(item(discounts=[whole]), discounts=["di_1"], discount=discount()), NOW)
    assert found.snapshot.subscription.all_discounts == ("di_1", "di_item")
    assert {one.value.id for one in found.told} == {"di_1", "di_item"}
    assert {one.at for one in found.told} == {NOW}


def test_a_list_that_goes_on_is_named():
    """A subscription with more items than came, and an invoice with more lines, say that they go on."""
    going_on = {"object": "list", "data": [item()], "has_more": True}
    assert facts_of_object(subscription(items=going_on), NOW).cut_off == "sub_1"
    assert facts_of_object(invoice(lines={"data": [line()], "has_more": True}), NOW).cut_off == "in_1"


@pytest.mark.parametrize("given", [invoice(), invoice(line(**details()), **of_basil())], ids=["acacia", "basil"])
def test_a_listed_invoice_is_its_rows(given):
    """An invoice in a list says the same as in an event."""
    assert facts_of_object(given, NOW) == facts_of(body(given, "invoice.finalized"))


def test_a_listed_invoice_tells_the_discounts_it_carries():
    """Expanded discounts of an invoice and its lines are told with it."""
    found = facts_of_object(invoice(line(discounts=[discount(id="di_2")]), discounts=[discount()]), NOW)
    assert sorted(one.value.id for one in found.told) == ["di_1", "di_2"]


THINGS = [
    ("price", price(), PLAIN_PRICE),
    ("discount", discount(), OLD_DISCOUNT),
    ("coupon", coupon(), OLD_DISCOUNT.coupon),
    ("customer", customer(), Customer("cus_1", "Fern", "fern@example.com")),
]


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in THINGS], ids=[row[0] for row in THINGS])
def test_a_listed_object_of_the_catalogue_is_told_when_it_was_asked_for(given, expected):
    """What is asked of the API is known from then on."""
    assert facts_of_object(given, NOW) == Facts(told=(Told(NOW, expected),))


def test_a_listed_product_is_told():
    """A product in a list tells its name and metadata."""
    ((told,),) = [facts_of_object({"id": "prod_1", "object": "product", "name": "Pro", "metadata": {}}, NOW).told]
    assert (told.at, told.value.id) == (NOW, "prod_1")


def test_a_deleted_customer_says_nothing():
    """Of a deleted customer the API shows no more than the id: what was known of it stays."""
    assert facts_of_object({"id": "cus_1", "object": "customer", "deleted": True}, NOW) == Facts()


def test_other_objects_say_nothing():
    """What Upswell does not read is nothing."""
    assert facts_of_object({"id": "ch_1", "object": "charge"}, NOW) == Facts()


def test_an_object_that_lacks_what_it_must_carry_is_refused():
    """A subscription without a customer is refused with what it lacks."""
    with pytest.raises(ShapeError, match="customer"):
        facts_of_object(subscription(customer=...), NOW)


def test_an_object_nested_too_deeply_is_refused():
    """Nesting beyond what can be read is refused with a sentence."""
    nested: dict = {}
    for _ in range(100_000):
        nested = {"a": nested}
    with pytest.raises(ShapeError):
        facts_of_object(subscription(metadata=nested), NOW)
