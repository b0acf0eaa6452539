"""What Stripe's lists show of a life afterwards: the catalogue, the subscriptions, and the invoices that they had.

Everything is derived from the life's events, and from nothing of the product. Every change is prorated, as Stripe does
unless it is told otherwise; what waits when a subscription ends is billed at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from scenarios.streams import LEGACY, Account, Json, later

CATALOGUE = ("product", "price", "coupon", "customer", "discount")
PAYING = ("active", "past_due")


def listed(account: Account, until: int, *, billed: bool = False) -> list[Json]:
    """Return every object of ``account`` as its lists show it at ``until`` (unix seconds UTC).

    ``billed``: its invoices are those that its events tell, and not what its subscriptions come to.
    """
    last: dict[str, Json] = {}
    for event in account.events:
        last[event["data"]["object"]["id"]] = event["data"]["object"]
    things = [one for one in last.values() if one["object"] in CATALOGUE and one["object"] != "discount"]
    held = [_expanded(account, one) for one in last.values() if one["object"] == "subscription"]
    told = [one for one in last.values() if one["object"] == "invoice"]
    return [*things, *held, *(told if billed else invoices(account, until))]


def invoices(account: Account, until: int) -> list[Json]:
    """Return the finalized invoices of every subscription until then, as the list shows them."""
    lives: dict[str, list[tuple[int, Json]]] = {}
    for event in account.events:
        if event["data"]["object"]["object"] == "subscription":
            lives.setdefault(event["data"]["object"]["id"], []).append((event["created"], event["data"]["object"]))
    return [invoice for life in lives.values() for invoice in _Biller(account, life, until).invoices()]


def _expanded(account: Account, subscription: Json) -> Json:
    """Return a subscription with the discounts it lists whole."""

    def whole(names: Sequence[str]) -> list[Json]:
        return [account.discounts[name].render() for name in names]

    items = [item | {"discounts": whole(item["discounts"])} for item in subscription["items"]["data"]]
    return subscription | {
        "discounts": whole(subscription["discounts"]),
        "items": subscription["items"] | {"data": items},
    }


@dataclass
class _Biller:
    """Bills one subscription as time passes: ``waiting`` are lines for its next invoice."""

    account: Account
    life: Sequence[tuple[int, Json]]
    until: int
    waiting: list[Json] = field(default_factory=list)
    numbers: int = 0

    def invoices(self) -> Iterator[Json]:
        first = self.life[0][1]
        begin = first["start_date"]
        yield from self._bill(begin, first, "subscription_create", first["items"]["data"])
        for (at, held), (then, following) in pairwise([*self.life, (self.until, {})]):
            yield from self._cycles(held, begin, max(at, begin), then)
            if following and following["status"] == "canceled":
                yield from self._bill(then, held, "subscription_update", [])
                return
            if following:
                self.waiting += self._prorations(held, following, then, begin)

    def _cycles(self, held: Json, begin: int, since: int, until: int) -> Iterator[Json]:
        """Bill each period that begins after ``since`` and until ``until``."""
        due: dict[int, list[Json]] = {}
        for item in held["items"]["data"]:
            for start in _starts(item, begin):
                if start > until:
                    break
                if start > since:
                    due.setdefault(start, []).append(item)
        for start in sorted(due):
            yield from self._bill(start, held, "subscription_cycle", due[start])

    def _bill(self, at: int, held: Json, reason: str, items: Sequence[Json]) -> Iterator[Json]:
        pause = held["pause_collection"] or {}
        if held["status"] not in PAYING or pause.get("behavior", "void") != "void":
            return
        begin = self.life[0][1]["start_date"]
        lines = [self._line(held, item, _amount(item), (at, _end(item, begin, at))) for item in items]
        lines = [line for line in lines if line["quantity"] is not None] + self.waiting
        self.waiting = []
        if lines:
            yield self._invoice(at, held, reason, lines) | ({"status": "void"} if pause else {})

    def _prorations(self, held: Json, after: Json, at: int, begin: int) -> Iterator[Json]:
        olds = {item["id"]: item for item in held["items"]["data"]}
        news = {item["id"]: item for item in after["items"]["data"]}
        if held["status"] not in PAYING or after["status"] not in PAYING:
            return
        for name in sorted({*olds, *news}):
            old, new = olds.get(name), news.get(name)
            if old and new and _terms(old) == _terms(new):
                continue
            for item, sign in ((old, -1), (new, 1)):
                if item and item.get("quantity") is not None:
                    span = (at, _end(item, begin, at))
                    yield self._line(held, item, sign * max(1, _amount(item) // 2) if _amount(item) else 0, span, True)

    def _invoice(self, at: int, held: Json, reason: str, lines: list[Json]) -> Json:
        self.numbers += 1
        name = f"in_{held['id']}_{self.numbers:03}"
        granted = [name for name in held["discounts"] if self._in_force(name, at)]
        customers = [one for one in [self._customers_discount(held["customer"], at)] if one and not granted]
        found: Json = {"id": name, "object": "invoice", "customer": held["customer"], "created": at, "status": "paid"}
        found |= {"currency": held["currency"], "billing_reason": reason, "period_start": at, "period_end": at}
        found |= {"discounts": [self.account.discounts[one].render() for one in granted + customers]}
        found |= {"status_transitions": {"finalized_at": at + 3600, "paid_at": at + 3600, "voided_at": None}}
        found |= {"lines": {"object": "list", "data": lines, "has_more": False}}
        if self.account.shape in LEGACY:
            return found | {"subscription": held["id"]}
        details = {"metadata": {}, "subscription": held["id"]}
        return found | {"parent": {"type": "subscription_details", "subscription_details": details}}

    def _in_force(self, discount: str, at: int) -> bool:
        end = self.account.discounts[discount].fields["end"]
        return end is None or at < end

    def _customers_discount(self, customer: str, at: int) -> str | None:
        told = [
            event for event in self.account.events if event["type"] == "customer.updated" and event["created"] <= at
        ]
        held = [event["data"]["object"]["discount"] for event in told if event["data"]["object"]["id"] == customer]
        return held[-1]["id"] if held and held[-1] and self._in_force(held[-1]["id"], at) else None

    def _line(self, held: Json, item: Json, amount: int, span: tuple[int, int], proration: bool = False) -> Json:
        self.numbers += 1
        whole = [self.account.discounts[name].render() for name in item["discounts"] if self._in_force(name, span[0])]
        found: Json = {"id": f"il_{held['id']}_{self.numbers:03}", "object": "line_item", "amount": amount}
        found |= {"currency": held["currency"], "period": {"start": span[0], "end": span[1]}}
        found |= {"quantity": item.get("quantity"), "discounts": [] if proration else whole}
        price = item["price"]
        if self.account.shape in LEGACY:
            own = {"subscription": held["id"], "subscription_item": item["id"], "proration": proration}
            return found | own | {"price": price, "plan": item["plan"]}
        details: Json = {"proration": proration, "subscription": held["id"], "subscription_item": item["id"]}
        named = {"price": price["id"], "product": price["product"]}
        parent = {"type": "subscription_item_details", "subscription_item_details": details}
        return found | {"parent": parent, "pricing": {"type": "price_details", "price_details": named}}


def _terms(item: Json) -> Any:
    return item["price"]["id"], item.get("quantity")


def _amount(item: Json) -> int:
    return int((item["price"]["unit_amount"] or 0) * (item.get("quantity") or 0))


def _starts(item: Json, begin: int) -> Iterator[int]:
    """Yield the beginnings of an item's periods after the first, counted from the subscription's start."""
    recurring = item["price"]["recurring"]
    for number in range(1, 10_000):
        yield later(begin, number * recurring["interval_count"], recurring["interval"])


def _end(item: Json, begin: int, at: int) -> int:
    return next(start for start in _starts(item, begin) if start > at)
