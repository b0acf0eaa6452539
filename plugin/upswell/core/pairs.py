"""Pairs: which position before a change is which position after it, and how a price difference is named."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from upswell.core.catalogue import Catalogue
from upswell.core.portfolio import Position
from upswell.core.prices import Price
from upswell.core.rules import Rules


@dataclass(frozen=True, slots=True)
class Pair:
    """A position kept or swapped (both ends), removed (``after`` None) or added (``before`` None)."""

    before: Position | None
    after: Position | None

    @property
    def key(self) -> str:
        """The item id by which the walk orders its steps."""
        return (self.after or self.before).item  # type: ignore[union-attr]

    @property
    def crosses(self) -> bool:
        """Whether it is a switch of currency."""
        return bool(self.before and self.after and self.before.currency != self.after.currency)


Match = Callable[[Position], object]


def pairs(
    before: Mapping[str, Position], after: Mapping[str, Position], catalogue: Catalogue, rules: Rules
) -> list[Pair]:
    """Pair the positions that changed, within one currency and role: the same item id, the same product, the largest.

    What is left over in two currencies is paired in the same way: a switch of currency. The rest was removed
    or added.
    """

    def role(position: Position) -> str:
        return catalogue.role(position.price, rules)

    def kept(old: Position, new: Position) -> bool:
        return old.currency == new.currency and (old.price.id == new.price.id or role(old) == role(new))

    gone = {name: position for name, position in before.items() if after.get(name) != position}
    come = {name: after[name] for name in after if name in gone or name not in before}
    same = [name for name, position in gone.items() if name in come and kept(position, come[name])]
    found = [Pair(gone.pop(name), come.pop(name)) for name in same]
    if gone or come:
        found += _matched(sorted(gone.values(), key=_size), sorted(come.values(), key=_size), role)
    return sorted(found, key=lambda pair: pair.key)


def _matched(old: list[Position], new: list[Position], role: Callable[[Position], str]) -> Iterator[Pair]:
    """Pair what is left of ``old`` and ``new``, both the largest first; yield what found no partner alone."""
    matches: tuple[Match, ...] = (
        lambda p: (p.currency, role(p), p.price.product),
        lambda p: (p.currency, role(p)),
        lambda p: (role(p), p.price.product),
        role,
    )
    for match in matches:
        for position in list(old):
            partner = next((other for other in new if match(other) == match(position)), None)
            if partner:
                old.remove(position)
                new.remove(partner)
                yield Pair(position, partner)
    yield from (Pair(position, None) for position in old)
    yield from (Pair(None, position) for position in new)


def _size(position: Position) -> tuple[bool, object, str]:
    """Largest MRR before discounts first, metered last, ties by item id."""
    return position.price.metered, -position.monthly, position.item


def largest(positions: Iterable[Position]) -> Position:
    """Return the largest position: by MRR before discounts, ties by item id."""
    return min(positions, key=lambda position: (-position.monthly, position.item))


@dataclass(frozen=True, slots=True)
class Naming:
    """How a price difference is named: the driver, and the rule that decided."""

    driver: str
    rule: str


ARCHIVED = "the old price was archived in favour of the new one"


def naming(old: Price, new: Price, at: int, catalogue: Catalogue, rules: Rules) -> Naming:
    """Name the difference between two prices of one pair; the first rule that fits decides.

    ``at`` is the time of the change, unix seconds UTC.
    """
    families = catalogue.family(old, rules), catalogue.family(new, rules)
    same_interval = old.months == new.months
    if (old.id, new.id) in rules.price_changes:
        return Naming("price", "declared in [[rules.price_change]]")
    if all(families):
        if families[0] != families[1]:
            return Naming("plan", "another plan family")
        return Naming("price" if same_interval else "term", f"one plan family, {families[0]}")
    if old.product == new.product and not same_interval:
        return Naming("term", "one product, another interval")
    if old.product == new.product and catalogue.replaced(old, new, at):
        return Naming("price", ARCHIVED)
    return Naming("plan", "neither declared nor shown to be a price change")
