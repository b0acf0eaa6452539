"""Reconstruction: what a subscription was while no event told of it, from its invoices and from what it became.

What is inferred, from what, and what cannot be known: ``docs/history.md``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from upswell.core.catalogue import Catalogue
from upswell.core.drafts import (
    DUE,
    ENDS,
    FIRST,
    HAS,
    LAST,
    NEVER,
    UNDATED,
    Draft,
    Edit,
    edit_of,
    grant_all,
    grant_item,
    leave_out,
)
from upswell.core.grants import grants, usable
from upswell.core.portfolio import Item, Subscription
from upswell.core.statements import Statement, statements, unbilled_since
from upswell.core.states import UNBEGUN
from upswell.core.usage import Billed

_VOIDING = "void"


@dataclass(frozen=True, slots=True)
class Inferred:
    """A subscription as it was from ``at`` on (unix seconds UTC), as ``cause`` tells: an invoice, or its own id.

    ``undated``: it became so at some time before that nothing tells.
    """

    at: int
    cause: str
    subscription: Subscription
    undated: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A time that no event told of, from ``begin`` to before ``until`` (unix seconds UTC).

    ``held`` is the subscription at its begin; None: it began then. ``ends_in`` is what it was at its end.
    """

    begin: int
    until: int
    ends_in: Subscription
    held: Subscription | None = None


def inferred(gap: Gap, rows: Sequence[Billed], catalogue: Catalogue) -> list[Inferred]:
    """Return what the subscription was in ``gap``, oldest first, one at each moment at which it became another.

    It ends where its invoices lead to, which need not be ``gap.ends_in``; what they say of the time after it is
    left out. Raises LookupError where an invoice names a price that nobody told of.
    """
    known = [*gap.ends_in.items, *(gap.held.items if gap.held else ())]
    said = [one for one in statements(rows, known, catalogue) if one.at < gap.until]
    path = list(_Reader(gap, said, rows, catalogue).path())
    paused = path[-1].subscription.pause if path else None
    ends = _held(replace(gap.ends_in, pause=paused))
    alike = [place for place, one in enumerate(path) if _held(one.subscription) == ends]
    return path[: alike[-1] + 1] if alike else path


def _held(subscription: Subscription) -> tuple[str | None, set[tuple[str, str, int]]]:
    return subscription.pause, {(item.id, item.price.id, item.quantity or 0) for item in subscription.items}


class _Reader:
    """Reads what the invoices of one gap say."""

    def __init__(self, gap: Gap, said: Sequence[Statement], rows: Sequence[Billed], catalogue: Catalogue) -> None:
        self.gap, self.catalogue = gap, catalogue
        self.unbilled = unbilled_since([row for row in rows if gap.begin < row.invoiced_at < gap.until])
        self.said = [replace(one, at=max(one.at, gap.begin)) for one in said] if gap.held is None else list(said)
        self.granted = grants(rows, self.said, gap.begin, gap.ends_in, catalogue)
        self.paid_at = min((one.at for one in self.said if one.charges and self._is_paid(one)), default=NEVER)

    def path(self) -> Iterator[Inferred]:
        gap = self.gap
        draft = self._begun() if gap.held is None else self._resumed(gap.held)
        base = gap.held or replace(gap.ends_in, pause=None, ended_at=None, cancel_at=None, cancel_at_period_end=False)
        last, now = gap.held, draft.drawn(base)
        edits = sorted(self._edits(), key=lambda edit: (edit.at, edit.invoice, edit.place))
        for (at, undated), same in groupby(edits, key=lambda edit: (edit.at, edit.place == UNDATED)):
            cause = ""
            for edit in same:
                was = now
                edit.make(draft)
                now = draft.drawn(base)
                if not cause or now != was:
                    cause = edit.cause
            if now != last:
                yield Inferred(at, cause, now, undated)
            last = now

    def _is_inside(self, at: int) -> bool:
        """Whether what happened at ``at`` did in the gap; what is held at its begin has seen what happened then."""
        return self.gap.begin + (self.gap.held is not None) <= at < self.gap.until

    def _is_paid(self, one: Statement) -> bool:
        return not one.trial and self._is_inside(one.at)

    def _resumed(self, held: Subscription) -> Draft:
        reach = {one.item: one.until for one in self.said if one.at <= self.gap.begin and not one.ends}
        return Draft(held.status, {item.id: item for item in held.items}, held.discounts, reach, held.pause)

    def _begun(self) -> Draft:
        """Return what the subscription began with."""
        ends_in = self.gap.ends_in
        draft = Draft("active", {}, self.granted[0].discounts)
        for one in self._first_statements():
            self._take(one, draft)
        for item in ends_in.items:
            if item.id not in draft.items and self._was_always_there(item):
                own = self._own(item.discounts, self.gap.begin)
                draft.items[item.id] = replace(item, discounts=own)
        if self._trial_end() > self.gap.begin and ends_in.status not in UNBEGUN:
            draft.status = "trialing"
        elif ends_in.status in UNBEGUN or (ends_in.status == "paused" and self.paid_at == NEVER):
            draft.status = ends_in.status
        return draft

    def _first_statements(self) -> Iterator[Statement]:
        """Yield the first word on each item that was there from the beginning.

        That is one that something was given back for, or that was charged for in the first period of all.
        """
        first: dict[str, Statement] = {}
        for one in self.said:
            first.setdefault(one.item, one)
        charged = min((one.at for one in self.said if one.charges), default=NEVER)
        for one in first.values():
            if one.ends or (one.whole and one.at <= charged):
                yield one

    def _was_always_there(self, item: Item) -> bool:
        """Whether an item that is there in the end, and on no invoice, may have been there from the beginning."""
        if any(one.item == item.id for one in self.said):
            return False
        return item.price.metered or all(one.price.months != item.price.months for one in self.said if one.charges)

    def _trial_end(self) -> int:
        """Return until when the subscription was in the trial that it began with; 0: in none."""
        told = self.gap.ends_in.trial_end or 0
        if self.gap.begin < told <= self.paid_at:
            return told
        free = [one.until for one in self.said if one.trial and one.at < self.paid_at]
        return min(max(free), self.paid_at) if free else 0

    def _edits(self) -> Iterator[Edit]:
        if self.gap.held is None:
            first = (one.invoice for one in self.said if one.at == self.gap.begin and not one.ends)
            yield Edit(self.gap.begin, FIRST, HAS, next(first, self.gap.ends_in.id), lambda _: None)
        yield from self._trial_edits()
        yield from self._pause_edits()
        inside = [one for one in self.said if self._is_inside(one.at)]
        goes_on = {(one.at, one.invoice, one.item) for one in inside if not one.ends}
        for one in inside:
            if one.ends:
                if (one.at, one.invoice, one.item) not in goes_on:
                    yield edit_of(one, ENDS, self._drop)
                if one.at > self.gap.begin:
                    yield edit_of(one, UNDATED, self._take)
            elif one.free:
                both = [other for other in inside if other.free and (other.at, other.item) == (one.at, one.item)]
                if one is both[0]:
                    yield edit_of(one, HAS, partial(self._swap, both))
            else:
                yield edit_of(one, HAS, self._take)
        for charge in {(one.at, one.invoice): one for one in inside if one.charges}.values():
            named = [one for one in inside if one.at == charge.at and not one.ends]
            yield edit_of(charge, DUE, partial(leave_out, named))
        yield from self._meter_edits(inside)
        yield from self._discount_edits()

    def _trial_edits(self) -> Iterator[Edit]:
        """Yield the end of the trial; one that was paused when it ended without a means of payment stays so."""
        held, ends_in = self.gap.held, self.gap.ends_in
        if held is None:
            at = self._trial_end()
        elif held.status == "trialing" and ends_in.status != "trialing":
            at = min(held.trial_end or NEVER, self.paid_at)
        else:
            return
        status = "paused" if ends_in.status == "paused" and self.paid_at == NEVER else "active"
        if self.gap.begin < at < self.gap.until:
            cause = next((one.invoice for one in self.said if one.at == at and one.charges), ends_in.id)
            yield Edit(at, FIRST, HAS, cause, lambda draft: setattr(draft, "status", status))

    def _pause_edits(self) -> Iterator[Edit]:
        """Yield the pause that the gap ends in, where it voids what is billed: since the first of its invoices."""
        held, first = self.gap.held, self.unbilled
        if first and self.gap.ends_in.pause == _VOIDING and not (held and held.pause):
            place = (first.invoiced_at, first.invoice)
            yield Edit(first.invoiced_at, place, HAS, first.invoice, lambda draft: setattr(draft, "pause", _VOIDING))

    def _meter_edits(self, inside: Sequence[Statement]) -> Iterator[Edit]:
        """Yield the end of each metered item that is not there in the end: that of its last billed period."""
        staying = {item.id for item in self.gap.ends_in.items}
        last = {one.item: one for one in inside if one.price.metered and not one.ends and one.item not in staying}
        for one in last.values():
            if self.gap.begin < one.until < self.gap.until:
                yield edit_of(replace(one, at=one.until), ENDS, self._drop)

    def _discount_edits(self) -> Iterator[Edit]:
        for grant in self.granted[1:]:
            if self._is_inside(grant.at):
                yield Edit(grant.at, LAST, HAS, grant.cause or self.gap.ends_in.id, partial(grant_all, grant))
        yield from self._item_discount_edits()

    def _item_discount_edits(self) -> Iterator[Edit]:
        """Yield each discount of an item that began between two charges, at its start."""
        listed = [(item.id, name) for item in self.gap.ends_in.items for name in item.discounts]
        listed += [(one.item, name) for one in self.said if one.charges for name in one.discounts]
        for item, name in dict.fromkeys(listed):
            at = self._start(name)
            charges = [one for one in self.said if one.item == item and one.charges and one.at >= at]
            after = next((one for one in charges if one.at > at or name in one.discounts), None)
            listed_then = after is None or name in after.discounts or self._is_over(name, after.at)
            if self._is_inside(at) and listed_then:
                cause = after.invoice if after else self.gap.ends_in.id
                yield Edit(at, LAST, HAS, cause, partial(grant_item, item, name))

    def _take(self, one: Statement, draft: Draft) -> None:
        held = draft.items.get(one.item)
        discounts = self._own(one.discounts, one.at) if one.whole else held.discounts if held else ()
        trial = next((item.trial_end for item in self.gap.ends_in.items if item.id == one.item), None)
        draft.items[one.item] = Item(one.item, one.price, one.quantity, discounts, trial)
        draft.reach[one.item] = one.until

    def _drop(self, one: Statement, draft: Draft) -> None:
        draft.items.pop(one.item, None)

    def _swap(self, free: Sequence[Statement], _: Statement, draft: Draft) -> None:
        """Let an item become what prorations of no amount say, or go, where that is what it was."""
        others = [one for one in free if not one.is_of(draft.items.get(one.item))]
        if others:
            self._take(others[-1], draft)
        else:
            self._drop(free[0], draft)

    def _own(self, listed: Sequence[str], at: int) -> tuple[str, ...]:
        return tuple(name for name in listed if self._start(name) <= at)

    def _is_over(self, discount: str, at: int) -> bool:
        return self.catalogue.discount(discount, at) is None

    def _start(self, discount: str) -> int:
        if not usable(discount, self.gap.ends_in, self.catalogue):
            return NEVER
        return self.catalogue.discounts[discount][0].value.start
