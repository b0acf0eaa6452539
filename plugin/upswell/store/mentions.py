"""Mentions: which Stripe customers a price, product, coupon or discount concerns."""

from collections.abc import Iterable

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.discounts import Discount
from upswell.core.prices import Price
from upswell.store.versions import versions


def mention(connection: sqlite3.Connection, customer: str, references: Iterable[str]) -> None:
    """Note inside an open write transaction that the objects named concern a customer."""
    connection.executemany(
        "INSERT OR IGNORE INTO mentions(reference, customer) VALUES (?, ?)",
        [(reference, customer) for reference in set(references)],
    )


def mention_named(connection: sqlite3.Connection, customer: str, references: set[str]) -> None:
    """Mention what a plan names, and the products and coupons behind it that are known."""
    prices = versions(connection, Price, references, {})
    discounts = versions(connection, Discount, references, {})
    behind = {said.value.product for rows in prices.values() for said in rows}
    behind |= {said.value.coupon_id for rows in discounts.values() for said in rows}
    mention(connection, customer, references | behind)


def mentioning(connection: sqlite3.Connection, reference: str) -> list[str]:
    """Return the customers whom an object concerns."""
    rows = connection.execute("SELECT customer FROM mentions WHERE reference = ?", (reference,))
    return [customer for (customer,) in rows]


def products_of(connection: sqlite3.Connection, prices: Iterable[str]) -> list[str]:
    """Return the products of those ``prices`` that are known."""
    found = "SELECT DISTINCT json_extract(value, '$.product') FROM prices WHERE id = ?"
    return [product for name in prices for (product,) in connection.execute(found, (name,))]
