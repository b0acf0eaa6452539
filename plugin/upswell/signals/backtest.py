"""The backtest: how often expansion followed a signal, against customers without one at the same moments.

History is replayed week by week through the functions that raise signals today, each moment with what was known then.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from upswell.signals.known import Past
from upswell.signals.raising import Raised, decide
from upswell.signals.signs import SIGNALS, look
from upswell.signals.terms import DAY, Terms

HORIZONS = (30, 60, 90)
"""Days within which expansion is looked for."""
FEWEST = 20
"""No rate is told of fewer."""
ANY = "any"
_WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Sample:
    """So many moments of customers, after so many of which expansion followed."""

    count: int
    expanded: int

    @property
    def rate(self) -> Fraction | None:
        """The share after which expansion followed; None of fewer than 20."""
        return Fraction(self.expanded, self.count) if self.count >= FEWEST else None


@dataclass(frozen=True, slots=True)
class Row:
    """What followed within ``days``: after ``signal`` (or any) was raised, and of others at the same moments."""

    signal: str
    days: int
    told: Sample
    others: Sample

    @property
    def lift(self) -> Fraction | None:
        """How many times as often expansion followed a signal; None where there is no rate, or none to compare."""
        told, others = self.told.rate, self.others.rate
        return None if told is None or not others else told / others


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer at a moment: the signals raised then, none for one that might have been told of but showed no sign.

    ``followed`` says for each of HORIZONS whether expansion followed; None where it is not over yet.
    """

    at: int
    signals: frozenset[str]
    followed: tuple[bool | None, ...]


def moments(first: int, now: int) -> Iterator[int]:
    """Yield the moments that are looked at, the oldest first: whole weeks before ``now``, the same for everybody."""
    weeks = (now - first) // _WEEK
    return (now - week * _WEEK for week in range(weeks, 0, -1))


def trail(past: Past, now: int, terms: Terms) -> Iterator[Seen]:
    """Yield what would have been told of a customer at past moments, and what followed (unix seconds UTC)."""
    grown = [one.occurred_at for one in past.movements if one.group == "expansion"]
    held: dict[str, Raised] = {}
    for at in moments(now if past.first is None else past.first, now):
        known = past.known(at)
        found = look(known, terms)
        changed = decide(known.customer, found, list(held.values()), at, terms)
        held |= {one.id: one for one in changed}
        raised = frozenset(one.signal for one in changed if one.raised_at == at)
        silent = known.portfolio.positions and not found.signs and not found.restraint
        if raised or silent:
            yield Seen(at, raised, tuple(_followed(grown, at, days, now) for days in HORIZONS))


def _followed(grown: Sequence[int], at: int, days: int, now: int) -> bool | None:
    until = at + days * DAY
    return None if until > now else bisect_right(grown, until) > bisect_right(grown, at)


class Backtest:
    """Adds up the trails of ``customers``, one after the other; ``told`` is how often one would have been told of."""

    def __init__(self) -> None:
        self.customers = self.told = 0
        self._counts: Counter[tuple[int, str, int, bool]] = Counter()

    def add(self, found: Iterable[Seen]) -> None:
        """Add one customer's trail."""
        self.customers += 1
        for seen in found:
            self.told += bool(seen.signals)
            names = (ANY, *seen.signals) if seen.signals else ("",)
            for days, followed in zip(HORIZONS, seen.followed, strict=True):
                if followed is not None:
                    self._counts.update((seen.at, name, days, followed) for name in names)

    def rows(self) -> list[Row]:
        """Return what came of it, for any signal and for each that was ever raised."""
        names = [ANY, *(name for name in SIGNALS if any(key[1] == name for key in self._counts))]
        return [self._row(name, days) for name in names for days in HORIZONS]

    def _row(self, name: str, days: int) -> Row:
        when = {at for at, other, horizon, _ in self._counts if (other, horizon) == (name, days)}
        return Row(name, days, self._sample(when, name, days), self._sample(when, "", days))

    def _sample(self, when: Iterable[int], name: str, days: int) -> Sample:
        yes, no = (sum(self._counts[at, name, days, followed] for at in when) for followed in (True, False))
        return Sample(yes + no, yes)
