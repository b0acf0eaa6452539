"""Lost terms: what a discount took off and what a price cost, where they are gone and only invoices tell of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from upswell.core.catalogue import Catalogue, Version
from upswell.core.discounts import Coupon, Discount
from upswell.core.prices import Amounts, Price
from upswell.core.usage import Billed

_DAY = 86_400
_LENGTHS = (
    (28, 31, "month", 1),
    (59, 62, "month", 2),
    (89, 92, "month", 3),
    (120, 123, "month", 4),
    (181, 184, "month", 6),
    (365, 366, "year", 1),
    (730, 731, "year", 2),
    (1095, 1096, "year", 3),
)
"""Least and most days of a period, and the interval and its count that this is; all others are weeks or days."""

_TENTHS = sorted(range(1, 1001), key=lambda tenths: (tenths % 50 > 0, tenths % 10 > 0, tenths))
"""Percentages in tenths, those that people give first."""


def recovered(catalogue: Catalogue, billed: Sequence[Billed], deleted: Collection[str] = ()) -> Catalogue:
    """Return ``catalogue`` with the terms of discounts and prices that only invoices tell of, as far as they say.

    Prices are those that Stripe was asked for and does not know any more (``deleted``). A discount on one invoice only
    was good for one.
    What takes the same share off every line is a percentage, anything else an amount: that of the last invoice.
    """
    return _with_discounts(_with_prices(catalogue, billed, deleted), billed)


def _with_prices(catalogue: Catalogue, billed: Iterable[Billed], deleted: Collection[str]) -> Catalogue:
    charges: defaultdict[str, list[Billed]] = defaultdict(list)
    for row in billed if deleted else ():
        if row.price in deleted and _is_whole(row):
            charges[row.price].append(row)
    found = {
        name: [Version(min(row.period_start for row in rows), "", _price(name, rows))]
        for name, rows in charges.items()
        if name not in catalogue.prices and name not in catalogue.shown
    }
    return replace(catalogue, prices={**catalogue.prices, **found}) if found else catalogue


def _is_whole(row: Billed) -> bool:
    """Whether a line charges for one whole period."""
    partial = row.proration or row.billing_reason == "subscription_threshold"
    return bool(row.line) and not partial and not row.voided and row.period_end - row.period_start >= _DAY


def _price(name: str, rows: Sequence[Billed]) -> Price:
    """Return a price as its whole lines charge for it: what the last charge of all its tiers comes to for a unit.

    Those that cost something tell; a period that had ended when it was billed is one of usage.
    """
    paid = [row for row in rows if row.amount > 0] or rows
    last = max(paid, key=lambda row: (row.period_start, row.invoice, row.item))
    charge = [row for row in paid if (row.invoice, row.item) == (last.invoice, last.item)]
    units = sum(1 if row.quantity is None else row.quantity for row in charge) or 1
    unit = f"{Decimal(sum(row.amount for row in charge)) / units:.12f}".rstrip("0").rstrip(".")
    interval, count = _interval(max(round((row.period_end - row.period_start) / _DAY) for row in paid))
    usage = "metered" if all(row.period_end <= row.invoiced_at for row in rows) else "licensed"
    return Price(name, name, last.currency, interval, count, usage, amounts=Amounts(unit))


def _interval(days: int) -> tuple[str, int]:
    """Return the interval that a period of so many days is, and its count; of 28 days it is a month."""
    for least, most, interval, count in _LENGTHS:
        if least <= days <= most:
            return interval, count
    return ("day", days) if days % 7 else ("week", days // 7)


def _with_discounts(catalogue: Catalogue, billed: Sequence[Billed]) -> Catalogue:
    carrying: defaultdict[str, list[Billed]] = defaultdict(list)
    for row in billed:
        if (row.discounts or row.off) and not row.voided:
            for name in {*row.discounts, *dict(row.off)}:
                carrying[name].append(row)
    lost = [name for name in sorted(carrying) if _is_lost(name, catalogue)]
    if not lost:
        return catalogue
    discounts, coupons = dict(catalogue.discounts), dict(catalogue.coupons)
    for name in lost:
        if found := _terms(name, carrying[name], billed, catalogue):
            start, coupon = found
            known = catalogue.discounts.get(name)
            if known:
                coupons[known[-1].value.coupon_id] = [Version(start, "", replace(coupon, id=known[-1].value.coupon_id))]
            else:
                discount = Discount(name, coupon, start, subscription=carrying[name][0].subscription)
                discounts[name] = [Version(start, "", discount)]
    return replace(catalogue, discounts=discounts, coupons=coupons)


def _is_lost(name: str, catalogue: Catalogue) -> bool:
    versions = catalogue.discounts.get(name)
    if not versions:
        return True
    try:
        catalogue.coupon(versions[-1].value)
    except LookupError:
        return True
    return False


def _terms(
    name: str, rows: Sequence[Billed], billed: Iterable[Billed], catalogue: Catalogue
) -> tuple[int, Coupon] | None:
    """Return when a discount was first on an invoice and what it takes off; None where no line says how much."""
    cut = [(row, _base(row, name), dict(row.off)[name]) for row in rows if name in dict(row.off) and not row.proration]
    if not cut:
        return None
    start = min(row.period_start if row.line else row.invoiced_at for row in rows)
    invoices = {row.invoice for row in rows}
    duration = "forever" if len(invoices) > 1 else "once"
    spared = [row for row in billed if row.line and row.invoice in invoices and row.amount > 0 and not row.proration]
    products = _products((row for row, *_ in cut), (row for row in spared if name not in dict(row.off)), catalogue)
    share = _percent([(base, off) for _, base, off in cut])
    if share is not None:
        return start, Coupon(name, duration, percent_off=share, products=products)
    last = max(row.invoiced_at for row, *_ in cut)
    amount = sum(off for row, _, off in cut if row.invoiced_at == last)
    return start, Coupon(name, duration, amounts_off=((cut[0][0].currency, amount),), products=products)


def _base(row: Billed, name: str) -> int:
    """Return what was left of a line when the discount's turn came."""
    before = [off for other, off in row.off[: [other for other, _ in row.off].index(name)]]
    return row.amount - sum(before)


def _percent(cut: Sequence[tuple[int, int]]) -> str | None:
    for tenths in _TENTHS:
        if all(abs(Fraction(base * tenths, 1000) - off) <= Fraction(1, 2) for base, off in cut):
            return f"{tenths // 10}.{tenths % 10}"
    return None


def _products(cut: Iterable[Billed], spared: Iterable[Billed], catalogue: Catalogue) -> tuple[str, ...] | None:
    """Return the products that a discount is for, where it left others alone; None: for all."""
    of_cut, of_spared = (
        {catalogue.prices[row.price][-1].value.product for row in rows if row.price in catalogue.prices}
        for rows in (cut, spared)
    )
    return tuple(sorted(of_cut)) if of_spared - of_cut else None
