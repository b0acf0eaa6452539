"""The movements in the ledger: written as the core returns them, read by everybody else."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Any

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.clocks import utc
from upswell.core.invariants import breaches
from upswell.core.kinds import KINDS, Movement
from upswell.errors import InvariantError
from upswell.report.causes import EXPANSION_KINDS
from upswell.store.ledger import Ledger
from upswell.store.tracked import write_tracks
from upswell.store.watched import watch

_FIELDS = tuple(field.name for field in fields(Movement))
COLUMNS = ", ".join(_FIELDS)
_MOMENT = _FIELDS.index("occurred_at")
_values = attrgetter(*_FIELDS)
_INSERT = f"INSERT INTO movements({COLUMNS}, step) VALUES ({', '.join('?' * (len(_FIELDS) + 1))})"
_SUM = "(SELECT coalesce(sum(amount), 0) FROM movements WHERE currency = ?1 AND kind = '{}' AND {})"
_BRIDGE = f"SELECT {', '.join(_SUM.format(kind, 'occurred_at >= ?2 AND occurred_at < ?3') for kind in KINDS)}"


def write_movements(connection: sqlite3.Connection, account: str, movements: Sequence[Movement]) -> bool:
    """Put ``movements`` in the place of what the ledger holds of ``account``; say whether anything changed.

    Runs inside an open write transaction. Raises InvariantError where they do not add up; then nothing is written.
    """
    check(account, movements)
    write_tracks(connection, account, movements)
    held = _rows_of(connection, account)
    rows = [row_of(movement) for movement in movements]
    if held == rows:
        return False
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(held, rows, strict=False)))
    connection.execute("DELETE FROM movements WHERE customer = ? AND step >= ?", (account, alike))
    connection.executemany(_INSERT, [(*row, step) for step, row in enumerate(rows[alike:], alike)])
    watch(connection, account)
    return True


def movements_of(connection: sqlite3.Connection, account: str) -> list[Movement]:
    """Return the movements of ``account``, in their order."""
    return [movement_of(row) for row in _rows_of(connection, account)]


def _rows_of(connection: sqlite3.Connection, account: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"SELECT {COLUMNS} FROM movements WHERE customer = ? ORDER BY step", (account,)
    ).fetchall()


def check(account: str, movements: Sequence[Movement]) -> None:
    """Raise InvariantError where the movements of ``account`` do not add up."""
    if found := breaches(movements):
        raise InvariantError(f"The movements of {account} do not add up ({found[0]}): please report this history")


def movements(
    ledger: Ledger,
    *,
    since: int | None = None,
    until: int | None = None,
    customer: str | None = None,
    **equal: str | None,
) -> list[Movement]:
    """Return movements, oldest first; ``since`` is inclusive, ``until`` exclusive, unix seconds UTC.

    ``equal`` names further columns and the value wanted in each: kind, driver, origin, currency.
    """
    wanted = {
        "occurred_at >= ?": None if since is None else utc(since),
        "occurred_at < ?": None if until is None else utc(until),
        "customer = ?": customer,
        **{f"{column} = ?": value for column, value in equal.items()},
    }
    given = {clause: value for clause, value in wanted.items() if value is not None}
    rows = ledger.connection.execute(
        f"SELECT {COLUMNS} FROM movements WHERE {' AND '.join(['true', *given])} ORDER BY occurred_at, customer, step",
        tuple(given.values()),
    )
    return [movement_of(row) for row in rows]


def began(ledger: Ledger, customers: Iterable[str]) -> dict[str, int]:
    """Return when each of ``customers`` first paid (unix seconds UTC); those who never did are left out."""
    rows = ledger.connection.execute(
        "SELECT value, (SELECT occurred_at FROM movements WHERE customer = value AND kind = 'new' ORDER BY step LIMIT 1"
        ") FROM json_each(?)",
        (json.dumps(list(customers)),),
    )
    return {customer: int(datetime.fromisoformat(at).timestamp()) for customer, at in rows if at}


def bridge(ledger: Ledger, currency: str, since: int, until: int) -> dict[str, int]:
    """Return what movements in ``currency`` add up to, kind by kind: ``metrics.bridge``, without reading them.

    ``since`` is inclusive, ``until`` exclusive, unix seconds UTC.
    """
    row = ledger.connection.execute(_BRIDGE, (currency, utc(since), utc(until))).fetchone()
    return dict(zip(KINDS, row, strict=True))


def expansion(ledger: Ledger, since: int, until: int) -> list[Movement]:
    """Return the movements of expansion from ``since`` to before ``until``, unix seconds UTC, oldest first."""
    rows = ledger.connection.execute(
        f"SELECT {COLUMNS} FROM movements WHERE occurred_at >= ? AND occurred_at < ?"
        f" AND kind IN ({', '.join('?' * len(EXPANSION_KINDS))}) ORDER BY occurred_at, customer, step",
        (utc(since), utc(until), *EXPANSION_KINDS),
    )
    return [movement_of(row) for row in rows]


def by_customer(ledger: Ledger) -> Iterator[tuple[str, list[Movement]]]:
    """Yield each customer with its movements in their order, one customer at a time."""
    rows = ledger.connection.execute(f"SELECT {COLUMNS} FROM movements ORDER BY customer, step")
    for customer, own in groupby(map(movement_of, rows), lambda movement: movement.customer):
        yield customer, list(own)


def sources(ledger: Ledger) -> dict[str, int]:
    """Return how many movements there are of each source."""
    return dict(ledger.connection.execute("SELECT source, count(*) FROM movements GROUP BY source ORDER BY source"))


def names(ledger: Ledger, customers: Iterable[str]) -> dict[str, str]:
    """Return each customer's name: the Stripe customer's, else its email address, else the id."""
    return {customer: _name(ledger.connection, customer) for customer in customers}


def _name(connection: sqlite3.Connection, account: str) -> str:
    name, email = known_by(connection, account)
    return (email if name is None else name) or account


def known_by(connection: sqlite3.Connection, account: str) -> tuple[str | None, str | None]:
    """Return the name and the email address that Stripe knows ``account`` by, as last told."""
    row = connection.execute(
        "SELECT json_extract(value, '$.name'), json_extract(value, '$.email') FROM customers"
        " WHERE id IN (SELECT customer FROM accounts WHERE account = ?) ORDER BY at DESC, event DESC LIMIT 1",
        (account,),
    ).fetchone()
    return row or (None, None)


def product_names(ledger: Ledger, products: Iterable[str]) -> dict[str, str]:
    """Return what products are called, as last known, by id; those without a name are left out."""
    query = "SELECT json_extract(value, '$.name') FROM products WHERE id = ? ORDER BY at DESC, event DESC LIMIT 1"
    found = {product: ledger.connection.execute(query, (product,)).fetchone() for product in products}
    return {product: row[0] for product, row in found.items() if row and row[0]}


def as_json(movement: Movement) -> dict[str, Any]:
    """Return a movement as it is printed: every field by name, ``occurred_at`` in ISO 8601, UTC."""
    return dict(zip(_FIELDS, row_of(movement), strict=True))


def row_of(movement: Movement) -> tuple[object, ...]:
    """Return a movement as the ledger's COLUMNS hold it."""
    values: tuple[object, ...] = _values(movement)
    return (*values[:_MOMENT], utc(movement.occurred_at), *values[_MOMENT + 1 :])


def movement_of(row: Sequence[object]) -> Movement:
    """Return the movement that a row of COLUMNS holds."""
    name, moment, *values = row
    return Movement(name, int(datetime.fromisoformat(str(moment)).timestamp()), *values)  # type: ignore[arg-type]
