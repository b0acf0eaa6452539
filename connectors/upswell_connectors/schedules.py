"""Stripe's subscription schedules, of any API version from 2020 on: their payloads, and the core's values of them."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from upswell.core import phases
from upswell.core.discounts import Coupon
from upswell.core.prices import Price
from upswell_connectors import objects, payloads


class Promotion(Struct):
    """What a promotion code gives, since clover."""

    coupon: str | payloads.Coupon | None = None


class PromotionCode(Struct):
    """A promotion code, expanded."""

    coupon: str | payloads.Coupon | None = None
    promotion: Promotion | None = None


class Offer(Struct):
    """A discount that a phase of a schedule gives: one that exists, or a new one of a coupon or a promotion code."""

    coupon: str | payloads.Coupon | None = None
    discount: str | payloads.Discount | None = None
    promotion_code: str | PromotionCode | None = None


class PhaseItem(Struct):
    """What a phase subscribes to; ``plan`` before 2020-08, and the same id beside ``price`` since."""

    price: str | payloads.Price | None = None
    plan: str | payloads.Price | None = None
    quantity: payloads.Int | None = None
    discounts: list[Offer] | UnsetType | None = UNSET


class Phase(Struct):
    """A phase of a schedule; ``plans`` and ``coupon`` are what ``items`` and ``discounts`` were before."""

    start_date: payloads.Int
    end_date: payloads.Int | None = None
    items: list[PhaseItem] | None = None
    plans: list[PhaseItem] | None = None
    coupon: str | payloads.Coupon | None = None
    discounts: list[Offer] | UnsetType | None = UNSET
    currency: str | None = None
    trial: bool = False
    trial_end: payloads.Int | None = None
    metadata: dict[str, Any] | None = None


class Payload(Struct):
    """A subscription schedule."""

    id: str
    customer: str | payloads.Ref | None = None
    status: str = ""
    subscription: str | payloads.Ref | None = None
    end_behavior: str = "release"
    phases: list[Phase] | None = None


Offers = list[Offer] | UnsetType | None


def schedule(payload: Payload, before: Payload | None = None) -> phases.Schedule | None:
    """Return a schedule as one payload shows it, and the terms ``before`` an update; None where it names no customer.

    Raises ShapeError.
    """
    if payload.customer is None:
        return None
    return phases.Schedule(
        id=payload.id,
        customer=objects.id_of(payload.customer),
        terms=_terms(payload),
        before=_terms(before) if before else None,
    )


def _terms(payload: Payload) -> phases.Terms:
    return phases.Terms(
        status=payload.status,
        subscription=objects.id_of(payload.subscription) if payload.subscription else None,
        end_behavior=payload.end_behavior,
        phases=tuple(sorted((_phase(one) for one in payload.phases or []), key=lambda phase: phase.start)),
    )


def _phase(payload: Phase) -> phases.Phase:
    items = payload.items if payload.items is not None else payload.plans or []
    return phases.Phase(
        start=payload.start_date,
        end=payload.end_date,
        currency=objects.currency_of(payload.currency) if payload.currency else "",
        items=tuple(_item(one) for one in items),
        offers=_offers([Offer(payload.coupon)] if payload.coupon and not payload.discounts else payload.discounts),
        trial_end=payload.end_date if payload.trial else payload.trial_end,
        metadata=objects.metadata(payload.metadata),
    )


def _item(payload: PhaseItem) -> phases.PhaseItem:
    return phases.PhaseItem(_price(payload.price or payload.plan or ""), payload.quantity, _offers(payload.discounts))


def _price(shown: str | payloads.Price) -> Price | str:
    return shown if isinstance(shown, str) else objects.price(shown)


def _offers(payload: Offers) -> tuple[phases.Offer, ...] | None:
    return None if payload is UNSET else tuple(_offer(one) for one in payload or [])


def _offer(payload: Offer) -> phases.Offer:
    discount = objects.id_of(payload.discount) if payload.discount else None
    return phases.Offer(discount, _coupon(payload.coupon or _promised(payload.promotion_code)))


def _coupon(given: str | payloads.Coupon | None) -> Coupon | str | None:
    return objects.coupon(given) if isinstance(given, payloads.Coupon) else given


def _promised(code: str | PromotionCode | None) -> str | payloads.Coupon | None:
    """Return the coupon of a promotion code that came whole."""
    if code is None or isinstance(code, str):
        return None
    return code.coupon or (code.promotion.coupon if code.promotion else None)
