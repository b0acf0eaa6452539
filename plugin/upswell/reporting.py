"""What the configuration asks of the report, resolved: rates of exchange."""

from collections.abc import Mapping
from decimal import Decimal

from upswell import options
from upswell.checking import nearest
from upswell.errors import ConfigError
from upswell.money import CODES

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
