"""Coupons of which Stripe tells a part only when asked: the products they are for, and their other currencies.

Events never carry it. Each coupon that a discount names is asked for once, wherever there is an API key.
"""

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.store.ledger import Ledger


def note_unexpanded(connection: sqlite3.Connection, coupon: str) -> None:
    """Note that ``coupon`` is to be asked for, unless it was."""
    connection.execute("INSERT OR IGNORE INTO unexpanded(coupon, asked) VALUES (?, 0)", (coupon,))


def note_asked(connection: sqlite3.Connection, coupon: str) -> None:
    """Note that all that Stripe says of ``coupon`` is known, or that Stripe does not know it any more."""
    connection.execute("INSERT OR REPLACE INTO unexpanded(coupon, asked) VALUES (?, 1)", (coupon,))


def unexpanded(ledger: Ledger) -> list[str]:
    """Return the coupons that are to be asked for."""
    rows = ledger.connection.execute("SELECT coupon FROM unexpanded WHERE asked = 0 ORDER BY coupon")
    return [coupon for (coupon,) in rows]
