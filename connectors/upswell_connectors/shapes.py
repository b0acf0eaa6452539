"""The one reader of Stripe's events: payloads of any API version from 2020 on become facts in the core's values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from upswell.core import catalogue
from upswell.core.facts import Facts, Invoice, Thing, Told
from upswell.core.readings import MILESTONE, STRIPE, Reading
from upswell.core.states import Snapshot, State
from upswell.errors import ShapeError
from upswell_connectors import invoices, objects, payloads, schedules

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


def facts_of_object(payload: Json, at: int) -> Facts:
    """Return what one object says as the API listed it at ``at`` (unix seconds UTC); nothing, for one not read.

    A subscription is a snapshot, an invoice its rows. What the catalogue's objects were before ``at`` they do not say.
    Raises ShapeError where an object lacks what it must carry.
    """
    reader = _READERS.get(str(payload.get("object")))
    try:
        return reader(_Envelope("", "", at, payload, None)) if reader else Facts()
    except RecursionError as error:
        raise ShapeError("the object is nested too deeply to be read") from error


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
    if not event.id:
        shown = Snapshot(event.created, objects.subscription(payload))
        return Facts(told=_unique(_carried(payload, event.created)), cut_off=_cut_off(payload), snapshot=shown)
    before = None
    told = _carried(payload, event.created)
    if event.previous is not None and event.type.endswith(".updated"):
        earlier = objects.read(_laid_over(event.previous, event.object), payloads.Subscription, "subscription's past")
        before = objects.subscription(earlier)
        told = [*_carried(earlier, event.created), *told]
    state = State(event.created, event.type, event.id, objects.subscription(payload), before)
    return Facts(state, _unique(told), cut_off=_cut_off(payload))


def _cut_off(payload: payloads.Subscription) -> str | None:
    return payload.id if payload.items.has_more else None


def _unique(told: Iterable[Told]) -> tuple[Told, ...]:
    return tuple({(one.at, type(one.value), one.value.id): one for one in told}.values())


def _laid_over(previous: Json, current: Json) -> Json:
    """Return ``current`` as it was: ``previous`` holds the changed keys only, changed arrays whole."""
    result = dict(current)
    for key, value in previous.items():
        now = current.get(key)
        result[key] = _laid_over(value, now) if isinstance(value, dict) and isinstance(now, dict) else value
    return result


def _carried(payload: payloads.Subscription, at: int) -> list[Told]:
    listed = [
        *objects.listed_discounts(payload.discounts, payload.discount),
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
    if not event.id and event.object.get("deleted") is True:
        return Facts()  # the API shows no more than the id of a deleted customer; what was known of it stays
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
        country=payload.address.country if payload.address else None,
    )
    return Facts(told=(*told, Told(event.created, customer)))


def _invoice_facts(event: _Envelope) -> Facts:
    """Read a finalized invoice; drafts and invoices of no subscription say nothing."""
    if "id" not in event.object:
        return Facts()
    payload = objects.read(event.object, invoices.Invoice, "invoice")
    rows = invoices.rows(payload, event.created)
    if not rows or payload.customer is None:
        return Facts()
    told = () if event.id else _unique(Told(event.created, objects.discount(one)) for one in invoices.carried(payload))
    cut_off = payload.id if payload.lines and payload.lines.has_more else None
    return Facts(told=told, invoice=Invoice(objects.id_of(payload.customer), rows), cut_off=cut_off)


def _alert_facts(event: _Envelope) -> Facts:
    """Read that usage reached what an alert is set to: a milestone.

    Stripe tells it once in a customer's life, whatever the period, so that its value is no usage of a period.
    """
    payload = objects.read(event.object, payloads.Triggered, "triggered alert")
    if payload.alert is None or payload.customer is None or not event.id:
        return Facts()
    customer, alert = objects.id_of(payload.customer), payload.alert
    label = alert.title or "usage alert"
    return Facts(reading=Reading(STRIPE, event.id, customer, MILESTONE, alert.id, event.created, label=label))


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
    "billing.alert_triggered": _alert_facts,
}
