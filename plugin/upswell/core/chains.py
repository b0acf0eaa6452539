"""Chains: events of one subscription in the order in which they happened, by what each says of the state before it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from upswell.core.catalogue import Catalogue
from upswell.core.portfolio import Subscription
from upswell.core.states import CREATED, DELETED, RANK, State

_CHAIN_STEPS = 5_000
_CHAIN_LONGEST = 200
_SECOND = attrgetter("created")

Likeness = tuple[object, ...]


def _likeness(subscription: Subscription, at: int, catalogue: Catalogue) -> Likeness:
    """Return what must be equal in two views of one subscription for nothing to have happened between them."""
    items = sorted(
        (item.id, item.price.id, item.quantity or 0, live(item.discounts, at, catalogue)) for item in subscription.items
    )
    state = (subscription.status, subscription.pause, subscription.cancels, subscription.currency)
    return (*state, live(subscription.discounts, at, catalogue), *items)


def live(names: Sequence[str], at: int, catalogue: Catalogue) -> tuple[str, ...]:
    """Return those of the discounts ``names`` that are not over at ``at``, as far as is known."""
    return tuple(name for name in names if not _over(name, at, catalogue))


def _over(discount: str, at: int, catalogue: Catalogue) -> bool:
    try:
        return catalogue.discount(discount, at) is None
    except LookupError:
        return False


def differ(one: Subscription, other: Subscription, at: int, catalogue: Catalogue) -> bool:
    """Whether something happened between two views of one subscription, as they are at ``at`` (unix seconds UTC)."""
    return one is not other and _likeness(one, at, catalogue) != _likeness(other, at, catalogue)


def ordered(states: Sequence[State], catalogue: Catalogue) -> Iterator[State]:
    """Order events by second; inside one: created first, deleted last, between them a chain of before and after."""
    seconds = [list(rows) for _, rows in groupby(sorted(states, key=RANK), key=_SECOND)]
    held: Subscription | None = None
    for place, second in enumerate(seconds):
        rows = second if len(second) == 1 else _within(second, held, next(iter(seconds[place + 1 :]), ()), catalogue)
        yield from rows
        held = rows[-1].after


def _within(
    second: list[State], held: Subscription | None, following: Sequence[State], catalogue: Catalogue
) -> list[State]:
    """Order the events of one second, before which the subscription was ``held``."""
    middle = [row for row in second if row.type not in {CREATED, DELETED}]
    first = [row for row in second if row.type == CREATED]
    last = [row for row in second if row.type == DELETED]
    if first:
        held = first[-1].after
    if 1 < len(middle) <= _CHAIN_LONGEST:
        middle = _chained(middle, held, following, catalogue)
    return [*first, *middle, *last]


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
    return 1 if before is not None else (0 if after == state else 2)
