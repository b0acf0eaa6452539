"""Changing what a running subscription holds: prices, quantities, items; with prorations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from upswell_connectors.fake_stripe import billing, coupons
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.lines import period_lines, proration_lines
from upswell_connectors.fake_stripe.periods import period
from upswell_connectors.fake_stripe.subscriptions import Wanted, new_item, plan_renewal
from upswell_connectors.fake_stripe.values import Item, Line, Subscription

_Pair = tuple[Item | None, Item | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one item: another ``price``, another ``quantity``, or both; ``deleted`` takes it away."""

    item: str
    price: str | None = None
    quantity: int | None = None
    deleted: bool = False


def change(
    account: Account,
    subscription: str,
    changes: Sequence[Change] = (),
    *,
    add: Sequence[Wanted] = (),
    prorate: str = "create_prorations",
) -> None:
    """Change, take away and add items, all in one update.

    ``prorate`` as at Stripe: create_prorations (on the next invoice), always_invoice (at once) or none. Another
    billing interval begins a new period now, and is invoiced at once.
    """
    found = account.store.subscriptions[subscription]
    by_item = {change.item: change for change in changes}
    kept = [(item, _changed(account, item, by_item.get(item.id))) for item in found.items]
    added = [new_item(account, want, found.anchor) for want in add]
    after = replace(found, items=(*(item for _, item in kept if item is not None), *added))
    after = coupons.redeem_for_items(account, after, [want.coupon for want in add])
    if any(item and _interval(account, old) != _interval(account, item) for old, item in kept):
        _restart(account, found, after)
        return
    pairs: list[_Pair] = [(old, item) for old, item in kept if old != item]
    pairs += [(None, item) for item in added]
    lines = () if prorate == "none" or found.status == "trialing" else _prorations(account, found, pairs)
    if prorate == "always_invoice" and lines:
        _bill_now(account, after, lines)
    else:
        account.store.prorations[subscription] = (*account.store.prorations.get(subscription, ()), *lines)
        account.update(after)
    if min(item.end for item in after.items) != min(item.end for item in found.items):
        plan_renewal(account, after)


def _changed(account: Account, item: Item, wanted: Change | None) -> Item | None:
    """Return the item as wanted, or None where it is taken away; a metered price has no quantity."""
    if wanted is None:
        return item
    if wanted.deleted:
        return None
    price = wanted.price or item.price
    quantity = wanted.quantity if wanted.quantity is not None else item.quantity
    return replace(item, price=price, quantity=None if account.store.prices[price].meter else quantity)


def _interval(account: Account, item: Item) -> tuple[str, int]:
    price = account.store.prices[item.price]
    return price.interval, price.interval_count


def _prorations(account: Account, subscription: Subscription, pairs: Sequence[_Pair]) -> tuple[Line, ...]:
    return tuple(line for old, new in pairs for line in proration_lines(account, subscription, old, new))


def _restart(account: Account, before: Subscription, after: Subscription) -> None:
    """Begin new periods now: the old ones' rest is given back, the new ones' whole is charged."""
    given_back = _prorations(account, before, [(item, None) for item in before.items])
    items = tuple(_started(account, item) for item in after.items)
    restarted = replace(after, anchor=account.now, items=items)
    _bill_now(account, restarted, (*given_back, *period_lines(account, restarted, items)))
    plan_renewal(account, restarted)


def put_on_trial(account: Account, subscription: str, until: int, *, prorate: str = "none") -> None:
    """Let a running subscription be on trial until then, which moves its billing date: its periods begin anew there.

    ``prorate``, unless none, gives the rest of the paid period back on the trial's own invoice.
    """
    found = account.store.subscriptions[subscription]
    items = tuple(replace(item, start=account.now, end=until) for item in found.items)
    after = replace(found, status="trialing", trial_start=account.now, trial_end=until, anchor=until, items=items)
    back = () if prorate == "none" else _prorations(account, found, [(item, None) for item in found.items])
    _bill_now(account, after, (*back, *period_lines(account, after, items)))
    plan_renewal(account, after)


def _started(account: Account, item: Item) -> Item:
    start, end = period(account.now, account.store.prices[item.price], account.now)
    return replace(item, start=start, end=end)


def _bill_now(account: Account, after: Subscription, lines: Sequence[Line]) -> None:
    invoice = billing.draft(account, after, "subscription_update", lines)
    account.update(replace(after, latest_invoice=invoice.id))
    billing.finalize(account, invoice.id)


def holders(account: Account, price: str) -> list[str]:
    """Return the ids of the running subscriptions that hold ``price``."""
    return [
        found.id
        for found in account.store.subscriptions.values()
        if found.ended_at is None and any(item.price == price for item in found.items)
    ]


def move(account: Account, subscription: str, old: str, new: str) -> None:
    """Put a subscription from one price on another, billed from its next invoice on, unless it left meanwhile."""
    found = account.store.subscriptions[subscription]
    moved = [Change(item.id, new) for item in found.items if item.price == old]
    if moved and found.ended_at is None:
        change(account, subscription, moved, prorate="none")
