"""When Stripe delivers what, in simulated time: late, out of order, twice, and again until it is taken."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count

from upswell_connectors.fake_stripe.delivery import bodies
from upswell_connectors.fake_stripe.emission import Event
from upswell_connectors.fake_stripe.ids import Chance
from upswell_connectors.fake_stripe.values import Endpoint

_MINUTE, _HOUR = 60, 3_600
_LIVE_SECONDS = 72 * _HOUR
_LIVE_WAITS = (5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 12 * _HOUR)
_TEST_WAITS = (5 * _MINUTE, 2 * _HOUR)

Post = Callable[[bytes, int], int]
"""Posts a body at a moment of simulated time (unix seconds), and returns the status; 0 where nobody answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How deliveries go: each up to ``jitter`` seconds late, ``twice`` percent of them once more although taken.

    ``shuffled`` delivers everything at the time of the last event, in any order. ``live`` is tried again for three
    days, ``live=False``, as in a sandbox, three times in all. All chance comes from ``seed``.
    """

    jitter: int = 0
    twice: int = 0
    shuffled: bool = False
    live: bool = True
    seed: str = "delivery"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery: when, of which event, for the how manieth time, and what was answered."""

    at: int
    event: str
    number: int
    status: int


def wanted(events: Iterable[Event], endpoint: Endpoint) -> Iterator[Event]:
    """Return the events that an endpoint gets: those it asked for, while it is enabled."""
    for event in events:
        if endpoint.enabled and not {"*", event["type"]}.isdisjoint(endpoint.enabled_events):
            yield event


def deliver(events: Iterable[Event], post: Post, manner: Manner | None = None) -> list[Attempt]:
    """Deliver ``events`` through ``post``, and return every attempt in the order they were made.

    What is answered with anything but 2xx is tried again after Stripe's waits, until it is taken or given up.
    """
    manner = manner or Manner()
    chance, order = Chance(manner.seed), count()
    sent = list(events)
    last = max((event["created"] for event in sent), default=0)
    due = [(_first(event, last, manner, chance), _place(manner, chance, order), 1, event) for event in sent]
    heapify(due)
    attempts = []
    while due:
        at, _, number, event = heappop(due)
        attempts.append(Attempt(at, event["id"], number, post(next(bodies([event])), at)))
        again = _next(attempts[-1], event["created"], manner, chance)
        if again is not None:
            heappush(due, (again, (0, next(order)), number + 1, event))
    return attempts


def _first(event: Event, last: int, manner: Manner, chance: Chance) -> int:
    return last if manner.shuffled else int(event["created"]) + chance.below(manner.jitter + 1)


def _place(manner: Manner, chance: Chance, order: Iterator[int]) -> tuple[int, int]:
    """Return what decides between deliveries of one second: chance where they are shuffled, else their order."""
    return (chance.below(2**31) if manner.shuffled else 0, next(order))


def _next(attempt: Attempt, created: int, manner: Manner, chance: Chance) -> int | None:
    """Return when an event is delivered again, if ever."""
    late = chance.below(manner.jitter + 1)
    if 200 <= attempt.status < 300:
        return attempt.at + 1 + late if attempt.number == 1 and chance.percent(manner.twice) else None
    waits = _LIVE_WAITS if manner.live else _TEST_WAITS
    if not manner.live and attempt.number > len(waits):
        return None
    at = attempt.at + waits[min(attempt.number, len(waits)) - 1] + late
    return at if at <= created + _LIVE_SECONDS else None
