"""The lists that Stripe has: what each is called, where it is kept, and how it can be filtered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any

from upswell_connectors.fake_stripe.queries import Query, Reader, choice, flag, many, one, types

Keep = Callable[[Any], bool]

_STATUSES = (
    *("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused"),
    *("all", "ended"),
)
_INVOICE_STATUSES = ("draft", "open", "paid", "uncollectible", "void")
_COLLECTION = ("charge_automatically", "send_invoice")


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of a list: how it is read, and whether an object is one of those it asks for."""

    read: Reader
    holds: Callable[[Any, Any], bool]


def _same(field_: str, read: Reader = one) -> Filter:
    get = attrgetter(field_)
    return Filter(read, lambda found, wanted: bool(get(found) == wanted))


def _has_status(subscription: Any, wanted: str) -> bool:
    match wanted:
        case "all":
            return True
        case "ended":
            return subscription.status in ("canceled", "incomplete_expired")
        case "":
            return bool(subscription.status != "canceled")
    return bool(subscription.status == wanted)


def _holds_price(subscription: Any, wanted: str) -> bool:
    return any(item.price == wanted for item in subscription.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list: what errors call an object, the store's collection, the permissions' stem, and its parameters.

    ``unless`` are the filters that hold where a request does not name them; ``groups`` are those that the collection
    can be looked up by; ``timed`` lists take bounds of creation.
    """

    kind: str
    object: str
    collection: str
    permission: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    unless: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    timed: bool = True
    hidden: Keep = lambda _: False

    @property
    def readers(self) -> dict[str, Reader]:
        """How its own parameters are read."""
        return {name: one_.read for name, one_ in self.filters.items()}

    def keep(self, query: Query) -> Keep:
        """Return what tells the objects that a query asks for."""
        wanted = {**self.unless, **query.filters}
        wanted.pop((self.group(query) or ("",))[0], None)
        tests = [(self.filters[name].holds, value) for name, value in wanted.items()]
        return lambda found: not self.hidden(found) and all(holds(found, value) for holds, value in tests)

    def group(self, query: Query) -> tuple[str, str] | None:
        """Return the field and value by which the objects can be looked up, if the query names one."""
        named = [name for name in self.groups if name in query.filters]
        return (named[0], query.filters[named[0]]) if named else None


LISTINGS: dict[str, Listing] = {
    "products": Listing(
        kind="product",
        object="product",
        collection="products",
        permission="rak_product",
        filters={"active": _same("active", flag), "ids": Filter(many, lambda found, wanted: found.id in wanted)},
    ),
    "prices": Listing(
        kind="price",
        object="price",
        collection="prices",
        permission="rak_plan",
        filters={
            "active": _same("active", flag),
            "product": _same("product"),
            "currency": _same("currency"),
            "lookup_keys": Filter(many, lambda found, wanted: found.lookup_key in wanted),
            "type": Filter(choice("one_time", "recurring"), lambda _, wanted: bool(wanted == "recurring")),
        },
        unless={"active": True},
        hidden=attrgetter("inline"),
    ),
    "coupons": Listing(kind="coupon", object="coupon", collection="coupons", permission="rak_coupon"),
    "customers": Listing(
        kind="customer",
        object="customer",
        collection="customers",
        permission="rak_customer",
        filters={"email": _same("email")},
    ),
    "subscriptions": Listing(
        kind="subscription",
        object="subscription",
        collection="subscriptions",
        permission="rak_subscription",
        filters={
            "customer": _same("customer"),
            "status": Filter(choice(*_STATUSES), _has_status),
            "price": Filter(one, _holds_price),
            "collection_method": Filter(choice(*_COLLECTION), lambda _, wanted: bool(wanted == _COLLECTION[0])),
        },
        unless={"status": ""},
        groups=("customer",),
    ),
    "subscription_schedules": Listing(
        kind="subscription schedule",
        object="subscription_schedule",
        collection="schedules",
        permission="rak_subscription",
        filters={
            "customer": _same("customer"),
            "scheduled": Filter(flag, lambda found, wanted: (found.status == "not_started") is wanted),
        },
    ),
    "invoices": Listing(
        kind="invoice",
        object="invoice",
        collection="invoices",
        permission="rak_invoice",
        filters={
            "customer": _same("customer"),
            "subscription": _same("subscription"),
            "status": _same("status", choice(*_INVOICE_STATUSES)),
            "collection_method": Filter(choice(*_COLLECTION), lambda _, wanted: bool(wanted == _COLLECTION[0])),
        },
        groups=("subscription", "customer"),
    ),
    "billing/meters": Listing(
        kind="meter",
        object="billing.meter",
        collection="meters",
        permission="rak_billing_meter",
        filters={
            "status": Filter(choice("active", "inactive"), lambda found, wanted: found.active is (wanted == "active"))
        },
        timed=False,
    ),
    "events": Listing(
        kind="event",
        object="event",
        collection="events",
        permission="rak_event",
        filters={
            "type": Filter(one, lambda found, wanted: fnmatchcase(found["type"], wanted)),
            "types": Filter(types, lambda found, wanted: found["type"] in wanted),
        },
    ),
    "webhook_endpoints": Listing(
        kind="webhook endpoint",
        object="webhook_endpoint",
        collection="endpoints",
        permission="rak_webhook",
        timed=False,
    ),
}
