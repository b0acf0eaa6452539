"""What is known of a customer at a moment: taken out of its history, without looking at anything that came later."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter

from upswell.core.booking import Life
from upswell.core.catalogue import Catalogue, until
from upswell.core.changes import Walker
from upswell.core.history import Entry, History
from upswell.core.kinds import Movement
from upswell.core.movements import tell
from upswell.core.phases import IN_FORCE, standing
from upswell.core.portfolio import Portfolio, Subscription, suspension
from upswell.core.readings import Reading
from upswell.core.rules import Rules
from upswell.core.states import ENDED
from upswell.core.usage import Billed

_UNPAID = frozenset({"past_due", "unpaid", "incomplete"})
_AT = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Measured:
    """An item's billed usage in minor units a month, standing from ``at`` (unix seconds UTC) until the next."""

    at: int
    item: str
    monthly: Fraction


@dataclass(frozen=True, slots=True)
class Known:
    """What a customer is ``at`` a moment (unix seconds UTC), and has been until then.

    ``subscriptions`` are those that live, as they stood; ``movements``, ``measured``, ``billed`` and ``readings`` what
    had happened, oldest first. ``begun`` is when the first subscription counted, None before; ``trouble`` the last
    moment of a failed payment or a pause with its word, None where there was none; ``cancels`` says whether an end was
    arranged by then.
    """

    customer: str
    at: int
    portfolio: Portfolio
    subscriptions: Mapping[str, Subscription]
    movements: Sequence[Movement]
    measured: Sequence[Measured]
    billed: Sequence[Billed]
    readings: Sequence[Reading]
    catalogue: Catalogue
    rules: Rules
    begun: int | None
    trouble: tuple[int, str] | None
    cancels: bool


class Past:
    """A customer's history, told once, so that it can be asked what was known at many moments."""

    def __init__(self, history: History, rules: Rules, readings: Sequence[Reading] = ()) -> None:
        walker = Walker(history, rules)
        self._history, self._rules = history, rules
        chapters = [chapter for chapter, _ in tell(walker, Life(quotes=history.quotes), (), history, rules)]
        self._moments = [chapter.group.at for chapter in chapters]
        self._held = [chapter.group.after for chapter in chapters]
        self._entries = walker.entries
        self.movements = [movement for chapter in chapters for movement in chapter.movements]
        self._movement_times = [movement.occurred_at for movement in self.movements]
        self._measured = [Measured(tick.at, *tick.figure) for tick in walker.ticks if tick.figure]
        self._billed = sorted(history.billed, key=attrgetter("finalized_at", "invoice", "line"))
        self._readings = sorted(readings, key=_AT)
        self._told: defaultdict[str, list[tuple[int, Subscription]]] = defaultdict(list)
        for at, subscription in sorted(history.told, key=lambda one: one[0]):
            self._told[subscription.id].append((at, subscription))
        counted = (group.at for group in (chapter.group for chapter in chapters) if group.after.positions)
        self.begun = next(counted, None)

    @property
    def first(self) -> int | None:
        """When the first thing is known of the customer (unix seconds UTC), None where nothing is."""
        return min((rows[0].at for rows in self._entries.values() if rows), default=None)

    def known(self, at: int) -> Known:
        """Return what was known ``at`` a moment (unix seconds UTC)."""
        held = {name: rows[: bisect_right(rows, at, key=_AT)] for name, rows in self._entries.items()}
        chapter = bisect_right(self._moments, at)
        living = {name: rows[-1].subscription for name, rows in held.items() if rows}
        return Known(
            customer=self._history.customer,
            at=at,
            portfolio=self._held[chapter - 1] if chapter else Portfolio(),
            subscriptions={name: one for name, one in living.items() if one.status not in ENDED},
            movements=self.movements[: bisect_right(self._movement_times, at)],
            measured=self._measured[: bisect_right(self._measured, at, key=_AT)],
            billed=self._billed[: bisect_right(self._billed, at, key=attrgetter("finalized_at"))],
            readings=self._readings[: bisect_right(self._readings, at, key=_AT)],
            catalogue=self._history.catalogue,
            rules=self._rules,
            begun=self.begun if self.begun is not None and self.begun <= at else None,
            trouble=self._trouble(held, at),
            cancels=any(self._cancels(name, rows, at) for name, rows in held.items() if rows)
            or self._ends_by_schedule(at),
        )

    def _trouble(self, held: Mapping[str, Sequence[Entry]], at: int) -> tuple[int, str] | None:
        """Return the last moment up to ``at`` at which a payment had failed or a subscription was held back."""
        found = []
        for rows in held.values():
            ends = [*(entry.at for entry in rows[1:]), *([at] if rows else [])]
            for entry, end in zip(rows, ends, strict=True):
                if word := _trouble(entry.subscription, self._rules):
                    found.append((end, word))
        return max(found, default=None)

    def _cancels(self, name: str, rows: Sequence[Entry], at: int) -> bool:
        """Whether Stripe had said by then that the subscription is to end; a reconstruction does not know when.

        What was told last in one second, the entries know.
        """
        told = self._told[name]
        place = bisect_right(told, at, key=lambda one: one[0])
        if not place:
            return False
        when, subscription = told[place - 1]
        if rows[-1].at == when:
            subscription = rows[-1].subscription
        return subscription.cancels and subscription.status not in ENDED

    def _ends_by_schedule(self, at: int) -> bool:
        for versions in self._history.schedules.values():
            if said := until(versions, at):
                terms = standing(said).terms
                if terms.status in IN_FORCE and terms.end is not None and terms.end > at:
                    return True
        return False


def _trouble(subscription: Subscription, rules: Rules) -> str | None:
    if subscription.status in _UNPAID:
        return subscription.status.replace("_", " ")
    return suspension(subscription, rules)
