"""Holdings: what a customer holds, in words and numbers."""

from dataclasses import dataclass
from fractions import Fraction

from upswell.core.catalogue import Catalogue
from upswell.core.money import plain
from upswell.core.portfolio import Portfolio, Position
from upswell.core.prices import Amounts, Price, reached
from upswell.core.reasons import cut_words, label


@dataclass(frozen=True, slots=True)
class Holding:
    """A position in words and numbers: ``before_discounts`` and ``mrr`` are whole minor units a month.

    ``terms`` say what its price asks: ``10.00 a month each``.
    """

    name: str
    item: str
    subscription: str
    price: str
    quantity: int | None
    currency: str
    terms: str
    before_discounts: int
    discounts: str
    mrr: int


def holdings(held: Portfolio, catalogue: Catalogue) -> tuple[Holding, ...]:
    """Return the positions of ``held`` in words and numbers, the largest first."""
    largest = sorted(held.positions.values(), key=lambda position: (-position.monthly, position.item))
    return tuple(_holding(position, held.amounts[position.item], catalogue) for position in largest)


def _holding(position: Position, amount: int, catalogue: Catalogue) -> Holding:
    return Holding(
        name=label(position, catalogue),
        item=position.item,
        subscription=position.subscription,
        price=position.price.id,
        quantity=position.quantity,
        currency=position.currency,
        terms=_terms(position),
        before_discounts=round(position.monthly),
        discounts=_discounts(position, catalogue),
        mrr=amount,
    )


def _discounts(position: Position, catalogue: Catalogue) -> str:
    """Say what discounts take off, each with its coupon's name: ``20 % off (Launch)``."""
    words = []
    for cut in position.cuts:
        coupon = catalogue.coupon(catalogue.discounts[cut.discount][-1].value)
        words.append(f"{cut_words((cut,), position.currency)} ({coupon.name or coupon.id})")
    return " and ".join(words) or cut_words((), position.currency)


def _terms(position: Position) -> str:
    """Say what the price asks in one interval, for each of several units or by tiers."""
    price = position.price
    if price.metered:
        return "billed usage" if position.figure is not None else "usage, none billed yet"
    amounts = price.amounts_in(position.currency)
    if price.mode != "per_unit":
        asked = f"{_tiers(position, amounts)} " if amounts else ""
        return f"{asked}{_interval(price)} ({price.mode} tiers)"
    unit = plain(Fraction(amounts.unit if amounts and amounts.unit else 0), position.currency)
    each = f" per {price.divide_by}" if price.divide_by else " each" if (position.quantity or 1) != 1 else ""
    return f"{unit} {_interval(price)}{each}"


def _tiers(position: Position, amounts: Amounts) -> str:
    """Say what the tiers that are reached ask: ``5 × 7.00 + 1 × 6.50``."""
    parts = []
    for units, tier in reached(position.price, amounts, 1 if position.quantity is None else position.quantity):
        if units:
            parts.append(f"{units} × {plain(Fraction(tier.unit), position.currency)}")
        if flat := Fraction(tier.flat):
            parts.append(f"{plain(flat, position.currency)} flat")
    return " + ".join(parts) or "nothing"


def _interval(price: Price) -> str:
    if price.interval is None:
        return "once"
    return f"a {price.interval}" if price.interval_count == 1 else f"every {price.interval_count} {price.interval}s"
