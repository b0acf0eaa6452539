"""Whose a subscription is, and which ones live, as far as the ledger knows."""

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

# With max(), SQLite takes the other columns from the row that holds it.
_LIVING = """
SELECT subscription, customer FROM (
    SELECT subscription, customer, status, max(at) FROM (
        SELECT subscription, customer, json_extract(after, '$.status') AS status, max(created) AS at
        FROM history GROUP BY subscription
        UNION ALL
        SELECT subscription, customer, json_extract(value, '$.status') AS status, max(seen) AS at
        FROM snapshots GROUP BY subscription
    ) GROUP BY subscription
) WHERE status NOT IN ('canceled', 'incomplete_expired')
"""


def living(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the subscriptions that had not ended when they were last heard of, each with its Stripe customer."""
    return dict(connection.execute(_LIVING).fetchall())


def account_named(connection: sqlite3.Connection, who: str) -> str | None:
    """Return the summary's customer that ``who`` is, or that a Stripe customer ``who`` is part of; None if unknown."""
    row = connection.execute("SELECT account FROM accounts WHERE ? IN (customer, account) LIMIT 1", (who,)).fetchone()
    return str(row[0]) if row else None


def account_of(connection: sqlite3.Connection, customer: str) -> str | None:
    """Return which customer of the summary a Stripe customer belongs to; None where nobody told of it."""
    row = connection.execute("SELECT account FROM accounts WHERE customer = ?", (customer,)).fetchone()
    return str(row[0]) if row else None
