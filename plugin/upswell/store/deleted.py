"""What Stripe was asked for by id and does not know any more: deleted plans that only invoices name."""

from collections.abc import Collection

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed


def note_deleted(connection: sqlite3.Connection, reference: str) -> None:
    """Note inside an open write transaction that Stripe does not know ``reference``."""
    connection.execute("INSERT OR IGNORE INTO deleted(reference) VALUES (?)", (reference,))


def deleted(connection: sqlite3.Connection, references: Collection[str]) -> frozenset[str]:
    """Return those of ``references`` that Stripe was asked for and does not know."""
    found = (
        connection.execute("SELECT reference FROM deleted WHERE reference = ?", (name,)).fetchone()
        for name in references
    )
    return frozenset(row[0] for row in found if row)
