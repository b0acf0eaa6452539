"""The plans that are offered: prices of declared plan families, whoever holds them, in a customer's catalogue."""

import json
from dataclasses import replace

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.catalogue import Product
from upswell.core.history import History
from upswell.core.prices import Price
from upswell.core.rules import Rules
from upswell.store.versions import Shared, prices_of, versions

_DECLARED = """
SELECT id FROM {table} WHERE json_extract(value, '$.metadata.upswell_plan') IS NOT NULL
UNION SELECT id FROM {table} WHERE id IN (SELECT value FROM json_each(?))
"""


def with_offers(connection: sqlite3.Connection, history: History, rules: Rules, shared: Shared) -> History:
    """Return ``history`` with all prices in its catalogue that declare a plan family, and their products."""
    names = _offered(connection, rules, shared)
    if not names:
        return history
    prices = versions(connection, Price, names, shared)
    products = {said.value.product for rows in prices.values() for said in rows}
    held = history.catalogue
    catalogue = replace(
        held,
        prices={**prices, **held.prices},
        products={**versions(connection, Product, products, shared), **held.products},
    )
    return replace(history, catalogue=catalogue)


def _offered(connection: sqlite3.Connection, rules: Rules, shared: Shared) -> frozenset[str]:
    """Return the ids of prices of declared plans; asked once a transaction, for it is the same for everybody."""
    key = "offered prices", ""
    if key not in shared:
        declared = json.dumps(sorted(rules.families))
        prices = {name for (name,) in connection.execute(_DECLARED.format(table="prices"), (declared,))}
        for (product,) in connection.execute(_DECLARED.format(table="products"), (declared,)).fetchall():
            prices |= prices_of(connection, product, shared)
        shared[key] = frozenset(prices)
    found: frozenset[str] = shared[key]
    return found
