"""Accepting events: raw bytes, durable, once per event id; and what became of each."""

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, TypeVar

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import ShapeError
from upswell.store.forgotten import people, screened_body
from upswell.store.ledger import Ledger, job, note_job

RECEIVED, FAILED = (f"state IN ('received', 'failed') AND state = '{state}'" for state in ("received", "failed"))
"""Conditions of events in a state; SQLite takes the index of open events only where its own condition is repeated."""

T = TypeVar("T")
_BOUND_TO = "bound_to"
_COLUMNS = "id, type, created, livemode, account, api_version, body, state, reason, received_at"
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE = 500  # rows: SQLite takes 32,766 values in one statement
_END_OF_TIME = 253_402_300_800
"""Unix seconds of the year 10000: the first moment the ledger cannot write down."""


class _Envelope(msgspec.Struct):
    id: str
    type: str
    created: int | Annotated[datetime, msgspec.Meta(tz=True)]  # thin events write the time out
    livemode: bool = False
    account: str | None = None
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event as it came: what the envelope says, and the raw bytes."""

    id: str
    type: str
    created: int
    livemode: bool
    account: str | None
    api_version: str | None
    body: bytes


Packed = tuple[Accepted, bytes]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events wait to be applied, failed, and when the last one came (unix seconds UTC)."""

    pending: int
    failed: int
    last_event_at: int | None


_head = attrgetter("id", "type", "created", "livemode", "account", "api_version")
_decoder = msgspec.json.Decoder(_Envelope)


def envelope(body: bytes) -> Accepted:
    """Read the envelope of a raw event. Raises ShapeError where it is no Stripe event."""
    try:
        head = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ShapeError(f"not a Stripe event: {str(error)[:200]}") from error
    created = head.created if isinstance(head.created, int) else int(head.created.timestamp())
    if not (head.id and head.type and 0 <= created < _END_OF_TIME):
        raise ShapeError("not a Stripe event: id, type or created is empty or out of range")
    return Accepted(head.id, head.type, created, head.livemode, head.account, head.api_version, body)


def accept(ledger: Ledger, events: Sequence[Accepted], *, seconds: float = 5.0) -> int:
    """Store ``events`` in one durable commit and return how many were new.

    An event of another account or mode than the ledger's is stored as ignored, with the reason.
    Raises LedgerBusy or LedgerError where they could not be written; then none is stored.
    """
    return sum(outcome != "duplicate" for outcome in receive(ledger, events, seconds=seconds))


def receive(ledger: Ledger, events: Sequence[Accepted], *, seconds: float = 5.0) -> list[str]:
    """Do as ``accept`` does, and return for each of ``events`` whether it was accepted, ignored or a duplicate."""
    packed = pack(events)
    with ledger.write(seconds) as connection:
        return store(connection, packed)


def pack(events: Sequence[Accepted]) -> list[Packed]:
    """Compress ``events`` for ``store``, which then holds the ledger for a shorter time."""
    return [(event, zlib.compress(event.body, 1)) for event in events]


def store(connection: sqlite3.Connection, packed: Sequence[Packed]) -> list[str]:
    """Do what ``receive`` does inside an open write transaction."""
    now = int(time.time())
    rows: dict[str, tuple[object, ...]] = {}
    outcomes = []
    bound = held = job(connection, _BOUND_TO) or {}
    known, stored = people(connection), _stored(connection, [event.id for event, _ in packed])
    for event, body in packed:
        if event.id in stored or event.id in rows:
            outcomes.append("duplicate")
            continue
        binding = {"livemode": event.livemode, "account": event.account} | bound
        reason = _foreign(event, binding)
        bound = bound if reason else binding
        kept = screened_body(known, event.body, body)
        rows[event.id] = (*_head(event), kept, "ignored" if reason else "received", reason, now)
        outcomes.append("ignored" if reason else "accepted")
    if bound != held:
        note_job(connection, _BOUND_TO, bound)
    _insert(connection, list(rows.values()))
    return outcomes


def bind(ledger: Ledger, *, livemode: bool) -> None:
    """Bind a ledger that holds nothing yet to live or test mode; one that is bound already stays as it is."""
    with ledger.write() as connection:
        if ledger.job(_BOUND_TO) is None:
            note_job(connection, _BOUND_TO, {"livemode": livemode})


def bound_to(ledger: Ledger) -> Mapping[str, Any]:
    """Return what the ledger is bound to: ``livemode``, and ``account`` where its events are a Connect account's."""
    return ledger.job(_BOUND_TO) or {}


def _stored(connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Return those of ``ids`` that the ledger holds."""
    found: set[str] = set()
    for some in _cut(ids):
        marks = ", ".join("?" * len(some))
        found.update(name for (name,) in connection.execute(f"SELECT id FROM events WHERE id IN ({marks})", some))
    return found


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows with one statement: with one a row, the thread would wait for its turn beside requests as often."""
    for some in _cut(rows):
        values = ", ".join([_VALUES] * len(some))
        connection.execute(f"INSERT INTO events({_COLUMNS}) VALUES {values}", list(chain.from_iterable(some)))


def _cut(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


def _foreign(event: Accepted, bound: dict[str, object]) -> str | None:
    if event.livemode != bound["livemode"]:
        mode, other = ("live", "test") if event.livemode else ("test", "live")
        return f"a {mode} mode event, and this ledger holds {other} mode: use another ledger for it"
    if event.account != bound["account"]:
        return f"of account {event.account}, and this ledger holds {bound['account']}: use another ledger for it"
    return None


def bodies(ledger: Ledger, ids: Iterable[str]) -> dict[str, bytes]:
    """Return the raw bytes of the events ``ids`` by id; those that are unknown, or not kept, are left out."""
    found = {}
    for event in ids:
        row = ledger.connection.execute(
            "SELECT body FROM events WHERE id = ? AND length(body) > 0", (event,)
        ).fetchone()
        if row:
            found[event] = zlib.decompress(row[0])
    return found


def counts(ledger: Ledger) -> Counts:
    """Count what is pending (received, or a customer yet to be rebuilt) and failed."""
    row = ledger.connection.execute(
        f"SELECT (SELECT count(*) FROM events WHERE {RECEIVED})"
        " + (SELECT count(*) FROM stale WHERE reason IS NULL),"
        f" (SELECT count(*) FROM events WHERE {FAILED})"
        " + (SELECT count(*) FROM stale WHERE reason IS NOT NULL),"
        " (SELECT max(received_at) FROM events)"
    ).fetchone()
    return Counts(*row)


def unapplied(ledger: Ledger) -> list[tuple[bytes, str]]:
    """Return the raw bytes of each event that waits or failed, and why."""
    rows = ledger.connection.execute(
        "SELECT body, id || ' ' || iif(state = 'failed', 'failed: ', '') || coalesce(reason, 'is yet to be applied')"
        " FROM events WHERE state IN ('received', 'failed') ORDER BY created, id"
    )
    return [(zlib.decompress(body), reason) for body, reason in rows]
