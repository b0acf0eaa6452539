"""Whose movements have changed, noted with the change itself, where anybody is told at once."""

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

TELLING = "telling"
"""The job under which stands since when each destination is told at once; there is none where nobody is."""


def watch(connection: sqlite3.Connection, account: str) -> None:
    """Note that the movements of ``account`` have changed, inside the transaction that changes them."""
    connection.execute(
        "INSERT INTO watched(customer, at) SELECT ?, 0 WHERE EXISTS (SELECT 1 FROM jobs WHERE name = ?)"
        " ON CONFLICT(customer) DO UPDATE SET at = 0",
        (account, TELLING),
    )
