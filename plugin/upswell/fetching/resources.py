"""What a backfill reads, in order: the catalogue, whom it is sold to, what was billed, and last what happened."""

from dataclasses import dataclass

from upswell_connectors.event_types import EVENT_TYPES, MOST_AT_ONCE
from upswell_connectors.lists import Listing

EVENTS = "events"
PRICES = "prices"
INVOICES = "invoices"


@dataclass(frozen=True, slots=True)
class Step:
    """One list to be read. ``key`` is its own, ``name`` what people call what is in it, which other lists may share.

    ``grows``: what was read of it once changes in no way that the events of the last 30 days do not tell, so that a
    later run reads only what is new. ``needed`` is False for a list that an older API, or a stand-in, may lack.
    """

    key: str
    name: str
    listing: Listing
    grows: bool = False
    needed: bool = True


_TIERS, _CURRENCIES = ("data.tiers",), ("data.currency_options",)
_LINES = "/v1/invoices/{id}/lines"

SUBSCRIPTIONS = Listing(
    "/v1/subscriptions",
    {"status": "all"},
    ("data.discounts",),
    ("data.items.data.discounts",),
    nested="items",
    rest="/v1/subscription_items?subscription={id}",
)
"""Subscriptions, those that have ended too."""

_LISTS = (
    Step("products", "products", Listing("/v1/products")),
    Step("prices", PRICES, Listing("/v1/prices", {"active": "true"}, _TIERS, _CURRENCIES)),
    Step("archived prices", PRICES, Listing("/v1/prices", {"active": "false"}, _TIERS, _CURRENCIES)),
    Step("coupons", "coupons", Listing("/v1/coupons", {}, ("data.applies_to",), _CURRENCIES)),
    Step("customers", "customers", Listing("/v1/customers"), grows=True),
    Step("subscriptions", "subscriptions", SUBSCRIPTIONS),
    Step("schedules", "schedules", Listing("/v1/subscription_schedules"), needed=False),
    Step(INVOICES, INVOICES, Listing("/v1/invoices", nested="lines", rest=_LINES), grows=True),
)

_HAPPENED = tuple(
    Step(
        f"{EVENTS} {first // MOST_AT_ONCE}",
        EVENTS,
        Listing("/v1/events", {"types[]": EVENT_TYPES[first : first + MOST_AT_ONCE]}),
        grows=True,
        needed=False,
    )
    for first in range(0, len(EVENT_TYPES), MOST_AT_ONCE)
)

STEPS = {step.key: step for step in (*_LISTS, *_HAPPENED)}
"""Every list by its key, in the order in which they are read."""
