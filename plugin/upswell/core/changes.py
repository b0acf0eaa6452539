"""Changes: the instants at which a customer's counted portfolio differs from just before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, takewhile
from operator import attrgetter

from upswell.core.catalogue import Standing
from upswell.core.discounts import Cut, Discount, cut, eligible
from upswell.core.history import Entry, History, entries
from upswell.core.portfolio import Backdrop, Item, Portfolio, Position, Subscription, counts, suspension
from upswell.core.prices import Price
from upswell.core.rules import Rules
from upswell.core.usage import figures


@dataclass(frozen=True, slots=True)
class Change:
    """The counted portfolio became another one at ``at`` (unix seconds UTC), by ``cause`` (event or invoice id)."""

    at: int
    gap: bool
    cause: str
    source: str
    before: Portfolio
    after: Portfolio


@dataclass(frozen=True, slots=True)
class _Tick:
    """A moment at which one subscription may look different."""

    at: int
    phase: int
    subscription: str
    place: int
    cause: str
    source: str = "observed"
    entry: Entry | None = None
    figure: tuple[str, Fraction] | None = None


_NOTHING = Portfolio()
_MOMENT = attrgetter("at", "phase")
_PLACE = attrgetter("at", "phase", "subscription", "place", "cause", "source")


@dataclass(frozen=True, slots=True)
class _View:
    """One subscription's part of the portfolio."""

    positions: dict[str, Position]
    backdrop: Backdrop


def changes(history: History, rules: Rules) -> Iterator[Change]:
    """Yield every change of ``history`` in order; several causes within one second are one change."""
    return Walker(history, rules).changes()


@dataclass(slots=True)
class Stand:
    """Where a walker stands: ``done`` ticks are behind it, ``held`` is what the last change led to."""

    done: int = 0
    held: Portfolio = _NOTHING
    views: dict[str, _View] = field(default_factory=dict)
    backdrops: dict[str, Backdrop] = field(default_factory=dict)
    current: dict[str, Entry] = field(default_factory=dict)
    figures: dict[str, Fraction] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)

    def copy(self) -> "Stand":
        """Return a stand from which another walker can go on."""
        return Stand(
            self.done,
            self.held,
            self.views.copy(),
            self.backdrops,
            self.current.copy(),
            self.figures.copy(),
            self.counted.copy(),
        )


class Walker:
    """Walks through a history tick by tick; ``stand`` is how far it has come, and what has counted so far."""

    def __init__(self, history: History, rules: Rules) -> None:
        self.rules = rules
        self.catalogue = history.catalogue
        self.entries = entries(history, rules)
        self.own = self._own_discounts()
        ticks = [*self._entry_ticks(), *self._usage_ticks(history), *self._discount_ticks()]
        self.ticks = sorted(ticks, key=_PLACE)
        self.stand = Stand()
        self.prices: dict[str, Price] = {}
        self.cuts: dict[tuple[object, ...], Cut | None] = {}

    def alike(self, other: "Walker") -> int:
        """Return how many ticks are the same as those of ``other`` before the moment at which one is not."""
        same = takewhile(lambda pair: pair[0] == pair[1], zip(self.ticks, other.ticks, strict=False))
        count = sum(1 for _ in same)
        while 0 < count < len(self.ticks) and _MOMENT(self.ticks[count - 1]) == _MOMENT(self.ticks[count]):
            count -= 1
        return count

    def changes(self) -> Iterator[Change]:
        """Yield the changes that lie ahead."""
        stand = self.stand
        for (at, phase), ticks in groupby(self.ticks[stand.done :], key=_MOMENT):
            causes: dict[str, tuple[str, str]] = {}
            held, backdrops = stand.held, stand.backdrops
            for tick in ticks:
                stand.done += 1
                if self._apply(tick):
                    causes[tick.subscription] = (tick.cause, tick.source)
            if causes and held.positions != (positions := _positions(stand.views)):
                cause, source = max(causes.values())
                stand.held = Portfolio(positions, stand.backdrops)
                yield Change(at, phase % 2 == 0, cause, source, _with(held, backdrops), stand.held)

    def _apply(self, tick: _Tick) -> bool:
        """Let ``tick`` happen and say whether its subscription's positions changed."""
        stand, name = self.stand, tick.subscription
        if tick.entry:
            held, stand.current[name] = stand.current.get(name), tick.entry
            if held and held.subscription is tick.entry.subscription and self._stays(held.subscription):
                return False
        if tick.figure:
            stand.figures[tick.figure[0]] = tick.figure[1]
        if name not in stand.current:
            return False
        old = stand.views.get(name)
        view = stand.views[name] = self._view(stand.current[name].subscription, tick.at)
        if not old or old.backdrop != view.backdrop:
            stand.backdrops = {**stand.backdrops, name: view.backdrop}
        if view.positions:
            stand.counted |= {name, *view.positions}
        return view.positions != (old.positions if old else {})

    def _stays(self, subscription: Subscription) -> bool:
        """Whether the subscription looks the same at any moment, as renewals that change nothing mostly do."""
        ends = subscription.discounts or any(item.discounts or item.trial_end for item in subscription.items)
        return not ends and subscription.customer not in self.own

    def _view(self, subscription: Subscription, at: int) -> _View:
        found = self._standing(subscription, at)
        standing = self._cuts(found, subscription.currency) if found else ()
        alive = counts(subscription, counted_before=subscription.id in self.stand.counted, rules=self.rules)
        own = {
            item.id: self._cuts(self._in_force(item.discounts, at), subscription.currency, own=True)
            for item in subscription.items
            if item.discounts
        }
        positions = {
            item.id: self._position(subscription, item, (*own.get(item.id, ()), *standing))
            for item in subscription.items
            if alive and not self._in_trial(item, at)
        }
        why = suspension(subscription, self.rules)
        held_back = {item.id: why for item in subscription.items if item.id in self.stand.counted} if why else {}
        return _View(positions, Backdrop(standing, own, held_back, subscription.metadata, subscription.customer))

    def _in_trial(self, item: Item, at: int) -> bool:
        return item.trial_end is not None and at < item.trial_end and item.id not in self.stand.counted

    def _position(self, subscription: Subscription, item: Item, cuts: tuple[Cut, ...]) -> Position:
        price = self._price(item)
        metered = price.metered
        return Position(
            subscription=subscription.id,
            item=item.id,
            currency=subscription.currency,
            price=price,
            quantity=None if metered else (1 if item.quantity is None else item.quantity),
            figure=self.stand.figures.get(item.id) if metered else None,
            cuts=eligible(cuts, price.product) if cuts else cuts,
            shelf=subscription.id,
        )

    def _price(self, item: Item) -> Price:
        if item.price.id not in self.prices:
            self.prices[item.price.id] = self.catalogue.price(item.price)
        return self.prices[item.price.id]

    def _cuts(self, discounts: Sequence[Discount], currency: str, *, own: bool = False) -> tuple[Cut, ...]:
        return tuple([found for one in discounts if (found := self._cut(one, currency, own=own))])

    def _cut(self, discount: Discount, currency: str, *, own: bool) -> Cut | None:
        key = (discount.id, discount.coupon_id, discount.start, currency, own)
        if key not in self.cuts:
            self.cuts[key] = cut(discount.id, self.catalogue.coupon(discount), currency, self.rules, own=own)
        return self.cuts[key]

    def _standing(self, subscription: Subscription, at: int) -> Sequence[Discount]:
        """Return the subscription's own discounts in force, or the customer's where it has none."""
        found = self._in_force(subscription.discounts, at) if subscription.discounts else []
        if found or subscription.customer not in self.own:
            return found
        own = [one for one in self.own[subscription.customer] if one.start <= at]
        return self._in_force([one.discount for one in own if one.end is None or at < one.end][-1:], at)

    def _in_force(self, names: Sequence[str], at: int) -> list[Discount]:
        return [found for name in names if (found := self.catalogue.discount(name, at))]

    def _own_discounts(self) -> dict[str, list[Standing]]:
        held = [entry.subscription for rows in self.entries.values() for entry in rows]
        listed = frozenset(name for one in held for name in one.all_discounts)
        customers = {one.customer for one in held}
        found = {customer: self.catalogue.own_discounts(customer, listed) for customer in customers}
        return {customer: standing for customer, standing in found.items() if standing}

    def _entry_ticks(self) -> Iterator[_Tick]:
        for name, rows in self.entries.items():
            for place, entry in enumerate(rows):
                yield _Tick(entry.at, entry.phase, name, place, entry.event, entry.source, entry=entry)
                for item in entry.subscription.items:
                    if item.trial_end and item.trial_end > entry.at:
                        yield _Tick(item.trial_end, 1, name, -1, entry.event, entry.source)

    def _usage_ticks(self, history: History) -> Iterator[_Tick]:
        if self.rules.usage == "exclude":
            return
        for figure in figures(history.billed, self._items):
            yield _Tick(figure.at, 1, figure.subscription, -1, figure.invoice, figure=(figure.item, figure.monthly))

    def _items(self, subscription: str, at: int) -> Sequence[Item]:
        held = [entry for entry in self.entries.get(subscription, ()) if entry.at <= at]
        return held[-1].subscription.items if held else ()

    def _discount_ticks(self) -> Iterator[_Tick]:
        for name, rows in self.entries.items():
            brought: dict[str, Entry] = {}
            for entry in rows:
                for discount in entry.subscription.all_discounts:
                    brought.setdefault(discount, entry)
            for discount, first in brought.items():
                for at, cause in self.catalogue.discount_times(discount, first.event).items():
                    source = first.source if cause == first.event and not first.gap else "observed"
                    yield _Tick(at, 1, name, -1, cause, source)
            for standing in self.own.get(rows[0].subscription.customer, ()):
                yield _Tick(standing.start, 1, name, -1, standing.event, standing.source_of(standing.event))
                if standing.end is not None:
                    yield _Tick(standing.end, 1, name, -1, standing.ended_by, standing.source_of(standing.ended_by))


def _positions(views: dict[str, _View]) -> dict[str, Position]:
    return {name: held for view in views.values() for name, held in view.positions.items()}


def _with(held: Portfolio, backdrops: dict[str, Backdrop]) -> Portfolio:
    """Return ``held`` with what stands around it by now: that may change while no position does."""
    return held if held.backdrops is backdrops else Portfolio(held.positions, backdrops)
