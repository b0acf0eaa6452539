"""What the configuration asks of the report, resolved: rates of exchange, and targets."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import chain
from typing import Literal

from upswell.configuration import options, target_options
from upswell.configuration.checking import nearest
from upswell.core.money import CODES, exponent
from upswell.errors import ConfigError
from upswell.report.targets import Target

_EVERY: tuple[Literal["month", "quarter"], ...] = ("month", "quarter")
_HIGHEST_AMOUNT = Decimal("1e15")
_LOWEST_RATE, _HIGHEST_RATE = Decimal("1e-9"), Decimal("1e9")


def rates(report: options.Report) -> Mapping[str, Decimal]:
    """Return the rates by currency code in lower case. Raises ConfigError for a code or a rate that cannot be used."""
    found: dict[str, Decimal] = {}
    for name, rate in report.rates.items():
        code = name.lower()
        if code not in CODES:
            near = nearest(code, set(CODES))
            raise ConfigError(f'[report.rates] {name} is no currency code: the nearest one is "{near}"')
        if code == report.currency.lower():
            raise ConfigError(f"[report.rates] {name} is [report] currency itself, whose rate is 1: leave it out")
        if code in found:
            raise ConfigError(f"[report.rates] {name} stands there twice, in other letters: leave one out")
        if not (rate.is_finite() and _LOWEST_RATE <= rate <= _HIGHEST_RATE):
            raise ConfigError(f"[report.rates] {name} = {rate} is not allowed: a number above 0, such as 1.08")
        found[code] = rate
    return found


def targets(wanted: target_options.Targets, currency: str) -> tuple[Target, ...]:
    """Return the targets in minor units of ``currency``, that of all customers first.

    Raises ConfigError for an amount that cannot be paid in it, and for a segment's value without an amount, or twice.
    """
    own = _targets(wanted, currency, "[targets]")
    named: dict[tuple[str, str], tuple[Target, ...]] = {}
    for one in wanted.segment:
        place = f'[targets.segment] {one.segment} = "{one.value}"'
        if (one.segment, one.value) in named:
            raise ConfigError(f"{place} stands there twice: leave one out")
        named[one.segment, one.value] = _targets(one, currency, place, one.segment, one.value)
        if not named[one.segment, one.value]:
            raise ConfigError(f"{place} has no target: give month, quarter or both")
    return (*own, *chain.from_iterable(named.values()))


def _targets(
    wanted: target_options.Targets | target_options.SegmentTarget,
    currency: str,
    place: str,
    segment: str | None = None,
    value: str | None = None,
) -> tuple[Target, ...]:
    amounts = ((every, getattr(wanted, every)) for every in _EVERY)
    return tuple(
        Target(every, _minor(amount, currency, f"{place} {every}"), segment, value)
        for every, amount in amounts
        if amount is not None
    )


def _minor(amount: Decimal, currency: str, place: str) -> int:
    places = exponent(currency)
    if not amount.is_finite() or not 0 < amount <= _HIGHEST_AMOUNT:
        raise ConfigError(f"{place} = {amount} is not allowed: an amount above 0, such as 5000")
    if (minor := amount.scaleb(places)) != int(minor):
        raise ConfigError(f"{place} = {amount} is not allowed: {currency.upper()} has {places or 'no'} decimals")
    return int(minor)
