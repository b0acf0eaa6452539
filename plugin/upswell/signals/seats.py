"""Signals of seats: how near their limit they are, and how many came lately."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from upswell.core.kinds import Movement
from upswell.core.money import plain, signed
from upswell.core.portfolio import Position
from upswell.core.prices import monthly
from upswell.signals import words
from upswell.signals.known import Known
from upswell.signals.limits import Limit, of_seats
from upswell.signals.terms import DAY, Sign, Terms

_LATELY_DAYS = 90
_FEWEST = Fraction(1, 10)


def near_limit(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield the positions whose quantity is near, at or over their limit, or near the end of their price's tier."""
    for position in known.portfolio.positions.values():
        held = position.quantity or 0
        limit = None if position.price.metered or held < 2 else of_seats(position, known)
        if limit and (share := Fraction(held, limit.most)) >= terms.threshold:
            evidence = _words(position, held, limit, known)
            yield Sign("seat_limit", position.item, evidence, words.nearness(share, terms.threshold))


def _words(position: Position, held: int, limit: Limit, known: Known) -> str:
    name = known.catalogue.name(position.price)
    if limit.edge:
        more = monthly(position.price, position.currency, limit.most + 1)
        return (
            f"{held:,} of {limit.most:,} seats of {name} in its tier, {plain(position.monthly, position.currency)} "
            f"a month; {limit.most + 1:,} cost {plain(more, position.currency)}"
        )
    if held > limit.most:
        return f"{held:,} seats of {name}, {held - limit.most:,} more than the {limit.most:,} included"
    return f"{held:,} of {limit.most:,} seats of {name}" + (": the limit is reached" if held == limit.most else "")


def added(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield the products of which at least a tenth more seats are held than 90 days ago."""
    since = known.at - _LATELY_DAYS * DAY
    moved: defaultdict[str, list[Movement]] = defaultdict(list)
    for movement in known.movements:
        if movement.driver == "seats" and movement.occurred_at > since:
            moved[movement.product_to or movement.product_from or ""].append(movement)
    for product, found in moved.items():
        held = [one for one in known.portfolio.positions.values() if one.price.product == product]
        seats = sum(position.quantity or 0 for position in held)
        more = sum((one.quantity_to or 0) - (one.quantity_from or 0) for one in found)
        before = seats - more
        if held and before > 0 and more >= before * _FEWEST:
            evidence = _growth(known.catalogue.name(held[0].price), (before, seats), found, known, terms)
            strength = min(Fraction(1), Fraction(1, 2) + Fraction(more, 2 * before))
            yield Sign("seats_added", product, evidence, strength)


def _growth(name: str, seats: tuple[int, int], found: Sequence[Movement], known: Known, terms: Terms) -> str:
    before, now = seats
    amount = signed(sum(movement.amount for movement in found), found[0].currency)
    first = words.day(found[0].occurred_at, known.at, terms)
    return f"{before:,} → {now:,} seats of {name} since {first}: {amount} a month"
