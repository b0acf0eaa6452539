"""Why: the full derivation of a movement, and a customer's timeline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from upswell.core.catalogue import Catalogue
from upswell.core.kinds import Movement
from upswell.core.movements import Chapter
from upswell.core.pairs import ARCHIVED
from upswell.core.reasons import label
from upswell.core.rules import Rules
from upswell.core.walk import Step
from upswell.report.holdings import Holding, holdings
from upswell.report.told import Told

_PARTS = {
    "switch": "other currency",
    "price": "price, at the old quantity",
    "quantity": "quantity",
    "usage": "billed usage",
    "discounts": "discounts",
}
_LIFE = {
    "new": "the customer's first MRR above zero: one movement for the whole amount",
    "reactivation": "MRR above zero again after churn: one movement for the whole amount",
    "churn": "the last paid position went: one movement for the whole amount",
}
_DECIDED = {
    "plan": "one plan was swapped for another",
    "price": "the merchant's own price change: never expansion",
    "term": "one product at another interval or in another currency: never expansion",
    "seats": "more or fewer units of a product that is held",
    "add_on": "a product that the customer does not hold otherwise",
    "usage": "what finalized invoices billed for a whole period, against the period before",
    "discount": "a discount began, changed or ended: never expansion",
    "status": "a subscription held back, or back again, while others stayed",
}
_FIRST_FIGURE = "an item's first usage figure is of the kind that brought the item"
_KEYS = {
    "plan": ("price_changes", "families"),
    "price": ("price_changes", "families"),
    "term": ("families",),
    "seats": ("roles",),
    "add_on": ("roles",),
    "usage": ("usage",),
    "discount": ("discounts",),
    "status": ("churn_at", "past_due"),
}
_TABLES = {"price_changes": "[[rules.price_change]]", "families": "[rules.families]", "roles": "[rules.roles]"}


@dataclass(frozen=True, slots=True)
class Booked:
    """One step of the walk: what it changed on which position, by how much, and the customer's MRR after it.

    ``own`` tells the steps that make up the movement that is explained; the others make its neighbours.
    """

    part: str
    position: str
    amount: int
    currency: str
    total: int
    own: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one movement comes about: what was held before and after its group, the walk, and the rule that decided.

    ``settings`` are those of the configuration that could decide otherwise, with their values. ``evidence`` are the
    ids of the events and invoices of the group, the movement's cause last.
    """

    movement: Movement
    before: tuple[Holding, ...]
    after: tuple[Holding, ...]
    steps: tuple[Booked, ...]
    rule: str
    settings: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One group of a customer's history: its movements, and what was held after it; ``scheduled``: it lies ahead."""

    movements: tuple[Movement, ...]
    scheduled: bool
    held: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A customer's whole history, oldest first; ``mrr`` is today's by currency, in minor units a month.

    ``restated`` are the periods and kinds of its movements that posted summaries told otherwise than is so now.
    """

    customer: str
    name: str
    mrr: Mapping[str, int]
    moments: tuple[Moment, ...]
    restated: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of an invoice: what it billed, before discounts and in minor units, and for which period (ISO 8601, UTC).

    ``voided`` says whether the invoice was.
    """

    amount: int
    currency: str
    period_start: str
    period_end: str
    voided: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event or invoice behind a movement, the ``event`` that told of it, and what Stripe sent (parsed JSON).

    ``at`` is when Stripe told of it, ISO 8601 in UTC. Where a list did, ``event`` is empty, ``type`` is invoice or
    subscription, and ``payload`` what the ledger keeps of it. ``lines`` are those that a movement's cause billed of the
    movement's item, where it is an invoice; all of its lines where the movement stands for all that was held.
    """

    id: str
    event: str
    type: str
    at: str
    payload: Any
    lines: tuple[BilledLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """A movement's explanation, with the customer's name and what Stripe sent; ``scheduled``: it lies ahead.

    ``posted`` is what posted summaries said of its periods and kind.
    """

    name: str
    scheduled: bool
    explanation: Explanation
    evidence: tuple[Evidence, ...]
    posted: tuple[Told, ...] = ()


def explain(chapter: Chapter, movement: Movement, catalogue: Catalogue, rules: Rules) -> Explanation:
    """Return how ``movement`` of ``chapter`` comes about."""
    group = chapter.group
    whole = is_whole(chapter, movement)
    keys = _KEYS["status" if whole else movement.driver]
    return Explanation(
        movement=movement,
        before=holdings(group.before, catalogue),
        after=holdings(group.after, catalogue),
        steps=tuple(_booked(chapter, movement, catalogue)),
        rule=_rule(chapter, movement, catalogue),
        settings=tuple(_setting(name, rules) for name in (*keys, "settle_minutes")),
        evidence=(*_grounds(chapter, movement, catalogue), *_last(group.causes, movement.cause)),
    )


def _last(causes: Sequence[str], cause: str) -> list[str]:
    return sorted(causes, key=lambda other: other == cause)


def _grounds(chapter: Chapter, movement: Movement, catalogue: Catalogue) -> list[str]:
    """Return the events beside the causes that decided how the movement is named: those that archived a price."""
    own = _own(chapter, movement)
    archived = [step for place, step in enumerate(chapter.steps) if place in own and step.why == ARCHIVED and step.old]
    found = [catalogue.archived_by(step.old.price, chapter.group.at) for step in archived if step.old]
    return [event for event in dict.fromkeys(found) if event and event not in chapter.group.causes]


def _booked(chapter: Chapter, movement: Movement, catalogue: Catalogue) -> Iterable[Booked]:
    running = dict(chapter.group.before.totals)
    own = _own(chapter, movement)
    for place, step in enumerate(chapter.steps):
        running[step.currency] = running.get(step.currency, 0) + step.amount
        name = _moved(step, catalogue)
        yield Booked(_part(step), name, step.amount, step.currency, running[step.currency], place in own)


def _part(step: Step) -> str:
    if step.part != "presence":
        return _PARTS[step.part]
    return ("back" if step.why else "added") if step.new else ("held back" if step.why else "removed")


def _moved(step: Step, catalogue: Catalogue) -> str:
    ends = [label(end, catalogue) for end in (step.old, step.new) if end]
    return " → ".join(dict.fromkeys(ends))


def _own(chapter: Chapter, movement: Movement) -> set[int]:
    """Return the places of the steps that add up to ``movement``: all, those that were netted, or one."""
    steps = [(place, step) for place, step in enumerate(chapter.steps) if step.currency == movement.currency]
    if is_whole(chapter, movement):
        return {place for place, _ in steps}
    product = movement.product_to or movement.product_from
    alike = [
        (place, step)
        for place, step in steps
        if (step.driver, step.position.price.product) == (movement.driver, product)
    ]
    one = [place for place, step in alike if (step.position.item, step.amount) == (movement.item, movement.amount)]
    return set(one[:1]) or {place for place, _ in alike}


def is_whole(chapter: Chapter, movement: Movement) -> bool:
    """Whether the movement stands for all that the customer held, so that no single step made it."""
    if movement.kind in ("new", "reactivation"):
        return not any(chapter.group.before.totals.values())
    return movement.kind == "churn"


def _rule(chapter: Chapter, movement: Movement, catalogue: Catalogue) -> str:
    """Say which rule named the movement."""
    own = [chapter.steps[place] for place in sorted(_own(chapter, movement))]
    if is_whole(chapter, movement):
        return _LIFE[movement.kind] + _ran_out(own, chapter, catalogue)
    if movement.driver == "usage" and movement.kind not in ("overage", "downgrade"):
        return _FIRST_FIGURE
    whys = [f" ({step.why})" for step in own if step.why][:1]
    return _DECIDED[movement.driver] + "".join(whys) + _ran_out(own, chapter, catalogue)


def _ran_out(steps: Sequence[Step], chapter: Chapter, catalogue: Catalogue) -> str:
    """Say so where a discount went because its time was up: what caused that was known since it began."""
    went = [cut for step in steps if step.old and step.new for cut in step.old.cuts if cut not in step.new.cuts]
    ends = {version.value.end for cut in went for version in catalogue.discounts[cut.discount]}
    return " (it ran out at its end date, which was known since it began)" if chapter.group.at in ends else ""


def _setting(name: str, rules: Rules) -> str:
    """Name a setting as the configuration does, with its value, or with how many entries its table has."""
    value = getattr(rules, name)
    if table := _TABLES.get(name):
        return f"{table}: {len(value) or 'none'}"
    return f"[rules] {name} = {value}" if isinstance(value, int) else f'[rules] {name} = "{value}"'
