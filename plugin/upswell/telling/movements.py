"""Movements recorded or restated, put on their way to whoever is told at once, once their group has closed."""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.configuration.settings import Config
from upswell.intake.rebuild import PAUSE_SECONDS, commit_some
from upswell.report.announcing import RESTATED, Announcement, is_large, news
from upswell.store import outbox
from upswell.store.books import movements_of
from upswell.store.ledger import Ledger
from upswell.telling.destinations import noted

_BEHIND_SECONDS = 60


def tell(ledger: Ledger, config: Config, now: int, *, halted: Callable[[], bool] = lambda: False) -> int:
    """Put on its way what is to be told at ``now`` (unix seconds UTC); return how much that is.

    While accepted events wait to be applied for longer than usual, nothing is: they may change it. ``halted`` is asked
    between two steps whether to stop.
    """
    since = outbox.since(ledger)
    if not since or outbox.is_behind(ledger, now - _BEHIND_SECONDS):
        return 0
    done = 0
    while accounts := outbox.to_look_at(ledger, now)[::-1]:
        while accounts:
            if halted():
                return done
            done += sum(commit_some(ledger, accounts, partial(_look_at, config, since, now)))
            time.sleep(PAUSE_SECONDS)
    return done


def _look_at(config: Config, since: Mapping[str, int], now: int, connection: sqlite3.Connection, account: str) -> int:
    """Put on its way what is to be told of one customer; return how much that is."""
    found = news(
        movements_of(connection, account),
        outbox.told(connection, account),
        now=now,
        since=max(min(since.values()), outbox.forgotten_at(connection, account)),
        settle_minutes=config.rules.settle_minutes,
    )
    for one in found.announcements:
        tacit = noted(config) if one.is_renamed else ()
        outbox.announce(connection, one, _wanted(connection, config, since, one), now, tacit)
    outbox.look_again(connection, account, found.next_at)
    return len(found.announcements)


def _wanted(
    connection: sqlite3.Connection, config: Config, since: Mapping[str, int], one: Announcement
) -> Collection[str]:
    """Return who is to be told of ``one``: who wants such events, and was there when it happened."""
    happened = (one.was or one.subject).occurred_at
    wanting = [hook.destination for hook in config.hooks if one.type in hook.events]
    wanting += [channel for channel in noted(config) if _is_noted(connection, config, channel, one)]
    return [name for name in wanting if name in since and since[name] <= happened]


def _is_noted(connection: sqlite3.Connection, config: Config, channel: str, one: Announcement) -> bool:
    """Whether ``channel`` is told of ``one``: it is large, or corrects what the channel was told."""
    report = config.report
    if report.note_above is not None and is_large(one, report.note_above, report.currency, report.rates):
        return True
    told = [end for end in (one.was, one.now) if end and one.type == RESTATED]
    return any(outbox.was_told(connection, channel, end) for end in told)
