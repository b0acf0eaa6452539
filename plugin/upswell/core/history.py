"""A customer's history: what events say of each subscription, in the order in which it happened."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter

from upswell.core.catalogue import Catalogue, Version
from upswell.core.chains import differ, ordered
from upswell.core.phases import Schedule
from upswell.core.portfolio import Subscription
from upswell.core.prices import Price
from upswell.core.reconstruction import Gap, Inferred, inferred
from upswell.core.rules import Rules
from upswell.core.states import CREATED, DELETED, LISTED, RANK, SINCE, Snapshot, State
from upswell.core.usage import Billed

_LOOKING_SECONDS = 86_400
_AT = attrgetter("at")


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one customer; ``schedules`` by id, oldest version first."""

    customer: str
    states: Sequence[State] = ()
    billed: Sequence[Billed] = ()
    catalogue: Catalogue = field(default_factory=Catalogue)
    snapshots: Sequence[Snapshot] = ()
    schedules: Mapping[str, Sequence[Version[Schedule]]] = field(default_factory=dict)

    @property
    def told(self) -> list[tuple[int, Subscription]]:
        """Every subscription as it was told, and when (unix seconds UTC)."""
        looks = [(look.at, look.subscription) for look in self.snapshots]
        return [*looks, *((state.created, state.after) for state in self.states)]

    @property
    def quotes(self) -> tuple[Billed, ...]:
        """The rows of invoices that came from an accepted quote."""
        return tuple(row for row in self.billed if row.billing_reason == "quote_accept")

    @property
    def shown(self) -> dict[str, Price]:
        """Each price as the last event that carried it shows it; where none did, the last list."""
        looks = [look.subscription for look in sorted(self.snapshots, key=_AT)]
        views = [view for state in sorted(self.states, key=RANK) for view in state.views]
        return {item.price.id: item.price for view in (*looks, *views) for item in view.items}


@dataclass(frozen=True, slots=True)
class Entry:
    """A subscription as it stood from ``at`` on (unix seconds UTC).

    ``phase`` orders entries of one second; an even one closes a gap: something before it was missed. ``source`` is
    observed, reconstructed, or inferred: where nothing tells when it happened.
    """

    at: int
    phase: int
    event: str
    subscription: Subscription
    source: str

    @property
    def gap(self) -> bool:
        """Whether it stands for something no event told of."""
        return self.phase % 2 == 0


def entries(history: History, rules: Rules) -> dict[str, list[Entry]]:
    """Return each subscription's entries in order, gaps closed."""
    rows: defaultdict[str, list[State]] = defaultdict(list)
    for state in history.states:
        rows[state.after.id].append(state)
    looks: defaultdict[str, list[State]] = defaultdict(list)
    for look in history.snapshots:
        name = look.subscription.id
        looks[name].append(State(look.at, LISTED, name, look.subscription, source="reconstructed"))
    past = _Past(history, looks)
    return {
        name: _entries(_with_looks(list(ordered(rows[name], past.catalogue)), looks[name], past.catalogue), past, rules)
        for name in sorted({*rows, *looks})
    }


def _with_looks(states: list[State], looks: list[State], catalogue: Catalogue) -> list[State]:
    """Return ``states`` with those looks at a list among them that show something that the events do not tell."""
    found: list[State] = []
    for state in sorted([*states, *looks], key=lambda one: (one.created, one.type == LISTED)) if looks else states:
        if state.type != LISTED or _tells(state, found[-1:], states, catalogue):
            found.append(state)
    return found


def _tells(look: State, last: Sequence[State], events: Sequence[State], catalogue: Catalogue) -> bool:
    """Whether a look is another state than the one held; not so where the events around it show that nothing is missed.

    A look may take a day and is dated by its beginning: an event of that time may have come before what it shows, or
    after.
    """
    near = [view for event in events if 0 <= event.created - look.created < _LOOKING_SECONDS for view in event.views]
    following = next((event for event in events if event.created > look.created), None)
    if (following and following.type == CREATED) or (_is_end(look) and any(one.type == DELETED for one in events)):
        return False
    held = [one.after for one in last]
    chained = following and following.before and held and not differ(held[0], following.before, look.created, catalogue)
    return not chained and all(differ(one, look.after, look.created, catalogue) for one in [*held, *near])


class _Past:
    """What invoices say of the times that no event told of; ``listed`` are the subscriptions that a list showed."""

    def __init__(self, history: History, listed: Iterable[str]) -> None:
        self.catalogue = history.catalogue
        self._listed = frozenset(listed)
        self._billed = history.billed
        self._rows: defaultdict[str, list[Billed]] | None = None

    def entries(self, gap: Gap) -> list[Entry]:
        """Return what is inferred of ``gap``: nothing, where there is nothing to infer it from."""
        name = gap.ends_in.id
        rows = self._rows_of(name)
        if not rows and (gap.held or name not in self._listed):
            return []
        try:
            return _in_phases(inferred(gap, rows, self.catalogue))
        except LookupError:
            if name in self._listed:
                raise
            return []

    def _rows_of(self, subscription: str) -> Sequence[Billed]:
        """Return a subscription's rows, sorted out when they are asked for first: mostly they never are."""
        if self._rows is None:
            self._rows = defaultdict(list)
            for row in self._billed:
                self._rows[row.subscription].append(row)
        return self._rows.get(subscription, ())


def _entries(states: Sequence[State], past: _Past, rules: Rules) -> list[Entry]:
    found: list[Entry] = []
    start = _start(states, rules)
    for index, state in enumerate(states):
        at = state.created
        if not index:
            if state.type == CREATED:
                at = start
            else:
                found += _before(state, start, past)
        ended = state.after.ended_at
        if state.after.status == "canceled" and ended is not None:
            at = ended
            while len(found) > 1 and found[-1].at > ended:
                found.pop()
        at = max(at, found[-1].at) if found else at
        held = states[index - 1].after if index else found[-1].subscription if found else None
        before = _told_before(held, state) if held else None
        if held and before and differ(held, before, state.created, past.catalogue):
            if index:
                found += past.entries(Gap(found[-1].at, at + _is_seen_after(state), before, held))
            if differ(found[-1].subscription, before, state.created, past.catalogue):
                found.append(_next(found, at, state, before, gap=True))
        found.append(_next(found, at, state, state.after, gap=False))
    return found


def _in_phases(path: Sequence[Inferred]) -> list[Entry]:
    """Return what was inferred as entries: what nobody dates closes a gap, and what follows at once comes after it."""
    found: list[Entry] = []
    for one in path:
        source = "inferred" if one.undated else "reconstructed"
        found.append(Entry(one.at, _phase(found, one.at, gap=one.undated), one.cause, one.subscription, source))
    return found


def _before(state: State, start: int, past: _Past) -> list[Entry]:
    """Return what a subscription was before the first that is known of it: inferred, or that it always was so."""
    ends_in, until = _opening(state), state.created
    if _is_end(state):
        until = state.after.ended_at or until
    begin = min(start, until)
    return past.entries(Gap(begin, until + _is_seen_after(state), ends_in)) or [
        Entry(begin, 0, state.event, ends_in, "reconstructed")
    ]


def _is_end(state: State) -> bool:
    return state.type == DELETED or (state.type == LISTED and state.after.status == "canceled")


def _is_seen_after(state: State) -> bool:
    """Whether what happened in its second is part of what was before it: an update's own change is not."""
    return state.type in {LISTED, DELETED}


def _told_before(held: Subscription, state: State) -> Subscription | None:
    """Return what the subscription was before ``state``: a deletion shows the last items, a list what was missed."""
    if not _is_end(state):
        return state.after if state.type == LISTED else state.before
    return state.before if _terms(held) == _terms(state.after) else replace(held, items=state.after.items)


def _terms(subscription: Subscription) -> set[tuple[str, str, int | None]]:
    return {(item.id, item.price.id, item.quantity) for item in subscription.items}


def _next(found: Sequence[Entry], at: int, state: State, subscription: Subscription, *, gap: bool) -> Entry:
    phase = _phase(found, at, gap=gap)
    return Entry(at, phase, state.event, subscription, "inferred" if gap else state.source)


def _phase(found: Sequence[Entry], at: int, *, gap: bool) -> int:
    """Return the phase of what comes after ``found``."""
    phase = found[-1].phase if found and found[-1].at == at else 0
    return phase + (phase % 2 != (0 if gap else 1))


def _start(states: Sequence[State], rules: Rules) -> int:
    """Return when the subscription began: its event, its backdated start, or what its metadata says."""
    first, last = states[0], states[-1]
    if since := _moment(last.after.metadata.get(SINCE)):
        return since
    told = first.type == CREATED
    begun = first.created if told else (first.after.created or first.created)
    backdated = first.after.start_date and first.after.start_date < (first.after.created or begun)
    return first.after.start_date if backdated and rules.backdated == "start_date" else begun


def _moment(text: str | None) -> int | None:
    """Read unix seconds, or an ISO date or time (UTC unless it says otherwise), from 1970 on; None for all else."""
    if not text:
        return None
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    found = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return found if found >= 0 else None


def _opening(state: State) -> Subscription:
    """Return what a subscription was before the first event of it that is known."""
    if not _is_end(state):
        return state.before or state.after
    after = state.after
    in_trial = after.trial_end is not None and after.trial_end >= (after.ended_at or state.created)
    status = "trialing" if in_trial else "active"
    return replace(after, status=status, ended_at=None, cancel_at=None, cancel_at_period_end=False)
