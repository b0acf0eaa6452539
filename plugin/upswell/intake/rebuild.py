"""Rebuilding customers from what the ledger holds: who is stale, and everybody once the rules are other ones.

Every step is idempotent, and short enough for a receiver beside it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.core.plans import outlook
from upswell.core.rules import Rules
from upswell.intake.memory import Memory
from upswell.store import poison
from upswell.store.agenda import widened, write_outlook
from upswell.store.books import write_movements
from upswell.store.ledger import Ledger, note_job
from upswell.store.raised import want_look
from upswell.store.records import place
from upswell.store.tallies import note_before
from upswell.store.versions import Shared, refresh

HOLD_SECONDS = 0.006
PAUSE_SECONDS = 0.001
REBUILD_SECONDS = 2.0
_BATCH = 200
_RULES = "rules"
_CHANGING = ""

T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[int, int], Any]


def heed(ledger: Ledger, rules: Rules, *, again: bool = False) -> None:
    """Make every customer stale where the rules are not those of last time, or where it is to be done ``again``.

    What the movements add up to before that is noted, for whoever asks what changed.
    """
    held = ledger.job(_RULES)
    if is_heeded(ledger, rules) and not again:
        return
    with ledger.write() as connection:
        if held is not None or again:
            unfinished = held == _CHANGING or bool(_count_stale(connection))
            note_before(connection, int(time.time()), keep=unfinished or is_heeded(ledger, rules))
        note_job(connection, _RULES, _CHANGING)
    _place_all(ledger, rules)
    with ledger.write() as connection:
        note_job(connection, _RULES, written(rules))


def is_heeded(ledger: Ledger, rules: Rules) -> bool:
    """Whether the ledger's movements are, or are being, made under ``rules``."""
    return bool(ledger.job(_RULES) == written(rules))


def may_be_changed_back(ledger: Ledger, rules: Rules) -> bool:
    """Whether the ledger's movements were all made under rules that are not these."""
    return ledger.job(_RULES) not in (None, _CHANGING, written(rules))


def written(rules: Rules) -> str:
    """Return ``rules`` as the ledger remembers them: the same text for the same rules."""
    values = {field.name: getattr(rules, field.name) for field in fields(rules)}
    tables = {name: sorted(value.items()) for name, value in values.items() if isinstance(value, Mapping)}
    return repr(sorted({**values, **tables, "price_changes": sorted(rules.price_changes)}.items()))


def _place_all(ledger: Ledger, rules: Rules) -> None:
    left = [customer for (customer,) in ledger.connection.execute("SELECT customer FROM accounts")]
    while left:
        commit_some(ledger, left, lambda connection, customer: place(connection, customer, rules))
        time.sleep(PAUSE_SECONDS)


def commit_some(
    ledger: Ledger, left: list[T], do: Callable[[sqlite3.Connection, T], R], shared: Shared | None = None
) -> list[R]:
    """Do the last of ``left`` in one short commit, one at least, take them off, and return what came of each.

    What is ``shared`` from one commit to the next is refreshed before.
    """
    deadline = time.monotonic() + HOLD_SECONDS
    with ledger.write() as connection:
        if shared is not None:
            refresh(shared, connection)
        done = [do(connection, left.pop())]
        while left and time.monotonic() < deadline:
            done.append(do(connection, left.pop()))
    return done


def rebuild(ledger: Ledger, rules: Rules, tell: Progress, memory: Memory | None = None) -> float:
    """Rebuild the stale customers, each whole in one transaction; ``memory`` makes it faster the next time.

    Returns when to do so again while events keep coming: after twice as long as it took.
    """
    done, begun = 0, time.monotonic()
    memory, shared = memory or Memory(), Shared()
    while whole := _count_stale(ledger.connection):
        whole += done
        while done < whole and (some := _stale(ledger.connection)):
            while some:
                done += len(commit_some(ledger, some, partial(_rebuild_one, rules, memory, shared), shared))
                tell(done, max(done, whole))
                time.sleep(PAUSE_SECONDS)
    now = time.monotonic()
    return now + max(REBUILD_SECONDS, 2 * (now - begun))


def _count_stale(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM stale WHERE reason IS NULL").fetchone()[0])


def _stale(connection: sqlite3.Connection) -> list[str]:
    """Return some of the customers that are to be rebuilt, the first of all last."""
    rows = connection.execute("SELECT account FROM stale WHERE reason IS NULL ORDER BY account LIMIT ?", (_BATCH,))
    return [account for (account,) in rows][::-1]


def _rebuild_one(rules: Rules, memory: Memory, shared: Shared, connection: sqlite3.Connection, account: str) -> None:
    try:
        with poison.attempt(connection):
            told = memory.told(connection, account, rules, shared)
            write_movements(connection, account, told.movements)
            wider = widened(connection, told.history, shared)
            write_outlook(connection, account, outlook(wider, rules, told.movements, told.beyond))
    except Exception as error:  # noqa: BLE001  # whatever it is, everybody else must be rebuilt
        reason = f"{account}: {poison.reason(error)}"
        connection.execute("UPDATE stale SET reason = ? WHERE account = ?", (reason, account))
    else:
        connection.execute("DELETE FROM stale WHERE account = ?", (account,))
        want_look(connection, account)
