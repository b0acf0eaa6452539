"""Movements written as lines of text, one a movement, and the ledger rows of them.

    2026-01-05 cus_1 new +5000
    2026-01-06T10:30 cus_1 upgrade +2000 origin=sales reason=Pro→Enterprise

Times are UTC; MRR before and after follow from the lines above; ``_`` in a value is a space.
"""

from collections import defaultdict
from datetime import UTC, datetime

from upswell.core.kinds import Movement
from upswell.report.tracks import tracks as made
from upswell.store.books import write_movements

_DRIVERS = {
    "upgrade": "plan",
    "add_on": "add_on",
    "seat": "seats",
    "overage": "usage",
    "downgrade": "plan",
    "price_change": "price",
    "discount": "discount",
    "term_change": "term",
}
_PLAIN = {
    "currency": "usd",
    "source": "observed",
    "origin": "customer",
    "product_from": None,
    "product_to": None,
    "price_from": None,
    "price_to": None,
    "quantity_from": None,
    "quantity_to": None,
}


def at(text):
    """Return unix seconds of an ISO 8601 date or time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def movements(text):
    """Return the movements that ``text`` tells, in order of time."""
    lines = sorted(line.split() for line in text.strip().splitlines())
    mrr = defaultdict(int)
    return [_movement(number, line, mrr) for number, line in enumerate(lines)]


def _movement(number, line, mrr):
    when, customer, kind, amount, *rest = line
    given = {key: value.replace("_", " ") if key == "reason" else value for key, value in (x.split("=") for x in rest)}
    account = (customer, given.get("currency", "usd"))
    before, mrr[account] = mrr[account], mrr[account] + int(amount)
    return Movement(
        **{
            **_PLAIN,
            "id": f"mov_{customer}_{number}",
            "occurred_at": at(when),
            "customer": customer,
            "subscription": f"sub_{customer}",
            "item": f"si_{customer}",
            "kind": kind,
            "driver": _DRIVERS.get(kind, "status"),
            "amount": int(amount),
            "mrr_before": before,
            "mrr_after": mrr[account],
            "cause": f"evt_{number}",
            "reason": f"{kind} of {customer}",
            **given,
        }
    )


def tracks(booked):
    """Return everybody's tracks through movements that are ordered by time."""
    own = defaultdict(list)
    for one in booked:
        own[one.customer].append((one.occurred_at, one.currency, one.kind, one.amount, one.mrr_after))
    return [track for customer, rows in own.items() for track in made(customer, rows)]


def put(ledger, text):
    """Write the movements that ``text`` tells into ``ledger``."""
    booked = movements(text)
    with ledger.write() as connection:
        for customer in {movement.customer for movement in booked}:
            own = [movement for movement in booked if movement.customer == customer]
            write_movements(connection, customer, own)
