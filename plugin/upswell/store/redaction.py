"""Taking a person out of what Stripe sent: what figures rest on stays, who it was goes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from upswell.core.states import SINCE

_ENVELOPE = ("id", "object", "type", "created", "livemode", "account", "api_version")
_PARTS = ("object", "previous_attributes")

_SOLD = """
coupon currency_options period plan plans price price_details pricing product products recurring tiers
transform_quantity transform_usage
"""
SOLD = frozenset(_SOLD.split())
"""Keys of what the merchant sells, which say nothing of who buys: they are kept whole."""

_READ = """
active alert amount amount_decimal amount_off applies_to behavior billing_reason billing_scheme cancel_at
cancel_at_period_end created currency current_period_end current_trial customer data deleted discount discount_amounts
discounts divide_by duration duration_in_months end end_behavior end_date ended_at expires_at finalized_at flat_amount
flat_amount_decimal has_more id interval interval_count invoice invoice_item invoice_item_details items lines lookup_key
meter object parent pause_collection pending_update percent_off period_end period_start phases promotion promotion_code
proration quantity round source start start_date status status_transitions subscription subscription_details
subscription_item subscription_item_details subscription_items tiers_mode trial trial_end type unit_amount
unit_amount_decimal up_to usage_type
"""
READ = frozenset(_READ.split())
"""Keys that tell what was paid when. All others go, whatever they are: addresses, descriptions, links to invoices."""

# Whatever a body holds, the others that are accepted with it must be: it is left out instead.
_UNREADABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, AttributeError, TypeError)
_MOMENT = re.compile(r"[0-9][0-9T:.+Z-]{3,39}")
_NAMES = re.compile(rb'"([^"\\]{1,255})"')


@dataclass(frozen=True, slots=True)
class Person:
    """Who is forgotten: the ``pseudonym`` in place of the name, and which metadata figures rest on.

    ``key`` is the metadata key that joins Stripe customers into one, ``marks`` are those that mark sales.
    """

    pseudonym: str
    key: str | None = None
    marks: tuple[str, ...] = ()

    def kept(self, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what stays of ``metadata``: that a mark is there, and since when a subscription counts."""
        return {name: self._value(name, value) for name, value in (metadata or {}).items() if self._keeps(name, value)}

    def _keeps(self, name: str, value: Any) -> bool:
        if name == SINCE:
            return value is None or bool(_MOMENT.fullmatch(str(value)))
        return name == self.key or name in self.marks

    def _value(self, name: str, value: Any) -> Any:
        if not value or name == SINCE:
            return value
        return self.pseudonym if name == self.key else "yes"


def named(body: bytes) -> set[str]:
    """Return every text that stands alone in quotes in the raw event ``body``: ids of customers are among them."""
    return {name.decode(errors="replace") for name in _NAMES.findall(body)}


def redacted(body: bytes, person: Person) -> bytes:
    """Return the raw event ``body`` without the person; what cannot be read is left out."""
    try:
        event = msgspec.json.decode(body)
        data = event.get("data") or {}
        parts = {part: _stripped(data[part], person) for part in _PARTS if part in data}
        return msgspec.json.encode({name: event[name] for name in _ENVELOPE if name in event} | {"data": parts})
    except _UNREADABLE:
        return b"{}"


def _stripped(value: Any, person: Person) -> Any:
    if isinstance(value, list):
        return [_stripped(one, person) for one in value]
    if not isinstance(value, dict):
        return value
    left = {}
    for key, one in value.items():
        if key in SOLD:
            left[key] = one
        elif key == "metadata":
            left[key] = person.kept(one) if isinstance(one, dict) else None
        elif key in READ:
            left[key] = _stripped(one, person)
    return left | ({"name": person.pseudonym} if value.get("object") == "customer" else {})
