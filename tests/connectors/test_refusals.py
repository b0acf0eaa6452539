"""What is not read, and what is refused with its place."""

import pytest

from connectors.reading import UPDATED
from connectors.sent import (
    body,
    coupon,
    customer,
    discount,
    invoice,
    item,
    line,
    price,
    subscription,
)
from upswell.core.facts import Facts
from upswell.errors import ShapeError
from upswell_connectors.shapes import facts_of

UNREAD = [
    ("another object", body({"id": "pi_1", "object": "payment_intent"}, "payment_intent.succeeded")),
    ("no kind of object", body({"id": "x_1"}, "x.created")),
    ("a thin event", body({}, "v1.billing.meter.no_meter_found", object="v2.core.event")),
    ("a thin event without data", b'{"id": "e", "type": "v1.x", "object": "v2.core.event", "created": "2026-11-16"}'),
]  # fmt: skip


@pytest.mark.parametrize("given", [row[1] for row in UNREAD], ids=[row[0] for row in UNREAD])
def test_what_upswell_does_not_read_says_nothing(given):
    """Objects that Upswell does not read, and thin events, say nothing and are no fault."""
    assert facts_of(given) == Facts()


BROKEN = [
    ("a subscription of nobody", subscription(customer=...), "the subscription cannot be read.*`customer`"),
    ("a subscription without items", subscription(items=...), "the subscription cannot be read.*`items`"),
    ("a null status", subscription(status=None), r"the subscription cannot be read.*at `\$\.status`"),
    ("a quantity in words", subscription(item(quantity="5")), r"at `\$\.items\.data\[0\]\.quantity`"),
    ("an item of nothing", subscription(item(price=..., plan=...)), "item si_1 carries neither price nor plan"),
    ("an unknown interval", price(recurring={"interval": "fortnight"}), "price_1 recurs every 1 fortnight"),
    ("no interval", price(recurring={"interval": "day", "interval_count": 0}), "price_1 recurs every 0 day"),
    ("unknown tiers", price(billing_scheme="tiered", tiers_mode="wavy"),
     "price_1 is tiered in a way nobody knows: 'wavy'"),
    ("tiers of no kind", price(billing_scheme="tiered"), "price_1 is tiered in a way nobody knows: ''"),
    ("an amount in words", price(unit_amount_decimal="ten"), "'ten' is no amount"),
    ("not a number", price(unit_amount_decimal="NaN"), "'NaN' is no amount"),
    ("a number without end", price(unit_amount_decimal="1e999999999"), "'1e999999999' is no amount"),
    ("a huge number", price(unit_amount=2**60), r"the price cannot be read.*at `\$\.unit_amount`"),
    ("a percentage in words", coupon(percent_off="half"), "'half' is no amount"),
    ("no duration", coupon(duration=None), r"the coupon cannot be read.*at `\$\.duration`"),
    ("no coupon", discount(coupon=None), "the discount di_1 names no coupon"),
    ("a source of nothing", discount(coupon=..., source={"coupon": None}), "the discount di_1 names no coupon"),
    ("a line without period", invoice(line(period=None)), r"the invoice cannot.*at `\$\.lines\.data\[0\]\.period`"),
    ("metadata in words", customer(metadata="none"), r"the customer cannot be read.*at `\$\.metadata`"),
    ("a product without id", {"object": "product"}, "the product cannot be read.*`id`"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "words"), [pytest.param(*row[1:], id=row[0]) for row in BROKEN])
def test_a_payload_that_lacks_what_it_must_carry_is_refused_with_its_place(what, words):
    """A malformed payload is told in one sentence that names the place."""
    with pytest.raises(ShapeError, match=words) as caught:
        facts_of(body(what, f"{what['object']}.created"))
    assert len(str(caught.value)) < 400


def test_a_past_that_cannot_be_read_is_refused_with_its_place():
    """A state before that cannot be read is refused as such."""
    with pytest.raises(ShapeError, match="the subscription's past cannot be read"):
        facts_of(body(subscription(), UPDATED, {"items": {"data": None}}))
    with pytest.raises(ShapeError, match="the price's past cannot be read"):
        facts_of(body(price(), "price.updated", {"lookup_key": 5}))


ENVELOPES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"id": "evt_1", "type": "x", "created": 1}',
    b'{"id": "evt_1", "type": "x", "created": 1, "data": null}',
    b'{"id": "evt_1", "type": "x", "created": 1, "data": {"object": null}}',
    b'{"type": "x", "created": 1, "data": {"object": {}}}',
    b'{"object": "event", "data": []}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("given", ENVELOPES, ids=range(len(ENVELOPES)))
def test_a_body_that_is_no_event_is_refused(given):
    """Whatever is no event is refused in one sentence."""
    with pytest.raises(ShapeError, match=r"the event (cannot be read|carries no data\.object)"):
        facts_of(given)
