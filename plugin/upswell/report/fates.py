"""What became of customers who had expanded, against those who had not."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from upswell.report import metrics
from upswell.report.tracks import Track


@dataclass(frozen=True, slots=True)
class Fate:
    """So many ``customers``, of whom ``lost`` contracted or churned: ``share`` is lost / customers, a ratio or None."""

    customers: int
    lost: int
    share: float | None


@dataclass(frozen=True, slots=True)
class AfterExpansion:
    """Customers who paid at an instant: those who had ``expanded`` in the time before it, and the ``others``."""

    expanded: Fate
    others: Fate


NOBODY = AfterExpansion(Fate(0, 0, None), Fate(0, 0, None))


def after_expansion(tracks: Iterable[Track], before: int, start: int, end: int) -> AfterExpansion:
    """Return what became from ``start`` to ``end`` of those who had expanded from ``before`` to ``start``.

    Takes the tracks of one currency, and instants in unix seconds UTC; windows hold their start and not their end.
    Counts the customers whose MRR was above zero just before ``start``, each once; expansion, contraction and churn
    are those in the currency, and price, discounts and terms are none of them.
    """
    customers, lost = [0, 0], [0, 0]
    for track in tracks:
        times, groups = track.times, track.groups
        first = bisect_left(times, start)
        if track.sums[first] > 0:
            grown = groups.rfind(b"X", 0, first)
            shrunk, gone = groups.find(b"D", first), groups.find(b"C", first)
            grew = grown >= 0 and times[grown] >= before
            customers[grew] += 1
            lost[grew] += (shrunk >= 0 and times[shrunk] < end) or (gone >= 0 and times[gone] < end)
    others, expanded = map(_fate, customers, lost)
    return AfterExpansion(expanded, others)


def _fate(customers: int, lost: int) -> Fate:
    return Fate(customers, lost, metrics.rounded(metrics.ratio(lost, customers)))
