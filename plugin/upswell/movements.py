"""From a customer's history to its movements: one pure function, the heart of Upswell.

The rule book it follows is ``docs/rules.md``.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from upswell.changes import Change, changes
from upswell.errors import InvariantError
from upswell.history import History
from upswell.kinds import Movement
from upswell.netting import netted
from upswell.pairs import largest, pairs
from upswell.portfolio import Portfolio, Position
from upswell.reasons import life_reason, step_reason
from upswell.rules import Rules
from upswell.walk import Step, walk

_UP = {"plan": "upgrade", "add_on": "add_on", "seats": "seat", "usage": "overage", "status": "reactivation"}
_EITHER_WAY = {"price": "price_change", "discount": "discount", "term": "term_change"}
_UNDATED = " (inferred: nothing tells when)"
_LIFE_DRIVERS = frozenset({"plan", "seats", "usage", "discount"})


@dataclass(frozen=True, slots=True)
class Group:
    """All changes within the settle window: only the states before the first and after the last exist.

    ``at`` (unix seconds UTC) and ``cause`` are the last change's, ``causes`` all changes' in order. ``undated``: it
    closes a gap, and happened at some time before.
    """

    at: int
    cause: str
    source: str
    before: Portfolio
    after: Portfolio
    causes: tuple[str, ...] = ()
    undated: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """A group with the steps of its walk, those of no amount included, and the movements they make."""

    group: Group
    steps: tuple[Step, ...]
    movements: tuple[Movement, ...]


@dataclass(slots=True)
class _Life:
    """What must be remembered from group to group."""

    begun: bool = False
    alive: bool = False
    brought: dict[str, str] = field(default_factory=dict)
    measured: set[str] = field(default_factory=set)
    carried: dict[str, Fraction] = field(default_factory=dict)
    balance: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    ids: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Booking:
    """A movement before it has a place in the customer's balance."""

    kind: str
    step: Step
    reason: str


Steps = Sequence[Step]


def movements(history: History, rules: Rules) -> list[Movement]:
    """Return the movements of one customer, oldest first.

    Known ends of discounts are booked at their date even if that lies ahead: readers cut at the instant they
    report on. Raises InvariantError where the movements of a group are not the difference it made.
    """
    return [movement for chapter in chapters(history, rules) for movement in chapter.movements]


def chapters(history: History, rules: Rules) -> Iterator[Chapter]:
    """Yield one customer's history group by group, with how each movement comes about. Raises InvariantError."""
    life = _Life()
    for found in groups(changes(history, rules), rules):
        group = _carried(found, history, rules, life)
        steps = tuple(walk(group.before, group.after, group.at, history.catalogue, rules))
        yield Chapter(group, steps, tuple(_book(group, steps, history, rules, life)))
        life.measured |= _measured(found.after)


def groups(found: Iterable[Change], rules: Rules) -> Iterator[Group]:
    """Join changes less than the settle window after the first of them; one that closes a gap stands alone."""
    held: list[Change] = []
    for change in found:
        if held and (change.gap or held[0].gap or change.at - held[0].at >= rules.settle_minutes * 60):
            yield _group(held)
            held = []
        held.append(change)
    if held:
        yield _group(held)


def _group(held: list[Change]) -> Group:
    last = held[-1]
    source = "observed" if all(change.source == "observed" for change in held) else "reconstructed"
    causes = tuple(dict.fromkeys(change.cause for change in held))
    return Group(
        last.at, last.cause, source, held[0].before, last.after, causes, last.gap and last.source == "inferred"
    )


def _carried(group: Group, history: History, rules: Rules, life: _Life) -> Group:
    """Let a metered position that replaces another keep its usage figure until it has one of its own."""
    before, after = (_with_figures(end, life.carried) for end in (group.before, group.after))
    if _measured(before) and any(held.price.metered for held in after.positions.values()):
        for pair in pairs(before.positions, after.positions, history.catalogue, rules):
            old, new = pair.before, pair.after
            if old and new and old.figure is not None and new.figure is None and new.price.metered and not pair.crosses:
                life.carried[new.item] = old.figure
        after = _with_figures(after, life.carried)
    return group if before is group.before and after is group.after else replace(group, before=before, after=after)


def _measured(portfolio: Portfolio) -> set[str]:
    return {name for name, position in portfolio.positions.items() if position.figure is not None}


def _with_figures(portfolio: Portfolio, carried: Mapping[str, Fraction]) -> Portfolio:
    silent = [name for name in carried if name in portfolio.positions and portfolio.positions[name].figure is None]
    if not silent:
        return portfolio
    figured = {name: replace(portfolio.positions[name], figure=carried[name]) for name in silent}
    return replace(portfolio, positions={**portfolio.positions, **figured})


def _book(group: Group, steps: Steps, history: History, rules: Rules, life: _Life) -> Iterator[Movement]:
    _remember(steps, life)
    closing = group.after.totals
    has_paid = any(position.paid for position in group.after.positions.values())
    if not life.alive:
        bookings = _begin(group, steps, history, life) if any(closing.values()) else []
    elif not has_paid:
        bookings = _end(group, steps, history, life)
    else:
        bookings = [_booking(step, history, life) for step in netted(steps) if step.amount]
    for booking in bookings:
        yield _movement(booking, group, history, rules, life)
    for currency in closing.keys() | life.balance.keys():
        if life.balance[currency] != closing.get(currency, 0):
            raise InvariantError(
                f"The movements of {history.customer} at {group.cause} end at {life.balance[currency]} {currency}, "
                f"and the portfolio at {closing.get(currency, 0)}: nothing was written; please report this history"
            )


def _begin(group: Group, steps: Steps, history: History, life: _Life) -> list[_Booking]:
    """Book the first MRR above zero, or the first after churn."""
    kind = "reactivation" if life.begun else "new"
    life.begun = life.alive = True
    life.brought = dict.fromkeys(group.after.positions, kind)
    return list(_whole(kind, group.after, steps, +1, history))


def _end(group: Group, steps: Steps, history: History, life: _Life) -> list[_Booking]:
    """Book the last paid position gone."""
    life.alive = False
    return list(_whole("churn", group.before, steps, -1, history))


def _whole(kind: str, held: Portfolio, steps: Steps, sign: int, history: History) -> Iterator[_Booking]:
    """Book everything a customer holds at once, per currency, on its largest position."""
    sums = held.totals
    shown = [currency for currency in sorted(sums) if sums[currency]]
    if not shown:
        shown = [largest(position for position in held.positions.values() if position.paid).currency]
    driver = _life_driver(steps)
    for currency in shown:
        positions = [position for position in held.positions.values() if position.currency == currency]
        first = largest(positions)
        other = _other_end(first, steps)
        old, new = (other, first) if sign > 0 else (first, other)
        step = Step("presence", driver, sign * sums[currency], currency, old, new)
        yield _Booking(kind, step, life_reason(kind, driver, positions, sums[currency], history.catalogue))


def _life_driver(steps: Steps) -> str:
    """Return what alone made the customer come or go: plan, seats, usage or discount; else status."""
    moved = [step for step in steps if step.amount] or steps
    drivers = {"status" if step.part == "presence" else step.driver for step in moved}
    return next(iter(drivers)) if len(drivers) == 1 and drivers <= _LIFE_DRIVERS else "status"


def _other_end(position: Position, steps: Steps) -> Position | None:
    """Return what ``position`` was before or became, where it is one end of a pair."""
    if any(step.part == "presence" and step.position.item == position.item for step in steps):
        return None
    ends = [(step.old, step.new) for step in steps if step.old and step.new]
    return next((old for old, new in ends if new.item == position.item and old != position), None) or next(
        (new for old, new in ends if old.item == position.item and new != position), None
    )


def _booking(step: Step, history: History, life: _Life) -> _Booking:
    return _Booking(_kind(step, life), step, step_reason(step, history.catalogue))


def _kind(step: Step, life: _Life) -> str:
    """Name a step by its driver and sign; an item's first usage figure takes the kind that brought the item."""
    if step.driver in _EITHER_WAY:
        return _EITHER_WAY[step.driver]
    if step.amount < 0:
        return "downgrade"
    first_figure = step.driver == "usage" and step.position.item not in life.measured
    return life.brought.get(step.position.item, "upgrade") if first_figure else _UP[step.driver]


def _remember(steps: Steps, life: _Life) -> None:
    """Note what brought each item."""
    for step in steps:
        if not step.new:
            continue
        item = step.new.item
        if step.part == "presence":
            life.brought.setdefault(item, _UP[step.driver])
        elif step.part == "price" and step.new.price.metered and step.old and not step.old.price.metered:
            life.brought[item] = "upgrade"
        else:
            life.brought.setdefault(item, "upgrade")


def _movement(booking: _Booking, group: Group, history: History, rules: Rules, life: _Life) -> Movement:
    step = booking.step
    position = step.old if booking.kind == "churn" and step.old else step.position
    before = life.balance[step.currency]
    life.balance[step.currency] += step.amount
    old, new = step.old, step.new
    return Movement(
        id=_id(life, history.customer, step.currency, group.cause, booking.kind, step.driver, position.item),
        occurred_at=group.at,
        customer=history.customer,
        subscription=position.subscription,
        item=position.item,
        kind=booking.kind,
        driver=step.driver,
        amount=step.amount,
        currency=step.currency,
        mrr_before=before,
        mrr_after=before + step.amount,
        product_from=old.price.product if old else None,
        product_to=new.price.product if new else None,
        price_from=old.price.id if old else None,
        price_to=new.price.id if new else None,
        quantity_from=old.quantity if old else None,
        quantity_to=new.quantity if new else None,
        source=group.source,
        cause=group.cause,
        origin=_origin(booking.kind, position, group, history, rules),
        reason=booking.reason + (_UNDATED if group.undated else ""),
    )


def _id(life: _Life, *parts: str) -> str:
    """Return a stable id; what one cause does to one item more than once is counted."""
    name = "\x1f".join(parts)
    life.ids[name] += 1
    if life.ids[name] > 1:
        name += f"\x1f{life.ids[name]}"
    return "mov_" + hashlib.sha256(name.encode()).hexdigest()[:24]


def _origin(kind: str, position: Position, group: Group, history: History, rules: Rules) -> str:
    """Say who moved: the merchant (its own price change), sales, or the customer."""
    if kind == "price_change":
        return "merchant"
    held = group.after.around(position.subscription)
    marked = {**history.catalogue.metadata_at(held.owner, group.at), **held.metadata} if rules.sales_keys else {}
    return (
        "sales"
        if any(marked.get(key) for key in rules.sales_keys) or _quoted(position, group, history, rules)
        else "customer"
    )


def _quoted(position: Position, group: Group, history: History, rules: Rules) -> bool:
    """Whether the subscription's invoice of that moment came from an accepted quote."""
    window = rules.settle_minutes * 60
    return any(
        row.subscription == position.subscription
        and row.billing_reason == "quote_accept"
        and abs(row.invoiced_at - group.at) <= window
        for row in history.billed
    )
