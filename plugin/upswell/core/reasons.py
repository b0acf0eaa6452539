"""Reasons: one line a person can read, with the arithmetic where it is plain."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import prod

from upswell.core.catalogue import Catalogue
from upswell.core.discounts import Cut
from upswell.core.money import Exact, plain, rounded, signed
from upswell.core.portfolio import Position
from upswell.core.prices import Price, monthly
from upswell.core.walk import Step

_INTERVALS = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}
_BEGINS = {"new": "Starts with", "reactivation": "Back with", "churn": "Gone:"}
_ALONE = {
    "plan": " (a plan swapped with a free one)",
    "seats": " (by quantity alone)",
    "usage": " (by billed usage alone)",
    "discount": " (by a discount alone)",
}


def life_reason(kind: str, driver: str, held: Iterable[Position], amount: int, catalogue: Catalogue) -> str:
    """Return the reason of a new, reactivation or churn: all positions, the largest first."""
    shown = sorted(held, key=lambda position: (-position.monthly, position.item))
    names = ", ".join(label(position, catalogue) for position in shown)
    return f"{_BEGINS[kind]} {names}: {plain(amount, shown[0].currency)} a month{_ALONE.get(driver, '')}"


@dataclass(frozen=True, slots=True)
class _Case:
    """A step of a position that stays: its two ends, and what they are called by the catalogue."""

    step: Step
    old: Position
    new: Position
    name: str
    catalogue: Catalogue


def step_reason(step: Step, catalogue: Catalogue) -> str:
    """Return the reason of one step."""
    name = catalogue.name(step.position.price)
    if step.part == "switch":
        return f"{name} is {'no longer' if step.old else 'now'} paid in {step.currency.upper()}: {_change(step)}"
    if step.old and step.new:
        return _WORDS[step.part](_Case(step, step.old, step.new, name, catalogue))
    if step.new:
        verb = f"is back (was {step.why})" if step.why else "added"
    else:
        verb = f"held back ({step.why})" if step.why else "removed"
    return f"{label(step.position, catalogue)} {verb}: {_times(step)}"


def _price_words(case: _Case) -> str:
    step, old, new = case.step, case.old, case.new
    was = case.catalogue.name(old.price)
    title = f"{was} → {case.name}" if was != case.name else case.name
    if old.price.months != new.price.months:
        title += f", {_interval(old.price)} → {_interval(new.price)}"
    if old.quantity != new.quantity:
        return f"{title}, {old.quantity or 1} → {new.quantity or 1}: {_change(step)}"
    seats = f" for {new.quantity} seats" if (new.quantity or 1) != 1 else ""
    why = f" ({step.why})" if step.driver == "price" else ""
    return f"{title}{seats}: {_difference(case)}{why}"


def _quantity_words(case: _Case) -> str:
    step, before, after = case.step, case.old.quantity or 0, case.new.quantity or 0
    title = f"{case.name}: {before} → {after} seats"
    unit = _unit(case.new)
    if unit is None or not _adds_up(step, (after - before) * unit):
        return f"{title}: {_change(step)}"
    sign = "" if after > before else "−"
    return f"{title}: {sign}{abs(after - before)} × {plain(unit, step.currency)}{_less(case.new.cuts)}"


def _usage_words(case: _Case) -> str:
    before, after = (
        None if end.figure is None else plain(rounded(end.figure), case.step.currency) for end in (case.old, case.new)
    )
    change = f"billed usage {before} → {after or '0'}" if before is not None else f"first billed usage, {after}"
    return f"{case.name}: {change} a month{_less(case.new.cuts)}"


def _discount_words(case: _Case) -> str:
    before, after = (cut_words(end.cuts, case.step.currency) for end in (case.old, case.new))
    return f"{case.name}: {before} → {after}: {_change(case.step)}"


_WORDS: dict[str, Callable[[_Case], str]] = {
    "price": _price_words,
    "quantity": _quantity_words,
    "usage": _usage_words,
    "discounts": _discount_words,
}


def label(position: Position, catalogue: Catalogue) -> str:
    """Return what people call a position: ``Pro × 5``."""
    name = catalogue.name(position.price)
    return f"{name} × {position.quantity}" if (position.quantity or 1) != 1 else name


def _interval(price: Price) -> str:
    if price.interval_count == 1:
        return _INTERVALS[price.interval or "month"]
    return f"every {price.interval_count} {price.interval}s"


def _change(step: Step) -> str:
    """Return the position's MRR before and after, where that is the whole change; else the change."""
    if step.old and step.new and step.now - step.was == step.amount:
        return f"{plain(step.was, step.currency)} → {plain(step.now, step.currency)} a month"
    return f"{signed(step.amount, step.currency)} a month"


def _times(step: Step) -> str:
    unit = _unit(step.position)
    quantity = 1 if step.position.quantity is None else step.position.quantity
    sign = -1 if step.amount < 0 else 1
    if unit is None or quantity == 1 or not _adds_up(step, sign * quantity * unit):
        return _change(step)
    return f"{'−' if sign < 0 else ''}{quantity} × {plain(unit, step.currency)}{_less(step.position.cuts)}"


def _difference(case: _Case) -> str:
    step, was, now = case.step, _unit(case.old), _unit(case.new)
    quantity = 1 if case.new.quantity is None else case.new.quantity
    if was is None or now is None or not _adds_up(step, quantity * (now - was)):
        return _change(step)
    change = f"{plain(now, step.currency)} − {plain(was, step.currency)}"
    return f"{quantity} × ({change}){_less(case.new.cuts)}" if quantity != 1 else f"{change}{_less(case.new.cuts)}"


def _unit(position: Position) -> Exact | None:
    """Return what one unit costs a month where all units cost the same, else None."""
    price = position.price
    if price.metered or price.mode != "per_unit" or price.divide_by:
        return None
    return monthly(price, position.currency, 1)


def _adds_up(step: Step, amount: Exact) -> bool:
    """Whether ``amount`` less the percentages in force is the step's, to the minor unit."""
    held = step.position.cuts
    if not held:
        return rounded(amount) == step.amount
    kept = prod((cut.kept for cut in held), start=Fraction(1))
    return all(cut.percent is not None for cut in held) and rounded(amount * kept) == step.amount


def _less(cuts: tuple[Cut, ...]) -> str:
    percents = [_percent(cut.percent) for cut in cuts if cut.percent is not None]
    return f", less {' and '.join(percents)}" if percents else ""


def cut_words(cuts: tuple[Cut, ...], currency: str) -> str:
    """Return what discounts take off, in words: ``20 % off and 5.00 off``."""
    words = [
        f"{plain(cut.amount, currency)} off" if cut.percent is None else f"{_percent(cut.percent)} off" for cut in cuts
    ]
    return " and ".join(words) or "no discount"


@lru_cache(maxsize=100)
def _percent(share: Fraction) -> str:
    return f"{(Decimal(share.numerator * 100) / share.denominator).normalize():f} %"
