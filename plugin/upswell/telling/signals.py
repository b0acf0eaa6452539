"""Signals that were raised or cleared, put on their way to whoever is told at once."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.configuration.settings import Config
from upswell.core.clocks import utc
from upswell.intake.rebuild import PAUSE_SECONDS, commit_some
from upswell.report.announcing import KEPT_SECONDS
from upswell.signals.raising import Raised
from upswell.signals.signs import SIGNALS
from upswell.store import outbox, raised
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice

RAISED, CLEARED = "signal.raised", "signal.cleared"

_LATEST_SECONDS = 2 * 86_400


def tell_signals(ledger: Ledger, config: Config, now: int, *, halted: Callable[[], bool] = lambda: False) -> int:
    """Put on their way the signals raised or cleared lately, as of ``now`` (unix seconds UTC); return how many.

    What was raised before a destination was told anything is none of its business, and neither is what is over before
    it could be told. An id is told once, however often this is asked.
    """
    since = outbox.since(ledger)
    if not since:
        return 0
    lately = raised.since(ledger, now - _LATEST_SECONDS)
    left = [
        one
        for one in reversed(lately)
        if _wanting(ledger.connection, config, since, one, now) or _is_overtaken(ledger.connection, one)
    ]
    done = 0
    while left and not halted():
        done += sum(commit_some(ledger, left, partial(_tell, config, since, now)))
        time.sleep(PAUSE_SECONDS)
    return done


def as_json(one: Raised) -> dict[str, object]:
    """Return a signal as messages hold it; ``cleared_at`` and ``cleared_because`` only once it is cleared."""
    step = SIGNALS.get(one.signal)  # a row may be of a signal that there is no more
    over = {} if one.cleared_at is None else {"cleared_at": utc(one.cleared_at), "cleared_because": one.cleared_because}
    return {
        "id": one.id,
        "signal": one.signal,
        "subject": one.subject,
        "evidence": one.evidence,
        "points": one.points,
        "score": one.score,
        "next_step": step.next_step if step else "",
        "raised_at": utc(one.raised_at),
        **over,
    }


def _tell(config: Config, since: Mapping[str, int], now: int, connection: sqlite3.Connection, one: Raised) -> int:
    """Put one signal on its way; return 1 where anybody is told.

    What is over is no more sent to who has not taken it yet; who was never sent it is not told of its end either.
    """
    wanting = _wanting(connection, config, since, one, now)
    unheard = set() if one.stands else outbox.withdraw(connection, _id(one, RAISED))
    if wanting:
        kind, said = _kind(one), {"signal": as_json(one)}
        outbox.post(connection, Notice(_id(one, kind), kind, one.customer, now, said), wanting - unheard)
    return 1 if wanting - unheard else 0


def _is_overtaken(connection: sqlite3.Connection, one: Raised) -> bool:
    """Whether a signal is over that is still to be sent to somebody."""
    return not one.stands and outbox.waits(connection, _id(one, RAISED))


def _wanting(
    connection: sqlite3.Connection, config: Config, since: Mapping[str, int], one: Raised, now: int
) -> set[str]:
    """Return who is to be told of a signal, and was not yet; nobody where it is no news."""
    kind, channels = _kind(one), config.report.channels if config.report.notify_signals and one.stands else ()
    wanting = {*channels, *(hook.destination for hook in config.hooks if kind in hook.events)}
    there = {name for name in wanting if name in since and since[name] <= one.raised_at}
    if not there or outbox.is_kept(connection, _id(one, kind)) or not _is_news(connection, one, now):
        return set()
    return set() if one.raised_at < outbox.forgotten_at(connection, one.customer) else there


def _is_news(connection: sqlite3.Connection, one: Raised, now: int) -> bool:
    """Whether it stands, or is over after it could be told; what was told long ago is not kept."""
    return one.stands or one.raised_at < now - KEPT_SECONDS or outbox.is_kept(connection, _id(one, RAISED))


def _kind(one: Raised) -> str:
    return RAISED if one.stands else CLEARED


def _id(one: Raised, kind: str) -> str:
    return outbox.notice_id(kind, one.id)
