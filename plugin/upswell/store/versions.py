"""Versions: what was told of catalogue objects and schedules, read back from the ledger."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.catalogue import Version
from upswell.core.facts import TABLES

T = TypeVar("T")
Shared = dict[tuple[Any, str], Any]
"""The rows of prices, products and coupons by kind and id, as far as they have been read."""

_MOST_SHARED = 10_000

_decoders: dict[type, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in TABLES}


def versions(
    connection: sqlite3.Connection, kind: type[T], names: Iterable[str], shared: Shared
) -> dict[str, list[Version[T]]]:
    """Return each object of ``kind`` that was told of, by id, oldest version first."""
    found = {}
    for name in sorted(names):
        if (kind, name) not in shared:
            shared[kind, name] = rows_of(connection, kind, name)
        if rows := shared[kind, name]:
            found[name] = rows
    return found


def refresh(shared: Shared, connection: sqlite3.Connection) -> None:
    """Empty ``shared``, inside a transaction, where another connection has written since, or where it is too large."""
    key = "data version", ""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    if shared.get(key) != version or len(shared) > _MOST_SHARED:
        shared.clear()
        shared[key] = version


def rows_of(connection: sqlite3.Connection, kind: type[T], name: str) -> list[Version[T]]:
    """Return what was told of an object, oldest first; within one second created is first and deleted last."""
    rows = connection.execute(
        f"SELECT at, coalesce(event, ''), value FROM {TABLES[kind]} AS told LEFT JOIN events ON events.id = event"
        " WHERE told.id = ? ORDER BY at, coalesce(type LIKE '%.created', 0) DESC, coalesce(type LIKE '%.deleted', 0),"
        " coalesce(event, '')",
        (name,),
    )
    return [Version(at, event, _decoders[kind].decode(value)) for at, event, value in rows]


def prices_of(connection: sqlite3.Connection, product: str, shared: Shared) -> set[str]:
    """Return the ids of all prices of ``product``."""
    key = "prices of", product
    if key not in shared:
        rows = connection.execute("SELECT id FROM prices WHERE json_extract(value, '$.product') = ?", (product,))
        shared[key] = {name for (name,) in rows}
    return set(shared[key])
