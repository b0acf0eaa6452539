"""Raw Stripe events of an account's life, in the shapes of three API versions.

Everything here is written from Stripe's documentation and recorded sessions, and from nothing of the product.
Money is given in units (``10`` is 10.00), times are unix seconds UTC.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

SHAPES = {"acacia": "2025-02-24.acacia", "basil": "2025-03-31.basil", "endive": "2026-10-28.endive"}
OLD = "2020-08-27"
LEGACY = ("acacia", OLD)
DAY = 86_400
Json = dict[str, Any]


def instant(text: str) -> int:
    """Read ``2026-01-03`` or ``2026-01-03 12:00:00`` as unix seconds UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def later(start: int, number: int, unit: str) -> int:
    """Return the instant ``number`` calendar days, weeks, months or years after ``start``."""
    moment = datetime.fromtimestamp(start, UTC)
    if unit in ("day", "week"):
        return int((moment + timedelta(days=number * (7 if unit == "week" else 1))).timestamp())
    months = moment.month - 1 + number * (12 if unit == "year" else 1)
    first = moment.replace(year=moment.year + months // 12, month=months % 12 + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return int(first.replace(day=min(moment.day, last.day)).timestamp())


def cents(units: float | str) -> Decimal:
    """Turn units into the minor unit of a two-decimal currency, exactly."""
    return (Decimal(str(units)) * 100).normalize()


def changes(before: Json, after: Json) -> Json:
    """Say what changed as Stripe's ``previous_attributes`` does: changed keys only, arrays whole, null where new."""
    found: Json = {}
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now:
            found[key] = changes(was, now) if isinstance(was, dict) and isinstance(now, dict) else was
    return found


def _amounts(name: str, value: Decimal | None) -> Json:
    whole = value is not None and value == value.to_integral_value()
    decimal = None if value is None else f"{value:f}"
    return {name: int(value) if value is not None and whole else None, f"{name}_decimal": decimal}


class Record:
    """One Stripe object and the events it gives; ``extra`` is told in its own events only, as Stripe tells it expanded."""

    def __init__(self, account: "Account", fields: Json, extra: Json | None = None) -> None:
        self.account, self.fields, self.extra = account, fields, extra or {}
        self.id: str = fields["id"]

    def render(self) -> Json:
        """Return the object as another object embeds it."""
        return deepcopy(self.fields)

    def told(self) -> Json:
        """Return the object as an event of its own tells it."""
        return {**self.render(), **deepcopy(self.extra)}

    def tell(self, verb: str, previous: Json | None = None) -> str:
        """Emit ``<object>.<verb>`` and return the event's id."""
        kind = {"subscription": "customer.subscription", "discount": "customer.discount"}
        name = self.fields["object"]
        return self.account.emit(f"{kind.get(name, name)}.{verb}", self.told(), previous)

    @contextmanager
    def updated(self, **fields: Any) -> Iterator[None]:
        """Change ``fields``, and what the body changes, in one ``*.updated`` event."""
        before = self.told()
        self.fields.update(fields)
        yield
        self.tell("updated", changes(before, self.told()))

    def change(self, **fields: Any) -> None:
        """Change ``fields`` in one ``*.updated`` event."""
        with self.updated(**fields):
            pass


class Price(Record):
    """A price; ``price * 5`` is what a subscription of five units holds."""

    product: str

    def __mul__(self, quantity: int) -> "Line":
        return Line(self, quantity)


class Line:
    """What is subscribed to: a price, its quantity (None: metered) and the coupons on the item."""

    def __init__(self, price: Price, quantity: int | None, coupons: Sequence[Record] = ()) -> None:
        self.price, self.coupons = price, coupons
        self.quantity = None if price.fields["recurring"]["usage_type"] == "metered" else quantity


class Account:
    """A Stripe account whose ``events`` grow as things happen to it at ``clock``."""

    def __init__(self, shape: str) -> None:
        self.shape = shape
        self.events: list[Json] = []
        self.clock = instant("2026-01-01")
        self.products: dict[str, Record] = {}
        self.discounts: dict[str, Record] = {}
        self._numbers = count(1)
        self.customer = self.join("cus_1")

    def at(self, when: str) -> None:
        """Move the clock."""
        self.clock = instant(when)

    def number(self) -> int:
        """Return the next number for an id."""
        return next(self._numbers)

    def emit(self, kind: str, body: Json, previous: Json | None = None, created: int | None = None) -> str:
        """Add an event whose id says nothing about its place."""
        number = self.number()
        event = {
            "id": f"evt_{hashlib.sha256(str(number).encode()).hexdigest()[:20]}",
            "object": "event",
            "api_version": SHAPES.get(self.shape, self.shape),
            "created": self.clock if created is None else created,
            "data": {"object": deepcopy(body)} | ({} if previous is None else {"previous_attributes": previous}),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.events.append(event)
        return str(event["id"])

    def _record(self, kind: type[Record], fields: Json, extra: Json | None = None) -> Any:
        record = kind(self, {"livemode": False, "created": self.clock, "metadata": {}} | fields, extra)
        record.tell("created")
        return record

    def join(self, name: str, **metadata: str) -> Record:
        """A customer comes."""
        fields = {"id": name, "object": "customer", "email": None, "name": None, "discount": None}
        return self._record(Record, {**fields, "metadata": metadata})  # type: ignore[no-any-return]

    def product(self, name: str, **metadata: str) -> Record:
        """Return the product of that name, made where there is none yet."""
        if name not in self.products:
            fields = {"id": f"prod_{name}", "object": "product", "name": name, "active": True, "metadata": metadata}
            self.products[name] = self._record(Record, fields)
        return self.products[name]

    def price(self, name: str, amount: float | str | None = None, every: str = "month", **more: Any) -> Price:
        """Make a price of product ``name``: ``amount`` units ``every`` ``month``, ``3 month`` and so on.

        ``tiers`` (up to, unit, flat) with ``mode``; ``metered``; ``divide`` = (by, round); ``options`` = {currency:
        units}; the rest are fields of the object.
        """
        number, interval = every.split() if " " in every else ("1", every)
        tiers, mode, divide = more.pop("tiers", None), more.pop("mode", None), more.pop("divide", None)
        metered, options, quiet = more.pop("metered", False), more.pop("options", None), more.pop("quiet", False)
        recurring: Json = {"interval": interval, "interval_count": int(number), "trial_period_days": None}
        recurring |= {"usage_type": "metered" if metered else "licensed", "meter": "mtr_1" if metered else None}
        if self.shape in LEGACY:
            recurring["aggregate_usage"] = None
        product = f"prod_{name}" if quiet else self.product(name).id
        fields = {"id": f"price_{name}_{self.number()}", "object": "price", "active": True, "type": "recurring"}
        fields |= {"billing_scheme": "tiered" if tiers else "per_unit", "currency": "usd", "lookup_key": None}
        fields |= {"product": product, "recurring": recurring, "tiers_mode": mode, "custom_unit_amount": None}
        fields |= {"transform_quantity": divide and {"divide_by": divide[0], "round": divide[1]}, "nickname": None}
        fields |= {"tax_behavior": "unspecified"} | _amounts("unit_amount", None if tiers else cents(amount or 0))
        extra: Json = {"tiers": [_tier(*tier) for tier in tiers]} if tiers else {}
        if options:
            extra["currency_options"] = {code: _amounts("unit_amount", cents(value)) for code, value in options.items()}
        common = {"livemode": False, "created": self.clock, "metadata": {}}
        made = Price(self, common | fields | more, extra)
        if not quiet:
            made.tell("created")
        made.product = product
        return made

    def coupon(self, percent: float | None = None, off: float | None = None, **more: Any) -> Record:
        """Make a coupon of ``percent`` or ``off`` units; ``months`` makes it repeating, ``products`` limits it.

        ``options`` = {currency: units} are its amounts in other currencies.
        """
        options = more.pop("options", None)
        months, products = more.pop("months", None), more.pop("products", ())
        fields = {"id": f"coupon_{self.number()}", "object": "coupon", "percent_off": percent, "valid": True}
        fields |= {"amount_off": None if off is None else int(cents(off)), "currency": "usd" if off else None}
        fields |= {"duration": "repeating" if months else "forever", "duration_in_months": months} | more
        extra = {"applies_to": {"products": [price.product for price in products]}} if products else {}
        if options:
            extra["currency_options"] = {code: {"amount_off": int(cents(value))} for code, value in options.items()}
        return self._record(Record, fields, extra)  # type: ignore[no-any-return]

    def grant(self, coupon: Record, lag: int = 0, **on: str | None) -> str:
        """Give a discount on a customer, subscription or item; its event comes ``lag`` seconds later. Return its id."""
        months = coupon.fields["duration_in_months"]
        names = ("customer", "subscription", "subscription_item", "invoice", "invoice_item", "promotion_code")
        fields = {"id": f"di_{self.number():03}", "object": "discount", "checkout_session": None, "start": self.clock}
        fields |= {"end": later(self.clock, months, "month") if months else None}
        fields |= {name: on.get(name) for name in names}
        if self.shape == "endive":
            fields["source"] = {"type": "coupon", "coupon": coupon.id}
        else:
            fields["coupon"] = coupon.render()
        record = self.discounts[fields["id"]] = Record(self, fields)
        self.emit("customer.discount.created", record.told(), created=self.clock + lag)
        return record.id

    def favour(self, coupon: Record | None) -> None:
        """Give the customer a discount, or take it away."""
        if held := self.customer.fields["discount"]:
            self.discounts[held["id"]].tell("deleted")
        found = self.discounts[self.grant(coupon, customer=self.customer.id)].render() if coupon else None
        self.customer.change(discount=found)

    def said_at(self, second: int) -> set[str]:
        """Return the ids of the events created in that second, and of the invoices they tell about."""
        found = [event for event in self.events if event["created"] == second]
        invoices = {event["data"]["object"]["id"] for event in found if event["type"].startswith("invoice.")}
        return invoices | {event["id"] for event in found}


def _tier(up_to: int | None, unit: float, flat: float | None = None) -> Json:
    flat_amount = None if flat is None else cents(flat)
    return {"up_to": up_to} | _amounts("unit_amount", cents(unit)) | _amounts("flat_amount", flat_amount)
