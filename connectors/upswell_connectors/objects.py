"""Stripe's objects in the core's values: prices, coupons, discounts, subscriptions of any API version from 2020 on.

They are read by what is present, never by a version's name. Where things stood and since when they moved:
https://docs.stripe.com/changelog (2025-03-31.basil, 2025-09-30.clover, 2026-09-30.endive).
"""

import re
from typing import Any, TypeVar

import msgspec

from upswell.core import discounts, portfolio, prices
from upswell.errors import ShapeError
from upswell_connectors import payloads

P = TypeVar("P")

_CURRENCY = re.compile("[A-Za-z]{3}")
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,15})?(e-\d{1,2})?")


def read(payload: Any, shape: type[P], name: str) -> P:
    """Return ``payload`` in ``shape``. Raises ShapeError, which calls it ``name``, where it does not fit."""
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ShapeError(f"the {name} cannot be read: {str(error)[:300]}") from error


def subscription(payload: payloads.Subscription) -> portfolio.Subscription:
    """Return a subscription as one payload shows it. Raises ShapeError."""
    items = tuple(_item(item) for item in payload.items.data if not item.deleted)
    currency = payload.currency or next((item.price.currency for item in items), "")
    return portfolio.Subscription(
        id=payload.id,
        customer=id_of(payload.customer),
        status=payload.status,
        currency=currency_of(currency) if items else currency.lower(),
        items=items,
        discounts=tuple(id_of(one) for one in listed_discounts(payload.discounts, payload.discount)),
        pause=payload.pause_collection.behavior if payload.pause_collection else None,
        created=payload.created,
        start_date=payload.start_date or 0,
        trial_end=payload.trial_end,
        ended_at=payload.ended_at,
        cancel_at=_end(payload),
        cancel_at_period_end=payload.cancel_at_period_end,
        metadata=metadata(payload.metadata),
        pending=_pending(payload.pending_update) if payload.pending_update else None,
    )


def _end(payload: payloads.Subscription) -> int | None:
    """Return when a subscription is set to end: at a date, or with its current period.

    Since basil each item has a period of its own, and the earliest to end is meant.
    """
    if payload.cancel_at is not None or not payload.cancel_at_period_end:
        return payload.cancel_at
    ends = [item.current_period_end for item in payload.items.data if item.current_period_end is not None]
    return min(ends, default=payload.current_period_end)


def _pending(payload: payloads.PendingUpdate) -> portfolio.Pending:
    listed = [*(payload.discounts or []), *([payload.discount] if payload.discount else [])]
    return portfolio.Pending(
        expires_at=payload.expires_at,
        items=tuple(_item(item) for item in payload.subscription_items or [] if not item.deleted),
        trial_end=payload.trial_end,
        discounts=tuple(dict.fromkeys(id_of(one) for one in listed)) or None,
    )


def listed_discounts(
    several: list[str | payloads.Discount] | None, single: payloads.Discount | None
) -> list[str | payloads.Discount]:
    """Return an object's discounts; before 2020-08 there was one, and until acacia it stood beside the list."""
    listed = several or []
    if single is None:
        return listed
    if id_of(single) in {id_of(one) for one in listed}:
        return [single if id_of(one) == id_of(single) else one for one in listed]
    return [*listed, single]


def currency_of(code: str) -> str:
    """Return Stripe's code of a currency. Raises ShapeError where it is not three letters."""
    if not _CURRENCY.fullmatch(code):
        raise ShapeError(f"{code[:40]!r} is no currency")
    return code.lower()


def _item(payload: payloads.Item) -> portfolio.Item:
    shown = payload.price or payload.plan
    if shown is None:
        raise ShapeError(f"the subscription item {payload.id} carries neither price nor plan")
    if payload.quantity is not None and payload.quantity < 0:
        raise ShapeError(f"the subscription item {payload.id} has a quantity below zero: {payload.quantity}")
    return portfolio.Item(
        id=payload.id,
        price=price(shown),
        quantity=payload.quantity,
        discounts=tuple(id_of(one) for one in payload.discounts or []),
        trial_end=payload.current_trial.end_date if payload.current_trial else None,
    )


def price(payload: payloads.Price) -> prices.Price:
    """Return a price, or the plan that older payloads carry in its place. Raises ShapeError."""
    recurring = payload.recurring
    if recurring is None and payload.interval:
        recurring = payloads.Recurring(payload.interval, payload.interval_count, payload.usage_type)
    if recurring and (recurring.interval not in prices.MONTHS or recurring.interval_count < 1):
        raise ShapeError(f"the price {payload.id} recurs every {recurring.interval_count} {recurring.interval}")
    mode = "per_unit" if payload.billing_scheme != "tiered" else payload.tiers_mode or ""
    if mode not in {"per_unit", "graduated", "volume"}:
        raise ShapeError(f"the price {payload.id} is tiered in a way nobody knows: {mode!r}")
    transform = payload.transform_quantity or payload.transform_usage
    return prices.Price(
        id=payload.id,
        product=id_of(payload.product) if payload.product else payload.id,
        currency=currency_of(payload.currency),
        interval=recurring.interval if recurring else None,
        interval_count=recurring.interval_count if recurring else 1,
        usage=recurring.usage_type if recurring else "licensed",
        mode=mode,
        amounts=_amounts(payload, payload.amount_decimal, payload.amount),
        other_currencies={code.lower(): _amounts(one) for code, one in (payload.currency_options or {}).items()},
        divide_by=transform.divide_by if transform and transform.divide_by > 0 else None,
        round_up=bool(transform and transform.round == "up"),
        nickname=payload.nickname,
        lookup_key=payload.lookup_key,
        active=payload.active,
        created=payload.created,
        metadata=metadata(payload.metadata),
        meter=recurring.meter if recurring else None,
    )


def _amounts(payload: payloads.Amounts, *of_plan: payloads.Decimal | None) -> prices.Amounts:
    unit = _decimal(payload.unit_amount_decimal, payload.unit_amount, *of_plan)
    tiers = tuple(_tier(tier) for tier in payload.tiers) if payload.tiers else None
    return prices.Amounts(unit, tiers)


def _tier(payload: payloads.Tier) -> prices.Tier:
    return prices.Tier(
        up_to=payload.up_to if isinstance(payload.up_to, int) else None,
        unit=_decimal(payload.unit_amount_decimal, payload.unit_amount) or "0",
        flat=_decimal(payload.flat_amount_decimal, payload.flat_amount) or "0",
    )


def _decimal(*places: payloads.Decimal | None) -> str | None:
    """Return the first amount that is there, as a decimal string of minor units."""
    found = next((str(value) for value in places if value is not None), None)
    if found is not None and not _NUMBER.fullmatch(found):
        raise ShapeError(f"{found[:40]!r} is no amount")
    return found


def coupon(payload: payloads.Coupon) -> discounts.Coupon:
    """Return what a coupon takes off. Raises ShapeError."""
    amounts = {code.lower(): one.amount_off for code, one in (payload.currency_options or {}).items()}
    if payload.amount_off is not None and payload.currency:
        amounts[payload.currency.lower()] = payload.amount_off
    return discounts.Coupon(
        id=payload.id,
        duration=payload.duration,
        percent_off=_decimal(payload.percent_off),
        amounts_off=tuple(sorted(amounts.items())),
        products=tuple(payload.applies_to.products) if payload.applies_to and payload.applies_to.products else None,
        name=payload.name,
        created=payload.created,
        months=payload.duration_in_months,
    )


def discount(payload: payloads.Discount, *, gone: bool = False) -> discounts.Discount:
    """Return a discount; ``gone`` where the event says that it was removed. Raises ShapeError."""
    given = _coupon_of(payload)
    return discounts.Discount(
        id=id_of(payload),
        coupon=given if isinstance(given, str) else coupon(given),
        start=payload.start,
        end=payload.end,
        customer=id_of(payload.customer) if payload.customer else None,
        subscription=payload.subscription,
        item=payload.subscription_item,
        gone=gone,
    )


def _coupon_of(payload: payloads.Discount) -> str | payloads.Coupon:
    given = payload.coupon or (payload.source.coupon if payload.source else None)
    if given is None:
        raise ShapeError(f"the discount {payload.id} names no coupon")
    return given


def id_of(value: Any) -> str:
    """Return the id of an object that may or may not be expanded; a discount without one is told by what it is."""
    if isinstance(value, payloads.Discount) and value.id is None:
        owner = value.subscription or (id_of(value.customer) if value.customer else "")
        return f"{owner} {id_of(_coupon_of(value))} {value.start}"
    return value if isinstance(value, str) else str(value.id)


def metadata(payload: dict[str, Any] | None) -> dict[str, str]:
    """Return the metadata that are set, as text."""
    return {key: str(value) for key, value in (payload or {}).items() if value is not None}
