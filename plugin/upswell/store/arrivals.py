"""What came in: each event with its state, and the dead letters among them, which may be thrown away."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import UpswellError
from upswell.store.ledger import Ledger

_BATCH = 100
_STATE = "iif(state = 'received' AND waits_for IS NOT NULL, 'waiting', state)"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event: when it happened at Stripe and when it came (unix seconds UTC), its state, and the reason of that.

    ``received`` is yet to be applied, ``waiting`` lacks something that no event told of.
    """

    id: str
    type: str
    created: int
    received_at: int
    state: str
    reason: str | None


def arrivals(ledger: Ledger, *, state: str | None = None, kind: str | None = None, limit: int = 50) -> list[Arrival]:
    """Return the latest ``limit`` events, newest first; ``kind`` is a type, or begins one where it ends in ``*``."""
    rows = ledger.connection.execute(
        f"SELECT id, type, created, received_at, {_STATE} AS named, reason FROM events"  # a constant
        " WHERE (?1 IS NULL OR named = ?1) AND (?2 IS NULL OR type GLOB ?2) ORDER BY created DESC, id DESC LIMIT ?3",
        (state, kind, limit),
    )
    return [Arrival(*row) for row in rows]


def census(ledger: Ledger) -> dict[str, int]:
    """Count the events by state; quickly, also where there are millions."""
    rare = dict(
        ledger.connection.execute(
            "SELECT state, count(*) FROM events WHERE state IN ('received', 'failed') GROUP BY state"
            " UNION ALL SELECT 'ignored', count(*) FROM events WHERE state = 'ignored'"
        ).fetchall()
    )
    (whole,) = ledger.connection.execute("SELECT count(*) FROM events").fetchone()
    return {"received": 0, "failed": 0, **rare, "applied": whole - sum(rare.values())}


def pauses(ledger: Ledger, since: int) -> tuple[int | None, int]:
    """Return when the first event came, and the longest pause, in seconds, between two that came after ``since``.

    Both times are unix seconds UTC; None where no event came yet.
    """
    (first,) = ledger.connection.execute("SELECT min(received_at) FROM events").fetchone()
    (longest,) = ledger.connection.execute(
        "SELECT max(pause) FROM (SELECT received_at - lag(received_at) OVER (ORDER BY received_at) AS pause"
        " FROM events WHERE received_at > ?)",
        (since,),
    ).fetchone()
    return first, longest or 0


def body(ledger: Ledger, event: str) -> bytes:
    """Return an event as it came. Raises UpswellError where the ledger has none of that id, or keeps it no more."""
    row = ledger.connection.execute("SELECT body FROM events WHERE id = ?", (event,)).fetchone()
    if row is None:
        raise _unknown(ledger, event)
    if not row[0]:
        raise UpswellError(f"{event} was applied, and kept for as long as [ledger] keep_events_days says: it is gone")
    return zlib.decompress(row[0])


def shed(ledger: Ledger, before: int) -> Iterator[int]:
    """Drop the raw bytes of applied events that came before ``before`` (unix seconds UTC), in short commits.

    Their rows stay, so that a repeated event is known, and so does what was read of them: figures do not change.
    Yields how many each commit dropped.
    """
    ledger.connection.execute("PRAGMA secure_delete = ON")
    last = -1
    while found := ledger.connection.execute(
        "SELECT received_at, rowid FROM events WHERE received_at < ? AND received_at >= ? AND state = 'applied'"
        " AND length(body) > 0 ORDER BY received_at LIMIT ?",
        (before, last, _BATCH),
    ).fetchall():
        last = found[-1][0]
        with ledger.write() as connection:
            connection.executemany("UPDATE events SET body = x'' WHERE rowid = ?", [(row,) for _, row in found])
        yield len(found)


def drop(ledger: Ledger, event: str) -> None:
    """Throw away an event that failed, for good: should Stripe send it again, it is a new one.

    Raises UpswellError where there is none of that id, or it did not fail.
    """
    with ledger.write() as connection:
        row = connection.execute("SELECT state FROM events WHERE id = ?", (event,)).fetchone()
        if row is None:
            raise _unknown(ledger, event)
        if row[0] != "failed":
            raise UpswellError(f"{event} is {row[0]}: only an event that failed can be dropped")
        _delete(connection, event)


def _delete(connection: sqlite3.Connection, event: str) -> None:
    try:
        connection.execute("DELETE FROM events WHERE id = ?", (event,))
    except sqlite3.IntegrityError:
        raise UpswellError(
            f"{event} was applied before it failed, and figures rest on it: `upswell retry` applies it again"
        ) from None


def _unknown(ledger: Ledger, event: str) -> UpswellError:
    return UpswellError(f"The ledger {ledger.path} has no event {event}: take an id from `upswell events`")
