"""Expansion by cause: what each kind added, in how many movements of how many customers, against the periods before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from upswell.core.kinds import GROUPS, Movement

EXPANSION_KINDS = tuple(kind for kind, group in GROUPS.items() if group == "expansion")
Amounts = Mapping[str, int]
"""The sum of amounts per kind, in minor units a month."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of expansion in the window: ``amount`` in minor units a month, ``customers`` counted once each.

    ``previous`` and ``mean`` are its amount in the period before and its mean over the four before.
    """

    amount: int
    count: int
    customers: int
    previous: int
    mean: int


def causes(happened: Iterable[Movement], earlier: Sequence[Amounts], mean: int) -> dict[str, Cause]:
    """Return every kind of expansion, in the rule book's order, with what it added in one currency.

    ``happened`` are the window's movements, ``earlier`` the bridges of the periods before it, the last one first, and
    ``mean`` is the mean of all expansion in them as it is shown: the means of the kinds add up to it.
    """
    grown: dict[str, list[Movement]] = {kind: [] for kind in EXPANSION_KINDS}
    for movement in happened:
        if movement.kind in grown:
            grown[movement.kind].append(movement)
    means = shared_out([sum(one[kind] for one in earlier) for kind in EXPANSION_KINDS], len(earlier), mean)
    return {
        kind: Cause(
            amount=sum(movement.amount for movement in held),
            count=len(held),
            customers=len({movement.customer for movement in held}),
            previous=earlier[0][kind],
            mean=typical,
        )
        for (kind, held), typical in zip(grown.items(), means, strict=True)
    }


def shared_out(sums: Sequence[int], divisor: int, whole: int) -> list[int]:
    """Return each of ``sums`` / ``divisor``, rounded down or up so that together they are ``whole``.

    Where ``whole`` is the rounded quotient of their sum, none is off by 1 or more: those with the largest remainders
    are rounded up, the first of equal ones first.
    """
    parts = [one // divisor for one in sums]
    largest = sorted(range(len(sums)), key=lambda place: -(sums[place] % divisor))
    for place in largest[: whole - sum(parts)]:
        parts[place] += 1
    return parts
