"""What Stripe charges: per unit, per package, by tiers, for part of a period, and less a coupon."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from upswell_connectors.fake_stripe.values import Coupon, Price

_exact = lru_cache(maxsize=4096)(Fraction)


@dataclass(frozen=True, slots=True)
class Charge:
    """A part of an amount that gets a line of its own: units at a unit amount (None: a flat fee or a mix)."""

    quantity: int
    unit_amount: str | None
    amount: int


def charges(price: Price, quantity: int) -> list[Charge]:
    """Return what ``quantity`` units cost for one whole period: one charge, or one per graduated tier reached."""
    if price.tiers_mode == "graduated":
        return _graduated(price, quantity)
    if price.tiers_mode == "volume":
        tier = next(tier for tier in price.tiers if tier.up_to is None or quantity <= tier.up_to)
        amount = _exact(tier.unit_amount) * quantity + (tier.flat_amount or 0)
        return [Charge(quantity, tier.unit_amount, _rounded(amount))]
    unit = price.unit_amount or "0"
    return [Charge(quantity, unit, _rounded(_exact(unit) * _packages(price, quantity)))]


def _packages(price: Price, quantity: int) -> int:
    if price.divide_by is None:
        return quantity
    packages = Fraction(quantity, price.divide_by)
    return ceil(packages) if price.round == "up" else floor(packages)


def _graduated(price: Price, quantity: int) -> list[Charge]:
    found, below = [], 0
    for tier in price.tiers:
        if below and quantity <= below:
            break
        units = quantity - below if tier.up_to is None else min(quantity, tier.up_to) - below
        amount = _exact(tier.unit_amount) * units + (tier.flat_amount or 0)
        found.append(Charge(units, tier.unit_amount, _rounded(amount)))
        below = tier.up_to or quantity
    return found


def full_amount(price: Price, quantity: int) -> int:
    """Return what ``quantity`` units cost for one whole period."""
    return sum(charge.amount for charge in charges(price, quantity))


def prorated(amount: int, share: Fraction) -> int:
    """Return the ``share`` of ``amount`` for part of a period; a tie goes down, as recorded at Stripe."""
    return ceil(Fraction(amount) * share - Fraction(1, 2))


def taken_off(coupon: Coupon, amounts: list[int]) -> list[int]:
    """Return how much ``coupon`` takes off each of ``amounts``; what is not above zero is left alone."""
    if coupon.percent_off is not None:
        share = Fraction(coupon.percent_off) / 100
        return [_rounded(amount * share) if amount > 0 else 0 for amount in amounts]
    left, off = coupon.amount_off or 0, []
    for amount in amounts:
        off.append(min(max(amount, 0), left))
        left -= off[-1]
    return off


def _rounded(amount: Fraction) -> int:
    """Round half away from zero."""
    over, under = amount.numerator, amount.denominator
    return (2 * over + under) // (2 * under) if over >= 0 else -((under - 2 * over) // (2 * under))
