"""Prices: every shape Stripe knows, and what a quantity of one costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from upswell.core.money import Exact, exact

MONTHS = {"month": Fraction(1), "year": Fraction(12), "week": Fraction(12, 52), "day": Fraction(12, 365)}
"""Months in one billing interval."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a tiered price. Amounts are decimal strings of minor units; ``up_to`` None has no upper end."""

    up_to: int | None
    unit: str = "0"
    flat: str = "0"


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a price costs in one currency: ``unit`` for per-unit prices, ``tiers`` for tiered ones.

    Both None: the payload did not carry them.
    """

    unit: str | None = None
    tiers: tuple[Tier, ...] | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A Stripe price as one payload shows it.

    ``interval`` is None for a one-time price; ``usage`` is licensed or metered; ``mode`` is per_unit, graduated
    or volume. ``divide_by`` and ``round_up`` are Stripe's transform_quantity. ``created`` is unix seconds UTC;
    ``meter`` is the id of the billing meter whose units it bills.
    """

    id: str
    product: str
    currency: str
    interval: str | None = None
    interval_count: int = 1
    usage: str = "licensed"
    mode: str = "per_unit"
    amounts: Amounts = Amounts()
    other_currencies: Mapping[str, Amounts] = field(default_factory=dict)
    divide_by: int | None = None
    round_up: bool = False
    nickname: str | None = None
    lookup_key: str | None = None
    active: bool = True
    created: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    meter: str | None = None

    def __hash__(self) -> int:
        """Hash by id alone: what a price costs is asked for often, and remembered."""
        return hash(self.id)

    @property
    def metered(self) -> bool:
        """Whether it bills usage after the fact; its licensed MRR is then 0."""
        return self.usage == "metered"

    @property
    def months(self) -> Fraction:
        """How many months one billing period lasts; 0 for a one-time price."""
        return _months(self.interval, self.interval_count) if self.interval else Fraction(0)

    def amounts_in(self, currency: str) -> Amounts | None:
        """Return the amounts in ``currency``, or None where this payload does not hold them."""
        held = self.amounts if currency == self.currency else self.other_currencies.get(currency)
        wanted = None if held is None else (held.unit if self.mode == "per_unit" else held.tiers)
        return None if wanted is None else held


@lru_cache(maxsize=100)
def _months(interval: str, count: int) -> Fraction:
    return MONTHS[interval] * count


def completed(price: Price, other: Price) -> Price:
    """Return ``price`` with the amounts and the meter that it lacks taken from ``other``, another payload of it."""
    own = price.amounts
    amounts = Amounts(
        own.unit if own.unit is not None else other.amounts.unit,
        own.tiers if own.tiers is not None else other.amounts.tiers,
    )
    others = {**other.other_currencies, **price.other_currencies}
    meter = price.meter or other.meter
    if (amounts, others, meter) == (own, price.other_currencies, price.meter):
        return price
    return replace(price, amounts=amounts, other_currencies=others, meter=meter)


@lru_cache(maxsize=10_000)
def monthly(price: Price, currency: str, quantity: int) -> Exact:
    """Return what ``quantity`` of a licensed ``price`` costs, in minor units of ``currency`` a month, unrounded.

    A metered or one-time price is 0. Raises LookupError where the price's amounts are not known.
    """
    if price.metered or not price.months:
        return 0
    amounts = price.amounts_in(currency)
    if amounts is None:
        raise LookupError(price.id)
    return exact(_SHAPES[price.mode](price, amounts, quantity) / price.months)


@lru_cache(maxsize=10_000)
def is_free(price: Price, currency: str) -> bool:
    """Whether every amount of ``price`` is zero. Raises LookupError where they are not known."""
    amounts = price.amounts_in(currency)
    if amounts is None:
        raise LookupError(price.id)
    if price.mode == "per_unit":
        return not Fraction(amounts.unit or 0)
    return not any(Fraction(tier.unit) or Fraction(tier.flat) for tier in amounts.tiers or ())


def _per_unit(price: Price, amounts: Amounts, quantity: int) -> Fraction:
    units = quantity
    if price.divide_by:
        units = (ceil if price.round_up else floor)(Fraction(quantity, price.divide_by))
    return units * Fraction(amounts.unit or 0)


def reached(price: Price, amounts: Amounts, quantity: int) -> list[tuple[int, Tier]]:
    """Return the tiers that ``quantity`` of a tiered ``price`` reaches, each with the units that it is charged for.

    Volume: all units at the tier that the quantity falls in. Graduated: each unit at its own tier.
    """
    tiers = amounts.tiers or ()
    if price.mode == "volume":
        return [(quantity, next((tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to), tiers[-1]))]
    found, below = [], 0
    for tier in tiers:
        if below and quantity <= below:
            break
        found.append((quantity - below if tier.up_to is None else min(quantity, tier.up_to) - below, tier))
        below = quantity if tier.up_to is None else tier.up_to
    return found


def _tiered(price: Price, amounts: Amounts, quantity: int) -> Fraction:
    found = reached(price, amounts, quantity)
    return sum((units * Fraction(tier.unit) + Fraction(tier.flat) for units, tier in found), Fraction(0))


_SHAPES = {"per_unit": _per_unit, "volume": _tiered, "graduated": _tiered}
