"""Statements: what the lines of invoices say of a subscription's items, and when."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from upswell.core.catalogue import Catalogue
from upswell.core.portfolio import Item
from upswell.core.prices import Price, is_free, monthly
from upswell.core.usage import Billed


@dataclass(frozen=True, slots=True)
class Statement:
    """An item had ``quantity`` of ``price`` from ``at`` on, or (``ends``) until ``at`` (unix seconds UTC).

    ``invoiced_at`` is when the invoice was made, and ``until`` how far what is billed reaches. ``whole`` is the charge
    for a period, not a proration; ``trial`` one that costs nothing though its price does. ``free`` is a proration of
    no amount, which does not tell whether something ended or began. ``discounts`` are the item's own, which only a
    whole charge tells.
    """

    at: int
    invoiced_at: int
    invoice: str
    item: str
    price: Price
    quantity: int | None
    until: int
    ends: bool = False
    whole: bool = False
    trial: bool = False
    free: bool = False
    discounts: tuple[str, ...] = ()

    @property
    def charges(self) -> bool:
        """Whether it is the charge for a period of a licensed price."""
        return self.whole and not self.price.metered

    def is_of(self, item: Item | None) -> bool:
        """Whether it says what ``item`` is."""
        return item is not None and (item.price.id, item.quantity) == (self.price.id, self.quantity)

    def taken(self, discounts: tuple[str, ...]) -> Item:
        """Return the item as it says, with these discounts."""
        return Item(self.item, self.price, self.quantity, discounts)


_Key = tuple[int, str, str, str, bool]
_Terms = tuple[str, int | None]


def statements(rows: Iterable[Billed], known: Sequence[Item], catalogue: Catalogue) -> list[Statement]:
    """Return what ``rows`` of one subscription say, oldest first; a voided invoice says nothing.

    ``known`` are items that a proration without one may be of. Raises LookupError for a price that nobody told of.
    """
    lines = [row for row in rows if row.line and row.price and not row.voided]
    owners = {row.price: row.item for row in lines if row.item} | {item.price.id: item.id for item in known}
    groups: defaultdict[_Key, list[Billed]] = defaultdict(list)
    for row in lines:
        if item := row.item or owners.get(row.price):
            groups[row.period_start, row.invoice, item, row.price, row.proration].append(row)
    found = [_charged(key, group, catalogue) for key, group in groups.items() if not key[-1]]
    found += _prorated({key: group for key, group in groups.items() if key[-1]}, catalogue)
    return sorted(found, key=lambda one: (one.at, one.invoiced_at, one.invoice, not one.ends, one.item, one.price.id))


def unbilled_since(rows: Iterable[Billed]) -> Billed | None:
    """Return the first cycle's invoice that was voided with all after it; None where the last one was not.

    That is what a pause of collection does to them while it lasts, if it voids what it bills.
    """
    headers = [row for row in rows if not row.line and row.billing_reason != "manual"]
    billed = max((row.invoiced_at for row in headers if not row.voided), default=-1)
    cycles = [row for row in headers if row.billing_reason == "subscription_cycle" and row.invoiced_at > billed]
    return min(cycles, key=lambda row: (row.invoiced_at, row.invoice), default=None)


def _price(name: str, invoice: str, catalogue: Catalogue) -> Price:
    if versions := catalogue.prices.get(name):
        return versions[-1].value
    if name in catalogue.shown:
        return catalogue.shown[name]
    raise LookupError(f"the invoice {invoice} names the price {name}, which nobody told of yet")


def _charged(key: _Key, rows: Sequence[Billed], catalogue: Catalogue) -> Statement:
    at, invoice, item, name, _ = key
    price = _price(name, invoice, catalogue)
    amount = sum(row.amount for row in rows)
    quantity = None if price.metered else _quantity(rows, price, amount)
    return Statement(
        *(at, rows[0].invoiced_at, invoice, item, price, quantity, max(row.period_end for row in rows)),
        whole=True,
        trial=bool(quantity) and not amount and not _costs_nothing(price, rows[0].currency),
        discounts=tuple(dict.fromkeys(discount for row in rows for discount in row.discounts)),
    )


def _quantity(rows: Sequence[Billed], price: Price, amount: int) -> int:
    """Return the quantity that a charge is for: tiers come as lines of their own, flat fees perhaps too."""
    counts = sorted((1 if row.quantity is None else row.quantity for row in rows), reverse=True)
    if len(counts) == 1:
        return counts[0]
    total = sum(counts)
    sums: list[int] = [total, *reversed(list(accumulate(counts))), *range(total - 1, max(-1, total - 1000), -1)]
    try:
        return next(one for one in sums if monthly(price, rows[0].currency, one) * price.months == amount)
    except (LookupError, StopIteration):
        return total


def _costs_nothing(price: Price, currency: str) -> bool:
    try:
        return is_free(price, currency)
    except LookupError:
        return False


def _prorated(groups: Mapping[_Key, Sequence[Billed]], catalogue: Catalogue) -> Iterator[Statement]:
    """Yield what prorations say: the unused time of the old is given back, the rest on the new is charged."""
    moments: defaultdict[tuple[int, str, str], list[Billed]] = defaultdict(list)
    for (at, invoice, item, *_), rows in groups.items():
        moments[at, invoice, item] += rows
    for (at, invoice, item), rows in moments.items():
        for sign, row in _ends_and_beginnings(rows):
            price = _price(row.price, invoice, catalogue)
            quantity = None if price.metered else 1 if row.quantity is None else row.quantity
            said = Statement(at, row.invoiced_at, invoice, item, price, quantity, row.period_end)
            yield replace(said, ends=sign < 0, free=not sign)


def _ends_and_beginnings(rows: Sequence[Billed]) -> Iterator[tuple[int, Billed]]:
    """Yield what one item was before its prorations of one moment (-1), what after it (1), and what may be either (0).

    Of several changes at once the steps between cancel out. A line of no amount is the free side of a swap.
    """
    by_terms = {(row.price, row.quantity): row for row in rows}
    balance: Counter[_Terms] = Counter()
    for row in rows:
        balance[row.price, row.quantity] += (row.amount > 0) - (row.amount < 0)
    free = Counter((row.price, row.quantity) for row in rows if not row.amount)
    left = [terms for terms, count in free.items() if count % 2]
    sides = {sign: [terms for terms, net in balance.items() if net * sign > 0] for sign in (-1, 1)}
    if not any(sides.values()):
        yield from ((0, by_terms[terms]) for terms in sorted(left, key=_size))
        return
    for sign, terms in sides.items():
        for name in sorted(terms or left, key=_size)[-1:]:
            yield sign, by_terms[name]


def _size(terms: _Terms) -> tuple[int, str]:
    price, quantity = terms
    return quantity or 0, price
