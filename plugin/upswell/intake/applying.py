"""Applying what was accepted: events become facts, facts make customers stale, stale customers are rebuilt.

Every step is idempotent and resumable; the ledger after it depends on what was accepted, not on the order.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.facts import Facts
from upswell.core.rules import Rules
from upswell.errors import ShapeError, Unreachable, UpswellError
from upswell.intake.memory import Memory
from upswell.intake.rebuild import PAUSE_SECONDS, REBUILD_SECONDS, Progress, commit_some, heed, rebuild
from upswell.store import poison
from upswell.store.events import FAILED, RECEIVED
from upswell.store.ledger import Ledger
from upswell.store.records import missing, write_facts
from upswell.store.unexpanded import note_asked, unexpanded
from upswell_connectors.shapes import facts_of

_BATCH = 200
_READY = f"{RECEIVED} AND waits_for IS NULL"


class Lookup(Protocol):
    """Asks Stripe for what no event told."""

    def find(self, reference: str, body: bytes) -> Facts:
        """Return facts of the object ``reference``, which the raw event ``body`` needs.

        Raises Unreachable where nobody answers, UpswellError where Stripe has none or does not say.
        """

    def coupon(self, name: str) -> Facts:
        """Return all that Stripe says of the coupon ``name``. Raises as ``find`` does."""


@dataclass(frozen=True, slots=True)
class Applied:
    """How many events were applied, how many wait for a catalogue fact, how many failed, and why."""

    applied: int
    waiting: int
    failed: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    packed: bytes

    @property
    def body(self) -> bytes:
        """The raw event. Raises zlib.error where the ledger holds something else."""
        return zlib.decompress(self.packed)


def apply_pending(
    ledger: Ledger,
    rules: Rules,
    lookup: Lookup | None = None,
    *,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Applied:
    """Apply every received event and rebuild every stale customer.

    Rules other than last time make every customer stale. ``progress`` is called with how much is done and how
    much there is to do; ``memory`` makes long histories faster the next time.
    """
    memory = memory or Memory()
    tell = progress or (lambda _done, _all: None)
    heed(ledger, rules)
    asked: set[str] = set()
    applied = 0
    due = time.monotonic() + REBUILD_SECONDS
    while True:
        while batch := _ready(ledger):
            applied += _apply(ledger, batch, rules)
            tell(applied, applied + _count(ledger, f"events WHERE {_READY}"))
            if time.monotonic() > due:
                due = rebuild(ledger, rules, tell, memory)
        found = _ask(ledger, rules, lookup, asked) if lookup else None
        if found is None:
            break
        applied += found
    if lookup:
        _expand(ledger, rules, lookup)
    rebuild(ledger, rules, tell, memory)
    return _outcome(ledger, applied)


def retry(ledger: Ledger, rules: Rules, lookup: Lookup | None = None) -> Applied:
    """Try again what failed or waits, now that the cause may be gone."""
    with ledger.write() as connection:
        connection.execute(f"UPDATE events SET state = 'received', reason = NULL WHERE {FAILED}")
        connection.execute(f"UPDATE events SET waits_for = NULL WHERE {RECEIVED}")
        connection.execute("UPDATE stale SET reason = NULL")
    return apply_pending(ledger, rules, lookup)


def _ready(ledger: Ledger) -> list[_Event]:
    rows = ledger.connection.execute(
        f"SELECT id, body FROM events WHERE {_READY} ORDER BY created, id LIMIT ?", (_BATCH,)
    )
    return [_Event(name, packed) for name, packed in rows]


def _count(ledger: Ledger, what: str) -> int:
    return int(ledger.connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def _apply(ledger: Ledger, batch: list[_Event], rules: Rules) -> int:
    """Write the facts of ``batch`` in commits short enough for a receiver beside it; return how many could be."""
    left = list(reversed(batch))
    applied = 0
    while left:
        applied += sum(commit_some(ledger, left, partial(_apply_one, rules)))
        time.sleep(PAUSE_SECONDS)
    return applied


def _apply_one(rules: Rules, connection: sqlite3.Connection, event: _Event) -> bool:
    """Apply ``event`` or let it wait; where neither is possible it has failed, and leaves nothing behind."""
    if not event.packed:  # applied before, and not kept: what it said is in the ledger
        _settle(connection, event.id, "applied", None)
        return True
    return _guarded(connection, event, partial(_read, connection, event, rules))


def _guarded(connection: sqlite3.Connection, event: _Event, take: Callable[[], bool]) -> bool:
    """Return what ``take`` returns; where it fails, the event has failed, and leaves nothing else behind."""
    try:
        with poison.attempt(connection):
            return take()
    except Exception as error:  # noqa: BLE001  # whatever it is, the events after this one must be applied
        _settle(connection, event.id, "failed", poison.reason(error))
        return False


def _read(connection: sqlite3.Connection, event: _Event, rules: Rules) -> bool:
    facts = facts_of(event.body)
    if facts.cut_off:
        _wait(connection, event.id, facts.cut_off, "its list goes on at Stripe")
        return False
    return _take(connection, event.id, facts, rules)


def _take(connection: sqlite3.Connection, event: str, facts: Facts, rules: Rules) -> bool:
    """Write what ``event`` says, or let it wait for what it needs."""
    if reference := missing(connection, facts):
        _wait(connection, event, reference, "no event told of it yet")
        return False
    write_facts(connection, event, facts, rules)
    _settle(connection, event, "applied", None)
    return True


def _wait(connection: sqlite3.Connection, event: str, reference: str, why: str) -> None:
    reason = f"waits for {reference}: {why}"
    connection.execute("UPDATE events SET reason = ?, waits_for = ? WHERE id = ?", (reason, reference, event))


def _settle(connection: sqlite3.Connection, event: str, state: str, reason: str | None) -> None:
    connection.execute(
        "UPDATE events SET state = ?, reason = ?, waits_for = NULL, applied_at = ? WHERE id = ?",
        (state, reason, int(time.time()), event),
    )


def _ask(ledger: Ledger, rules: Rules, lookup: Lookup, asked: set[str]) -> int | None:
    """Ask Stripe for what events wait for, each object once.

    Returns how many events could be applied by it at once, or None where nothing was found.
    """
    rows = ledger.connection.execute(
        "SELECT id, body, waits_for FROM events WHERE state = 'received' AND waits_for IS NOT NULL ORDER BY created, id"
    ).fetchall()
    found = []
    for name, packed, wanted in rows:
        event = _Event(name, packed)
        own = _goes_on(event, wanted)
        if (key := name if own else wanted) in asked:
            continue
        asked.add(key)
        try:
            facts = lookup.find(wanted, event.body)
        except UpswellError as error:
            with ledger.write() as connection:
                _wait(connection, name, wanted, str(error))
            if isinstance(error, Unreachable):
                break
        else:
            found.append(_told(ledger, event, facts, rules, asked) if own else _learn(ledger, event, facts, rules))
    return sum(found) if found else None


def _told(ledger: Ledger, event: _Event, facts: Facts, rules: Rules, asked: set[str]) -> bool:
    """Apply an event whose list Stripe completed; one that needs an object besides asks for its list again later."""
    with ledger.write() as connection:
        applied = _guarded(connection, event, partial(_take, connection, event.id, facts, rules))
    if not applied:
        asked.discard(event.id)
    return applied


def _goes_on(event: _Event, wanted: str) -> bool:
    """Whether ``event`` waits for the rest of its own list; one that cannot be read any more tells when it is asked."""
    try:
        return facts_of(event.body).cut_off == wanted
    except ShapeError:
        return False


def _learn(ledger: Ledger, event: _Event, facts: Facts, rules: Rules) -> bool:
    """Keep an object that ``event`` needs, and others may too; it is no event."""
    with ledger.write() as connection:
        return _guarded(connection, event, partial(_keep, connection, facts, rules))


def _keep(connection: sqlite3.Connection, facts: Facts, rules: Rules) -> bool:
    write_facts(connection, None, facts, rules)
    return False


def _expand(ledger: Ledger, rules: Rules, lookup: Lookup) -> None:
    """Ask Stripe once for each coupon of which events leave out a part."""
    for name in unexpanded(ledger):
        try:
            facts = lookup.coupon(name)
        except Unreachable:
            break
        except UpswellError:
            with ledger.write() as connection:
                note_asked(connection, name)
        else:
            with ledger.write() as connection:
                _keep(connection, facts, rules)


def _outcome(ledger: Ledger, applied: int) -> Applied:
    waiting = _count(ledger, f"events WHERE {RECEIVED}")
    failed = _count(ledger, f"events WHERE {FAILED}") + _count(ledger, "stale WHERE reason IS NOT NULL")
    reasons = ledger.connection.execute(
        "SELECT id || ': ' || reason FROM events WHERE state IN ('received', 'failed') AND reason IS NOT NULL"
        " UNION ALL SELECT reason FROM stale WHERE reason IS NOT NULL LIMIT 10"
    ).fetchall()
    return Applied(applied, waiting, failed, tuple(reason for (reason,) in reasons))
