"""Expansion by product, by segment and by cohort: who of which kind grew, as they were when they moved."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from upswell.core.kinds import Movement

Traits = Mapping[str, Mapping[str, str | None]]
"""The values of each segment, by a movement's id."""


@dataclass(frozen=True, slots=True)
class ProductPart:
    """What one product brought: ``amount`` in minor units a month, from ``customers`` counted once each."""

    product: str | None
    name: str | None
    amount: int
    customers: int


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """What those with one ``value`` brought (None: with no value): minor units a month, customers counted once."""

    value: str | None
    amount: int
    customers: int


@dataclass(frozen=True, slots=True)
class CohortPart:
    """What customers who first paid in one month (``cohort``: ``2026-03``, or None) brought, as above."""

    cohort: str | None
    amount: int
    customers: int


def by_cohort(happened: Iterable[Movement], months: Mapping[str, str]) -> tuple[CohortPart, ...]:
    """Return expansion by the month of each customer's first payment, the earliest first. It adds up to all of it.

    ``happened`` are the window's movements in one currency, ``months`` the first months by customer.
    """
    held = _parts((months.get(movement.customer), movement) for movement in _grown(happened))
    return tuple(CohortPart(*part) for part in sorted(held, key=lambda part: part[0] or ""))


def by_product(happened: Iterable[Movement], names: Mapping[str, str]) -> tuple[ProductPart, ...]:
    """Return expansion by the product moved to, or of which there is more; the largest first. It adds up to all of it.

    ``happened`` are the window's movements in one currency, ``names`` what products are called by id.
    """
    held = _parts((movement.product_to or movement.product_from, movement) for movement in _grown(happened))
    return tuple(
        ProductPart(product, names.get(product or "", product), amount, customers)
        for product, amount, customers in held
    )


def by_segment(happened: Sequence[Movement], keys: Iterable[str], traits: Traits) -> dict[str, tuple[SegmentPart, ...]]:
    """Return expansion by each of ``keys`` and its values, the largest first; each key's parts add up to all of it.

    ``happened`` are the window's movements in one currency. A movement counts for the value that ``traits`` give it.
    """
    grown = _grown(happened)
    return {
        key: tuple(SegmentPart(*part) for part in _parts((traits.get(one.id, {}).get(key), one) for one in grown))
        for key in keys
    }


def _grown(happened: Iterable[Movement]) -> list[Movement]:
    return [movement for movement in happened if movement.group == "expansion"]


def _parts(valued: Iterable[tuple[str | None, Movement]]) -> list[tuple[str | None, int, int]]:
    """Return each value with its amount and customers: the largest first, of equal ones none last."""
    held: defaultdict[str | None, list[Movement]] = defaultdict(list)
    for value, movement in valued:
        held[value].append(movement)
    parts = [(value, sum(one.amount for one in own), len({one.customer for one in own})) for value, own in held.items()]
    return sorted(parts, key=lambda part: (-part[1], part[0] is None, part[0] or ""))
