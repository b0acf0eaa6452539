"""A customer's way in one currency, step by step: what the figures of the whole history are made from."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from upswell.core.kinds import GROUPS

Row = tuple[int, str, str, int, int]
"""Of a movement: ``occurred_at``, ``currency``, ``kind``, ``amount``, ``mrr_after``."""

_LETTERS = {
    "new": "N",
    "expansion": "X",
    "contraction": "D",
    "churn": "C",
    "reactivation": "R",
    "price": "P",
}
_LETTER_OF = {kind: _LETTERS[group] for kind, group in GROUPS.items()}

_LIFE = {"N": 1, "R": 1, "C": 0}


class Track(NamedTuple):
    """One customer's MRR in one currency, through all of its movements.

    ``times`` are those of its movements in *all* currencies, in order, and ``groups`` one letter for each: N new, X
    expansion, D contraction, C churn, R reactivation, P price; a small one is of another currency. Those that follow
    hold one entry more than there are movements: how it stands before the first, after the first, and so on. ``alive``
    is 1 while it is a customer: after new or reactivation, until churn, in whatever currency. ``sums`` adds up the
    amounts in ``currency``, ``prices`` those of the price group alone, ``held`` is what the movements themselves state
    (``mrr_after``).

    ``since`` is its first movement in ``currency``; ``began`` its first new and ``grew`` its first expansion, in
    whatever currency, or None; ``grew_here`` says whether that one was in this currency.

    Amounts are minor units a month, times unix seconds UTC.
    """

    customer: str
    currency: str
    since: int
    began: int | None
    grew: int | None
    grew_here: bool
    times: "array[int]"
    groups: bytes
    alive: bytes
    sums: "array[int]"
    prices: "array[int]"
    held: "array[int]"

    def place(self, instant: int) -> int:
        """Return how many movements there were before ``instant`` (unix seconds UTC): where to look it up."""
        return bisect_left(self.times, instant)

    def mrr(self, instant: int) -> int:
        """Return the MRR just before ``instant`` (unix seconds UTC), in minor units: what amounts add up to."""
        return self.sums[bisect_left(self.times, instant)]


def tracks(customer: str, rows: Sequence[Row]) -> list[Track]:
    """Return the tracks of one customer, by currency, from all of its movements in their order.

    Raises OverflowError where a sum is larger than the ledger can write down.
    """
    return [_track(customer, currency, rows) for currency in sorted({row[1] for row in rows})]


def _track(customer: str, currency: str, rows: Sequence[Row]) -> Track:
    own = [row[1] == currency for row in rows]
    times = array("q", [row[0] for row in rows])
    letters = "".join([_LETTER_OF[row[2]] for row in rows])
    began, grew = letters.find("N"), letters.find("X")
    amounts = [row[3] if mine else 0 for row, mine in zip(rows, own, strict=True)]
    return Track(
        customer=customer,
        currency=currency,
        since=times[own.index(True)],
        began=None if began < 0 else times[began],
        grew=None if grew < 0 else times[grew],
        grew_here=grew >= 0 and own[grew],
        times=times,
        groups=letters.encode() if all(own) else _marked(letters, own),
        alive=bytes(_alive(letters)),
        sums=_levels(amounts),
        prices=_levels([amount if letter == "P" else 0 for amount, letter in zip(amounts, letters, strict=True)]),
        held=array("q", _stated(rows, currency)),
    )


def _marked(letters: str, own: Iterable[bool]) -> bytes:
    return "".join(letter if mine else letter.lower() for letter, mine in zip(letters, own, strict=True)).encode()


def _alive(letters: str) -> Iterator[int]:
    state = 0
    yield state
    for letter in letters:
        state = _LIFE.get(letter, state)
        yield state


def _levels(amounts: Iterable[int]) -> "array[int]":
    return array("q", accumulate(amounts, initial=0))


def _stated(rows: Iterable[Row], currency: str) -> Iterator[int]:
    state = 0
    yield state
    for row in rows:
        state = row[4] if row[1] == currency else state
        yield state
