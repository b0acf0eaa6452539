"""Targets: expansion that is to be won in a month or a quarter, and how far it has come."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from upswell.core.clocks import local
from upswell.core.kinds import Movement
from upswell.report.causes import EXPANSION_KINDS
from upswell.report.periods import Month, Period, Quarter, Reported
from upswell.report.segments import Traits
from upswell.report.together import Rates, factor

_KINDS: Mapping[str, type[Month] | type[Quarter]] = {kind.word: kind for kind in (Month, Quarter)}


@dataclass(frozen=True, slots=True)
class Target:
    """Expansion to be won each ``month`` or ``quarter``: ``amount`` in minor units a month of the report currency.

    It is that of all customers, or of those whose ``segment`` has the ``value``.
    """

    every: Literal["month", "quarter"]
    amount: int
    segment: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a target has come: ``reached`` of ``target``, in minor units a month of the report currency.

    ``share`` is reached / target, ``elapsed`` the part of the period that had passed: ratios. ``start`` and ``end``
    (exclusive) are dates of the report zone. ``uncounted`` are currencies in which more was won and that have no rate.
    """

    period: str
    start: str
    end: str
    segment: str | None
    value: str | None
    target: int
    reached: int
    share: float
    elapsed: float
    uncounted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Won:
    """What was won: movements of all currencies, their segments' values, and the rates for ``currency``."""

    movements: Sequence[Movement]
    traits: Traits
    currency: str
    rates: Rates


def due(targets: Iterable[Target], reported: Reported, cut: int) -> list[tuple[Target, Month | Quarter]]:
    """Return each target with the period that ``reported``, as far as ``cut`` (unix seconds UTC), ends in.

    Where a period ended within it, that one comes before it: so each is told once when it is over.
    """
    days = (reported.first, local(cut - 1, reported.zone).date())
    return [
        (target, period)
        for target in targets
        for period in dict.fromkeys(_KINDS[target.every].of(day, reported.zone) for day in days)
    ]


def progress(target: Target, period: Period, won: Won, cut: int) -> Progress:
    """Return how far ``target`` had come in ``period`` up to ``cut`` (unix seconds UTC, exclusive).

    Expansion in all currencies that have a rate counts: each kind is converted exactly over all of them and rounded
    once, half to even, so that a month comes to what its summary says of the currencies together.
    """
    start, end = period.start, period.end
    sums: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(EXPANSION_KINDS, 0))
    for movement in won.movements:
        if start <= movement.occurred_at < min(end, cut) and _counts(movement, target, won.traits):
            sums[movement.currency][movement.kind] += movement.amount
    known = {code: factor(code, won.currency, won.rates) for code in sums if code in {won.currency, *won.rates}}
    reached = sum(round(sum(known[code] * sums[code][kind] for code in known)) for kind in EXPANSION_KINDS)
    return Progress(
        period=period.name,
        start=period.first.isoformat(),
        end=period.shift(1).first.isoformat(),
        segment=target.segment,
        value=target.value,
        target=target.amount,
        reached=reached,
        share=_ratio(reached, target.amount),
        elapsed=_ratio(min(end, cut) - start, end - start),
        uncounted=tuple(sorted(code for code in sums.keys() - known.keys() if sum(sums[code].values()))),
    )


def _counts(movement: Movement, target: Target, traits: Traits) -> bool:
    if movement.group != "expansion":
        return False
    return target.segment is None or traits.get(movement.id, {}).get(target.segment) == target.value


def _ratio(part: int, whole: int) -> float:
    return float(round(Fraction(part, whole), 6))
