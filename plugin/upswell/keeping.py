"""Keeping the ledger complete while ``serve`` runs: a thread that catches up, again and again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from upswell.catchup import catch_up, note_trouble
from upswell.config import Config
from upswell.errors import UpswellError
from upswell.ledger import Ledger
from upswell.preflight import check_key, identify
from upswell_connectors.client import Client

BESIDE_WEBHOOKS_SECONDS = 900
"""How long after one catch-up the next begins: 192 requests a day, of the 333 that Stripe allows at least."""

ALONE_SECONDS = 600
"""The same where there are no webhooks, and events come no other way: 288 requests a day."""

_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 900

_log = logging.getLogger("upswell.keeping")


def keep_complete(config: Config, client: Client, stopping: Event) -> None:
    """Catch up now and every few minutes, until ``stopping`` is set; what fails is tried again, ever more rarely.

    Whether the key belongs to the ledger is asked at the beginning, and after each failure.
    """
    failures, pause, known = 0, 0.0, False
    while not stopping.wait(pause):
        trouble = _catch_up(config, client, stopping, known=known)
        known = trouble is None
        if trouble is None:
            failures, pause = 0, interval(config)
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


@contextmanager
def _noted(ledger: Ledger) -> Iterator[None]:
    """Note for ``doctor`` what ends the block."""
    try:
        yield
    except UpswellError as error:
        note_trouble(ledger, str(error))
        raise
