"""What came in: each event with its state, and the dead letters among them, which may be thrown away."""

import zlib
from dataclasses import dataclass

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import UpswellError
from upswell.ledger import Ledger

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
        f"SELECT id, type, created, received_at, {_STATE} AS named, reason FROM events"  # noqa: S608  # a constant
        " WHERE (?1 IS NULL OR named = ?1) AND (?2 IS NULL OR type GLOB ?2) ORDER BY created DESC, id DESC LIMIT ?3",
        (state, kind, limit),
    )
    return [Arrival(*row) for row in rows]


def body(ledger: Ledger, event: str) -> bytes:
    """Return an event as it came. Raises UpswellError where the ledger has none of that id."""
    row = ledger.connection.execute("SELECT body FROM events WHERE id = ?", (event,)).fetchone()
    if row is None:
        raise _unknown(ledger, event)
    return zlib.decompress(row[0])


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
