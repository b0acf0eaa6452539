"""What must hold of a customer's movements, checked whenever they are written."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

from upswell.core.kinds import GROUPS, Movement

_SIGNS = {"new": 1, "expansion": 1, "reactivation": 1, "contraction": -1, "churn": -1, "price": 0}


def breaches(movements: Sequence[Movement]) -> list[str]:
    """Return a sentence for everything that is wrong with one customer's movements, oldest first."""
    return [breach for invariant in INVARIANTS for breach in invariant(movements)]


def _chain(movements: Sequence[Movement]) -> Iterator[str]:
    """Each movement begins where the one before it in its currency ended, the first at zero."""
    balance: defaultdict[str, int] = defaultdict(int)
    for movement in movements:
        if movement.mrr_before != balance[movement.currency]:
            yield f"{movement.id} begins at {movement.mrr_before}, and the balance is {balance[movement.currency]}"
        if movement.mrr_before + movement.amount != movement.mrr_after:
            yield f"{movement.id} does not add up"
        balance[movement.currency] = movement.mrr_after


def _not_below_zero(movements: Sequence[Movement]) -> Iterator[str]:
    """No customer's MRR is below zero between two groups of movements."""
    for (_, currency), group in groupby(movements, lambda movement: (movement.occurred_at, movement.currency)):
        last = list(group)[-1]
        if last.mrr_after < 0:
            yield f"{last.id} ends below zero, at {last.mrr_after} {currency}"


def _sign(movements: Sequence[Movement]) -> Iterator[str]:
    """Kind and sign agree; only a churn may be of nothing."""
    for movement in movements:
        sign = _SIGNS[GROUPS[movement.kind]]
        if movement.amount * sign < 0 or (movement.amount == 0 and movement.kind != "churn"):
            yield f"{movement.id} is a {movement.kind} of {movement.amount}"


def _cause(movements: Sequence[Movement]) -> Iterator[str]:
    """Each movement has its cause, and a reason in words."""
    for movement in movements:
        if not movement.cause or not movement.reason:
            yield f"{movement.id} has no cause or no reason"


def _order(movements: Sequence[Movement]) -> Iterator[str]:
    """Movements are in the order of time, and no two share an id."""
    if len({movement.id for movement in movements}) != len(movements):
        yield "two movements share an id"
    for earlier, later in pairwise(movements):
        if later.occurred_at < earlier.occurred_at:
            yield f"{later.id} comes before {earlier.id}"


INVARIANTS: tuple[Callable[[Sequence[Movement]], Iterator[str]], ...] = (_chain, _not_below_zero, _sign, _cause, _order)
