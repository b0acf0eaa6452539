"""The last twelve weeks, or months, in one currency: expansion by its cause, and how revenue was retained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upswell.core.clocks import days_before
from upswell.report import metrics
from upswell.report.causes import EXPANSION_KINDS, Amounts
from upswell.report.periods import Reported
from upswell.report.tracks import Track

SHOWN = 12
_DAYS = 30


@dataclass(frozen=True, slots=True)
class Point:
    """One week or month: ``first`` is its first day (ISO 8601), ``expansion`` the sum per kind in minor units a month.

    ``nrr`` and ``grr`` are those of the 30 days that ended with it, None where nobody paid when they began.
    """

    first: str
    expansion: Mapping[str, int]
    nrr: float | None
    grr: float | None


def shown(period: Reported) -> list[Reported]:
    """Return the twelve up to ``period``, the oldest first."""
    return [period.shift(back) for back in range(1 - SHOWN, 1)]


def trend(tracks: Sequence[Track], bridges: Sequence[Amounts], period: Reported, cut: int) -> tuple[Point, ...]:
    """Return the twelve up to ``period``, without those at the beginning in which there was nothing yet.

    ``tracks`` are all of one currency, ``bridges`` what each of ``shown(period)`` comes to in it, up to ``cut``
    (exclusive, unix seconds UTC), where ``period`` ends or is cut off.
    """
    points = [_point(one, tracks, bridge, cut) for one, bridge in zip(shown(period), bridges, strict=True)]
    first = next((place for place, point in enumerate(points) if _tells(point)), SHOWN)
    return tuple(points[first:])


def _point(period: Reported, tracks: Sequence[Track], bridge: Amounts, cut: int) -> Point:
    end = min(period.end, cut)
    over, _ = metrics.retention(tracks, days_before(end, _DAYS, period.zone), end)
    amounts = {kind: bridge[kind] for kind in EXPANSION_KINDS}
    return Point(period.first.isoformat(), amounts, metrics.rounded(over.nrr), metrics.rounded(over.grr))


def _tells(point: Point) -> bool:
    return any(point.expansion.values()) or point.nrr is not None
