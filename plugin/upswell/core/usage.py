"""Billed usage: which figure a metered item has, and since when; and the rows of invoices that tell it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

from upswell.core.portfolio import Item

_DAY = 86_400
_SLACK = 3 * _DAY
"""Calendar months differ by up to three days; a period this much short of its interval still is a whole one."""


@dataclass(frozen=True, slots=True)
class Billed:
    """One line of a finalized invoice, or (``line`` empty) the invoice itself.

    ``amount`` is in minor units before discounts, credits and tax; times are unix seconds UTC. ``price`` and
    ``quantity`` are the line's, which on a ``proration`` are the subscription's and no difference; ``item`` is empty
    where the line names none. ``discounts`` are ids: an invoice's are those of all its lines, a line's are its own;
    ``off`` is what each took off the line, by id.
    """

    invoice: str
    line: str
    subscription: str
    item: str
    period_start: int
    period_end: int
    amount: int
    currency: str
    billing_reason: str
    invoiced_at: int
    finalized_at: int
    voided: bool
    price: str = ""
    quantity: int | None = None
    proration: bool = False
    discounts: tuple[str, ...] = ()
    off: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """An item's billed usage in minor units a month, standing from ``at`` until the next; told by ``invoice``."""

    item: str
    subscription: str
    at: int
    monthly: Fraction
    invoice: str


Held = Callable[[str, int], Sequence[Item]]
"""The items a subscription held at a moment."""


def figures(billed: Iterable[Billed], held: Held) -> list[Figure]:
    """Return the figures that ``billed`` sets, oldest first.

    A figure is the sum of an item's lines for one closed period over finalized, unvoided invoices, divided by
    the price's interval; a period shorter than the interval sets nothing; a closed one without a line is 0.
    """
    lines: defaultdict[tuple[str, str], list[Billed]] = defaultdict(list)
    rows = [row for row in billed if not row.proration]
    told = {(row.invoice, row.item) for row in rows}
    ends = {(row.subscription, row.item, row.period_end) for row in rows if row.line}
    for row in rows:
        if row.line:
            lines[row.subscription, row.item].append(row)
    for row in sorted((row for row in rows if not row.line), key=lambda row: (row.invoiced_at, row.invoice)):
        for silent, closed in _closed_by(row, held, ends):
            if (row.invoice, silent.id) not in told:
                lines[row.subscription, silent.id].append(closed)
                ends.add((row.subscription, silent.id, closed.period_end))
    found = []
    for (subscription, name), of_item in lines.items():
        for period in _periods(of_item):
            item = _item(held(subscription, max(row.period_end for row in period) - 1), name)
            if item and item.price.metered and _whole(period, item):
                found.append(_figure(subscription, item, period))
    return sorted(found, key=lambda figure: (figure.at, figure.item, figure.invoice))


def _closed_by(invoice: Billed, held: Held, ends: set[tuple[str, str, int]]) -> Iterator[tuple[Item, Billed]]:
    """Yield the metered items that a cycle's invoice closes a period for, line or no line, with that period.

    Where a subscription's items have several intervals, it is the cycle of those whose last period ends (``ends``, by
    subscription and item) one interval before.
    """
    items = held(invoice.subscription, invoice.invoiced_at)
    if invoice.billing_reason != "subscription_cycle":
        return
    alike = len({item.price.months for item in items}) == 1
    for item in items:
        start = _shifted(invoice.invoiced_at, item, -1)
        if not alike and (invoice.subscription, item.id, start) not in ends:
            continue
        if item.price.metered and _item(held(invoice.subscription, start + _SLACK), item.id):
            yield item, replace(invoice, period_start=start, period_end=invoice.invoiced_at)


def _periods(rows: Sequence[Billed]) -> Iterable[list[Billed]]:
    """Group an item's rows by closed period: an invoice's rows, and the threshold invoices inside its period.

    A line of no time at all, as an item that ends at once may leave, is in no period.
    """
    closed = [row for row in rows if _is_closed(row)]
    ends = sorted({_end(row, closed) for row in closed if row.billing_reason != "subscription_threshold"})
    previous = None
    for end in ends:
        found = [
            row
            for row in closed
            if (previous is None or row.period_end > previous) and row.period_end <= end and row.period_start < end
        ]
        if found:
            yield found
        previous = end


def _is_closed(row: Billed) -> bool:
    if row.billing_reason == "subscription_threshold":
        return True
    return row.billing_reason != "subscription_create" and row.period_end <= row.finalized_at


def _end(row: Billed, rows: Sequence[Billed]) -> int:
    return max(other.period_end for other in rows if other.invoice == row.invoice)


def _item(items: Sequence[Item], name: str) -> Item | None:
    return next((item for item in items if item.id == name), None)


def _whole(period: Sequence[Billed], item: Item) -> bool:
    start, end = min(row.period_start for row in period), max(row.period_end for row in period)
    slack = _SLACK if item.price.interval in {"month", "year"} else 0
    return end + slack >= _shifted(start, item, 1)


def _shifted(moment: int, item: Item, times: int) -> int:
    """Return ``moment`` (unix seconds UTC) moved by an item's interval; days past a month's end run on."""
    count = item.price.interval_count * times
    if item.price.interval in {"day", "week"}:
        return moment + count * _DAY * (7 if item.price.interval == "week" else 1)
    months = count * (12 if item.price.interval == "year" else 1)
    day = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = day.replace(year=year, month=month + 1, day=1)
    return int(first.timestamp()) + (day.day - 1) * _DAY


def _figure(subscription: str, item: Item, period: Sequence[Billed]) -> Figure:
    last = max(period, key=lambda row: (row.finalized_at, row.invoice))
    amount = sum(row.amount for row in period if not row.voided)
    return Figure(item.id, subscription, last.finalized_at, Fraction(amount) / item.price.months, last.invoice)
