"""What Stripe's list of subscriptions showed, and when: each look that differs from the one before it."""

from collections.abc import Iterator

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.portfolio import Subscription
from upswell.core.states import Snapshot

_encode = msgspec.json.Encoder().encode
_subscriptions = msgspec.json.Decoder(Subscription)

_Row = tuple[int, int, str]
"""A look and those after it that showed the same: the first, the last (unix seconds UTC), and what they showed."""


def write_snapshot(connection: sqlite3.Connection, snapshot: Snapshot) -> bool:
    """Store a look inside an open write transaction; say whether it may tell anything new.

    Looks may come in any order. One that shows what the last one did, with no event since, tells nothing.
    """
    name, value = snapshot.subscription.id, _encode(snapshot.subscription).decode()
    rows = connection.execute("SELECT at, seen, value FROM snapshots WHERE subscription = ? ORDER BY at", (name,))
    held: list[_Row] = rows.fetchall()
    looks = sorted({(moment, text) for at, seen, text in held for moment in (at, seen)} | {(snapshot.at, value)})
    found = _runs(looks)
    if found == held:
        return False
    connection.execute("DELETE FROM snapshots WHERE subscription = ?", (name,))
    connection.executemany(
        "INSERT INTO snapshots(subscription, customer, at, seen, value) VALUES (?, ?, ?, ?, ?)",
        [(name, snapshot.subscription.customer, *row) for row in found],
    )
    if [(at, text) for at, _, text in found] != [(at, text) for at, _, text in held]:
        return True
    since = "SELECT 1 FROM history WHERE subscription = ? AND created > ? LIMIT 1"
    return connection.execute(since, (name, held[-1][1])).fetchone() is not None


def _runs(looks: list[tuple[int, str]]) -> list[_Row]:
    """Join looks that follow each other and show the same; of two at one second the last one counts."""
    runs: list[_Row] = []
    for at, value in dict(looks).items():
        since = at
        if runs and runs[-1][2] == value:
            since = runs.pop()[0]
        runs.append((since, at, value))
    return runs


def snapshots_of(connection: sqlite3.Connection, customer: str) -> Iterator[Snapshot]:
    """Yield what a Stripe customer's subscriptions showed; what was shown twice, at both moments."""
    rows = connection.execute(
        "SELECT at, seen, value FROM snapshots WHERE customer = ? ORDER BY subscription, at", (customer,)
    )
    for at, seen, value in rows.fetchall():
        shown = _subscriptions.decode(value)
        yield from (Snapshot(moment, shown) for moment in sorted({at, seen}))
