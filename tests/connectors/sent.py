"""Payloads as Stripe sends them, in few words; ``None`` for a key leaves the key there, ``...`` leaves it out."""

import json


def body(what, kind, previous=None, **more):
    """Return the raw event ``kind`` about the object ``what``."""
    data = {"object": what} | ({} if previous is None else {"previous_attributes": previous})
    event = {"id": "evt_1", "object": "event", "type": kind, "created": 1_800_000_000, "data": data}
    return json.dumps(event | more).encode()


def _made(fields, more):
    return {key: value for key, value in (fields | more).items() if value is not ...}


def price(**more):
    """Return a price of 10.00 a month."""
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None}
    fields = {
        "id": "price_1",
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": 1_700_000_000,
    }
    fields |= {"currency": "usd", "lookup_key": None, "metadata": {}, "nickname": None, "product": "prod_1"}
    fields |= {"recurring": recurring, "tiers_mode": None, "transform_quantity": None, "type": "recurring"}
    return _made(fields | {"unit_amount": 1000, "unit_amount_decimal": "1000"}, more)


def plan(**more):
    """Return the plan that payloads before prices carried."""
    fields = {"id": "price_1", "object": "plan", "active": True, "aggregate_usage": None, "amount": 1000}
    fields |= {"amount_decimal": "1000", "billing_scheme": "per_unit", "created": 1_700_000_000, "currency": "usd"}
    fields |= {"interval": "month", "interval_count": 1, "metadata": {}, "nickname": None, "product": "prod_1"}
    return _made(fields | {"tiers_mode": None, "transform_usage": None, "usage_type": "licensed"}, more)


def item(**more):
    """Return an item of five units of the price."""
    fields = {"id": "si_1", "object": "subscription_item", "created": 1_790_000_000, "metadata": {}, "discounts": []}
    return _made(fields | {"price": price(), "quantity": 5, "subscription": "sub_1", "tax_rates": []}, more)


def subscription(*items, **more):
    """Return a subscription of ``items`` (default: one)."""
    fields = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "currency": "usd"}
    fields |= {"created": 1_790_000_000, "start_date": 1_790_000_000, "cancel_at": None, "cancel_at_period_end": False}
    fields |= {"canceled_at": None, "ended_at": None, "trial_end": None, "pause_collection": None, "metadata": {}}
    fields |= {"discounts": [], "items": {"object": "list", "data": list(items) or [item()], "has_more": False}}
    return _made(fields, more)


def coupon(**more):
    """Return a coupon of 20 % for ever."""
    fields = {"id": "coupon_1", "object": "coupon", "amount_off": None, "created": 1_700_000_000, "currency": None}
    fields |= {"duration": "forever", "duration_in_months": None, "name": None, "percent_off": 20.0, "valid": True}
    return _made(fields, more)


def discount(**more):
    """Return a discount on the subscription that carries its coupon, as until clover."""
    fields = {
        "id": "di_1",
        "object": "discount",
        "coupon": coupon(),
        "customer": "cus_1",
        "end": None,
        "start": 1_795_000_000,
    }
    fields |= {"invoice": None, "invoice_item": None, "promotion_code": None, "subscription": "sub_1"}
    return _made(fields, more)


def customer(**more):
    """Return a customer."""
    fields = {"id": "cus_1", "object": "customer", "name": "Fern", "email": "fern@example.com", "metadata": {}}
    return _made(fields, more)


def line(**more):
    """Return a line of the metered item, as until acacia."""
    fields = {"id": "il_1", "object": "line_item", "amount": 4321, "currency": "usd", "proration": False, "quantity": 7}
    fields |= {
        "period": {"start": 1_790_000_000, "end": 1_792_000_000},
        "type": "subscription",
        "subscription": "sub_1",
    }
    return _made(fields | {"subscription_item": "si_1", "price": price()}, more)


def details(kind="subscription_item_details", **more):
    """Return what keys a line has since basil in the place of those it had."""
    item = {"subscription_item": "si_1"} if kind == "subscription_item_details" else {"invoice_item": "ii_1"}
    inside = _made(item | {"subscription": "sub_1", "proration": False}, more)
    pricing = {"type": "price_details", "price_details": {"price": "price_1", "product": "prod_1"}}
    parent = {"type": kind, "invoice_item_details": None, "subscription_item_details": None, kind: inside}
    left_out = ("proration", "type", "subscription", "subscription_item", "price")
    return {"parent": parent, "pricing": pricing} | dict.fromkeys(left_out, ...)


def invoice(*lines, **more):
    """Return a finalized invoice of ``lines`` (default: one), as until acacia."""
    fields = {"id": "in_1", "object": "invoice", "customer": "cus_1", "currency": "usd", "created": 1_792_000_000}
    fields |= {"billing_reason": "subscription_cycle", "status": "open", "subscription": "sub_1", "total": 4321}
    fields |= {"period_start": 1_790_000_000, "period_end": 1_792_000_000}
    fields |= {"status_transitions": {"finalized_at": 1_792_003_600, "paid_at": None, "voided_at": None}}
    return _made(fields | {"lines": {"object": "list", "data": list(lines) or [line()], "has_more": False}}, more)


def of_basil(subscription="sub_1"):
    """Return what keys an invoice has since basil in the place of those it had."""
    inside = {"metadata": {}, "subscription": subscription}
    return {"parent": {"type": "subscription_details", "subscription_details": inside}, "subscription": ...}
