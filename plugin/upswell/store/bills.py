"""What finalized invoices billed, in the ledger: their rows, as the last word on each invoice tells them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.facts import Invoice
from upswell.core.usage import Billed

_encode = msgspec.json.Encoder().encode
_names = msgspec.json.Decoder(tuple[str, ...])
_NONE = "[]"
_amounts = msgspec.json.Decoder(tuple[tuple[str, int], ...])


def write_bill(connection: sqlite3.Connection, event: str | None, invoice: Invoice) -> bool:
    """Store an invoice's rows inside an open write transaction, unless a later word on it is there: void is the last.

    ``event`` is None for what was asked of the API; what an event told beats that. Says whether anything was stored.
    """
    name = invoice.rows[0].invoice
    word = (invoice.rows[0].voided, _said_at(connection, event) if event else 0, event or "")
    known = connection.execute(
        "SELECT voided, said_at, coalesce(event, '') FROM usage WHERE invoice = ? AND line = ''", (name,)
    ).fetchone()
    if known and tuple(known) >= word:
        return False
    connection.execute("DELETE FROM usage WHERE invoice = ?", (name,))
    connection.executemany(
        "INSERT INTO usage(invoice, line, subscription, customer, item, period_start, period_end, amount, currency,"
        " billing_reason, invoiced_at, finalized_at, voided, said_at, event, price, quantity, proration, discounts,"
        " off) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(row.invoice, row.line, row.subscription, invoice.customer, row.item),
                *(row.period_start, row.period_end, row.amount, row.currency, row.billing_reason),
                *(row.invoiced_at, row.finalized_at, row.voided, word[1], event),
                *(row.price, row.quantity, row.proration, _encode(row.discounts).decode(), _encode(row.off).decode()),
            )
            for row in {row.line: row for row in invoice.rows}.values()
        ],
    )
    return True


def unknown_prices(connection: sqlite3.Connection) -> list[str]:
    """Return the prices that invoices name and that neither the catalogue nor a subscription of the customer shows."""
    rows = connection.execute(
        "SELECT DISTINCT price FROM usage WHERE price != '' AND price NOT IN (SELECT id FROM prices) AND NOT EXISTS ("
        " SELECT 1 FROM snapshots, json_each(snapshots.value, '$.items') AS item"
        " WHERE snapshots.customer = usage.customer AND json_extract(item.value, '$.price.id') = usage.price"
        ") ORDER BY price"
    )
    return [name for (name,) in rows]


def invoices_since(connection: sqlite3.Connection, at: int) -> int:
    """Return how many invoices of the ledger were made at ``at`` (unix seconds UTC) or later."""
    row = connection.execute("SELECT count(*) FROM usage WHERE line = '' AND invoiced_at >= ?", (at,)).fetchone()
    return int(row[0])


def _said_at(connection: sqlite3.Connection, event: str | None) -> int:
    row = connection.execute("SELECT created FROM events WHERE id = ?", (event,)).fetchone()
    return int(row[0]) if row else 0


def billed_of(connection: sqlite3.Connection, customer: str) -> Iterator[Billed]:
    """Yield the rows of a Stripe customer's invoices."""
    rows = connection.execute(
        "SELECT invoice, line, subscription, item, period_start, period_end, amount, currency, billing_reason,"
        " invoiced_at, finalized_at, voided, price, quantity, proration, discounts, off"
        " FROM usage WHERE customer = ? ORDER BY invoice, line",
        (customer,),
    )
    return (_row(*row) for row in rows.fetchall())


def _row(*told: Any) -> Billed:
    voided, price, quantity, proration, discounts, off = told[-6:]
    names = _names.decode(discounts) if discounts != _NONE else ()
    amounts = _amounts.decode(off) if off != _NONE else ()
    return Billed(*told[:-6], bool(voided), price, quantity, bool(proration), names, amounts)  # type: ignore[call-arg]
