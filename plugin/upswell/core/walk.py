"""The walk from one portfolio to the next in fixed steps, each booked on the position it changes.

The differences telescope: their sum is exactly MRR after minus MRR before, in every currency.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from upswell.core.catalogue import Catalogue
from upswell.core.discounts import eligible
from upswell.core.pairs import Pair, naming, pairs
from upswell.core.portfolio import Portfolio, Position, mrr
from upswell.core.rules import Rules


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it changed on which position (``old`` to ``new``) and by how much, minor units a month.

    ``part`` is switch, price, quantity, presence, usage or discounts; ``why`` says what decided, where it is not plain.
    ``was`` and ``now`` are the position's own MRR around the step.
    """

    part: str
    driver: str
    amount: int
    currency: str
    old: Position | None
    new: Position | None
    why: str = ""
    was: int = 0
    now: int = 0

    @property
    def position(self) -> Position:
        """The position the step is booked on."""
        return self.new or self.old  # type: ignore[return-value]


def walk(before: Portfolio, after: Portfolio, at: int, catalogue: Catalogue, rules: Rules) -> list[Step]:
    """Return the steps from ``before`` to ``after``, those that change no amount included."""
    return list(_Walk(before, after, at, catalogue, rules).steps())


class _Walk:
    """The positions on their way; every method books its part as it goes."""

    def __init__(self, before: Portfolio, after: Portfolio, at: int, catalogue: Catalogue, rules: Rules) -> None:
        self.before, self.after, self.at = before, after, at
        self.catalogue, self.rules = catalogue, rules
        self.pairs = pairs(before.positions, after.positions, catalogue, rules)
        self.aliases = _aliases(self.pairs)
        self.working = dict(before.positions)
        for name, alias in self.aliases.items():
            self.working[alias] = replace(self.working.pop(name), item=alias)
        self.amounts = dict(mrr(self.working.values()) if self.aliases else before.amounts)
        self.total = sum(self.amounts.values())

    def steps(self) -> Iterator[Step]:
        both = [(pair.before, pair.after) for pair in self.pairs if pair.before and pair.after]
        for old, new in both:
            if old.currency != new.currency:
                yield from self._switch(old, new)
        kept = [(old, new) for old, new in both if old.currency == new.currency]
        prices = [step for old, new in kept if (step := self._price(old, new))]
        quantities = [step for _, new in kept if (step := self._quantity(new))]
        yield from _joined(prices, quantities)
        for pair in self.pairs:
            if pair.before and not pair.after:
                yield self._gone(pair.before)
            elif pair.after and not pair.before:
                yield self._come(pair.after)
        held = [pair.after for pair in self.pairs if pair.after]
        yield from filter(None, map(self._usage, held))
        yield from self._reissued(held)
        yield from filter(None, map(self._discounts, held))

    def _book(self, part: str, driver: str, old: Position | None, new: Position | None, why: str = "") -> Step:
        """Put ``new`` in the place of ``old`` and book what the customer's MRR did."""
        left, before = self._leave(old) if old else None, self.total
        was = self.amounts[left] if left else 0
        if new:
            self.working[new.item] = new
        if _shares(old) or _shares(new):
            self.amounts = dict(mrr(self.working.values()))
            self.total = sum(self.amounts.values())
        else:
            self._exchange(left, new)
        amount, now = self.total - before, self.amounts[new.item] if new else 0
        return Step(part, driver, amount, (new or old).currency, old, new, why, was, now)  # type: ignore[union-attr]

    def _exchange(self, left: str | None, new: Position | None) -> None:
        """Exchange the amounts of positions that share no amount off: they hang on no other position's."""
        if left:
            self.total -= self.amounts.pop(left)
        if new:
            self.amounts |= mrr([new])
            self.total += self.amounts[new.item]

    def _leave(self, old: Position) -> str:
        """Take ``old`` out and return the name it went by."""
        name = self.aliases.pop(old.item, old.item) if self.aliases and self._is_at_start(old) else old.item
        del self.working[name]
        return name

    def _is_at_start(self, position: Position) -> bool:
        return self.before.positions.get(position.item) == position

    def _switch(self, old: Position, new: Position) -> Iterator[Step]:
        """Book a switch of currency: everything goes in one, everything comes in the other."""
        kept = tuple(cut for cut in old.cuts if cut.percent is not None)
        yield self._book("switch", "term", old, None)
        yield self._book("switch", "term", None, new.held(new.quantity, new.figure, kept, old.shelf))

    def _price(self, old: Position, new: Position) -> Step | None:
        """Step a: the new price at the old quantity, under the old discounts, with the old usage."""
        quantity = new.quantity if old.quantity is None or new.quantity is None else old.quantity
        if (new.subscription, new.item, new.price, quantity) == (old.subscription, old.item, old.price, old.quantity):
            return None
        moved = new.held(quantity, old.figure, old.cuts, old.shelf)
        if old.price.id == new.price.id:
            # Item ids settle ties when an amount off is spread, so new ids alone can move a minor unit.
            step = self._book("discounts", "discount", old, moved)
            return step if step.amount else None
        named = naming(old.price, new.price, self.at, self.catalogue, self.rules)
        return self._book("price", named.driver, old, moved, named.rule)

    def _quantity(self, new: Position) -> Step | None:
        """Step b: the new quantity."""
        old = self.working[new.item]
        if old.quantity == new.quantity:
            return None
        return self._book("quantity", "seats", old, old.held(new.quantity, old.figure, old.cuts, old.shelf))

    def _gone(self, gone: Position) -> Step:
        """Step c: a position that went."""
        why = self.after.around(gone.subscription).held_back.get(gone.item, "")
        return self._book("presence", "status" if why else self._sort(gone, self.after), gone, None, why)

    def _come(self, come: Position) -> Step:
        """Step c: a position that came."""
        earlier = self.before.around(come.subscription)
        why = earlier.held_back.get(come.item, "")
        stood = eligible([*earlier.own.get(come.item, ()), *earlier.standing], come.price.product)
        arriving = come.held(come.quantity, come.figure if why else None, stood, come.shelf)
        return self._book("presence", "status" if why else self._sort(come, self.before), None, arriving, why)

    def _sort(self, position: Position, other: Portfolio) -> str:
        """Say whether a position that came or went is more of what is held elsewhere, or a product of its own."""
        held = {one.price.product for one in other.positions.values()}
        seat = self.catalogue.role(position.price, self.rules) == "seat"
        return "seats" if seat or position.price.product in held else "add_on"

    def _usage(self, new: Position) -> Step | None:
        """Step d: the new usage figure."""
        old = self.working[new.item]
        if old.figure == new.figure:
            return None
        return self._book("usage", "usage", old, old.held(old.quantity, new.figure, old.cuts, old.shelf))

    def _reissued(self, held: Sequence[Position]) -> Iterator[Step]:
        """Move discounts of the same terms to their new ids and subscriptions, all at once.

        One by one, an amount off would be taken twice or not at all on the way.
        """
        moved = [new for new in held if self._is_reissued(new)]
        for new in moved[:-1]:
            self.working[new.item] = new
        for new in moved[-1:]:
            step = self._book("discounts", "discount", self.working[new.item], new)
            if step.amount:
                yield step

    def _is_reissued(self, new: Position) -> bool:
        old = self.working[new.item]
        return (old.cuts, old.shelf) != (new.cuts, new.shelf) and _terms(old) == _terms(new)

    def _discounts(self, new: Position) -> Step | None:
        """Step e: the new discounts."""
        old = self.working[new.item]
        return self._book("discounts", "discount", old, new) if (old.cuts, old.shelf) != (new.cuts, new.shelf) else None


def _shares(position: Position | None) -> bool:
    """Whether an amount off is spread over ``position`` and others."""
    return position is not None and any(cut.percent is None for cut in position.cuts)


def _terms(position: Position) -> list[tuple[object, ...]]:
    return [(cut.own, cut.percent, cut.amount, cut.products) for cut in position.cuts]


def _aliases(found: list[Pair]) -> dict[str, str]:
    """Name anew the positions whose item id another position takes over before they leave."""
    moved = [pair for pair in found if not (pair.before and pair.after and pair.before.item == pair.after.item)]
    arriving = {pair.after.item: pair for pair in moved if pair.after}
    leaving = [(pair.before.item, pair) for pair in moved if pair.before]
    return {name: f"{name}'" for name, pair in leaving if arriving.get(name, pair) is not pair}


def _joined(prices: list[Step], quantities: list[Step]) -> Iterator[Step]:
    """Yield price steps, then quantity steps; a swap between a flat plan and seats is one plan step of both."""
    if not (prices and quantities):
        yield from (*prices, *quantities)
        return
    rest = {step.position.item: step for step in quantities}
    for price in prices:
        quantity = rest.get(price.position.item)
        if quantity and _flat_to_seats(price, quantity):
            del rest[price.position.item]
            yield replace(price, amount=price.amount + quantity.amount, new=quantity.new, now=quantity.now)
        else:
            yield price
    yield from rest.values()


def _flat_to_seats(price: Step, quantity: Step) -> bool:
    ends = {end.quantity for end in (quantity.old, quantity.new) if end}
    return price.driver == "plan" and 1 in ends and price.amount * quantity.amount < 0
