"""A signal of usage that grows: billed more in each of three periods."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from upswell.core.money import plain, rounded
from upswell.core.portfolio import Position
from upswell.signals.known import Known, Measured
from upswell.signals.terms import DAY, Sign, Terms

PERIODS = 3
_LATE_DAYS = 15
_LONGEST_MONTH = 31


def growing(known: Known, _terms: Terms) -> Iterator[Sign]:
    """Yield the metered items that were billed more in each of the last three periods than in the one before."""
    for position in known.portfolio.positions.values():
        found = last_periods(position, known)
        if len(found) == PERIODS and all(one.monthly < other.monthly for one, other in pairwise(found)):
            first, *_, last = (one.monthly for one in found)
            amounts = ", ".join(plain(rounded(one.monthly), position.currency) for one in found)
            yield Sign(
                "usage_growth",
                position.item,
                f"billed usage of {known.catalogue.name(position.price)} rose over three periods: {amounts} a month",
                Fraction(1, 2) + min((last - first) / first / 2, Fraction(1, 2)) if first else Fraction(1),
            )


def last_periods(position: Position, known: Known) -> Sequence[Measured]:
    """Return what a metered item was billed in its last three periods; nothing where the last was long ago."""
    if not position.price.metered:
        return ()
    found = [one for one in known.measured if one.item == position.item][-PERIODS:]
    lasting = (int(position.price.months * _LONGEST_MONTH) + _LATE_DAYS) * DAY
    return found if found and known.at - found[-1].at <= lasting else ()
