"""The one reader of Stripe's events: payloads of any API version from 2020 on become facts in the core's values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from upswell import catalogue
from upswell.errors import ShapeError
from upswell.facts import Facts, Invoice, Thing, Told
from upswell.history import State
from upswell.usage import Billed
from upswell_connectors import objects, payloads, schedules

Json = Mapping[str, Any]

_events = msgspec.json.Decoder(payloads.Event)


@dataclass(frozen=True, slots=True)
class _Envelope:
    id: str
    type: str
    created: int
    object: Json
    previous: Json | None


def facts_of(body: bytes) -> Facts:
    """Return what the raw event ``body`` says; nothing, for an object that Upswell does not read or a thin event.

    Raises ShapeError where an object that it does read lacks what it must carry.
    """
    try:
        event = _events.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ShapeError(f"the event cannot be read: {str(error)[:200]}") from error
    if event.object != "event":
        return Facts()
    if event.data is None or isinstance(event.created, str):
        raise ShapeError("the event carries no data.object, or no time")
    reader = _READERS.get(str(event.data.object.get("object")))
    envelope = _Envelope(event.id, event.type, event.created, event.data.object, event.data.previous_attributes)
    try:
        return reader(envelope) if reader else Facts()
    except RecursionError as error:
        raise ShapeError("the event is nested too deeply to be read") from error


def price_of(payload: Json, at: int = 0) -> Told:
    """Return a price asked of the API. Raises ShapeError."""
    return Told(at, objects.price(objects.read(payload, payloads.Price, "price")))


def coupon_of(payload: Json, at: int = 0) -> Told:
    """Return a coupon asked of the API. Raises ShapeError."""
    return Told(at, objects.coupon(objects.read(payload, payloads.Coupon, "coupon")))


def discount_of(payload: Json, at: int = 0) -> Told:
    """Return an expanded discount asked of the API. Raises ShapeError."""
    return Told(at, objects.discount(objects.read(payload, payloads.Discount, "discount")))


def _subscription_facts(event: _Envelope) -> Facts:
    payload = objects.read(event.object, payloads.Subscription, "subscription")
    before = None
    told = _carried(payload, event.created)
    if event.previous is not None and event.type.endswith(".updated"):
        earlier = objects.read(_laid_over(event.previous, event.object), payloads.Subscription, "subscription's past")
        before = objects.subscription(earlier)
        told = [*_carried(earlier, event.created), *told]
    state = State(event.created, event.type, event.id, objects.subscription(payload), before)
    unique = {(one.at, type(one.value), one.value.id): one for one in told}
    return Facts(state, tuple(unique.values()), cut_off=payload.id if payload.items.has_more else None)


def _laid_over(previous: Json, current: Json) -> Json:
    """Return ``current`` as it was: ``previous`` holds the changed keys only, changed arrays whole."""
    result = dict(current)
    for key, value in previous.items():
        now = current.get(key)
        result[key] = _laid_over(value, now) if isinstance(value, dict) and isinstance(now, dict) else value
    return result


def _carried(payload: payloads.Subscription, at: int) -> list[Told]:
    listed = [
        *objects.subscription_discounts(payload),
        *(one for item in payload.items.data for one in item.discounts or []),
    ]
    return [Told(at, objects.discount(one)) for one in listed if isinstance(one, payloads.Discount)]


def _price_facts(event: _Envelope) -> Facts:
    payload = objects.read(event.object, payloads.Price, "price")
    now = objects.price(payload)
    if event.type == "price.deleted":
        now = replace(now, active=False)
    told = [Told(event.created, now)]
    if event.previous and "lookup_key" in event.previous:
        earlier = objects.read(_laid_over(event.previous, event.object), payloads.Price, "price's past")
        told.insert(0, Told(min(payload.created, event.created - 1), objects.price(earlier)))
    return Facts(told=tuple(told))


def _product_facts(event: _Envelope) -> Facts:
    payload = objects.read(event.object, payloads.Product, "product")
    return _told(event, catalogue.Product(payload.id, payload.name, objects.metadata(payload.metadata)))


def _coupon_facts(event: _Envelope) -> Facts:
    return _told(event, objects.coupon(objects.read(event.object, payloads.Coupon, "coupon")))


def _schedule_facts(event: _Envelope) -> Facts:
    payload = objects.read(event.object, schedules.Payload, "subscription schedule")
    before = None
    if event.previous is not None and event.type.endswith(".updated"):
        before = objects.read(_laid_over(event.previous, event.object), schedules.Payload, "schedule's past")
    found = schedules.schedule(payload, before)
    return _told(event, found) if found else Facts()


def _discount_facts(event: _Envelope) -> Facts:
    payload = objects.read(event.object, payloads.Discount, "discount")
    if payload.invoice or payload.invoice_item:
        return Facts()
    return _told(event, objects.discount(payload, gone=event.type.endswith(".deleted")))


def _customer_facts(event: _Envelope) -> Facts:
    payload = objects.read(event.object, payloads.Customer, "customer")
    told: list[Told] = []
    if isinstance(payload.discount, payloads.Discount):
        told.append(Told(event.created, objects.discount(payload.discount)))
    customer = catalogue.Customer(
        id=payload.id,
        name=payload.name,
        email=payload.email,
        metadata=objects.metadata(payload.metadata),
        discount=objects.id_of(payload.discount) if payload.discount else None,
        says_discount="discount" in event.object,
    )
    return Facts(told=(*told, Told(event.created, customer)))


def _invoice_facts(event: _Envelope) -> Facts:
    """Read a finalized invoice; drafts and invoices of no subscription say nothing."""
    if "id" not in event.object:
        return Facts()
    payload = objects.read(event.object, payloads.Invoice, "invoice")
    subscription = _subscription_of(payload)
    if payload.status in {None, "draft"} or subscription is None or payload.customer is None:
        return Facts()
    of_invoice = Billed(
        invoice=payload.id,
        line="",
        subscription=subscription,
        item="",
        period_start=payload.period_start,
        period_end=payload.period_end,
        amount=0,
        currency=payload.currency.lower(),
        billing_reason=payload.billing_reason or "",
        invoiced_at=payload.created,
        finalized_at=_finalized(payload, event),
        voided=payload.status == "void",
    )
    lines = payload.lines or payloads.Lines([])
    rows = (_billed(line, of_invoice) for line in lines.data)
    invoice = Invoice(objects.id_of(payload.customer), (of_invoice, *(row for row in rows if row)))
    return Facts(invoice=invoice, cut_off=payload.id if lines.has_more else None)


def _subscription_of(payload: payloads.Invoice) -> str | None:
    if payload.subscription:
        return objects.id_of(payload.subscription)
    details = payload.parent.subscription_details if payload.parent else None
    return objects.id_of(details.subscription) if details and details.subscription else None


def _finalized(payload: payloads.Invoice, event: _Envelope) -> int:
    told = payload.status_transitions.finalized_at if payload.status_transitions else None
    return told or payload.created or event.created


def _billed(line: payloads.Line, invoice: Billed) -> Billed | None:
    details = line.parent.subscription_item_details if line.parent else None
    item = line.subscription_item or (details.subscription_item if details else None)
    if not item or line.proration or (details and details.proration):
        return None
    return replace(
        invoice,
        line=line.id,
        item=item,
        period_start=line.period.start,
        period_end=line.period.end,
        amount=line.amount,
    )


def _told(event: _Envelope, value: Thing) -> Facts:
    return Facts(told=(Told(event.created, value),))


_READERS: dict[str, Callable[[_Envelope], Facts]] = {
    "subscription": _subscription_facts,
    "subscription_schedule": _schedule_facts,
    "invoice": _invoice_facts,
    "customer": _customer_facts,
    "discount": _discount_facts,
    "coupon": _coupon_facts,
    "price": _price_facts,
    "product": _product_facts,
}
