"""The rules a merchant can set: what counts as MRR, and how a change is named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of the classification; the defaults are the rule book's.

    ``settle_minutes``: changes less than this apart, counted from the first, are one group.
    ``churn_at``: ``end`` books a cancellation when the subscription ends, ``request`` when it is asked for.
    ``past_due``: ``count`` or ``exclude`` subscriptions whose last payment failed.
    ``discounts``: which durations count: ``recurring`` (forever and repeating), ``forever``, ``all``, ``none``.
    ``usage``: ``include`` or ``exclude`` billed usage.
    ``backdated``: a subscription that starts before it was created is booked at its ``start_date`` or when ``created``.
    ``customer_key``: ``metadata.<key>`` whose value joins several Stripe customers into one; None keeps them apart.
    ``price_changes``: pairs of price ids (from, to) that are the merchant's own price changes.
    ``roles`` and ``families``: price or product id to role (plan, add_on, seat) or plan family.
    ``sales_keys``: metadata keys that mark a change as driven by sales.
    """

    settle_minutes: int = 60
    churn_at: str = "end"
    past_due: str = "count"
    discounts: str = "recurring"
    usage: str = "include"
    backdated: str = "start_date"
    customer_key: str | None = None
    price_changes: frozenset[tuple[str, str]] = frozenset()
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    families: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sales_keys: tuple[str, ...] = ()


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "stripe": {"churn_at": "request", "past_due": "count", "discounts": "forever", "usage": "exclude"},
    "chartmogul": {
        "settle_minutes": 60,
        "churn_at": "end",
        "past_due": "count",
        "discounts": "all",
        "usage": "exclude",
    },
}
"""The settings with which MRR counts as others document theirs: ``docs/definitions.md`` has the sources."""
