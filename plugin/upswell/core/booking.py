"""Booking: which kind each step of a group's walk is, and its place in the customer's balance."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from upswell.core.groups import Group
from upswell.core.history import History
from upswell.core.kinds import Movement
from upswell.core.netting import netted
from upswell.core.pairs import largest
from upswell.core.portfolio import Portfolio, Position
from upswell.core.reasons import life_reason, step_reason
from upswell.core.rules import Rules
from upswell.core.usage import Billed
from upswell.core.walk import Step
from upswell.errors import InvariantError

_UP = {"plan": "upgrade", "add_on": "add_on", "seats": "seat", "usage": "overage", "status": "reactivation"}
_EITHER_WAY = {"price": "price_change", "discount": "discount", "term": "term_change"}
UNDATED = " (inferred: nothing tells when)"
"""How the reason of a movement ends that closes a gap: it happened at some time before."""

_LIFE_DRIVERS = frozenset({"plan", "seats", "usage", "discount"})

Steps = Sequence[Step]


@dataclass(slots=True)
class Life:
    """What must be remembered from group to group; ``quotes`` are the invoices that came from an accepted quote."""

    quotes: Sequence[Billed] = ()
    begun: bool = False
    alive: bool = False
    brought: dict[str, str] = field(default_factory=dict)
    measured: set[str] = field(default_factory=set)
    carried: dict[str, Fraction] = field(default_factory=dict)
    balance: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    ids: Counter[str] = field(default_factory=Counter)

    def copy(self) -> "Life":
        """Return a life that goes on from here by itself."""
        return Life(
            quotes=self.quotes,
            begun=self.begun,
            alive=self.alive,
            brought=self.brought.copy(),
            measured=self.measured.copy(),
            carried=self.carried.copy(),
            balance=self.balance.copy(),
            ids=self.ids.copy(),
        )


@dataclass(frozen=True, slots=True)
class _Booking:
    """A movement before it has a place in the customer's balance."""

    kind: str
    step: Step
    reason: str


def book(group: Group, steps: Steps, history: History, rules: Rules, life: Life) -> Iterator[Movement]:
    """Yield the movements that ``steps`` make, and remember in ``life`` what later groups need.

    Raises InvariantError where they do not lead to what the portfolio after the group is worth.
    """
    _remember(steps, life)
    closing = group.after.totals
    if not life.alive:
        bookings = _begin(group, steps, history, life) if any(closing.values()) else []
    elif not any(position.paid for position in group.after.positions.values()):
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


def _begin(group: Group, steps: Steps, history: History, life: Life) -> list[_Booking]:
    """Book the first MRR above zero, or the first after churn."""
    kind = "reactivation" if life.begun else "new"
    life.begun = life.alive = True
    life.brought = dict.fromkeys(group.after.positions, kind)
    return list(_whole(kind, group.after, steps, +1, history))


def _end(group: Group, steps: Steps, history: History, life: Life) -> list[_Booking]:
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


def _booking(step: Step, history: History, life: Life) -> _Booking:
    return _Booking(_kind(step, life), step, step_reason(step, history.catalogue))


def _kind(step: Step, life: Life) -> str:
    """Name a step by its driver and sign; an item's first usage figure takes the kind that brought the item."""
    if step.driver in _EITHER_WAY:
        return _EITHER_WAY[step.driver]
    if step.amount < 0:
        return "downgrade"
    first_figure = step.driver == "usage" and step.position.item not in life.measured
    return life.brought.get(step.position.item, "upgrade") if first_figure else _UP[step.driver]


def _remember(steps: Steps, life: Life) -> None:
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


def _movement(booking: _Booking, group: Group, history: History, rules: Rules, life: Life) -> Movement:
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
        origin=_origin(booking.kind, position, group, history, rules, life),
        reason=booking.reason + (UNDATED if group.undated else ""),
    )


def _id(life: Life, *parts: str) -> str:
    """Return a stable id; what one cause does to one item more than once is counted."""
    name = "\x1f".join(parts)
    life.ids[name] += 1
    if life.ids[name] > 1:
        name += f"\x1f{life.ids[name]}"
    return "mov_" + hashlib.sha256(name.encode()).hexdigest()[:24]


def _origin(kind: str, position: Position, group: Group, history: History, rules: Rules, life: Life) -> str:
    """Say who moved: the merchant (its own price change), sales, or the customer."""
    if kind == "price_change":
        return "merchant"
    marked = rules.sales_keys and _is_marked(position, group, history, rules)
    quoted = life.quotes and _is_quoted(position, group, rules, life)
    return "sales" if marked or quoted else "customer"


def _is_marked(position: Position, group: Group, history: History, rules: Rules) -> bool:
    """Whether the subscription or its customer carried a key of sales."""
    held = group.after.around(position.subscription)
    marked = {**history.catalogue.metadata_at(held.owner, group.at), **held.metadata}
    return any(marked.get(key) for key in rules.sales_keys)


def _is_quoted(position: Position, group: Group, rules: Rules, life: Life) -> bool:
    """Whether the subscription's invoice of that moment came from an accepted quote."""
    window = rules.settle_minutes * 60
    return any(
        row.subscription == position.subscription and abs(row.invoiced_at - group.at) <= window for row in life.quotes
    )
