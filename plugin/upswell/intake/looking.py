"""Looking at customers for signals: whoever changed, and everybody with a subscription once a day.

Each customer is decided on in one transaction with what the ledger knows of it and what was raised before: whatever
comes twice, late or in another order, and however often it is begun anew, nobody is told of twice.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.configuration.settings import Config
from upswell.core.rules import Rules
from upswell.errors import UpswellError
from upswell.intake.rebuild import PAUSE_SECONDS, commit_some
from upswell.signals.known import Past
from upswell.signals.raising import decide
from upswell.signals.signs import look as look_at
from upswell.signals.terms import DAY
from upswell.signals.words import day
from upswell.store import outbox, poison, raised
from upswell.store.agenda import widened
from upswell.store.backlog import BACKFILL
from upswell.store.ledger import Ledger
from upswell.store.measures import readings_of, thin_readings
from upswell.store.offered import with_offers
from upswell.store.records import history_of
from upswell.store.subscribers import account_named
from upswell.store.versions import Shared

_BATCH = 200
_BEHIND_SECONDS = 60

_log = logging.getLogger("upswell.looking")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to: how many customers were looked at, how many signals were raised and cleared."""

    customers: int = 0
    raised: int = 0
    cleared: int = 0

    def __add__(self, other: "Looked") -> "Looked":
        return Looked(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def look(
    ledger: Ledger,
    config: Config,
    now: int,
    *,
    seconds: float | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Looked:
    """Look at whoever is due at ``now`` (unix seconds UTC), for so many ``seconds`` at the most.

    What is over time is looked at the next time. Commits are short, as those of a rebuild are. Nobody is looked at
    while only a part of what happened is known, see ``half_known``.
    """
    if half_known(ledger, now):
        return Looked()
    ends = None if seconds is None else time.monotonic() + seconds
    done, shared = Looked(), Shared()
    while some := raised.due(ledger.connection, now, _BATCH)[::-1]:
        while some:
            found = commit_some(ledger, some, partial(_look_at, config, now, shared), shared)
            done = sum(found, done)
            if progress:
                progress(done.customers, done.customers + len(some) + raised.count_due(ledger.connection, now))
            if ends is not None and time.monotonic() > ends:
                return done
            time.sleep(PAUSE_SECONDS)
    return done


def half_known(ledger: Ledger, now: int) -> str | None:
    """Return in words why customers are not known whole at ``now`` (unix seconds UTC), or None where they are.

    What is yet to be read or applied may speak against telling of a customer, and what was told cannot be taken back.
    """
    if ledger.job(BACKFILL) is not None:
        return "a backfill is not finished"
    if outbox.is_behind(ledger, now - _BEHIND_SECONDS):
        return "events wait to be applied"
    return None


def _look_at(config: Config, now: int, shared: Shared, connection: sqlite3.Connection, account: str) -> Looked:
    """Look at one customer; who cannot be told, as long as something is missing, is looked at again tomorrow."""
    changed, lives = [], True
    try:
        with poison.attempt(connection):
            thin_readings(connection, account, now)
            past = past_of(connection, account, config.rules, shared)
            known = past.known(now)
            held = raised.of_customer(connection, account)
            changed = decide(account, look_at(known, config.signals), held, now, config.signals)
            raised.write_signals(connection, changed)
            lives = bool(known.subscriptions)
    except Exception as error:  # noqa: BLE001  # whatever it is, everybody else must be looked at
        _log.info("%s cannot be looked at for signals: %s", account, poison.reason(error))
    raised.note_look(connection, account, now + DAY if lives else None)
    fresh = sum(1 for one in changed if one.stands and one.raised_at == now)
    gone = sum(1 for one in changed if not one.stands)
    return Looked(1, fresh, gone)


def past_of(connection: sqlite3.Connection, account: str, rules: Rules, shared: Shared) -> Past:
    """Return a customer's history, with all that signals ask of it. Raises InvariantError, LookupError."""
    history = widened(connection, history_of(connection, account, shared), shared)
    return Past(with_offers(connection, history, rules, shared), rules, readings_of(connection, account))


def why_none(ledger: Ledger, config: Config, who: str, now: int) -> str:
    """Say why a customer has no signal at ``now`` (unix seconds UTC). Raises UpswellError where nobody knows it."""
    account = account_of(ledger, who)
    found = look_at(past_of(ledger.connection, account, config.rules, {}).known(now), config.signals)
    if found.restraint:
        return f"{who} is not told of: {found.restraint}"
    if not found.signs:
        return f"{who} shows no sign of being ready for more"
    if why := half_known(ledger, now):
        return f"{who} is not looked at yet: {why}"
    last = max(one.raised_at for one in raised.of_customer(ledger.connection, account))
    again = day(last + config.signals.cooldown_days * DAY, now, config.signals)
    return f"{who} was told of lately, and is not told of anew before {again}"


def account_of(ledger: Ledger, who: str) -> str:
    """Return the summary's customer that ``who`` is, or is part of. Raises UpswellError where nobody knows it."""
    account = account_named(ledger.connection, who)
    if account is None:
        raise UpswellError(f"The ledger {ledger.path} knows no customer {who}: take an id from `upswell movements`")
    return account
