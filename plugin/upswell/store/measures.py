"""Readings in the ledger: written once a key, and read back for a customer."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from fractions import Fraction

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.money import decimal
from upswell.core.readings import Reading
from upswell.store.raised import want_look
from upswell.store.subscribers import account_of

WHOLE_SECONDS = 35 * 86_400
"""For how long every reading is kept."""

_WEEK = 7 * 86_400
_COLUMNS = "source, key, customer, kind, name, label, at, units, included, period_start, period_end"
_MARKS = ", ".join("?" * len(_COLUMNS.split(",")))


@dataclass(frozen=True, slots=True)
class Written:
    """What became of readings: how many were new, corrected one that was there, or were known.

    ``strangers`` counts those of customers that the ledger does not know yet, among them; ``forgotten`` those that were
    not kept, because their customer is to be forgotten.
    """

    new: int = 0
    corrected: int = 0
    known: int = 0
    strangers: int = 0
    forgotten: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def write_readings(connection: sqlite3.Connection, readings: Iterable[Reading]) -> Written:
    """Write ``readings`` inside an open write transaction, and return what became of them.

    One whose key is known and which says something else corrects what was said. Whoever anything new is about is
    looked at for signals next.
    """
    done, touched, accounts = Counter[str](), set[str](), _Accounts(connection)
    for one in readings:
        if accounts.is_forgotten(one.customer):
            done["forgotten"] += 1
            continue
        became, also = _write(connection, one)
        done[became] += 1
        if accounts.of(one.customer) is None:
            done["strangers"] += 1
        if became != "known":
            touched |= {one.customer, also}
    for account in sorted({found for customer in touched if (found := accounts.of(customer))}):
        want_look(connection, account)
    return Written(**done)


class _Accounts:
    """Whom customers belong to and who is forgotten, asked once each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, str | None] = {}
        self._forgotten = {name for (name,) in connection.execute("SELECT customer FROM forgotten")}

    def is_forgotten(self, customer: str) -> bool:
        return customer in self._forgotten

    def of(self, customer: str) -> str | None:
        if customer not in self._known:
            self._known[customer] = account_of(self._connection, customer)
        return self._known[customer]


def _write(connection: sqlite3.Connection, one: Reading) -> tuple[str, str]:
    """Write a reading, and return what became of it, in the words of ``Written``, and whose it was before."""
    said = (one.source, one.key, one.customer, one.kind, one.name, one.label, one.at)
    row = (*said, decimal(one.units), one.limit, one.start, one.end)
    if connection.execute(f"INSERT OR IGNORE INTO readings({_COLUMNS}) VALUES ({_MARKS})", row).rowcount:
        return "new", one.customer
    place = (one.source, one.key)
    held = connection.execute(f"SELECT {_COLUMNS} FROM readings WHERE source = ? AND key = ?", place).fetchone()
    if held == row:
        return "known", one.customer
    connection.execute(f"UPDATE readings SET ({_COLUMNS}) = ({_MARKS}) WHERE source = ? AND key = ?", (*row, *place))
    return "corrected", str(held[2])


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


def thin_readings(connection: sqlite3.Connection, account: str, now: int) -> None:
    """Drop readings of ``account`` that no signal asks for at ``now`` (unix seconds UTC) or later.

    It is done inside an open write transaction. Of those older than WHOLE_SECONDS, the last of each week stays, by
    customer, kind, name and period: an app may report every hour.
    """
    connection.execute(
        "DELETE FROM readings WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER ("
        "PARTITION BY customer, kind, name, period_start, period_end, at / ? ORDER BY at DESC, source DESC, key DESC"
        ") AS place FROM readings WHERE customer IN (SELECT customer FROM accounts WHERE account = ?) AND at < ?)"
        " WHERE place > 1)",
        (_WEEK, account, now - WHOLE_SECONDS),
    )


def drop_readings(connection: sqlite3.Connection, customer: str) -> None:
    """Delete a Stripe customer's readings, inside an open write transaction: any of their texts may name a person."""
    connection.execute("DELETE FROM readings WHERE customer = ?", (customer,))
