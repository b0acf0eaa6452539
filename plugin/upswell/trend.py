"""The last twelve weeks in one currency: what expansion was of which cause, and how revenue was retained."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from upswell.causes import EXPANSION_KINDS
from upswell.metrics import retained, rounded
from upswell.weeks import Week, days_before

WEEKS = 12
_DAYS = 30
_REST = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One week: ``monday`` is its first day (ISO 8601), ``expansion`` the sum per kind in minor units a month.

    ``nrr`` and ``grr`` are those of the 30 days that ended with it, None where nobody paid when they began.
    """

    monday: str
    expansion: Mapping[str, int]
    nrr: float | None
    grr: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """What of a movement matters here: ``at`` in unix seconds UTC, amounts in minor units a month."""

    at: int
    customer: str
    kind: str
    amount: int
    mrr_before: int


def begins(week: Week) -> int:
    """Return from when on steps are needed to tell of the twelve weeks up to ``week`` (unix seconds UTC)."""
    return days_before(week.shift(1 - WEEKS).end, _DAYS, week.zone)


def trend(steps: Sequence[Step], closing: int, week: Week, cut: int) -> tuple[Point, ...]:
    """Return the twelve weeks up to ``week``, without those at the beginning in which there was nothing yet.

    ``steps`` are all of one currency from ``begins(week)`` to before ``cut`` (exclusive, where ``week`` ends or is
    cut off), in their order; ``closing`` is all MRR at ``cut`` in minor units a month. Who made no step in that time
    is retained whole, so nobody else needs to be known.
    """
    spans = [_span(week.shift(back), cut) for back in range(1 - WEEKS, 1)]
    balances = _balances(steps, closing, sorted({instant for span in spans for instant in span[1:]}))
    points = [_point(span, steps, balances) for span in spans]
    first = next((place for place, point in enumerate(points) if _tells(point)), WEEKS)
    return tuple(points[first:])


_Span = tuple[Week, int, int]
"""A week, where its 30 days begin, and where it and they end."""


def _span(week: Week, cut: int) -> _Span:
    end = min(week.end, cut)
    return week, days_before(end, _DAYS, week.zone), end


def _balances(steps: Sequence[Step], closing: int, instants: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return the MRR of everybody who made a step, and of the rest together, just before each of ``instants``."""
    standing: dict[str, int] = {}
    for step in steps:
        standing.setdefault(step.customer, step.mrr_before)
    standing[_REST] = closing - sum(step.amount for step in steps) - sum(standing.values())
    found, place = {}, 0
    for instant in instants:
        for step in steps[place : _position(steps, instant)]:
            standing[step.customer] += step.amount
        place = _position(steps, instant)
        found[instant] = dict(standing)
    return found


def _point(span: _Span, steps: Sequence[Step], balances: Mapping[int, Mapping[str, int]]) -> Point:
    week, since, end = span
    over = retained(balances[since], balances[end])
    amounts = dict.fromkeys(EXPANSION_KINDS, 0)
    for step in steps[_position(steps, week.start) : _position(steps, end)]:
        if step.kind in amounts:
            amounts[step.kind] += step.amount
    return Point(week.monday.isoformat(), amounts, rounded(over.nrr), rounded(over.grr))


def _position(steps: Sequence[Step], instant: int) -> int:
    return bisect_left(steps, instant, key=lambda step: step.at)


def _tells(point: Point) -> bool:
    return any(point.expansion.values()) or point.nrr is not None
