"""Keeping the ledger complete while ``serve`` runs: a thread that catches up, compares at night, and reads meters."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

from upswell.configuration.settings import Config
from upswell.configuration.times import last_night
from upswell.errors import UpswellError
from upswell.fetching import metering
from upswell.fetching.catchup import catch_up, close_gap, note_trouble, standing
from upswell.fetching.preflight import check_key, identify
from upswell.fetching.reconciling import reconcile
from upswell.store.backlog import backlog
from upswell.store.ledger import Ledger
from upswell.store.verdicts import note_verdict, verdict
from upswell_connectors.client import Client

BESIDE_WEBHOOKS_SECONDS = 900
"""How long after one catch-up the next begins: 192 requests a day, of the 333 that Stripe allows at least."""

ALONE_SECONDS = 600
"""The same where there are no webhooks, and events come no other way: 288 requests a day."""

_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 900
_METERING_SECONDS = 60.0

_log = logging.getLogger("upswell.keeping")


def keep_complete(config: Config, client: Client, stopping: Event) -> None:
    """Catch up now and every few minutes, until ``stopping`` is set; what fails is tried again, ever more rarely.

    Whether the key belongs to the ledger is asked at the beginning, and after each failure. At the first turn after
    four in the morning, and after a time that no event tells of, today's subscriptions are compared. Billing meters are
    read every six hours.
    """
    begun, failures, pause, known = int(time.time()), 0, 0.0, False
    while not stopping.wait(pause):
        trouble = _catch_up(config, client, stopping, known=known)
        known = trouble is None
        if trouble is None:
            failures, pause = 0, interval(config)
            _compare(config, client, stopping, begun)
            _measure(config, client, stopping)
            continue
        pause = min(_FIRST_PAUSE_SECONDS * 2.0**failures, _LONGEST_PAUSE_SECONDS)
        failures += 1
        _log.warning("Catching up failed, and is tried again in %d minutes: %s", pause // 60, trouble)


def interval(config: Config) -> int:
    """Return how many seconds after one catch-up the next begins."""
    return BESIDE_WEBHOOKS_SECONDS if config.stripe.webhooks else ALONE_SECONDS


def _catch_up(config: Config, client: Client, stopping: Event, *, known: bool) -> str | None:
    """Catch up once, and return what kept it from that."""
    try:
        with Ledger(config.ledger.path) as ledger, _noted(ledger):
            if not known:
                check_key(config)
                identify(ledger, config, client)
            caught = catch_up(ledger, client, stopping)
    except UpswellError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # the thread must outlive it: nothing would be caught up any more
        _log.exception("Catching up met what it does not know")
        return f"{type(error).__name__}, see above"
    if caught.new:
        _log.info("caught_up=%d", caught.new)
    return None


def _compare(config: Config, client: Client, stopping: Event, begun: int) -> None:
    """Compare what Stripe shows where it is time to, and close what a time without events has hidden."""
    try:
        with Ledger(config.ledger.path) as ledger:
            gap = standing(ledger).gap is not None
            if (gap and verdict(ledger).tried_at < begun) or _is_time(ledger, config, begun):
                _reconcile(ledger, config, client, stopping, heal=gap)
    except UpswellError as error:
        _log.warning("Today's subscriptions could not be compared: %s", error)
    except Exception:  # noqa: BLE001  # as above
        _log.exception("Comparing met what it does not know")


def _measure(config: Config, client: Client, stopping: Event) -> None:
    """Read what billing meters counted, where it is time to, for a minute at the most."""
    try:
        with Ledger(config.ledger.path) as ledger:
            if not metering.is_time(ledger, int(client.now())):
                return
            before = metering.last_round(ledger)
            done = metering.read_meters(ledger, config, client, seconds=_METERING_SECONDS, stopping=stopping)
    except UpswellError as error:
        _log.warning("Billing meters could not be read, and are asked again at the next turn: %s", error)
        return
    except Exception:  # noqa: BLE001  # as above
        _log.exception("Reading billing meters met what it does not know")
        return
    if done.trouble and done.trouble != before.trouble:
        _log.warning("Billing meters are not read: %s", done.trouble)
    elif done.ended and done.requests:
        _log.info("metered=%d requests=%d", done.readings, done.requests)


def _is_time(ledger: Ledger, config: Config, begun: int) -> bool:
    """Whether a night has come since the last attempt, and this process; not while a backfill is under way."""
    last = max(verdict(ledger).tried_at, begun if verdict(ledger).at is None else 0)
    return last < last_night(int(time.time()), config.report) and not backlog(ledger).unread


def _reconcile(ledger: Ledger, config: Config, client: Client, stopping: Event, *, heal: bool) -> None:
    try:
        found = reconcile(ledger, config, client, heal=heal, stopping=stopping)
    except Exception as error:
        told = str(error) if isinstance(error, UpswellError) else type(error).__name__
        note_verdict(ledger, replace(verdict(ledger), failed_at=int(time.time()), trouble=told))
        raise
    if stopping.is_set():
        return
    _log.info("compared=%d differences=%d", found.looked_at, found.left)
    if heal and not found.left:
        close_gap(ledger)


@contextmanager
def _noted(ledger: Ledger) -> Iterator[None]:
    """Note for ``doctor`` what ends the block."""
    try:
        yield
    except UpswellError as error:
        note_trouble(ledger, str(error))
        raise
