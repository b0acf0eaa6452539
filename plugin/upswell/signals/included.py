"""Signals of what is counted elsewhere: usage near what is included, and milestones."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from upswell.core.portfolio import Position
from upswell.core.readings import MILESTONE, USAGE, Reading
from upswell.signals import words
from upswell.signals.known import Known
from upswell.signals.limits import of_customer, of_usage
from upswell.signals.periods import running
from upswell.signals.terms import DAY, Sign, Terms

_FRESH_DAYS = 35
_MILESTONE_DAYS = 30
_OLD_DAYS = 2


@dataclass(frozen=True, slots=True)
class _Use:
    """A reading of the running period, of how much it is, and that period where it is known."""

    reading: Reading
    title: str
    limit: int
    period: tuple[int, int] | None


def near_included(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield what was used, in the period that runs, near what is included, or more than it."""
    last = {(one.customer, one.name): one for one in known.readings if one.kind == USAGE}
    for reading in last.values():
        use = _use(reading, known)
        if use and (share := reading.units / use.limit) >= terms.threshold:
            yield Sign(
                "usage_limit", reading.name, _words(use, known.at, terms), words.nearness(share, terms.threshold)
            )


def _use(reading: Reading, known: Known) -> _Use | None:
    """Return a reading with its limit; None where there is none, or the reading is of a period that is over."""
    position = _position(reading, known)
    period = _period(reading, position, known)
    over = period[1] <= known.at or reading.at < period[0] if period else known.at - reading.at > _FRESH_DAYS * DAY
    named = of_usage(position, known) if position else of_customer(reading.customer, known)
    most = reading.limit or (named.most if named else 0)
    if over or not most or not known.portfolio.positions:
        return None
    title = known.catalogue.name(position.price) if position and not reading.label else reading.title
    return _Use(reading, title, most, period)


def _position(reading: Reading, known: Known) -> Position | None:
    """Return the metered position that a reading names, of the same Stripe customer."""
    for position in known.portfolio.positions.values():
        price = position.price
        owner = known.portfolio.around(position.subscription).owner
        named = (price.meter, price.id, price.product, price.lookup_key, position.item)
        if price.metered and owner == reading.customer and reading.name in named:
            return position
    return None


def _period(reading: Reading, position: Position | None, known: Known) -> tuple[int, int] | None:
    if reading.start is not None and reading.end is not None:
        return reading.start, reading.end
    return running(position, known) if position else None


def _words(use: _Use, now: int, terms: Terms) -> str:
    units, most = use.reading.units, use.limit
    said = f"{_number(units)} of {most:,} {use.title}"
    if units > most:
        said += f", {_number(units - most)} more than what is included"
    if now - use.reading.at > _OLD_DAYS * DAY:
        said += f" on {words.day(use.reading.at, now, terms)}"
    if use.period is None:
        return said
    left = words.days_between(now, use.period[1])
    return f"{said}, {words.count(left, 'day')} left{_forecast(use, use.period, now, terms)}"


def _forecast(use: _Use, period: tuple[int, int], now: int, terms: Terms) -> str:
    """Say when the limit is reached at the pace of the period so far, or what it comes to at the period's end."""
    start, end = period
    units, passed = use.reading.units, use.reading.at - start
    if passed <= 0 or units <= 0:
        return ""
    reached = start + round(use.limit * passed / units)
    if units < use.limit and reached < end:
        return f"; at this pace {use.limit:,} on {words.day(reached, now, terms)}"
    return f"; at this pace {round(units * (end - start) / passed):,} by {words.day(end, now, terms)}"


def _number(units: Fraction) -> str:
    return f"{units.numerator:,}" if units.denominator == 1 else f"{float(units):,.2f}"


def milestones(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield the milestones that were reported of a customer in the last 30 days, each name once."""
    since = known.at - _MILESTONE_DAYS * DAY
    found = {one.name: one for one in known.readings if one.kind == MILESTONE and one.at > since}
    for name, reading in found.items() if known.portfolio.positions else ():
        evidence = f"{reading.title} on {words.day(reading.at, known.at, terms)}"
        yield Sign("milestone", name, evidence, Fraction(1))
