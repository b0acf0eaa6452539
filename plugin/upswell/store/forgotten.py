"""Who is forgotten: remembered by id alone, so that what comes late, or again, does not bring them back."""

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.catalogue import Customer
from upswell.core.facts import Facts
from upswell.store.ledger import Ledger
from upswell.store.redaction import Person, named, redacted
from upswell.store.subscribers import account_named

_VALUES = frozenset({"value", "before", "after"})
_BATCH = 200


def people(connection: sqlite3.Connection) -> dict[str, Person]:
    """Return everybody who is forgotten, by the id of the Stripe customer."""
    rows = connection.execute("SELECT customer, pseudonym, account_key, marks FROM forgotten")
    return {customer: Person(name, key, tuple(msgspec.json.decode(marks))) for customer, name, key, marks in rows}


def remember(connection: sqlite3.Connection, customer: str, person: Person, now: int) -> None:
    """Note, inside an open write transaction, that a Stripe customer is forgotten; once more changes nothing."""
    connection.execute(
        "INSERT INTO forgotten(customer, pseudonym, account_key, marks, forgotten_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT(customer) DO UPDATE SET account_key = coalesce(account_key, excluded.account_key)",
        (customer, person.pseudonym, person.key, msgspec.json.encode(person.marks).decode(), now),
    )


def screened_body(known: Mapping[str, Person], body: bytes, packed: bytes) -> bytes:
    """Return ``packed``, the compressed ``body`` of an event, or one without the person of ``known`` it is about."""
    found = sorted(known.keys() & named(body)) if known else []
    return zlib.compress(redacted(body, known[found[0]]), 1) if found else packed


def screened(connection: sqlite3.Connection, facts: Facts) -> Facts:
    """Return ``facts`` without the forgotten persons they are about."""
    known = people(connection)
    if not known:
        return facts
    told = tuple(replace(one, value=_screened(one.value, known)) for one in facts.told)
    held: dict[str, Any] = {"told": told}
    if state := facts.state:
        before = _screened(state.before, known) if state.before else None
        held["state"] = replace(state, after=_screened(state.after, known), before=before)
    if shown := getattr(facts, "snapshot", None):
        held["snapshot"] = replace(shown, subscription=_screened(shown.subscription, known))
    return replace(facts, **held)


def _screened(value: Any, known: Mapping[str, Person]) -> Any:
    """Return a customer, or what a customer has, without the person; everything else as it is."""
    if isinstance(value, Customer):
        person = known.get(value.id)
        if person:
            return replace(value, name=person.pseudonym, email=None, country=None, metadata=person.kept(value.metadata))
        return value
    person = known.get(getattr(value, "customer", None) or "")
    return replace(value, metadata=person.kept(value.metadata)) if person and hasattr(value, "metadata") else value


def strip_rows(connection: sqlite3.Connection, customer: str, person: Person) -> None:
    """Take the person out of every row that was told of a Stripe customer, inside an open write transaction."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        columns = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
        if columns >= {"customer"}:
            owned = "customer = ?1"
        elif columns >= {"id", "value"}:
            owned = "id = ?1 OR json_extract(value, '$.customer') = ?1"
        else:
            continue
        for column in sorted(columns & _VALUES):
            _strip_column(connection, table, column, owned, customer, person)


def _strip_column(  # a place, and who is to leave it
    connection: sqlite3.Connection, table: str, column: str, owned: str, customer: str, person: Person
) -> None:
    found = f"SELECT rowid, {column} FROM {table} WHERE ({owned}) AND {column} IS NOT NULL"
    for row, text in connection.execute(found, (customer,)).fetchall():
        value = msgspec.json.decode(text)
        if "metadata" in value:
            value["metadata"] = person.kept(value["metadata"])
        if "email" in value:
            value |= {"name": person.pseudonym, "email": None, "country": None}
        stripped = msgspec.json.encode(value).decode()
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (stripped, row))


def strip_events(ledger: Ledger, known: Mapping[str, Person], also: Collection[str]) -> Iterator[int]:
    """Take the persons ``known`` by id out of the raw events that name them, or one of the texts ``also``.

    Yields how many events were looked through each time some were; each step is a short commit.
    """
    anybody = next(iter(known.values()))
    quoted = {f'"{name}"'.encode(): known.get(name, anybody) for name in (*known, *also)}
    last = 0
    while rows := ledger.connection.execute(
        "SELECT rowid, body FROM events WHERE rowid > ? AND length(body) > 0 ORDER BY rowid LIMIT ?", (last, _BATCH)
    ).fetchall():
        last = rows[-1][0]
        if changed := [(stripped, row) for row, packed in rows if (stripped := _without(packed, quoted))]:
            with ledger.write() as connection:
                connection.executemany("UPDATE events SET body = ? WHERE rowid = ?", changed)
        yield len(rows)


def _without(packed: bytes, quoted: Mapping[bytes, Person]) -> bytes | None:
    """Return a compressed event without the first person that ``quoted`` finds in it; None where it finds none."""
    body = zlib.decompress(packed)
    person = next((person for text, person in quoted.items() if text in body), None)
    return zlib.compress(redacted(body, person), 1) if person else None


def count_events(ledger: Ledger) -> int:
    """Return how many events still have their body."""
    return int(ledger.connection.execute("SELECT count(*) FROM events WHERE length(body) > 0").fetchone()[0])


def strip_posts(connection: sqlite3.Connection, rename: Callable[[str], str]) -> None:
    """Let ``rename`` go over every text in the summaries and deliveries, inside an open write transaction."""
    for table, column in (("summaries", "figures"), ("deliveries", "content")):
        for row, text in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
            said = msgspec.json.decode(text) if text else None
            renamed = _renamed(said, rename)
            if renamed != said:
                told = msgspec.json.encode(renamed).decode()
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (told, row))


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, list):
        return [_renamed(one, rename) for one in value]
    if isinstance(value, dict):
        return {key: _renamed(one, rename) for key, one in value.items()}
    return value


def strip_reasons(connection: sqlite3.Connection, rename: Callable[[str], str]) -> None:
    """Let ``rename`` go over the reasons why events and customers wait or failed, inside an open write transaction."""
    for table in ("events", "stale"):
        for row, reason in connection.execute(f"SELECT rowid, reason FROM {table} WHERE reason IS NOT NULL").fetchall():
            if (said := rename(reason)) != reason:
                connection.execute(f"UPDATE {table} SET reason = ? WHERE rowid = ?", (said, row))


def names_of(connection: sqlite3.Connection, customers: Collection[str], account: str) -> set[str]:
    """Return every name and address that the ledger holds of ``customers``, and the names that summaries gave them."""
    found: set[str] = set()
    for customer in customers:
        rows = connection.execute("SELECT value FROM customers WHERE id = ?", (customer,))
        told = [msgspec.json.decode(text) for (text,) in rows]
        found |= {name for value in told for name in (value.get("name"), value.get("email")) if name}
    for (text,) in connection.execute("SELECT figures FROM summaries"):
        found |= set(_posted(msgspec.json.decode(text), {account, *customers}))
    return found - {account, *customers}


def _posted(value: Any, who: Collection[str]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _posted(one, who)
    elif isinstance(value, dict):
        if value.get("customer") in who and value.get("name"):
            yield value["name"]
        for one in value.values():
            yield from _posted(one, who)


def customers_of(connection: sqlite3.Connection, who: str) -> tuple[str, list[str]] | None:
    """Return the summary's customer that ``who`` is, or is part of, and its Stripe customers; None if unknown."""
    account = account_named(connection, who)
    if account is None:
        return None
    rows = connection.execute("SELECT customer FROM accounts WHERE account = ? ORDER BY customer", (account,))
    return account, [customer for (customer,) in rows]
