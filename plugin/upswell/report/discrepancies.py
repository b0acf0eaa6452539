"""Discrepancies: in what a subscription is another in the ledger than Stripe shows it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from upswell.core.catalogue import Catalogue
from upswell.core.chains import live
from upswell.core.money import Exact
from upswell.core.portfolio import Item, Subscription
from upswell.core.prices import Price, monthly

PRICE_AMOUNTS = "price amounts"
"""What differs where a price costs another amount: no event can have been missed."""

ENDED = frozenset({"canceled", "incomplete_expired"})
"""The statuses of subscriptions that are over."""


@dataclass(frozen=True, slots=True)
class Unlike:
    """One thing that differs, in words: what it is in the ledger and at Stripe; None where it is not there."""

    what: str
    ledger: str | None
    stripe: str | None


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A subscription that is another in the ledger than at Stripe, and why.

    ``customer`` is that of the summary. MRR is what the rules make of either, in minor units a month, None where that
    cannot be said. ``healed``: a movement has closed it since.
    """

    subscription: str
    customer: str
    currency: str
    cause: str
    unlike: tuple[Unlike, ...]
    mrr_ledger: int | None = None
    mrr_stripe: int | None = None
    healed: bool = False


def unlike(held: Subscription, shown: Subscription, at: int, catalogue: Catalogue) -> tuple[Unlike, ...]:
    """Return in what ``held``, as the ledger has it, is other than ``shown``, as they are at ``at`` (unix seconds UTC).

    Discounts that are over do not count, and nothing does where both have ended.
    """
    if held.status in ENDED and shown.status in ENDED:
        return ()
    found = [Unlike(what, read(held), read(shown)) for what, read in _PARTS.items() if read(held) != read(shown)]
    of_both = [_joined(live(one.discounts, at, catalogue)) for one in (held, shown)]
    if of_both[0] != of_both[1]:
        found.append(Unlike("discounts", *of_both))
    items = [{item.id: item for item in one.items} for one in (held, shown)]
    for name in sorted({**items[0], **items[1]}):
        found += _of_item(name, items[0].get(name), items[1].get(name), shown.currency, at, catalogue)
    return tuple(found)


def _of_item(
    name: str, held: Item | None, shown: Item | None, currency: str, at: int, catalogue: Catalogue
) -> Iterator[Unlike]:
    if held is None or shown is None:
        yield Unlike(f"item {name}", _units(held), _units(shown))
        return
    if held.price.id != shown.price.id:
        yield Unlike(f"price of {name}", held.price.id, shown.price.id)
    elif costs := _costs(held, shown, currency, catalogue):
        yield Unlike(f"{PRICE_AMOUNTS} of {held.price.id}", *costs)
    if (held.quantity or 0) != (shown.quantity or 0):
        yield Unlike(f"quantity of {name}", str(held.quantity or 0), str(shown.quantity or 0))
    of_both = [_joined(live(item.discounts, at, catalogue)) for item in (held, shown)]
    if of_both[0] != of_both[1]:
        yield Unlike(f"discounts of {name}", *of_both)


def _costs(held: Item, shown: Item, currency: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """Return what an item costs by the ledger and by Stripe, minor units a month, where both are known and differ."""
    costs = [_cost(price, currency, shown.quantity) for price in (catalogue.price(held.price), shown.price)]
    if None in costs or costs[0] == costs[1]:
        return None
    return str(costs[0]), str(costs[1])


def _cost(price: Price, currency: str, quantity: int | None) -> Exact | None:
    try:
        return monthly(price, currency, 1 if quantity is None else quantity)
    except LookupError:
        return None


def _units(item: Item | None) -> str | None:
    if item is None:
        return None
    return item.price.id if item.quantity is None else f"{item.price.id} × {item.quantity}"


def _joined(names: Sequence[str]) -> str | None:
    return ", ".join(names) or None


_PARTS: dict[str, Callable[[Subscription], str | None]] = {
    "status": lambda one: one.status,
    "collection paused": lambda one: one.pause,
    "set to end": lambda one: "yes" if one.cancels else None,
    "currency": lambda one: one.currency,
}
