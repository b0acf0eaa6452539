"""Readings: what somebody who counts says of a customer at a moment: units used, or a milestone."""

from dataclasses import dataclass
from fractions import Fraction

USAGE, MILESTONE = "usage", "milestone"
KINDS = (USAGE, MILESTONE)

APP, FILE, STRIPE = "app", "file", "stripe"
"""Where readings come from."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What ``source`` said of a Stripe ``customer``; the same ``key`` of one source is the same reading.

    ``kind`` usage: ``units`` of what ``name`` is were used from ``start`` to ``at``, of ``limit`` that are included
    until ``end``; None where it was not said. ``name`` is the id of a meter, price, product or item, a lookup key, or a
    word of the app's. ``kind`` milestone: the customer did what ``name`` is. ``label`` is what people call it, empty:
    the name. Times are unix seconds UTC.
    """

    source: str
    key: str
    customer: str
    kind: str
    name: str
    at: int
    units: Fraction = Fraction(0)
    limit: int | None = None
    start: int | None = None
    end: int | None = None
    label: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name
