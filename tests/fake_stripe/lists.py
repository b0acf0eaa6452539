"""What the account's lists show after its year: every object as it was told last, with what an expansion adds."""

from collections.abc import Iterator
from typing import Any

from upswell_connectors.fake_stripe.account import Account

Shape = dict[str, Any]


def listed(account: Account) -> Iterator[Shape]:
    """Yield the catalogue, the customers, the subscriptions and the finalized invoices of ``account``."""
    last: dict[str, Shape] = {}
    for event in account.events:
        last[event["data"]["object"]["id"]] = event["data"]["object"]
    for found in last.values():
        if found["object"] != "discount":
            yield _ADDED.get(found["object"], _nothing)(found, account, last)


def _nothing(found: Shape, _account: Account, _last: dict[str, Shape]) -> Shape:
    return found


def _price(found: Shape, account: Account, _last: dict[str, Shape]) -> Shape:
    tiers = account.store.prices[found["id"]].tiers
    shown = [
        {"up_to": tier.up_to, "unit_amount_decimal": tier.unit_amount, "flat_amount": tier.flat_amount}
        for tier in tiers
    ]
    return found | ({"tiers": shown} if tiers else {})


def _coupon(found: Shape, account: Account, _last: dict[str, Shape]) -> Shape:
    products = account.store.coupons[found["id"]].products
    return found | ({"applies_to": {"products": list(products)}} if products else {})


def _with_discounts(found: Shape, _account: Account, last: dict[str, Shape]) -> Shape:
    return found | {"discounts": [last[name] for name in found["discounts"]]}


_ADDED = {"price": _price, "coupon": _coupon, "subscription": _with_discounts, "invoice": _with_discounts}
