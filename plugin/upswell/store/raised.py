"""The signals in the ledger: who was told of, when, and when it was over; and who is to be looked at next.

for one in raised.standing(ledger):               # also: at=moment, customer=id
print(one.customer, one.score, one.evidence)
for one in raised.since(ledger, moment):          # raised or cleared from then on, the oldest first
print(one.id, one.stands)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, fields

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.signals.best import place
from upswell.signals.raising import Raised
from upswell.store.ledger import Ledger

_FIELDS = tuple(field.name for field in fields(Raised))
_COLUMNS = ", ".join(_FIELDS)
_WRITE = (
    f"INSERT INTO signals({_COLUMNS}) VALUES ({', '.join('?' * len(_FIELDS))})"
    " ON CONFLICT(id) DO UPDATE SET evidence = excluded.evidence, points = excluded.points, score = excluded.score,"
    " cleared_at = excluded.cleared_at, cleared_because = excluded.cleared_because"
)


def of_customer(connection: sqlite3.Connection, customer: str) -> list[Raised]:
    """Return every signal of a customer, standing or cleared, the oldest first."""
    return _rows(connection, "WHERE customer = ?", (customer,))


def standing(ledger: Ledger, *, at: int | None = None, customer: str | None = None) -> list[Raised]:
    """Return the signals that stand, or stood ``at`` a moment (unix seconds UTC), the highest score first."""
    wanted = {
        "cleared_at IS NULL": () if at is None else None,
        "raised_at <= ? AND (cleared_at IS NULL OR cleared_at > ?)": None if at is None else (at, at),
        "customer = ?": None if customer is None else (customer,),
    }
    given = {clause: values for clause, values in wanted.items() if values is not None}
    found = _rows(
        ledger.connection, f"WHERE {' AND '.join(given)}", [value for values in given.values() for value in values]
    )
    return sorted(found, key=place)


def since(ledger: Ledger, moment: int) -> list[Raised]:
    """Return the signals that were raised or cleared at ``moment`` (unix seconds UTC) or later, the oldest first."""
    return _rows(ledger.connection, "WHERE raised_at >= ?1 OR cleared_at >= ?1", (moment,))


def write_signals(connection: sqlite3.Connection, rows: Iterable[Raised]) -> None:
    """Write new and changed signals inside an open write transaction; when one was raised never changes."""
    connection.executemany(_WRITE, [astuple(one) for one in rows])


def _rows(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Raised]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM signals {where} ORDER BY raised_at, id", tuple(values))
    return [Raised(*row) for row in rows]


def want_look(connection: sqlite3.Connection, customer: str) -> None:
    """Note, inside an open write transaction, that something changed for a customer: it is looked at next."""
    connection.execute(
        "INSERT INTO looks(customer, due) SELECT ?1, 0 WHERE EXISTS (SELECT 1 FROM accounts WHERE account = ?1)"
        " OR EXISTS (SELECT 1 FROM looks WHERE customer = ?1)"
        " ON CONFLICT(customer) DO UPDATE SET due = 0 WHERE due IS NOT 0",
        (customer,),
    )


def note_look(connection: sqlite3.Connection, customer: str, due: int | None) -> None:
    """Note when a customer that was looked at is to be looked at again (unix seconds UTC); None: once it changes.

    Who is no customer any more, for its Stripe customers belong to another, is forgotten here.
    """
    connection.execute("UPDATE looks SET due = ? WHERE customer = ?", (due, customer))
    gone = "DELETE FROM looks WHERE customer = ?1 AND NOT EXISTS (SELECT 1 FROM accounts WHERE account = ?1)"
    connection.execute(gone, (customer,))


def begin_anew(ledger: Ledger) -> None:
    """Forget every signal, and have everybody looked at: for a ledger that nobody was told from."""
    with ledger.write() as connection:
        connection.execute("DELETE FROM signals")
        connection.execute("UPDATE looks SET due = 0")


def due(connection: sqlite3.Connection, now: int, most: int) -> list[str]:
    """Return up to ``most`` customers whom it is time to look at, the longest due first."""
    rows = connection.execute("SELECT customer FROM looks WHERE due <= ? ORDER BY due, customer LIMIT ?", (now, most))
    return [customer for (customer,) in rows]


def count_due(connection: sqlite3.Connection, now: int) -> int:
    """Return how many customers it is time to look at."""
    return int(connection.execute("SELECT count(*) FROM looks WHERE due <= ?", (now,)).fetchone()[0])


def move_signals(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Let what was told of ``old`` be told of ``new``, inside an open write transaction, once nobody is ``old``.

    So whoever was told of under one name is not told of under another within the cooldown. What stands of both stays
    with ``old``, and is cleared when that is looked at.
    """
    gone = "NOT EXISTS (SELECT 1 FROM accounts WHERE account = ?1)"
    connection.execute(f"UPDATE OR IGNORE signals SET customer = ?2 WHERE customer = ?1 AND {gone}", (old, new))


def strip_signals(connection: sqlite3.Connection, customer: str, rename: Callable[[str], str]) -> None:
    """Take the names that ``rename`` replaces out of a customer's signals, inside an open write transaction."""
    for one in of_customer(connection, customer):
        texts = (rename(one.customer), rename(one.evidence), one.id)
        connection.execute("UPDATE signals SET customer = ?, evidence = ? WHERE id = ?", texts)
    connection.execute("UPDATE OR REPLACE looks SET customer = ? WHERE customer = ?", (rename(customer), customer))
