"""What is scheduled, in the ledger: made of a customer's plans whenever its movements are, and never counted."""

from dataclasses import replace

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.catalogue import Product
from upswell.core.discounts import Coupon
from upswell.core.history import History
from upswell.core.kinds import Movement
from upswell.core.phases import Schedule
from upswell.core.plans import Outlook
from upswell.core.prices import Price
from upswell.store.books import COLUMNS, movement_of, row_of
from upswell.store.ledger import Ledger
from upswell.store.versions import Shared, prices_of, versions

_NOTHING = Outlook()
_INSERT = f"INSERT INTO scheduled({COLUMNS}, step) VALUES ({COLUMNS.count(',') * '?, '}?, ?)"


def widened(connection: sqlite3.Connection, history: History, shared: Shared) -> History:
    """Return ``history`` with the schedules of its customer, and with what plans name in the catalogue."""
    schedules = versions(connection, Schedule, _schedules_of(connection, history.customer, shared), {})
    named = {name for rows in schedules.values() for said in rows for name in said.value.terms.references}
    named |= {name for _, held in history.told if held.pending for name in held.pending.references}
    return replace(_naming(connection, history, named, shared), schedules=schedules) if named else history


def _schedules_of(connection: sqlite3.Connection, account: str, shared: Shared) -> list[str]:
    """Return the ids of the schedules of ``account``; most ledgers hold none at all."""
    key = "any schedules", ""
    if key not in shared:
        shared[key] = connection.execute("SELECT 1 FROM schedules LIMIT 1").fetchone()
    if not shared[key]:
        return []
    rows = connection.execute(
        "SELECT DISTINCT id FROM accounts JOIN schedules ON json_extract(value, '$.customer') = customer"
        " WHERE account = ?",
        (account,),
    )
    return [name for (name,) in rows]


def write_outlook(connection: sqlite3.Connection, account: str, found: Outlook) -> None:
    """Put ``found`` in the place of what was scheduled for ``account``, inside an open write transaction."""
    if found == _NOTHING and not _is_any(connection, account):
        return
    if is_held(connection, account, found):
        return
    for table in ("scheduled", "overtaken"):
        connection.execute(f"DELETE FROM {table} WHERE customer = ?", (account,))
    connection.executemany(_INSERT, [(*row_of(one), step) for step, one in enumerate(found.movements)])
    connection.executemany("INSERT INTO overtaken VALUES (?, ?)", [(name, account) for name in found.overtaken])


def _is_any(connection: sqlite3.Connection, account: str) -> bool:
    """Whether there is anything to be put away: asked of every customer, so it is one short question."""
    rows = connection.execute(
        "SELECT 1 FROM scheduled WHERE customer = ?1 UNION ALL SELECT 1 FROM overtaken WHERE customer = ?1 LIMIT 1",
        (account,),
    )
    return rows.fetchone() is not None


def is_held(connection: sqlite3.Connection, account: str, found: Outlook) -> bool:
    """Say whether the ledger holds ``found`` as what is scheduled for ``account``."""
    return _held(connection, account) == ([row_of(movement) for movement in found.movements], sorted(found.overtaken))


def _held(connection: sqlite3.Connection, account: str) -> tuple[list[tuple[object, ...]], list[str]]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM scheduled WHERE customer = ? ORDER BY step", (account,))
    gone = connection.execute("SELECT movement FROM overtaken WHERE customer = ? ORDER BY movement", (account,))
    return rows.fetchall(), [name for (name,) in gone]


def scheduled(ledger: Ledger) -> list[Movement]:
    """Return every scheduled movement, oldest first."""
    rows = ledger.connection.execute(f"SELECT {COLUMNS} FROM scheduled ORDER BY occurred_at, customer, step")
    return [movement_of(row) for row in rows]


def overtaken(ledger: Ledger) -> frozenset[str]:
    """Return the ids of movements booked ahead that do not come where the plans are kept."""
    return frozenset(name for (name,) in ledger.connection.execute("SELECT movement FROM overtaken"))


def _naming(connection: sqlite3.Connection, history: History, named: set[str], shared: Shared) -> History:
    """Add what is ``named`` to the catalogue, and all prices of its products; the customer's discounts are there."""
    held = history.catalogue
    products = named | {
        said.value.product for rows in versions(connection, Price, named, shared).values() for said in rows
    }
    rivals = {name for product in products for name in prices_of(connection, product, shared)}
    catalogue = replace(
        held,
        prices={**held.prices, **versions(connection, Price, named | rivals, shared)},
        products={**held.products, **versions(connection, Product, products, shared)},
        coupons={**held.coupons, **versions(connection, Coupon, named, shared)},
    )
    return replace(history, catalogue=catalogue)
