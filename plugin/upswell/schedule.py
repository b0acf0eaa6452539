"""The jobs: a scheduler that asks every minute, and at start, what is to be posted, and drops old events once a day."""

import logging
import time
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from upswell.arrivals import shed
from upswell.due import next_run
from upswell.errors import UpswellError
from upswell.ledger import Ledger
from upswell.posting import note_serving, post_due
from upswell.rebuild import PAUSE_SECONDS
from upswell.settings import Config

__all__ = ["Schedule", "next_run", "start"]

_DAY_MINUTES = 1440
_DAY_SECONDS = 86_400

_log = logging.getLogger(__name__)


class Schedule:
    """A running scheduler; ``stop`` ends it."""

    def __init__(self, scheduler: BackgroundScheduler) -> None:
        self._scheduler = scheduler

    def stop(self) -> None:
        """Start nothing new, and wait for what is being sent, so that its end is written down."""
        self._scheduler.shutdown(wait=True)


def start(config: Config) -> Schedule:
    """Begin to post what is due, from now on, in a thread; the ledger exists.

    Jobs live in memory, for the claims in the ledger say what was done; a late run is never skipped, and many late
    ones are one.
    """
    with Ledger(config.ledger.path) as ledger:
        note_serving(ledger, int(time.time()))
    scheduler = BackgroundScheduler(timezone=UTC)
    jobs = [(_post, 1), *([(_shed, _DAY_MINUTES)] if config.ledger.keep_events_days else [])]
    for job, minutes in jobs:
        scheduler.add_job(
            job,
            "interval",
            args=[config],
            minutes=minutes,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
    scheduler.start()
    return Schedule(scheduler)


def _post(config: Config) -> None:
    try:
        with Ledger(config.ledger.path) as ledger:
            for outcome in post_due(ledger, config, int(time.time())):
                _log.log(logging.INFO if outcome.ok else logging.WARNING, "%s", outcome.text)
    except UpswellError as error:
        _log.warning("The weekly summary could not be posted: %s", error)


def _shed(config: Config) -> None:
    """Drop the raw bytes of events that have been kept for as long as the configuration says."""
    days = config.ledger.keep_events_days or 0
    try:
        with Ledger(config.ledger.path) as ledger:
            done = 0
            for dropped in shed(ledger, int(time.time()) - days * _DAY_SECONDS):
                done += dropped
                time.sleep(PAUSE_SECONDS)
    except UpswellError as error:
        _log.warning("Old events could not be dropped: %s", error)
    else:
        if done:
            _log.info("The bytes of %d events older than %d days are dropped", done, days)
