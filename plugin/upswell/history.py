"""A customer's history: what events say of each subscription, in the order in which it happened."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby

from upswell.catalogue import Catalogue
from upswell.portfolio import Subscription
from upswell.rules import Rules
from upswell.usage import Billed

CREATED = "customer.subscription.created"
DELETED = "customer.subscription.deleted"
_CHAIN_STEPS = 5_000
_CHAIN_LONGEST = 200


@dataclass(frozen=True, slots=True)
class State:
    """What one event says: the subscription ``before`` (None: it does not say) and ``after``; unix seconds UTC."""

    created: int
    type: str
    event: str
    after: Subscription
    before: Subscription | None = None
    source: str = "observed"

    @property
    def views(self) -> tuple[Subscription, ...]:
        """The subscription as it was, where the event says, and as it is."""
        return (self.before, self.after) if self.before else (self.after,)

    @property
    def discounts(self) -> set[str]:
        """The ids of all discounts that the subscription or its items list."""
        return {name for view in self.views for name in view.all_discounts}

    @property
    def prices(self) -> set[str]:
        """The ids of all prices of its items."""
        return {item.price.id for view in self.views for item in view.items}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Stripe's list of subscriptions showed at ``at`` (unix seconds UTC, when it was asked)."""

    at: int
    subscription: Subscription


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one customer."""

    customer: str
    states: Sequence[State] = ()
    billed: Sequence[Billed] = ()
    catalogue: Catalogue = field(default_factory=Catalogue)
    snapshots: Sequence[Snapshot] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A subscription as it stood from ``at`` on (unix seconds UTC).

    ``phase`` orders entries of one second; an even one closes a gap: something before it was missed.
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
    return {
        name: _entries(list(_ordered(rows[name], history.catalogue)), history.catalogue, rules) for name in sorted(rows)
    }


def _entries(states: Sequence[State], catalogue: Catalogue, rules: Rules) -> list[Entry]:
    found: list[Entry] = []
    start = _start(states, rules)
    for index, state in enumerate(states):
        at = state.created
        if not index:
            if state.type == CREATED:
                at = start
            else:
                found.append(Entry(min(start, at), 0, state.event, _opening(state), "reconstructed"))
        ended = state.after.ended_at
        if state.after.status == "canceled" and ended is not None:
            at = ended
            while len(found) > 1 and found[-1].at > ended:
                found.pop()
        at = max([at, *(entry.at for entry in found[-1:])])
        before = _told_before(states[index - 1].after, state) if index else None
        if before and _differ(states[index - 1].after, before, state.created, catalogue):
            found.append(_next(found, at, state, before, gap=True))
        found.append(_next(found, at, state, state.after, gap=False))
    return found


def _told_before(held: Subscription, state: State) -> Subscription | None:
    """Return what the subscription was before ``state``, as its event tells it: a deletion shows the last items."""
    if state.type != DELETED or _terms(held) == _terms(state.after):
        return state.before
    return replace(held, items=state.after.items)


def _terms(subscription: Subscription) -> set[tuple[str, str, int | None]]:
    return {(item.id, item.price.id, item.quantity) for item in subscription.items}


def _next(found: Sequence[Entry], at: int, state: State, subscription: Subscription, *, gap: bool) -> Entry:
    last = found[-1] if found and found[-1].at == at else None
    phase = last.phase if last else 0
    phase += phase % 2 != (0 if gap else 1)
    return Entry(at, phase, state.event, subscription, "reconstructed" if gap else state.source)


def _start(states: Sequence[State], rules: Rules) -> int:
    """Return when the subscription began: its event, its backdated start, or what its metadata says."""
    first, last = states[0], states[-1]
    if since := _moment(last.after.metadata.get("upswell_since")):
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
    if state.type != DELETED:
        return state.before or state.after
    after = state.after
    in_trial = after.trial_end is not None and after.trial_end >= (after.ended_at or state.created)
    status = "trialing" if in_trial else "active"
    return replace(after, status=status, ended_at=None, cancel_at=None, cancel_at_period_end=False)


Likeness = tuple[object, ...]


def _likeness(subscription: Subscription, at: int, catalogue: Catalogue) -> Likeness:
    """Return what must be equal in two views of one subscription for nothing to have happened between them."""

    def live(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in names if not _over(name, at, catalogue))

    items = sorted((item.id, item.price.id, item.quantity or 0, live(item.discounts)) for item in subscription.items)
    state = (subscription.status, subscription.pause, subscription.cancels, subscription.currency)
    return (*state, live(subscription.discounts), *items)


def _over(discount: str, at: int, catalogue: Catalogue) -> bool:
    try:
        return catalogue.discount(discount, at) is None
    except LookupError:
        return False


def _differ(one: Subscription, other: Subscription, at: int, catalogue: Catalogue) -> bool:
    return _likeness(one, at, catalogue) != _likeness(other, at, catalogue)


def _ordered(states: Sequence[State], catalogue: Catalogue) -> Iterator[State]:
    """Order events by second; inside one: created first, deleted last, between them a chain of before and after."""
    seconds = [list(rows) for _, rows in groupby(sorted(states, key=_rank), key=lambda row: row.created)]
    held: Subscription | None = None
    for second, following in zip(seconds, [*seconds[1:], []], strict=True):
        middle = [row for row in second if row.type not in {CREATED, DELETED}]
        first = [row for row in second if row.type == CREATED]
        last = [row for row in second if row.type == DELETED]
        if first:
            held = first[-1].after
        if 1 < len(middle) <= _CHAIN_LONGEST:
            middle = _chained(middle, held, following, catalogue)
        yield from (ordered := [*first, *middle, *last])
        held = ordered[-1].after


def _rank(state: State) -> tuple[int, str]:
    return state.created, state.event


def _chained(
    rows: list[State], held: Subscription | None, following: Sequence[State], catalogue: Catalogue
) -> list[State]:
    """Order ``rows`` of one second so that each begins where the one before ended; by event id where none does."""
    at = rows[0].created
    links = [(_seen(row.before, at, catalogue), _seen(row.after, at, catalogue)) for row in rows]
    start = _seen(held, at, catalogue)
    ends = {_seen(row.before, at, catalogue) for row in following if row.before}
    for begin, finish in ((start, ends), (start, None), (None, ends), (None, None)):
        steps = iter(range(_CHAIN_STEPS))
        found = _search(links, frozenset(range(len(rows))), begin, finish or None, steps)
        if found is not None:
            return [rows[index] for index in found]
    return rows


def _seen(subscription: Subscription | None, at: int, catalogue: Catalogue) -> Likeness | None:
    return None if subscription is None else _likeness(subscription, at, catalogue)


def _search(
    links: Sequence[tuple[Likeness | None, Likeness | None]],
    left: frozenset[int],
    state: Likeness | None,
    ends: set[Likeness | None] | None,
    steps: Iterator[int],
) -> list[int] | None:
    """Find an order of ``left`` in which each link begins where the one before it ended, at first at ``state``.

    A link that does not say where it begins fits anywhere, best where it changes nothing.
    """
    if not left:
        return [] if ends is None or state in ends else None
    if next(steps, None) is None:
        return None
    fitting = [index for index in left if state is None or links[index][0] in {None, state}]
    for index in sorted(fitting, key=lambda i: (_looseness(links[i], state), i)):
        rest = _search(links, left - {index}, links[index][1], ends, steps)
        if rest is not None:
            return [index, *rest]
    return None


def _looseness(link: tuple[Likeness | None, Likeness | None], state: Likeness | None) -> int:
    before, after = link
    return 0 if before is not None else (1 if after == state else 2)
