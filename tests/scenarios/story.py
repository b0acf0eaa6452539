"""A story: an account's life, what the rule book says about it as it happens, and the check that it is so."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from scenarios.runner import looked_at, orders
from scenarios.streams import Account, Json, Line, Price, Record, instant
from scenarios.subscriptions import Subscription

GROUPS = {
    "new": "new",
    **dict.fromkeys(("upgrade", "add_on", "seat", "overage"), "expansion"),
    **{kind: kind for kind in ("churn", "reactivation")},
    "downgrade": "contraction",
    **dict.fromkeys(("price_change", "discount", "term_change"), "price"),
}
SIGNS = {"new": 1, "expansion": 1, "reactivation": 1, "contraction": -1, "churn": -1}
DRIVERS = {"upgrade": "plan", "add_on": "add_on", "seat": "seats", "overage": "usage", "price_change": "price"}
DRIVERS |= {"discount": "discount", "term_change": "term"} | dict.fromkeys(("new", "churn", "reactivation"), "status")
ALL_DRIVERS = {"plan", "add_on", "seats", "usage", "price", "discount", "term", "status"}
OPEN = ("driver", "origin", "source", "customer")
ORIGINS = {"price_change": "merchant"} | dict.fromkeys(("discount", "term_change"), None)


@dataclass(frozen=True)
class Expected:
    """A movement the rule book determines: ``fields`` must be equal, ``cause`` one of those ids."""

    fields: Json
    cause: set[str]


class Story(Account):
    """An account, with what must come out of its ledger."""

    def __init__(self, shape: str) -> None:
        super().__init__(shape)
        self.settings = ""
        self.expected: list[Expected] = []
        self.foreseen: list[Json] = []
        self._balance: Counter[tuple[Any, str]] = Counter()

    def subscribe(self, *lines: Price | Line, customer: Record | None = None, **more: Any) -> Subscription:
        """Start a subscription.

        ``coupons`` are discounts on it, ``until`` ends a first period that is shorter than the others, and the rest are
        fields of the object.
        """
        return Subscription(self, customer or self.customer, lines, more.pop("coupons", ()), more)

    def expect(self, kind: str, units: float, **more: Any) -> None:
        """Say that a movement of ``units`` a month takes effect now, or ``at``.

        ``price``, ``product`` and ``quantity`` are pairs (from, to); an ellipsis leaves one open. ``cause`` are the
        ids it may name (default: whatever was said at that second). None for driver, origin or source, and an
        ellipsis for customer, leave that open.
        """
        second = more.pop("at", self.clock)
        second = instant(second) if isinstance(second, str) else second
        currency, customer = more.pop("currency", "usd"), more.pop("customer", self.customer.id)
        before = self._balance[customer, currency]
        after = self._balance[customer, currency] = before + round(units * 100)
        fields: Json = {"kind": kind, "amount": after - before, "currency": currency, "occurred_at": second}
        fields |= {"mrr_before": before, "mrr_after": after, "customer": customer}
        fields |= {"driver": DRIVERS.get(kind), "origin": ORIGINS.get(kind, "customer"), "source": "observed"}
        cause = more.pop("cause", None) or self.said_at(second)
        for name in ("price", "product", "quantity"):
            for end, value in zip(("from", "to"), more.pop(name, (..., ...)), strict=True):
                fields |= _named(name, end, value)
        fields |= more
        left_open = {name for name in OPEN if fields[name] in (None, ...)}
        self.expected.append(Expected({name: fields[name] for name in fields.keys() - left_open}, cause))

    def foresee(self, kind: str, units: float, at: str, **more: Any) -> None:
        """Say that a movement of ``units`` a month is scheduled for ``at``; ``more`` are other fields of it."""
        fields = {"kind": kind, "amount": round(units * 100), "occurred_at": instant(at)}
        self.foreseen.append({"customer": self.customer.id, "currency": "usd", **fields, **more})

    def check(self, *, ordered: bool = True) -> None:
        """Feed the events in every order: each must give the expected movements, and the same ones to the byte.

        The same holds of what is scheduled: the movements foreseen, and no others.

        ``ordered``: whether the rule book says which of the movements of one instant comes first.
        """
        first: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        for name, batches in orders(self.events):
            seen = looked_at(batches, self.settings)
            first = first or seen
            self.judge(seen[0], name, ordered)
            self.judge_ahead(seen[1], name)
            assert seen == first, f"{name}: not the same bytes as in order"

    def judge(self, lines: tuple[str, ...], name: str, ordered: bool = True) -> None:
        """Compare printed movements with the expected ones."""
        found, expected = [json.loads(line) for line in lines], self.expected
        keep_the_books(found)
        if not ordered:
            found.sort(key=_place)
            expected = sorted(expected, key=lambda one: _place(one.fields))
        assert [told(one) for one in found] == [told(one.fields) for one in expected], name
        for one, wanted in zip(found, expected, strict=True):
            has = {key: _second(one) if key == "occurred_at" else one[key] for key in wanted.fields}
            if not ordered:
                has |= {key: wanted.fields[key] for key in ("mrr_before", "mrr_after")}
            assert has == wanted.fields, f"{name}: {told(one)}"
            assert one["cause"] in wanted.cause, f"{name}: {told(one)} names {one['cause']} as its cause"

    def judge_ahead(self, lines: tuple[str, ...], name: str) -> None:
        """Compare what is scheduled with what was foreseen."""
        found = [json.loads(line) for line in lines if line.startswith("{")]
        assert [told(one) for one in found] == [told(one) for one in self.foreseen], name
        for one, wanted in zip(found, self.foreseen, strict=True):
            assert {key: _second(one) if key == "occurred_at" else one[key] for key in wanted} == wanted, name


def _second(movement: Json) -> int:
    told_at = movement["occurred_at"]
    return instant(told_at.removesuffix("Z")) if isinstance(told_at, str) else int(told_at)


def _place(movement: Json) -> tuple[int, str, str, int]:
    return _second(movement), movement["currency"], movement["kind"], movement["amount"]


def _named(name: str, end: str, value: Any) -> Json:
    if value is ...:
        return {}
    if not isinstance(value, Price):
        return {f"{name}_{end}": value}
    return {f"price_{end}": value.id, f"product_{end}": value.product}


def told(movement: Json) -> str:
    """Say a movement in a few words."""
    return f"{movement['kind']} {movement['amount'] / 100:+.2f} {movement['currency']}"


def keep_the_books(movements: list[Json]) -> None:
    """Check what holds for every ledger: balances are continuous, add up, and kinds agree with signs."""
    balance: Counter[tuple[str, str]] = Counter()
    for one in movements:
        assert one["driver"] in ALL_DRIVERS, f"an unknown driver: {one['driver']}"
        account = (one["customer"], one["currency"])
        assert one["mrr_before"] == balance[account], f"a gap before {told(one)}"
        assert one["mrr_after"] == one["mrr_before"] + one["amount"] >= 0, told(one)
        balance[account] = one["mrr_after"]
        sign = SIGNS.get(GROUPS[one["kind"]], 0)
        assert sign * one["amount"] >= 0, f"the wrong sign: {told(one)}"
        assert one["amount"] or one["kind"] == "churn", f"nothing moved: {told(one)}"
        assert one["cause"], f"{told(one)} names no cause"
        assert one["reason"], f"{told(one)} gives no reason"
    assert len({one["id"] for one in movements}) == len(movements), "two movements of one id"
    keys = [(one["occurred_at"], one["customer"]) for one in movements]
    assert keys == sorted(keys), "not oldest first"
