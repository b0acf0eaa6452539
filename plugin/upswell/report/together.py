"""Several currencies together, in the report currency, at rates that stay the same for every period compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

from upswell.core.kinds import KINDS
from upswell.core.money import exponent
from upswell.report import metrics
from upswell.report.figures import UNKNOWN, Figures, Totals, Trailing, summed, totals_of
from upswell.report.metrics import Retention

Rates = Mapping[str, Decimal]
"""Units of the report currency for one unit of each other currency, by its code in lower case."""

Standing = Sequence[tuple[str, str, int, int, int]]
"""Customer, currency, and the customer's MRR in it 12 months before the end, 30 days before, and at the end."""

_BEFORE = ("previous", "mean")
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
    previous: Totals
    mean: Totals
    nrr: Trailing = UNKNOWN
    grr: Trailing = UNKNOWN


def together(by_code: Mapping[str, Figures], currency: str, rates: Rates, standing: Standing = ()) -> Together:
    """Return the figures of all currencies in ``currency``, at the same ``rates`` for all periods.

    Each sum (opening MRR, a kind, a kind's comparison) is converted exactly over all currencies and then rounded once,
    half to even; what they add up to is the sum of the rounded ones, so that opening + bridge is the closing MRR.
    A currency in which there is nothing needs no rate. Raises KeyError where another has none: see ``unrated``.
    Retention is of each customer's MRR in all currencies, so that who changes the currency stays: see ``retention``.
    """
    held = {code: sums for code, figures in by_code.items() if any((sums := _sums(figures)).values())}
    factors = {code: factor(code, currency, rates) for code in held}
    keys = _sums(by_code[currency])
    sums = {key: round(sum(factors[code] * held[code][key] for code in held)) for key in keys}
    bridge = {kind: sums["bridge", kind] for kind in KINDS}
    opening, moved = sums["opening", ""], totals_of(bridge)
    rate = metrics.ratio(moved.expansion, opening)
    nrr, grr = _trailing(by_code, currency, rates, standing)
    return Together(
        rates={code: str(rates[code]) for code in held if code != currency},
        opening_mrr=opening,
        closing_mrr=opening + sum(bridge.values()),
        bridge=bridge,
        expansion=moved.expansion,
        contraction=moved.contraction,
        churn=moved.churn,
        net_expansion=moved.net_expansion,
        expansion_rate=metrics.rounded(rate),
        previous=_totals(sums, "previous"),
        mean=_totals(sums, "mean"),
        nrr=nrr,
        grr=grr,
    )


def _trailing(
    by_code: Mapping[str, Figures], currency: str, rates: Rates, standing: Standing
) -> tuple[Trailing, Trailing]:
    if set(by_code) == {currency}:
        return by_code[currency].nrr, by_code[currency].grr
    month = retention([(who, code, start, end) for who, code, _, start, end in standing], currency, rates)
    year = retention([(who, code, start, end) for who, code, start, _, end in standing], currency, rates)
    return (
        Trailing(metrics.rounded(month.nrr), metrics.rounded(year.nrr)),
        Trailing(metrics.rounded(month.grr), metrics.rounded(year.grr)),
    )


def retention(held: Iterable[tuple[str, str, int, int]], currency: str, rates: Rates) -> Retention:
    """Return net and gross retention of customers by what each had in all currencies at a window's start and end.

    ``held`` are customer, currency, MRR at the start and at the end. Everything is converted exactly, and never
    rounded: the cohort's MRR at the end / at the start, and for gross no customer counts for more than at the start.
    None stands where there was no MRR at the start, or where a currency in it has no rate.
    """
    rows = [row for row in held if row[2] or row[3]]
    codes = {code for _, code, _, _ in rows}
    if not codes <= {currency, *rates}:
        return Retention(None, None)
    weights = _weights(codes, currency, rates)
    opening: defaultdict[str, int] = defaultdict(int)
    closing: defaultdict[str, int] = defaultdict(int)
    for who, code, start, end in rows:
        opening[who] += weights[code] * start
        closing[who] += weights[code] * end
    return metrics.retained(opening, closing)


def _weights(codes: Iterable[str], currency: str, rates: Rates) -> dict[str, int]:
    """Return whole numbers that are to each other as the currencies' minor units are: fractions are slow."""
    factors = {code: factor(code, currency, rates) for code in codes}
    shared = lcm(*(one.denominator for one in factors.values()))
    return {code: int(one * shared) for code, one in factors.items()}


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
    """Return every sum that is converted for itself: expansion by kind, also that of the periods before."""
    return {
        ("opening", ""): figures.opening_mrr,
        **{("bridge", kind): amount for kind, amount in figures.bridge.items()},
        **{(before, kind): getattr(cause, before) for before in _BEFORE for kind, cause in figures.causes.items()},
        **{(before, loss): getattr(getattr(figures, before), loss) for before in _BEFORE for loss in _LOSSES},
    }


def _totals(sums: Mapping[tuple[str, str], int], before: str) -> Totals:
    contraction, churn = (sums[before, loss] for loss in _LOSSES)
    expansion = sum(amount for (of, part), amount in sums.items() if of == before and part not in _LOSSES)
    return summed(expansion, contraction, churn)
