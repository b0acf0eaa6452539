"""Several currencies together, in the report currency, at rates that stay the same for every period compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from upswell import metrics
from upswell.figures import Figures, Totals
from upswell.kinds import KINDS
from upswell.money import exponent

Rates = Mapping[str, Decimal]
"""Units of the report currency for one unit of each other currency, by its code in lower case."""

_WEEKS = ("previous_week", "four_week_mean")
_LOSSES = ("contraction", "churn")


@dataclass(frozen=True, slots=True)
class Together:
    """The figures of all currencies in the report currency: minor units a month, losses zero or below.

    ``rates`` are those used, as they were configured; ``expansion_rate`` is expansion / opening MRR.
    """

    rates: Mapping[str, str]
    opening_mrr: int
    closing_mrr: int
    bridge: Mapping[str, int]
    expansion: int
    contraction: int
    churn: int
    net_expansion: int
    expansion_rate: float | None
    previous_week: Totals
    four_week_mean: Totals


def together(by_code: Mapping[str, Figures], currency: str, rates: Rates) -> Together:
    """Return the figures of all currencies in ``currency``, at the same ``rates`` for all periods.

    Each sum (opening MRR, a kind, a kind's comparison) is converted exactly over all currencies and then rounded once,
    half to even; what they add up to is the sum of the rounded ones, so that opening + bridge is the closing MRR.
    A currency in which there is nothing needs no rate. Raises KeyError where another has none: see ``unrated``.
    """
    held = {code: sums for code, figures in by_code.items() if any((sums := _sums(figures)).values())}
    factors = {code: factor(code, currency, rates) for code in held}
    keys = _sums(by_code[currency])
    sums = {key: round(sum(factors[code] * held[code][key] for code in held)) for key in keys}
    bridge = {kind: sums["bridge", kind] for kind in KINDS}
    opening, moved = sums["opening", ""], _totals(bridge)
    rate = metrics.ratio(moved.expansion, opening)
    return Together(
        rates={code: str(rates[code]) for code in held if code != currency},
        opening_mrr=opening,
        closing_mrr=opening + sum(bridge.values()),
        bridge=bridge,
        expansion=moved.expansion,
        contraction=moved.contraction,
        churn=moved.churn,
        net_expansion=moved.net_expansion,
        expansion_rate=None if rate is None else float(round(rate, 6)),
        previous_week=_week(sums, "previous_week"),
        four_week_mean=_week(sums, "four_week_mean"),
    )


def unrated(by_code: Mapping[str, Figures], currency: str, rates: Rates) -> list[str]:
    """Return the codes that need a rate for ``currency`` and have none."""
    return [
        code
        for code, figures in by_code.items()
        if code != currency and code not in rates and any(_sums(figures).values())
    ]


def factor(code: str, currency: str, rates: Rates) -> Fraction:
    """Return how many minor units of ``currency`` one minor unit of ``code`` is. Raises KeyError without its rate."""
    if code == currency:
        return Fraction(1)
    return Fraction(rates[code]) * Fraction(10) ** (exponent(currency) - exponent(code))


def _sums(figures: Figures) -> dict[tuple[str, str], int]:
    """Return every sum that is converted for itself: expansion by kind, also that of the weeks before."""
    return {
        ("opening", ""): figures.opening_mrr,
        **{("bridge", kind): amount for kind, amount in figures.bridge.items()},
        **{(week, kind): getattr(cause, week) for week in _WEEKS for kind, cause in figures.causes.items()},
        **{(week, loss): getattr(getattr(figures, week), loss) for week in _WEEKS for loss in _LOSSES},
    }


def _totals(bridge: Mapping[str, int]) -> Totals:
    expansion, contraction, churn = (metrics.total(bridge, group) for group in ("expansion", *_LOSSES))
    return Totals(expansion, contraction, churn, expansion + contraction + churn)


def _week(sums: Mapping[tuple[str, str], int], week: str) -> Totals:
    contraction, churn = (sums[week, loss] for loss in _LOSSES)
    expansion = sum(amount for (of, part), amount in sums.items() if of == week and part not in _LOSSES)
    return Totals(expansion, contraction, churn, expansion + contraction + churn)
