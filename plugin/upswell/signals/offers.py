"""The best offer there is: a higher plan that would have cost less than the overage that was paid.

Told only where it is certain: see ``docs/signals.md``.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from upswell.core.money import plain, rounded
from upswell.core.portfolio import Position
from upswell.core.prices import Price, monthly
from upswell.signals.growth import PERIODS, last_periods
from upswell.signals.known import Known
from upswell.signals.limits import declared
from upswell.signals.terms import Sign, Terms


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan with the one metered item beside it, on one subscription."""

    plan: Position
    meter: Position


def cheaper_plans(known: Known, _terms: Terms) -> Iterator[Sign]:
    """Yield the plans whose overage of three periods was, in the mean, dearer than the next higher plan."""
    for held in _plans(known):
        billed = [one.monthly for one in last_periods(held.meter, known)]
        higher = _higher(held.plan, known)
        if len(billed) < PERIODS or min(billed) <= 0 or higher is None:
            continue
        overage = sum(billed, Fraction(0)) / PERIODS
        left = _overage_on(higher, held, known)
        quantity, currency = held.plan.quantity or 1, held.plan.currency
        more = Fraction(monthly(higher, currency, quantity) - held.plan.monthly)
        if left is not None and overage > more + left:
            evidence = _words(known.catalogue.name(higher), (overage, more, left), held.plan)
            yield Sign("cheaper_plan", held.meter.item, evidence, (1 + (overage - more - left) / overage) / 2)


def _words(name: str, amounts: tuple[Fraction, ...], plan: Position) -> str:
    overage, more, left = (plain(rounded(amount), plan.currency) for amount in amounts)
    rest = f" and would bill {left} for the same usage" if amounts[2] else ""
    if plan.price.months == 1:
        return f"three months of overage averaged {overage}; {name} costs {more} more{rest}"
    return f"three periods of overage averaged {overage} a month; {name} costs {more} a month more{rest}"


def _plans(known: Known) -> Iterator[_Plan]:
    """Yield the subscriptions of one plan and one meter, of one interval and without a discount on either."""
    beside: defaultdict[str, list[Position]] = defaultdict(list)
    for position in known.portfolio.positions.values():
        beside[position.subscription].append(position)
    for held in beside.values():
        meters = [one for one in held if one.price.metered]
        plans = [one for one in held if not one.price.metered and _is_plan(one.price, known)]
        if len(meters) == len(plans) == 1:
            (plan,), (meter,) = plans, meters
            if plan.price.months == meter.price.months and not (plan.cuts or meter.cuts):
                yield _Plan(plan, meter)


def _is_plan(price: Price, known: Known) -> bool:
    return known.catalogue.role(price, known.rules) == "plan"


def _higher(plan: Position, known: Known) -> Price | None:
    """Return the next dearer price that is certainly another plan; None where there is none, or two cost the same."""
    quantity = plan.quantity or 1
    found = [
        (monthly(price, plan.currency, quantity), price.id, price)
        for price in _prices(known)
        if _is_rival(price, plan, known)
    ]
    dearer = sorted(one for one in found if one[0] > plan.monthly)
    if not dearer or (len(dearer) > 1 and dearer[0][0] == dearer[1][0]):
        return None
    return dearer[0][-1]


def _is_rival(price: Price, plan: Position, known: Known) -> bool:
    """Whether a price is an offer of the same kind: of the same product, or both of declared, different plans."""
    own = plan.price
    if price.id == own.id or not price.active or price.metered or not _is_plan(price, known):
        return False
    if price.months != own.months or price.amounts_in(plan.currency) is None:
        return False
    here, there = (known.catalogue.family(one, known.rules) for one in (own, price))
    return here != there if here and there else price.product == own.product


def _prices(known: Known) -> Iterator[Price]:
    """Yield every price that is known, as it was told last."""
    for versions in known.catalogue.prices.values():
        yield known.catalogue.price(versions[-1].value)


def _overage_on(higher: Price, held: _Plan, known: Known) -> Fraction | None:
    """Return what the highest usage of the last periods would be billed a month on a higher plan.

    None where nothing says how much it includes.
    """
    used = _most_used(held.meter, known)
    if used is None:
        return None
    versions = known.catalogue.products.get(higher.product)
    included = declared(higher.metadata) or declared(versions[-1].value.metadata if versions else {})
    if included:
        return Fraction(0) if used <= included.most else None
    meters = [price for price in _prices(known) if _is_its_meter(price, higher, held.meter)]
    if len(meters) != 1:
        return None
    return Fraction(monthly(replace(meters[0], usage="licensed"), held.meter.currency, used))


def _is_its_meter(price: Price, plan: Price, meter: Position) -> bool:
    alike = price.metered and price.active and price.product == plan.product and price.months == plan.months
    return alike and price.id != meter.price.id and price.amounts_in(meter.currency) is not None


def _most_used(meter: Position, known: Known) -> int | None:
    """Return the most units that invoices billed of a meter in one of its last three periods."""
    used: defaultdict[int, int] = defaultdict(int)
    for row in known.billed:
        if row.item == meter.item and row.line and not row.voided and not row.proration:
            if row.quantity is None:
                return None
            used[row.period_end] += row.quantity
    return max((used[end] for end in sorted(used)[-PERIODS:]), default=None)
