"""The tracks in the ledger: written with the movements they are made of, read for the figures of the whole history."""

from array import array
from collections.abc import Sequence
from operator import attrgetter

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.kinds import Movement
from upswell.report.tracks import Track
from upswell.report.tracks import tracks as made
from upswell.store.ledger import Ledger
from upswell.store.track_tables import INSERT, row_of

_COLUMNS = "customer, currency, since, began, grew, grew_here, times, groups, alive, sums, prices, held"
_row = attrgetter("occurred_at", "currency", "kind", "amount", "mrr_after")


def write_tracks(connection: sqlite3.Connection, account: str, movements: Sequence[Movement]) -> None:
    """Make the tracks of ``account`` anew from all of its ``movements``, inside an open write transaction."""
    rows, held = _rows(account, movements), _held(connection, account)
    if rows == held:
        return
    if held:
        connection.execute("DELETE FROM tracks WHERE customer = ?", (account,))
    connection.executemany(INSERT, rows)


def is_tracked(connection: sqlite3.Connection, account: str, movements: Sequence[Movement]) -> bool:
    """Say whether the ledger holds the tracks of ``account`` that its ``movements`` make."""
    return _rows(account, movements) == _held(connection, account)


def strays(connection: sqlite3.Connection) -> list[str]:
    """Return who has tracks and no movements, and does not wait to be rebuilt."""
    rows = connection.execute(
        "SELECT customer FROM tracks EXCEPT SELECT customer FROM movements EXCEPT SELECT account FROM stale ORDER BY 1"
    )
    return [customer for (customer,) in rows]


def tracks(ledger: Ledger) -> list[Track]:
    """Return every customer's track in each currency."""
    rows = ledger.connection.execute(f"SELECT {_COLUMNS} FROM tracks")
    return [
        Track(
            customer,
            currency,
            since,
            began,
            grew,
            grew_here == 1,
            array("q", times),
            groups,
            alive,
            array("q", sums),
            array("q", prices),
            array("q", held),
        )
        for customer, currency, since, began, grew, grew_here, times, groups, alive, sums, prices, held in rows
    ]


def _rows(account: str, movements: Sequence[Movement]) -> list[tuple[object, ...]]:
    return [row_of(track) for track in made(account, [_row(movement) for movement in movements])]


def _held(connection: sqlite3.Connection, account: str) -> list[tuple[object, ...]]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM tracks WHERE customer = ? ORDER BY currency", (account,))
    return rows.fetchall()
