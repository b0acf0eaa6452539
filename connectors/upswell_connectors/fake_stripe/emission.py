"""Events: the envelope, and what an update says about the state before it."""

from dataclasses import dataclass
from typing import Any

from upswell_connectors.fake_stripe.account_shapes import meter_shape
from upswell_connectors.fake_stripe.invoice_shapes import invoice_shape
from upswell_connectors.fake_stripe.schedule_shapes import schedule_shape
from upswell_connectors.fake_stripe.shapes import (
    Shape,
    coupon_shape,
    customer_shape,
    discount_shape,
    price_shape,
    product_shape,
)
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.subscription_shapes import subscription_shape
from upswell_connectors.fake_stripe.values import (
    Coupon,
    Customer,
    Discount,
    Invoice,
    Meter,
    Price,
    Product,
    Resource,
    Schedule,
    Subscription,
)
from upswell_connectors.fake_stripe.versions import Version

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of object is stored, named in events, and rendered."""

    collection: str
    event: str
    shape: Any


KINDS: dict[type, Kind] = {
    Product: Kind("products", "product", product_shape),
    Price: Kind("prices", "price", price_shape),
    Meter: Kind("meters", "billing.meter", meter_shape),
    Coupon: Kind("coupons", "coupon", coupon_shape),
    Discount: Kind("discounts", "customer.discount", discount_shape),
    Customer: Kind("customers", "customer", customer_shape),
    Subscription: Kind("subscriptions", "customer.subscription", subscription_shape),
    Schedule: Kind("schedules", "subscription_schedule", schedule_shape),
    Invoice: Kind("invoices", "invoice", invoice_shape),
}


@dataclass(frozen=True, slots=True)
class Request:
    """The API request that caused an event; both None where Stripe acted by itself."""

    id: str | None = None
    idempotency_key: str | None = None


def render(value: Resource, store: Store, version: Version) -> Shape:
    """Render any object in the shape of ``version``."""
    shape: Shape = KINDS[type(value)].shape(value, store, version)
    return shape


def differences(before: Shape, after: Shape) -> Shape:
    """Return ``previous_attributes``: changed keys with their old value, hashes by key, arrays whole.

    A key that was not there before is null, as Stripe writes it.
    """
    changed: Shape = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            if inner := differences(old, new):
                changed[key] = inner
        elif old != new:
            changed[key] = old
    return changed


def event(
    id_: str,
    kind: str,
    shape: Shape,
    *,
    at: int,
    version: Version,
    request: Request,
    livemode: bool,
    before: Shape | None = None,
) -> Event:
    """Return an event of type ``kind`` about ``shape``, created ``at`` (unix seconds)."""
    data: Shape = {"object": shape}
    if before is not None:
        data["previous_attributes"] = before
    return {
        "id": id_,
        "object": "event",
        "api_version": version.name,
        "created": at,
        "data": data,
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": request.id, "idempotency_key": request.idempotency_key},
        "type": kind,
    }
