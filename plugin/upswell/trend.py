"""The last twelve weeks in one currency: what expansion was of which cause, and how revenue was retained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upswell import metrics
from upswell.causes import EXPANSION_KINDS, Amounts
from upswell.tracks import Track
from upswell.weeks import Week, days_before

WEEKS = 12
_DAYS = 30


@dataclass(frozen=True, slots=True)
class Point:
    """One week: ``monday`` is its first day (ISO 8601), ``expansion`` the sum per kind in minor units a month.

    ``nrr`` and ``grr`` are those of the 30 days that ended with it, None where nobody paid when they began.
    """

    monday: str
    expansion: Mapping[str, int]
    nrr: float | None
    grr: float | None


def weeks_of(week: Week) -> list[Week]:
    """Return the twelve weeks up to ``week``, the oldest first."""
    return [week.shift(back) for back in range(1 - WEEKS, 1)]


def trend(tracks: Sequence[Track], bridges: Sequence[Amounts], week: Week, cut: int) -> tuple[Point, ...]:
    """Return the twelve weeks up to ``week``, without those at the beginning in which there was nothing yet.

    ``tracks`` are all of one currency, ``bridges`` what each of ``weeks_of(week)`` comes to in it, up to ``cut``
    (exclusive, unix seconds UTC), where ``week`` ends or is cut off.
    """
    points = [_point(one, tracks, bridge, cut) for one, bridge in zip(weeks_of(week), bridges, strict=True)]
    first = next((place for place, point in enumerate(points) if _tells(point)), WEEKS)
    return tuple(points[first:])


def _point(week: Week, tracks: Sequence[Track], bridge: Amounts, cut: int) -> Point:
    end = min(week.end, cut)
    over, _ = metrics.retention(tracks, days_before(end, _DAYS, week.zone), end)
    amounts = {kind: bridge[kind] for kind in EXPANSION_KINDS}
    return Point(week.monday.isoformat(), amounts, metrics.rounded(over.nrr), metrics.rounded(over.grr))


def _tells(point: Point) -> bool:
    return any(point.expansion.values()) or point.nrr is not None
