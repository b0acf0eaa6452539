"""Discounts: which are in force, and what they take off."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import floor

from upswell.core.money import Exact
from upswell.core.rules import Rules

COUNTED_DURATIONS = {
    "recurring": frozenset({"forever", "repeating"}),
    "forever": frozenset({"forever"}),
    "all": frozenset({"forever", "repeating", "once"}),
    "none": frozenset[str](),
}


@dataclass(frozen=True, slots=True)
class Coupon:
    """What a discount is worth: ``percent_off`` (decimal string) or ``amounts_off`` (minor units by currency).

    ``products`` None: every product, as far as the payload says. ``created`` is unix seconds UTC; ``months`` is how
    long a repeating one lasts.
    """

    id: str
    duration: str
    percent_off: str | None = None
    amounts_off: tuple[tuple[str, int], ...] = ()
    products: tuple[str, ...] | None = None
    name: str | None = None
    created: int = 0
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon applied to a customer, a subscription or an item from ``start`` to ``end`` (unix seconds UTC).

    ``coupon`` is the whole coupon where the payload carries it, else its id. ``gone`` marks a removed discount.
    """

    id: str
    coupon: Coupon | str
    start: int
    end: int | None = None
    customer: str | None = None
    subscription: str | None = None
    item: str | None = None
    gone: bool = False

    @property
    def coupon_id(self) -> str:
        """The coupon's id, carried whole or not."""
        return self.coupon if isinstance(self.coupon, str) else self.coupon.id


@dataclass(frozen=True, slots=True)
class Cut:
    """A discount in force, in one currency: ``percent`` (a fraction of 1) or ``amount`` (minor units an invoice).

    ``own`` marks an item's own discount, which comes before its subscription's. ``kept`` follows from the percentage:
    what it leaves, as a fraction of 1.
    """

    discount: str
    own: bool
    percent: Fraction | None
    amount: int
    products: tuple[str, ...] | None = None
    kept: Fraction = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kept", max(1 - (self.percent or 0), Fraction(0)))


@dataclass(frozen=True, slots=True)
class Priced:
    """What discounts work on: an item's amount a month before discounts, its interval in months, its cuts."""

    item: str
    monthly: Exact
    months: Fraction
    cuts: tuple[Cut, ...]


def cut(discount: str, coupon: Coupon, currency: str, rules: Rules, *, own: bool = False) -> Cut | None:
    """Return what ``coupon`` takes off in ``currency``, or None where the rules do not count it."""
    if coupon.duration not in COUNTED_DURATIONS[rules.discounts]:
        return None
    if coupon.percent_off is not None:
        return Cut(discount, own, _share(coupon.percent_off), 0, coupon.products)
    amount = dict(coupon.amounts_off).get(currency, 0)
    return Cut(discount, own, None, amount, coupon.products) if amount else None


@lru_cache(maxsize=100)
def _share(percent: str) -> Fraction:
    return Fraction(percent) / 100


def eligible(cuts: Iterable[Cut], product: str) -> tuple[Cut, ...]:
    """Return those of ``cuts`` that apply to ``product``."""
    return tuple([cut for cut in cuts if cut.products is None or product in cut.products])


def discounted(rows: Sequence[Priced]) -> Mapping[str, Exact]:
    """Return each item's amount a month after discounts, for the items of one subscription.

    Item discounts come first, then the subscription's in array order. An amount off comes off each invoice of
    the shortest interval among its items, in whole minor units, and never takes more than is there.
    """
    left = {row.item: row.monthly for row in rows}
    for name in _in_order(rows):
        held = [(row, cut) for row in rows for cut in row.cuts if cut.discount == name]
        if held[0][1].own:
            for row, cut in held:
                _take(left, [row], cut)
        else:
            _take(left, [row for row, _ in held], held[0][1])
    return left


def _in_order(rows: Sequence[Priced]) -> Iterator[str]:
    """Yield each discount after those that come before it on any item.

    Where two items disagree, as they may half way between two states, the id settles it.
    """
    first, *others = queues = [[cut.discount for cut in row.cuts] for row in rows]
    if all(queue == first for queue in others):
        yield from dict.fromkeys(first)
        return
    while queues := [queue for queue in queues if queue]:
        heads = {queue[0] for queue in queues}
        free = [name for name in heads if all(name not in queue[1:] for queue in queues)]
        name = min(free or heads)
        yield name
        queues = [[other for other in queue if other != name] for queue in queues]


def _take(left: dict[str, Exact], rows: Sequence[Priced], cut: Cut) -> None:
    if cut.percent is not None:
        for row in rows:
            left[row.item] *= cut.kept
        return
    shortest = min((row.months for row in rows if row.months), default=None)
    billed = [row for row in rows if row.months == shortest]
    shares = _spread(cut.amount, {row.item: left[row.item] * row.months for row in billed})
    for row in billed:
        left[row.item] -= min(shares[row.item] / row.months, left[row.item])


def _spread(amount: int, due: Mapping[str, Fraction]) -> Mapping[str, Fraction]:
    """Spread ``amount`` over what is ``due``: whole minor units, largest remainder, ties by item id."""
    total = sum(due.values(), Fraction(0))
    if total <= amount:
        return due
    exact = {item: amount * value / total for item, value in due.items()}
    shares = {item: Fraction(floor(value)) for item, value in exact.items()}
    missing = amount - sum(shares.values())
    for item in sorted(exact, key=lambda item: (shares[item] - exact[item], item))[: int(missing)]:
        shares[item] += 1
    return shares
