"""Drafts: a subscription as it is edited, line by line, while its invoices are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from upswell.core.grants import Grant
from upswell.core.portfolio import Item, Subscription
from upswell.core.statements import Statement

NEVER = 2**62
UNDATED, ENDS, HAS, DUE = range(4)
"""What one invoice says of one moment, in this order; the first closes what was missed before it."""

FIRST, LAST = (-1, ""), (NEVER, "")
"""Before and after all invoices of one moment."""


@dataclass(slots=True)
class Draft:
    """The subscription while its invoices are read: ``reach`` is until when each item is billed (unix seconds UTC).

    ``pause`` is pause_collection's behaviour.
    """

    status: str
    items: dict[str, Item]
    discounts: tuple[str, ...]
    reach: dict[str, int] = field(default_factory=dict)
    pause: str | None = None

    def drawn(self, base: Subscription) -> Subscription:
        """Return ``base`` as the draft has it by now."""
        items = tuple(self.items.values())
        return replace(base, status=self.status, pause=self.pause, items=items, discounts=self.discounts)


@dataclass(frozen=True, slots=True)
class Edit:
    """What happened to the draft at ``at``: those of one moment in the order of their invoices, and of ``place``."""

    at: int
    invoice: tuple[int, str]
    place: int
    cause: str
    make: Callable[[Draft], None]


def edit_of(one: Statement, place: int, make: Callable[[Statement, Draft], None]) -> Edit:
    """Return what ``make`` does with a statement, at its moment."""
    return Edit(one.at, (one.invoiced_at, one.invoice), place, one.invoice, partial(make, one))


def leave_out(charged: Sequence[Statement], charge: Statement, draft: Draft) -> None:
    """Drop the items that a new period was due for and that its invoice does not charge for."""
    named = {one.item for one in charged}
    months = {one.price.months for one in charged if one.charges}
    for item in [one for one in draft.items.values() if one.id not in named and not one.price.metered]:
        reach = draft.reach.get(item.id)
        if reach <= charge.at if reach is not None else item.price.months in months:
            del draft.items[item.id]


def grant_all(grant: Grant, draft: Draft) -> None:
    """Give the subscription the discounts of ``grant``."""
    held = draft.discounts if grant.added else ()
    draft.discounts = tuple(dict.fromkeys((*held, *grant.discounts)))


def grant_item(name: str, discount: str, draft: Draft) -> None:
    """Give the item ``name`` a discount."""
    if (item := draft.items.get(name)) and discount not in item.discounts:
        draft.items[name] = replace(item, discounts=(*item.discounts, discount))
