"""Plans: what lies ahead of a customer because somebody arranged it, and what it will come to.

Subscriptions that are to end, schedules and updates that wait for a payment are laid after the last known states, and
the movements are those that the core makes of them, as it does of what happened.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from operator import attrgetter

from upswell.core.history import Entry, History, entries
from upswell.core.kinds import Movement
from upswell.core.movements import Chapter, chapters
from upswell.core.phases import IN_FORCE, Standing, standing
from upswell.core.portfolio import Subscription
from upswell.core.rules import Rules
from upswell.core.sketches import Sketch
from upswell.core.states import CREATED, DELETED, ENDED, State

UPDATED = "customer.subscription.updated"
_SINCE = attrgetter("since", "event")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is planned for one customer.

    ``chapters`` are told like those of its history; ``overtaken`` are the ids of movements booked ahead that do not
    come, or come otherwise, where the plans are kept.
    """

    chapters: tuple[Chapter, ...] = ()
    overtaken: tuple[str, ...] = ()

    @property
    def movements(self) -> list[Movement]:
        """The scheduled movements, oldest first; none of them is counted."""
        return [movement for chapter in self.chapters for movement in chapter.movements]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a customer: each subscription's entries, its schedule, and the last moment of all."""

    entries: Mapping[str, Sequence[Entry]]
    schedules: Mapping[str, Standing]
    until: int


Beyond = Callable[[History, Rules], tuple[int, Iterator[Chapter]]]
"""Tells a longer history: how many movements need not be told again, and the chapters after them."""


def anew(history: History, rules: Rules) -> tuple[int, Iterator[Chapter]]:
    """Tell a history from its beginning."""
    return 0, chapters(history, rules)


def outlook(history: History, rules: Rules, booked: Sequence[Movement], beyond: Beyond = anew) -> Outlook:
    """Return what is planned for one customer whose movements are ``booked``.

    There is no clock in it: readers leave out what lies behind them. Raises InvariantError, as ``movements`` does.
    """
    if not _may_plan(history):
        return Outlook()
    known = _known(history, rules)
    sketch = Sketch(history.catalogue)
    sure = {name: _sure(name, known, sketch) for name in sorted({*known.entries, *known.schedules})}
    planned = [state for states in sure.values() for state in states]
    waiting = [state for name, rows in known.entries.items() for state in _waiting(rows, sure[name], known, sketch)]

    def parted(states: Sequence[State]) -> tuple[list[Chapter], Sequence[Movement]]:
        longer = replace(history, states=[*history.states, *states], catalogue=sketch.catalogue)
        return _parted(*beyond(longer, rules), booked) if states else ([], [])

    ahead, overtaken = parted(planned)
    conditional, _ = parted(waiting)
    expiries = {state.created for state in waiting}
    told = [_marked(chapter, "") for chapter in ahead]
    told += [_marked(chapter, _words(chapter)) for chapter in conditional if chapter.group.at in expiries]
    return Outlook(
        tuple(sorted(told, key=lambda chapter: chapter.group.at)),
        tuple(movement.id for movement in overtaken if movement.occurred_at > known.until),
    )


def _may_plan(history: History) -> bool:
    """Whether there can be a plan at all: asked of every customer, so it looks at what is in force last only."""
    if any(standing(versions).terms.status in IN_FORCE for versions in history.schedules.values()):
        return True
    told = history.told
    asking = [(at, held.id) for at, held in told if _asks(held)]
    last: dict[str, int] = {}
    for at, held in told if asking else ():
        last[held.id] = max(at, last.get(held.id, 0))
    return any(at == last[name] for at, name in asking)


def _asks(held: Subscription) -> bool:
    return (held.cancel_at is not None or held.pending is not None) and held.status not in ENDED


def _known(history: History, rules: Rules) -> _Known:
    held = entries(history, rules)
    plans = [standing(versions) for versions in history.schedules.values()]
    moments = [entry.at for rows in held.values() for entry in rows]
    moments += [row.finalized_at for row in history.billed] + [plan.at for plan in plans]
    in_force = [plan for plan in plans if plan.terms.status in IN_FORCE]
    return _Known(
        entries=held,
        schedules={plan.terms.subscription or plan.schedule: plan for plan in sorted(in_force, key=_SINCE)},
        until=max(moments, default=0),
    )


def _sure(name: str, known: _Known, sketch: Sketch) -> list[State]:
    """Return the states that are planned for one subscription, oldest first."""
    rows, plan = known.entries.get(name, ()), known.schedules.get(name)
    held = rows[-1].subscription if rows else _unbegun(plan, known)
    if held is None or held.status in ENDED:
        return []
    found: dict[int, State] = {}
    for at, subscription in sketch.phases(held, plan, known.until) if plan else ():
        kind = UPDATED if rows or found else CREATED
        found[at] = State(at, kind, plan.event, subscription)  # type: ignore[union-attr]
    end, cause = _end(rows, plan)
    if end is None or end <= known.until:
        return list(found.values())
    kept = [state for at, state in sorted(found.items()) if at < end]
    last = kept[-1].after if kept else held
    return [*kept, State(end, DELETED, cause, replace(last, status="canceled", ended_at=end))]


def _unbegun(plan: Standing | None, known: _Known) -> Subscription | None:
    """Return the subscription that a schedule is to begin, empty as yet; it goes by the schedule's id."""
    if plan is None or plan.terms.subscription or any(phase.start <= known.until for phase in plan.terms.phases):
        return None
    return Subscription(plan.schedule, plan.customer, "active", "")


def _end(rows: Sequence[Entry], plan: Standing | None) -> tuple[int | None, str]:
    """Return when a subscription is planned to end, and the event that says so.

    Under a schedule, Stripe may show the end of a phase as ``cancel_at``: there, the schedule alone knows.
    """
    asked = (rows[-1].subscription.cancel_at, _since(rows, attrgetter("cancel_at"))) if rows else (None, "")
    if plan is None:
        return asked
    ends = [asked] if asked[0] not in plan.terms.bounds else []
    return min(
        ((at, cause) for at, cause in (*ends, (plan.terms.end, plan.event)) if at is not None), default=(None, "")
    )


def _since(rows: Sequence[Entry], told: Callable[[Subscription], object]) -> str:
    """Return the event since which a subscription says the same of what ``told`` asks it."""
    same = takewhile(lambda entry: told(entry.subscription) == told(rows[-1].subscription), reversed(rows))
    return list(same)[-1].event


def _waiting(rows: Sequence[Entry], sure: Sequence[State], known: _Known, sketch: Sketch) -> Iterator[State]:
    """Yield the state that a subscription would have were its pending update paid, laid at the last moment for it."""
    held, update = rows[-1].subscription, rows[-1].subscription.pending
    if update is None or held.status in ENDED or update.expires_at <= known.until:
        return
    gone = any(state.type == DELETED and state.created <= update.expires_at for state in sure)
    if not gone and (paid := sketch.updated(held, update)):
        yield State(update.expires_at, UPDATED, _since(rows, attrgetter("pending")), paid)


def _parted(same: int, told: Iterator[Chapter], booked: Sequence[Movement]) -> tuple[list[Chapter], Sequence[Movement]]:
    """Return what is ``told`` with the plans and what is ``booked``, each from where they are not the same any more.

    Up to the number ``same`` they are.
    """
    found = list[Chapter]()
    for chapter in told:
        if not found and tuple(booked[same : same + len(chapter.movements)]) == chapter.movements:
            same += len(chapter.movements)
        else:
            found.append(chapter)
    return [chapter for chapter in found if chapter.movements], booked[same:]


def _marked(chapter: Chapter, words: str) -> Chapter:
    """Give scheduled movements ids of their own, and reasons that end in ``words``."""
    marked = [
        replace(movement, id=_id(movement, words), reason=f"{movement.reason}{words}") for movement in chapter.movements
    ]
    return replace(chapter, movements=tuple(marked))


def _id(movement: Movement, words: str) -> str:
    return "sch_" + hashlib.sha256(f"{movement.id}\x1f{words}".encode()).hexdigest()[:24]


def _words(chapter: Chapter) -> str:
    until = datetime.fromtimestamp(chapter.group.at, UTC)
    return f" (waits for payment until {until:%Y-%m-%d %H:%M} UTC)"
