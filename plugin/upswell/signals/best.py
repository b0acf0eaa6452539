"""The best of those who are ready for more, for the summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from upswell.signals.raising import Raised
from upswell.signals.signs import SIGNALS

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Ready:
    """A customer that is ready for more: ``reason`` and ``next_step`` are those of its strongest signal.

    ``score`` is from 0 to 100; ``signals`` are the ids of all its signals.
    """

    customer: str
    name: str
    score: int
    reason: str
    next_step: str
    signals: tuple[str, ...]


def best(standing: Sequence[Raised], names: Mapping[str, str]) -> tuple[Ready, ...]:
    """Return the three customers of the highest score whose signals are ``standing``."""
    found = []
    for customer, rows in groupby(sorted(standing, key=place), lambda one: one.customer):
        own = tuple(rows)
        step = SIGNALS[own[0].signal].next_step
        name = names.get(customer, customer)
        found.append(Ready(customer, name, own[0].score, own[0].evidence, step, tuple(one.id for one in own)))
    return tuple(found[:_SHOWN])


def place(one: Raised) -> tuple[int, str, int, str, str]:
    """Return where a signal stands in a list: the highest score first, a customer's signals by their points."""
    return -one.score, one.customer, -one.points, one.signal, one.subject
