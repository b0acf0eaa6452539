"""The figures of expansion: exact sums and ratios over movements and tracks.

Every function takes movements, or tracks, of *one currency*, movements ordered by ``occurred_at``, unless it says
otherwise. Amounts are minor units a month, instants unix seconds UTC, windows hold their start and not their end,
ratios are exact fractions (``Fraction(1, 20)`` is 5 %) or None where there is no denominator.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_high, median_low

from upswell.core.kinds import GROUPS, KINDS, Movement
from upswell.report.tracks import Track

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Retention:
    """Net and gross revenue retention of one cohort: ratios, or None where the cohort's MRR was 0."""

    nrr: Fraction | None
    grr: Fraction | None


def window(movements: Sequence[Movement], start: int, end: int) -> Sequence[Movement]:
    """Return the movements from ``start`` (inclusive) to ``end`` (exclusive); they may be of any currency."""
    return movements[_position(movements, start) : _position(movements, end)]


def _position(movements: Sequence[Movement], instant: int) -> int:
    return bisect_left(movements, instant, key=lambda movement: movement.occurred_at)


def mrr(tracks: Iterable[Track], instant: int) -> int:
    """The MRR just before ``instant``: the sum of all amounts since the beginning."""
    return sum([track.sums[bisect_left(track.times, instant)] for track in tracks])


def stated(tracks: Iterable[Track], instant: int) -> int:
    """The same as each customer's last movement states it (``mrr_after``): what ``mrr`` is checked against."""
    return sum([track.held[bisect_left(track.times, instant)] for track in tracks])


def bridge(movements: Iterable[Movement]) -> dict[str, int]:
    """The sum of amounts per kind: every kind is there, in the rule book's order. Opening + all = closing."""
    amounts = dict.fromkeys(KINDS, 0)
    for movement in movements:
        amounts[movement.kind] += movement.amount
    return amounts


def total(amounts: Mapping[str, int], group: str) -> int:
    """The part of a bridge that belongs to ``group``; contraction and churn are zero or below."""
    return sum(amount for kind, amount in amounts.items() if GROUPS[kind] == group)


def ratio(part: int, whole: int) -> Fraction | None:
    """``part / whole``, or None where ``whole`` is 0."""
    return Fraction(part, whole) if whole else None


def rounded(value: Fraction | None) -> float | None:
    """A ratio as it is told, to six places: nothing is computed from it any more."""
    return None if value is None else float(round(value, 6))


def expansion_share(amounts: Mapping[str, int]) -> Fraction | None:
    """How much of the MRR won came from existing customers: expansion / (expansion + new + reactivation)."""
    expansion = total(amounts, "expansion")
    return ratio(expansion, expansion + total(amounts, "new") + total(amounts, "reactivation"))


def quick_ratio(amounts: Mapping[str, int]) -> Fraction | None:
    """MRR won for each unit lost: (new + reactivation + expansion) / abs(contraction + churn)."""
    won = sum(total(amounts, group) for group in ("new", "reactivation", "expansion"))
    return ratio(won, abs(total(amounts, "contraction") + total(amounts, "churn")))


def retention(tracks: Iterable[Track], start: int, end: int) -> tuple[Retention, Retention]:
    """Retention from ``start`` to ``end`` of the customers whose MRR was above zero at the start, in two readings.

    S is the cohort's MRR at the start. NRR = their MRR at the end / S, all kinds in it; GRR = sum of min(start, end)
    / S, so growth does not count. The second is the same as if prices, discounts and terms had stood still in the
    window: each customer's price group is taken off its MRR at the end. Who left (is no customer at the end) ends at
    0 there, and nobody below: a price raised before a churn goes with it.
    """
    whole = net = gross = bare_net = bare_gross = 0
    for track in tracks:
        times, sums = track.times, track.sums
        first = bisect_left(times, start)
        if (opening := sums[first]) > 0:
            last = bisect_left(times, end, first)
            closing, bare = sums[last], 0
            if track.alive[last]:
                bare = max(0, closing - track.prices[last] + track.prices[first])
            whole += opening
            net += closing
            gross += min(opening, closing)
            bare_net += bare
            bare_gross += min(opening, bare)
    return (
        Retention(nrr=ratio(net, whole), grr=ratio(gross, whole)),
        Retention(nrr=ratio(bare_net, whole), grr=ratio(bare_gross, whole)),
    )


def retained(opening: Mapping[str, int], closing: Mapping[str, int]) -> Retention:
    """Retention of those whose MRR was above zero in ``opening``; ``closing`` is everybody's MRR at the end."""
    cohort = {who: start for who, start in opening.items() if start > 0}
    whole = sum(cohort.values())
    return Retention(
        nrr=ratio(sum(closing[who] for who in cohort), whole),
        grr=ratio(sum(min(start, closing[who]) for who, start in cohort.items()), whole),
    )


def time_to_expansion(tracks: Iterable[Track], instant: int) -> Fraction | None:
    """The median of days (of 86,400 s) from a customer's ``new`` to its first expansion, or None where none expanded.

    Counts the customers whose first expansion was before ``instant``, and in the tracks' currency.
    """
    seconds = [
        track.grew - track.began
        for track in tracks
        if track.grew_here and track.grew is not None and track.grew < instant
        if track.began is not None and track.began < instant
    ]
    return Fraction(median_low(seconds) + median_high(seconds), 2 * _DAY) if seconds else None


def not_yet_expanded(tracks: Iterable[Track], instant: int) -> int:
    """How many customers have never expanded, in whatever currency.

    Counts, of the customers just before ``instant``, those whose last movement was in the tracks' currency.
    """
    unexpanded = [track for track in tracks if track.grew is None or track.grew >= instant]
    places = [bisect_left(track.times, instant) for track in unexpanded]
    return sum(
        track.alive[place] and track.groups[place - 1 : place].isupper()
        for track, place in zip(unexpanded, places, strict=True)
    )
