"""Readings in the ledger: written once a key, and read back for a customer."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.money import decimal
from upswell.raised import want_look
from upswell.readings import Reading

_COLUMNS = "source, key, customer, kind, name, label, at, units, included, period_start, period_end"


def write_readings(connection: sqlite3.Connection, readings: Iterable[Reading]) -> int:
    """Write those of ``readings`` whose key is new, inside an open write transaction, and return how many they were.

    Whoever they are about is looked at for signals next.
    """
    fresh = [one for one in readings if _write(connection, one)]
    for customer in sorted({one.customer for one in fresh}):
        for (account,) in connection.execute("SELECT account FROM accounts WHERE customer = ?", (customer,)).fetchall():
            want_look(connection, account)
    return len(fresh)


def _write(connection: sqlite3.Connection, one: Reading) -> bool:
    said = (one.source, one.key, one.customer, one.kind, one.name, one.label, one.at)
    row = (*said, decimal(one.units), one.limit, one.start, one.end)
    marks = ", ".join("?" * len(row))
    written = connection.execute(f"INSERT OR IGNORE INTO readings({_COLUMNS}) VALUES ({marks})", row)
    return bool(written.rowcount)


def readings_of(connection: sqlite3.Connection, account: str) -> list[Reading]:
    """Return all readings of ``account``, the customer of the summary, the oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM readings WHERE customer IN (SELECT customer FROM accounts WHERE account = ?)"
        " ORDER BY at, source, key",
        (account,),
    )
    return [_reading(*row) for row in rows]


def _reading(
    source: str, key: str, customer: str, kind: str, name: str, label: str, at: int, units: str, *rest: int | None
) -> Reading:
    limit, start, end = rest
    return Reading(source, key, customer, kind, name, at, Fraction(units), limit, start, end, label)


def strip_readings(connection: sqlite3.Connection, customer: str, rename: Callable[[str], str]) -> None:
    """Take the names that ``rename`` replaces out of a Stripe customer's readings, inside an open write transaction."""
    rows = connection.execute("SELECT rowid, name, label FROM readings WHERE customer = ?", (customer,)).fetchall()
    renamed = [(rename(name), rename(label), row) for row, name, label in rows]
    connection.executemany("UPDATE readings SET name = ?, label = ? WHERE rowid = ?", renamed)
