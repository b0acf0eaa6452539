"""The figures of expansion: exact sums and ratios over movements.

Every function takes movements of *one currency*, ordered by ``occurred_at``, unless it says otherwise. Amounts are
minor units a month, instants unix seconds UTC, windows hold their start and not their end, ratios are exact
fractions (``Fraction(1, 20)`` is 5 %) or None where there is no denominator.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_high, median_low

from upswell.kinds import GROUPS, KINDS, Movement

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Retention:
    """Net and gross revenue retention of one cohort: ratios, or None where the cohort's MRR was 0."""

    nrr: Fraction | None
    grr: Fraction | None


def window(movements: Sequence[Movement], start: int, end: int) -> Sequence[Movement]:
    """Return the movements from ``start`` (inclusive) to ``end`` (exclusive); they may be of any currency."""
    return movements[_position(movements, start) : _position(movements, end)]


def until(movements: Sequence[Movement], end: int) -> Sequence[Movement]:
    """Return the movements before ``end`` (exclusive); they may be of any currency."""
    return movements[: _position(movements, end)]


def _position(movements: Sequence[Movement], instant: int) -> int:
    return bisect_left(movements, instant, key=lambda movement: movement.occurred_at)


def mrr(movements: Iterable[Movement]) -> dict[str, int]:
    """Each customer's MRR once ``movements``, which begin with the first ever, have happened: the sum of amounts."""
    total: defaultdict[str, int] = defaultdict(int)
    for movement in movements:
        total[movement.customer] += movement.amount
    return dict(total)


def carried(movements: Iterable[Movement]) -> dict[str, int]:
    """Each customer's MRR as its last movement states it (``mrr_after``): what ``mrr`` is checked against."""
    return {movement.customer: movement.mrr_after for movement in movements}


def customers(movements: Iterable[Movement]) -> set[str]:
    """Who is a customer once ``movements`` (of all currencies, from the first ever) have happened.

    Those whose last movement of life (new, reactivation, churn) is new or reactivation.
    """
    alive = set()
    for movement in movements:
        if movement.group in ("new", "reactivation"):
            alive.add(movement.customer)
        elif movement.kind == "churn":
            alive.discard(movement.customer)
    return alive


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


def expansion_share(amounts: Mapping[str, int]) -> Fraction | None:
    """How much of the MRR won came from existing customers: expansion / (expansion + new + reactivation)."""
    expansion = total(amounts, "expansion")
    return ratio(expansion, expansion + total(amounts, "new") + total(amounts, "reactivation"))


def quick_ratio(amounts: Mapping[str, int]) -> Fraction | None:
    """MRR won for each unit lost: (new + reactivation + expansion) / abs(contraction + churn)."""
    won = sum(total(amounts, group) for group in ("new", "reactivation", "expansion"))
    return ratio(won, abs(total(amounts, "contraction") + total(amounts, "churn")))


def retention(opening: Mapping[str, int], happened: Iterable[Movement]) -> Retention:
    """Retention of the customers whose MRR was above zero at a window's start.

    ``opening`` is MRR per customer at the start, ``happened`` the window's movements, S the cohort's opening MRR.
    NRR = their MRR at the end / S, all kinds in it; GRR = sum of min(start, end) / S, so growth does not count.
    """
    changes = mrr(happened)
    return retained(opening, {who: start + changes.get(who, 0) for who, start in opening.items()})


def retention_without_price(
    opening: Mapping[str, int], happened: Sequence[Movement], remaining: Collection[str]
) -> Retention:
    """The same as ``retention``, as if prices, discounts and terms had stood still in the window.

    Each customer's price group is taken off its MRR at the end. Who left (is not in ``remaining``, the customers at
    the end) ends at 0, and nobody below: a price raised before a churn goes with it.
    """
    changes = mrr(movement for movement in happened if movement.group != "price")
    return retained(
        opening,
        {who: max(0, start + changes.get(who, 0)) if who in remaining else 0 for who, start in opening.items()},
    )


def retained(opening: Mapping[str, int], closing: Mapping[str, int]) -> Retention:
    """Retention of those whose MRR was above zero in ``opening``; ``closing`` is everybody's MRR at the end."""
    cohort = {who: start for who, start in opening.items() if start > 0}
    whole = sum(cohort.values())
    return Retention(
        nrr=ratio(sum(closing[who] for who in cohort), whole),
        grr=ratio(sum(min(start, closing[who]) for who, start in cohort.items()), whole),
    )


def time_to_expansion(movements: Iterable[Movement], currency: str) -> Fraction | None:
    """The median of days (of 86,400 s) from a customer's ``new`` to its first expansion, or None where none expanded.

    Takes movements of all currencies; counts the customers whose first expansion was in ``currency``.
    """
    began, grew = _firsts(movements)
    seconds = [
        first.occurred_at - began[who] for who, first in grew.items() if who in began and first.currency == currency
    ]
    return Fraction(median_low(seconds) + median_high(seconds), 2 * _DAY) if seconds else None


def not_yet_expanded(movements: Sequence[Movement], currency: str) -> int:
    """How many customers have never expanded.

    Takes movements of all currencies; counts, of the customers at the end, those whose last movement was in
    ``currency`` and who have no expansion in any.
    """
    _, grew = _firsts(movements)
    last = {movement.customer: movement.currency for movement in movements}
    return sum(who not in grew and last[who] == currency for who in customers(movements))


def _firsts(movements: Iterable[Movement]) -> tuple[dict[str, int], dict[str, Movement]]:
    """When each customer began, and its first expansion."""
    began: dict[str, int] = {}
    grew: dict[str, Movement] = {}
    for movement in movements:
        if movement.kind == "new":
            began.setdefault(movement.customer, movement.occurred_at)
        elif movement.group == "expansion":
            grew.setdefault(movement.customer, movement)
    return began, grew
