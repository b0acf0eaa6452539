"""The lives of a crowd of customers as webhooks, and the ledger that they come to when nothing disturbs them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.store import events
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe.crowd import crowd

_UNTIL = 1_790_000_000
_DAY = 86_400
TABLES = ("movements", "history", "usage", "customers", "prices", "products", "coupons", "discounts", "mentions")


@cache
def webhooks(customers: int = 40, *, seed: str = "crowd", second: int = 1) -> tuple[bytes, ...]:
    """Return the events of so many customers over four months; times are cut to multiples of ``second`` seconds."""
    account = crowd(customers, until=_UNTIL, months=4, events=121, seed=seed)
    return tuple(
        json.dumps({**one, "created": one["created"] - one["created"] % second}).encode() for one in account.events
    )


def undisturbed(path: Path, bodies: tuple[bytes, ...]) -> dict[str, list[Any]]:
    """Return the ledger, at ``path``, that ``bodies`` come to one after another in this process."""
    with Ledger(path, create=True) as ledger:
        events.accept(ledger, [events.envelope(body) for body in bodies])
        assert apply_pending(ledger, Rules()).failed == 0
    return written(path)


def written(path: Path) -> dict[str, list[Any]]:
    """Return every row of what the ledger at ``path`` made of its events, in an order that is no part of it."""
    with Ledger(path) as ledger:
        states = sorted(ledger.connection.execute("SELECT id, state, reason FROM events"))
        queries = {name: f"SELECT * FROM {name}" for name in TABLES}  # noqa: S608  # our own names
        rows = {name: sorted(ledger.connection.execute(query), key=repr) for name, query in queries.items()}
    return {"events": states} | rows


def settled(path: Path) -> bool:
    """Say whether everything in the ledger at ``path`` is applied, or waits for what no event tells of."""
    with Ledger(path) as ledger:
        (left,) = ledger.connection.execute(
            "SELECT (SELECT count(*) FROM events WHERE state = 'received' AND waits_for IS NULL)"
            " + (SELECT count(*) FROM stale)"
        ).fetchone()
    return left == 0


def name(body: bytes) -> str:
    """Return the id of an event."""
    return events.envelope(body).id
