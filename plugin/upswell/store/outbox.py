"""What is told at once, in the ledger: whom to look at, what was told, and the notices on their way.

A notice holds no name and no address: who it is about is looked up when it is sent.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.clocks import utc
from upswell.core.kinds import Movement
from upswell.report.announcing import KEPT_SECONDS, RECORDED, Announcement
from upswell.store.books import as_json, known_by, movement_of
from upswell.store.events import RECEIVED
from upswell.store.ledger import Ledger, forget_job, note_job
from upswell.store.watched import TELLING

_FIELDS = tuple(field.name for field in fields(Movement))
_MANY = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell: its ``id`` for ever, its ``type``, whom it is about, and ``said``, the data without names.

    ``made_at`` is unix seconds UTC.
    """

    id: str
    type: str
    customer: str
    made_at: int
    said: Mapping[str, Any]


def switch(ledger: Ledger, destinations: Collection[str], now: int) -> None:
    """Note at ``now`` who is told at once from now on: a new destination hears of nothing from before.

    Without any, nothing is noted any more.
    """
    before: dict[str, int] = ledger.job(TELLING) or {}
    since = {name: before.get(name, now) for name in sorted(destinations)}
    if since == before:
        return
    with ledger.write() as connection:
        if not since:
            forget_job(connection, TELLING)
            connection.execute("DELETE FROM watched")
            return
        note_job(connection, TELLING, since)
        if not before:
            connection.execute(
                "INSERT OR IGNORE INTO watched(customer, at) SELECT customer, 0 FROM movements WHERE occurred_at > ?",
                (utc(now),),
            )


def since(ledger: Ledger) -> dict[str, int]:
    """Return since when each destination is told at once, unix seconds UTC."""
    return ledger.job(TELLING) or {}


def is_behind(ledger: Ledger, before: int) -> bool:
    """Whether an event that was accepted up to ``before`` (unix seconds UTC) is yet to be applied."""
    found = ledger.connection.execute(
        f"SELECT 1 FROM events WHERE {RECEIVED} AND waits_for IS NULL AND received_at <= ? LIMIT 1", (before,)
    )
    return found.fetchone() is not None


def to_look_at(ledger: Ledger, now: int) -> list[str]:
    """Return some of the customers that are to be looked at; who is to be rebuilt first is none of them."""
    rows = ledger.connection.execute(
        "SELECT customer FROM watched WHERE at <= ? AND customer NOT IN (SELECT account FROM stale)"
        " ORDER BY at, customer LIMIT ?",
        (now, _MANY),
    )
    return [customer for (customer,) in rows]


def told(connection: sqlite3.Connection, account: str) -> dict[str, Movement | None]:
    """Return what was told of the movements of ``account`` last, by id; None where it was that one is gone."""
    rows = connection.execute(
        "SELECT movement, said FROM told WHERE customer = ? ORDER BY occurred_at, movement", (account,)
    )
    return {name: _movement(json.loads(said)) if said else None for name, said in rows}


def forgotten_at(connection: sqlite3.Connection, account: str) -> int:
    """Return when somebody of ``account`` was forgotten last, unix seconds UTC; 0 where nobody was."""
    row = connection.execute(
        "SELECT max(forgotten_at) FROM forgotten JOIN accounts USING (customer) WHERE account = ?", (account,)
    ).fetchone()
    return row[0] or 0


def look_again(connection: sqlite3.Connection, account: str, at: int | None) -> None:
    """Note that ``account`` has been looked at, and when to do so again, inside an open write transaction."""
    if at is None:
        connection.execute("DELETE FROM watched WHERE customer = ?", (account,))
    else:
        connection.execute("UPDATE watched SET at = ? WHERE customer = ?", (at, account))


def announce(
    connection: sqlite3.Connection, found: Announcement, destinations: Collection[str], now: int, tacit: Collection[str]
) -> None:
    """Keep an announcement as told, and put it on its way, inside an open write transaction.

    Those of the ``destinations`` that are ``tacit`` need not hear it to know it.
    """
    subject = found.subject
    times = _keep(connection, subject, found.now)
    if found.was and found.was.id != subject.id:
        _keep(connection, found.was, None)
    if not destinations:
        return
    said = (
        {"movement": as_json(subject)}
        if found.type == RECORDED
        else {"was": found.was and as_json(found.was), "now": found.now and as_json(found.now)}
    )
    name = notice_id(found.type, subject.id, str(times))
    post(connection, Notice(name, found.type, subject.customer, now, said), destinations)
    connection.executemany(
        "UPDATE notice_deliveries SET state = 'sent', sent_at = ?, next_attempt_at = NULL"
        " WHERE notice = ? AND destination = ?",
        [(now, name, destination) for destination in tacit],
    )


def post(connection: sqlite3.Connection, notice: Notice, destinations: Collection[str]) -> None:
    """Put ``notice`` on its way to each of the ``destinations``; one that is there already is left as it is."""
    connection.execute(
        "INSERT OR IGNORE INTO notices(id, type, customer, made_at, said) VALUES (?, ?, ?, ?, ?)",
        (notice.id, notice.type, notice.customer, notice.made_at, json.dumps(notice.said, ensure_ascii=False)),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO notice_deliveries(notice, destination, state, attempts, next_attempt_at)"
        " VALUES (?, ?, 'waiting', 0, ?)",
        [(notice.id, destination, notice.made_at) for destination in sorted(destinations)],
    )


def is_kept(connection: sqlite3.Connection, name: str) -> bool:
    """Whether there is a notice with that id."""
    return connection.execute("SELECT 1 FROM notices WHERE id = ?", (name,)).fetchone() is not None


def waits(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the notice with that id waits to be sent to anybody."""
    query = "SELECT 1 FROM notice_deliveries WHERE notice = ? AND state = 'waiting' LIMIT 1"
    return connection.execute(query, (name,)).fetchone() is not None


def withdraw(connection: sqlite3.Connection, name: str) -> set[str]:
    """Send a notice to nobody more, inside an open write transaction; return who was never sent it."""
    rows = connection.execute(
        "DELETE FROM notice_deliveries WHERE notice = ? AND state = 'waiting' RETURNING destination, attempts", (name,)
    ).fetchall()
    return {destination for destination, attempts in rows if not attempts}


def notice_id(*parts: str) -> str:
    """Return the id of a notice: the same whenever the same is told, also by a ledger that was restored."""
    return "msg_" + sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def was_told(connection: sqlite3.Connection, destination: str, about: Movement) -> bool:
    """Whether ``destination`` was told of a movement before, or is about to be."""
    row = connection.execute(
        "SELECT 1 FROM notices JOIN notice_deliveries ON notice = id WHERE customer = ? AND destination = ? AND ? IN"
        " (json_extract(said, '$.movement.id'), json_extract(said, '$.was.id'), json_extract(said, '$.now.id'))"
        " LIMIT 1",
        (about.customer, destination, about.id),
    ).fetchone()
    return row is not None


def person(connection: sqlite3.Connection, account: str) -> dict[str, str | None]:
    """Return the ``name`` and ``email`` that Stripe knows ``account`` by."""
    name, email = known_by(connection, account)
    return {"name": name or None, "email": email or None}


def forget(connection: sqlite3.Connection, accounts: Collection[str]) -> None:
    """Forget all that was told, or is on its way, of ``accounts``, inside an open write transaction."""
    for table in ("told", "notices"):
        connection.executemany(f"DELETE FROM {table} WHERE customer = ?", [(account,) for account in accounts])


def prune(ledger: Ledger, now: int) -> None:
    """Drop what was told, and sent or given up, of what happened longer ago than KEPT_SECONDS."""
    for table, moment, key in (("told", "occurred_at", "movement"), ("notices", "made_at", "id")):
        statement = f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {moment} < ? LIMIT {_MANY})"
        dropped = _MANY
        while dropped == _MANY:
            with ledger.write() as connection:
                dropped = connection.execute(statement, (now - KEPT_SECONDS,)).rowcount


def _keep(connection: sqlite3.Connection, about: Movement, said: Movement | None) -> int:
    """Note what was told last of a movement; return how many times something was."""
    row = connection.execute(
        "INSERT INTO told(movement, customer, occurred_at, said, times) VALUES (?, ?, ?, ?, 1)"
        " ON CONFLICT(movement) DO UPDATE SET said = excluded.said, occurred_at = excluded.occurred_at,"
        " times = times + 1 RETURNING times",
        (about.id, about.customer, about.occurred_at, said and json.dumps(as_json(said), ensure_ascii=False)),
    ).fetchone()
    return int(row[0])


def _movement(said: Mapping[str, Any]) -> Movement:
    return movement_of([said[name] for name in _FIELDS])
