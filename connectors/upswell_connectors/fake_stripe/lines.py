"""Invoice lines: whole periods, usage, and prorations."""

from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache

from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.amounts import Charge, charges, full_amount, prorated
from upswell_connectors.fake_stripe.values import Item, Line, Price, Subscription

_SIGNS = {"usd": "$", "eur": "€"}


def period_lines(account: Account, subscription: Subscription, items: Iterable[Item]) -> tuple[Line, ...]:
    """Charge for the current period of each licensed item; a trial's costs nothing."""
    lines: list[Line] = []
    for item in items:
        if item.quantity is None:
            continue
        if subscription.status == "trialing":
            lines.append(_free(account, subscription, item))
        else:
            lines.extend(_charged(account, subscription, item, item.quantity))
    return tuple(lines)


def usage_lines(account: Account, subscription: Subscription, items: Iterable[Item]) -> tuple[Line, ...]:
    """Charge for what each metered item used in the period that ends now, and begin counting again."""
    return tuple(
        line
        for item in items
        if item.quantity is None
        for line in _charged(account, subscription, item, account.store.usage.pop(item.id, 0))
    )


def proration_lines(
    account: Account, subscription: Subscription, before: Item | None, after: Item | None
) -> tuple[Line, ...]:
    """Give back the rest of the period on ``before`` and charge it on ``after``; either may be missing."""
    lines = []
    if before is not None and before.quantity is not None:
        lines.append(_prorated(account, subscription, before, -1))
    if after is not None and after.quantity is not None:
        lines.append(_prorated(account, subscription, after, 1))
    return tuple(line for line in lines if line.amount)


def _charged(account: Account, subscription: Subscription, item: Item, quantity: int) -> list[Line]:
    price = account.store.prices[item.price]
    return [
        Line(
            id=account.ids.make("il"),
            amount=charge.amount,
            description=_described(charge, _name(account, price), price),
            start=item.start,
            end=item.end,
            price=price.id,
            quantity=charge.quantity,
            subscription=subscription.id,
            item=item.id,
            unit_amount=charge.unit_amount,
        )
        for charge in charges(price, quantity)
    ]


def _described(charge: Charge, name: str, price: Price) -> str:
    return f"{charge.quantity} × {name} (at {_rate(price.currency, price.interval, charge.unit_amount)})"


def _free(account: Account, subscription: Subscription, item: Item) -> Line:
    price = account.store.prices[item.price]
    return Line(
        id=account.ids.make("il"),
        amount=0,
        description=f"Trial period for {_name(account, price)}",
        start=item.start,
        end=item.end,
        price=price.id,
        quantity=item.quantity or 0,
        subscription=subscription.id,
        item=item.id,
        unit_amount="0",
    )


def _prorated(account: Account, subscription: Subscription, item: Item, sign: int) -> Line:
    price = account.store.prices[item.price]
    quantity = item.quantity or 0
    share = Fraction(item.end - account.now, item.end - item.start)
    units = f"{quantity} × " if quantity != 1 else ""
    day = datetime.fromtimestamp(account.now, UTC).strftime("%d %b %Y")
    return Line(
        id=account.ids.make("il"),
        amount=prorated(sign * full_amount(price, quantity), share),
        description=f"{'Remaining' if sign > 0 else 'Unused'} time on {units}{_name(account, price)} after {day}",
        start=account.now,
        end=item.end,
        price=price.id,
        quantity=quantity,
        subscription=subscription.id,
        item=item.id,
        unit_amount=None,
        invoice_item=account.ids.make("ii"),
        credits=account.store.billed.get(item.id) if sign < 0 else None,
    )


def _name(account: Account, price: Price) -> str:
    return account.store.products[price.product].name


@lru_cache(maxsize=4096)
def _rate(currency: str, interval: str, unit_amount: str | None) -> str:
    amount = Fraction(unit_amount or "0") / 100
    return f"{_SIGNS[currency]}{float(amount):.2f} / {interval}"
