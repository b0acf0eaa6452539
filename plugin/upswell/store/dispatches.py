"""Notices on their way: who is to get which, claimed before it is sent, and what became of it."""

import json
from dataclasses import dataclass

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.errors import UpswellError
from upswell.store.ledger import Ledger, note_job
from upswell.store.outbox import Notice

_STOPPED = "hooks_stopped"
_COLUMNS = (
    "notices.id, type, customer, made_at, said, destination, state, attempts, next_attempt_at, sent_at, error"
    " FROM notice_deliveries JOIN notices ON notices.id = notice"
)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One notice on its way to one destination.

    ``state``: ``waiting`` for its next attempt, ``claimed`` (being sent), ``sent``, or ``gave_up``; times are unix
    seconds UTC, ``attempts`` counts those that were begun.
    """

    notice: Notice
    destination: str
    state: str
    attempts: int
    next_attempt_at: int | None
    sent_at: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with a destination: how many notices it got, wait for it, and were given up.

    ``trouble`` is what the last failed attempt of those that wait ended with.
    """

    sent: int = 0
    waiting: int = 0
    gave_up: int = 0
    trouble: str | None = None


def due(ledger: Ledger, destination: str, now: int, limit: int) -> list[Dispatch]:
    """Return what is to be sent to ``destination`` at ``now``, those that have waited longest first."""
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} WHERE destination = ? AND state IN ('waiting', 'claimed')"
        " AND next_attempt_at <= ? ORDER BY next_attempt_at, made_at, notices.id LIMIT ?",
        (destination, now, limit),
    )
    return [_dispatch(row) for row in rows]


def claim(connection: sqlite3.Connection, wanted: Dispatch, lease_until: int) -> bool:
    """Claim ``wanted``, inside an open write transaction; True where whoever asks may send it."""
    return bool(
        connection.execute(
            "UPDATE notice_deliveries SET state = 'claimed', attempts = attempts + 1, next_attempt_at = ?"
            " WHERE notice = ? AND destination = ? AND attempts = ? AND state IN ('waiting', 'claimed')",
            (lease_until, wanted.notice.id, wanted.destination, wanted.attempts),
        ).rowcount
    )


def settle(connection: sqlite3.Connection, done: Dispatch) -> None:
    """Write down how an attempt ended, inside an open write transaction; ``done.attempts`` includes it."""
    connection.execute(
        "UPDATE notice_deliveries SET state = ?, next_attempt_at = ?, sent_at = ?, error = ?"
        " WHERE notice = ? AND destination = ? AND attempts = ?",
        (
            *(done.state, done.next_attempt_at, done.sent_at, done.error),
            *(done.notice.id, done.destination, done.attempts),
        ),
    )


def listed(ledger: Ledger, state: str | None, limit: int) -> list[Dispatch]:
    """Return what is on its way, newest first: ``waiting``, ``sent``, ``gave_up``, or any."""
    wanted = {None: "true", "waiting": "state IN ('waiting', 'claimed')"}.get(state, "state = ?")
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} WHERE {wanted} ORDER BY made_at DESC, notices.id, destination LIMIT ?",
        (*([state] if "?" in wanted else []), limit),
    )
    return [_dispatch(row) for row in rows]


def notice(ledger: Ledger, name: str) -> Notice:
    """Return the notice ``name``. Raises UpswellError where there is none."""
    row = ledger.connection.execute(
        "SELECT id, type, customer, made_at, said FROM notices WHERE id = ?", (name,)
    ).fetchone()
    if row is None:
        raise UpswellError(f"The ledger {ledger.path} holds no message {name}: `upswell hooks` lists those there are")
    return _notice(row)


def resend(ledger: Ledger, name: str | None, now: int) -> int:
    """Let what was given up be tried again from ``now`` on, of one notice or of all; return how many it were."""
    fresh = "UPDATE notice_deliveries SET state = 'waiting', attempts = 0, error = NULL, next_attempt_at = ?"
    return _change(ledger, fresh, name, now)


def drop(ledger: Ledger, name: str | None) -> int:
    """Throw away what was given up, of one notice or of all; return how many it were."""
    return _change(ledger, "DELETE FROM notice_deliveries", name)


def _change(ledger: Ledger, statement: str, name: str | None, *values: int) -> int:
    if name:
        notice(ledger, name)
    where = "WHERE state = 'gave_up'" + (" AND notice = ?" if name else "")
    with ledger.write() as connection:
        return int(connection.execute(f"{statement} {where}", (*values, *([name] if name else []))).rowcount)


def standing(ledger: Ledger, destination: str) -> Standing:
    """Return how it goes with ``destination``."""
    execute = ledger.connection.execute
    counts: dict[str, int] = dict(
        execute("SELECT state, count(*) FROM notice_deliveries WHERE destination = ? GROUP BY state", (destination,))
    )
    row = execute(
        "SELECT error FROM notice_deliveries WHERE destination = ? AND state = 'waiting' AND error IS NOT NULL"
        " ORDER BY next_attempt_at DESC LIMIT 1",
        (destination,),
    ).fetchone()
    return Standing(
        sent=counts.get("sent", 0),
        waiting=counts.get("waiting", 0) + counts.get("claimed", 0),
        gave_up=counts.get("gave_up", 0),
        trouble=row[0] if row else None,
    )


def is_lost(ledger: Ledger, destination: str) -> bool:
    """Whether something was given up for ``destination``."""
    found = ledger.connection.execute(
        "SELECT 1 FROM notice_deliveries WHERE destination = ? AND state = 'gave_up' LIMIT 1", (destination,)
    )
    return found.fetchone() is not None


def stopped(ledger: Ledger) -> dict[str, str]:
    """Return the destinations that want nothing any more, each with the mark of the address that said so."""
    return ledger.job(_STOPPED) or {}


def stop(ledger: Ledger, destination: str, mark: str, error: str) -> None:
    """Send ``destination`` nothing any more as long as its address bears ``mark``, and give up what waits."""
    with ledger.write() as connection:
        note_job(connection, _STOPPED, {**stopped(ledger), destination: mark})
        connection.execute(
            "UPDATE notice_deliveries SET state = 'gave_up', next_attempt_at = NULL, error = ?"
            " WHERE destination = ? AND state IN ('waiting', 'claimed')",
            (error, destination),
        )


def start(ledger: Ledger, destination: str) -> None:
    """Send ``destination`` again what comes from now on."""
    held = stopped(ledger)
    if held.pop(destination, None) is not None:
        with ledger.write() as connection:
            note_job(connection, _STOPPED, held)


def _dispatch(row: tuple[object, ...]) -> Dispatch:
    return Dispatch(_notice(row[:5]), *row[5:])  # type: ignore[arg-type]  # columns, in their order


def _notice(row: tuple[object, ...]) -> Notice:
    name, kind, customer, made_at, said = row
    return Notice(str(name), str(kind), str(customer), int(str(made_at)), json.loads(str(said)))
