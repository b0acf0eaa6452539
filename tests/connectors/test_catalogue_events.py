"""Prices, products, coupons, discounts and customers, as events of their own and the API tell them."""

from dataclasses import replace

import pytest

from connectors.reading import NOW, OF_SOURCE, OLD_DISCOUNT, PLAIN_PRICE, state_of, told_of
from connectors.sent import (
    body,
    coupon,
    customer,
    discount,
    price,
    subscription,
)
from upswell.core.catalogue import Customer, Product
from upswell.core.discounts import Coupon
from upswell.core.facts import Facts, Told
from upswell_connectors.shapes import coupon_of, discount_of, facts_of, price_of


def test_a_price_event_tells_a_price():
    """``price.*`` events tell the price; a deleted one is no longer active."""
    assert told_of(price(), "price.created") == PLAIN_PRICE
    assert told_of(price(), "price.deleted").active is False


def test_a_price_that_lost_its_lookup_key_had_it_before():
    """A lookup key that an event says was there is told for the time before it."""
    facts = facts_of(body(price(lookup_key=None), "price.updated", {"lookup_key": "pro"}))
    assert [(told.at, told.value.lookup_key) for told in facts.told] == [(1_700_000_000, "pro"), (NOW, None)]
    quiet = facts_of(body(price(), "price.updated", {"nickname": "Pro"}))
    assert len(quiet.told) == 1


def test_a_product_event_tells_a_product():
    """``product.*`` events tell the product's name and metadata."""
    given = {"id": "prod_1", "object": "product", "name": "Pro", "metadata": {"upswell_role": "seat"}, "active": True}
    assert told_of(given, "product.updated") == Product("prod_1", "Pro", {"upswell_role": "seat"})


AMOUNT = {"percent_off": None, "amount_off": 500, "currency": "USD"}
COUPONS = [
    (coupon(), Coupon("coupon_1", "forever", "20.0", created=1_700_000_000)),
    (coupon(**AMOUNT, created=..., duration="once", name="Fern's"),
     Coupon("coupon_1", "once", None, (("usd", 500),), name="Fern's")),
    (coupon(**AMOUNT, created=..., currency_options={"EUR": {"amount_off": 450}}),
     Coupon("coupon_1", "forever", None, (("eur", 450), ("usd", 500)))),
    (coupon(applies_to={"products": ["prod_1", "prod_2"]}, created=..., percent_off=12.5),
     Coupon("coupon_1", "forever", "12.5", products=("prod_1", "prod_2"))),
    (coupon(applies_to={"products": []}, created=...), Coupon("coupon_1", "forever", "20.0")),
    (coupon(applies_to=None, created=..., percent_off="33.333"), Coupon("coupon_1", "forever", "33.333")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), COUPONS, ids=["%", "amount", "amounts", "products", "none", "decimal"])
def test_a_coupon_event_tells_its_terms(given, expected):
    """``percent_off``, ``amount_off`` by currency, ``applies_to.products`` where it was expanded."""
    assert told_of(given, "coupon.created") == expected


def test_a_discount_event_tells_a_discount():
    """``customer.discount.*`` events tell a discount with its coupon, or since clover with the coupon's id."""
    assert told_of(discount(), "customer.discount.created") == OLD_DISCOUNT
    newer = discount(**OF_SOURCE, end=9, subscription=None, subscription_item="si_1")
    expected = replace(OLD_DISCOUNT, coupon="coupon_1", end=9, subscription=None, item="si_1")
    assert told_of(newer, "customer.discount.created") == expected
    expanded = discount(coupon=..., source={"type": "coupon", "coupon": coupon()})
    assert told_of(expanded, "customer.discount.updated") == OLD_DISCOUNT
    assert told_of(discount(customer={"id": "cus_1"}), "customer.discount.created") == OLD_DISCOUNT


def test_a_discount_without_an_id_is_known_by_what_it_is():
    """Before 2020-08 a discount had no id: its owner, coupon and start name it, in every event alike."""
    nameless = discount(id=...)
    name = told_of(nameless, "customer.discount.created").id
    assert name
    assert state_of(subscription(discount=nameless, discounts=...)).after.discounts == (name,)
    others = [{"start": 1}, {"subscription": "sub_2"}, {"coupon": coupon(id="coupon_2")}]
    assert name not in {told_of(nameless | more, "customer.discount.created").id for more in others}


def test_a_deleted_discount_is_gone():
    """A deleted discount is told as gone."""
    assert told_of(discount(), "customer.discount.deleted").gone is True


@pytest.mark.parametrize("where", ["invoice", "invoice_item"])
def test_a_discount_on_an_invoice_is_not_read(where):
    """Discounts of one invoice are no recurring revenue."""
    assert facts_of(body(discount(**{where: "in_1"}), "customer.discount.created")) == Facts()


FERN = Customer("cus_1", "Fern", "fern@example.com")
CUSTOMERS = [
    ({}, FERN, []),
    ({"discount": None}, replace(FERN, says_discount=True), []),
    ({"discount": discount(subscription=None)}, replace(FERN, discount="di_1", says_discount=True), ["di_1"]),
    ({"discount": "di_1"}, replace(FERN, discount="di_1", says_discount=True), []),
    ({"name": None, "email": ..., "metadata": {"account": "a"}}, Customer("cus_1", None, None, {"account": "a"}), []),
    ({"metadata": None, "name": None, "email": None}, Customer("cus_1"), []),
    ({"deleted": True, "name": ..., "email": ..., "metadata": ...}, Customer("cus_1"), []),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected", "discounts"), CUSTOMERS, ids=range(len(CUSTOMERS)))
def test_a_customer_event_tells_the_customer_and_its_discount(given, expected, discounts):
    """``customer.*`` events tell name, email, metadata, and the customer's own discount where they speak of it."""
    *before, last = facts_of(body(customer(**given), "customer.updated")).told
    assert last == Told(NOW, expected)
    assert [told.value.id for told in before] == discounts


def test_what_the_api_answers_is_told_from_the_beginning():
    """A price, a coupon or a discount that the API was asked for holds from the beginning on."""
    assert price_of(price()) == Told(0, PLAIN_PRICE)
    assert discount_of(discount()) == Told(0, OLD_DISCOUNT)
    assert coupon_of(coupon(created=...)) == Told(0, Coupon("coupon_1", "forever", "20.0"))
