"""The jobs: what is asked every minute, every few minutes, hour or day: posting, telling, looking, dropping."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from upswell.configuration.settings import Config, HookSettings
from upswell.errors import UpswellError
from upswell.intake.looking import look
from upswell.intake.rebuild import PAUSE_SECONDS
from upswell.posting.alarm import raise_alarm
from upswell.posting.delivery import note_serving, post_due
from upswell.report.periods import Month, Reported, Week
from upswell.store import outbox
from upswell.store.arrivals import shed
from upswell.store.ledger import Ledger
from upswell.telling.destinations import destinations, noted, prepare
from upswell.telling.hooks import send_due
from upswell.telling.movements import tell
from upswell.telling.notes import send_notes
from upswell.telling.signals import tell_signals

_DAY_MINUTES, _HOUR_MINUTES = 1440, 60
_LOOK_MINUTES, _LOOK_SECONDS = 5, 5.0
_DAY_SECONDS = 86_400
_CATCH_UP_MINUTES = 2  # what came while nobody served is applied first, for it may change what would be told

_log = logging.getLogger("upswell.schedule")


class Schedule:
    """A running scheduler; ``stop`` ends it."""

    def __init__(self, scheduler: BackgroundScheduler, stopping: threading.Event) -> None:
        self._scheduler, self._stopping = scheduler, stopping

    def stop(self) -> None:
        """Start nothing new, and wait for what is being sent, so that its end is written down."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)


def start(config: Config) -> Schedule:
    """Begin to post what is due, from now on, in a thread; the ledger exists.

    Jobs live in memory, for the claims in the ledger say what was done; a late run is never skipped, and many late
    ones are one.
    """
    with Ledger(config.ledger.path) as ledger:
        note_serving(ledger, int(time.time()), config.report.posted)
        prepare(ledger, config, int(time.time()))
    stopping = threading.Event()
    jobs = list(_jobs(config, stopping))
    # A thread each: who does not answer holds up nobody else.
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(len(jobs))})
    for job, minutes, wait in jobs:
        scheduler.add_job(
            job,
            "interval",
            args=[config],
            minutes=minutes,
            next_run_time=datetime.now(UTC) + timedelta(minutes=wait),
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
    scheduler.start()
    return Schedule(scheduler, stopping)


def _jobs(config: Config, stopping: threading.Event) -> Iterator[tuple[Callable[[Config], None], int, int]]:
    """Yield each job, every how many minutes it runs, and after how many first."""
    for kind in (Week, Month):
        yield partial(_post, kind), 1, 0
    yield _look, _LOOK_MINUTES, _CATCH_UP_MINUTES
    if config.ledger.keep_events_days:
        yield _shed, _DAY_MINUTES, 0
    if config.report.alerts and config.report.channels:
        yield _watch, _HOUR_MINUTES, _HOUR_MINUTES  # what did not come while nobody served is caught up with first
    if destinations(config):
        yield partial(_tell, stopping), 1, _CATCH_UP_MINUTES
        yield _prune, _DAY_MINUTES, 0
    for channel in noted(config):
        yield partial(_note, stopping, channel), 1, 0
    for hook in config.hooks:
        yield partial(_send, stopping, hook), 1, 0


def _watch(config: Config) -> None:
    """Tell the channels when somebody must look."""
    try:
        with Ledger(config.ledger.path) as ledger:
            raise_alarm(ledger, config, int(time.time()))
    except UpswellError as error:
        _log.warning("It could not be looked at whether events come: %s", error)


def _look(config: Config) -> None:
    """Look for signals at whoever is due, for seconds at the most: nobody waits for it when `serve` ends."""
    try:
        with Ledger(config.ledger.path) as ledger:
            done = look(ledger, config, int(time.time()), seconds=_LOOK_SECONDS)
    except UpswellError as error:
        _log.warning("Customers could not be looked at for signals: %s", error)
    else:
        if done.raised or done.cleared:
            _log.info("%d signals raised, %d cleared", done.raised, done.cleared)


def _post(kind: type[Reported], config: Config) -> None:
    """Post the report on one kind of period: what is wrong with one holds up no other."""
    try:
        with Ledger(config.ledger.path) as ledger:
            for outcome in post_due(ledger, config, int(time.time()), kind):
                _log.log(logging.INFO if outcome.ok else logging.WARNING, "%s", outcome.text)
    except UpswellError as error:
        _log.warning("The %s summary could not be posted: %s", kind.report, error)


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


def _tell(stopping: threading.Event, config: Config) -> None:
    """Put on its way what is to be told at once."""
    try:
        with Ledger(config.ledger.path) as ledger:
            tell_signals(ledger, config, int(time.time()), halted=stopping.is_set)
            tell(ledger, config, int(time.time()), halted=stopping.is_set)
    except UpswellError as error:
        _log.warning("What is to be told at once could not be looked for: %s", error)


def _send(stopping: threading.Event, hook: HookSettings, config: Config) -> None:
    """Send one endpoint what is on its way to it."""
    try:
        with Ledger(config.ledger.path) as ledger:
            done = send_due(ledger, hook, lambda: int(time.time()), halted=stopping.is_set)
    except UpswellError as error:
        _log.warning("The hook %s could not be sent anything: %s", hook.name, error)
        return
    if done.failed:
        _log.warning("The hook %s: %d taken, %d not: %s", hook.name, done.taken, done.failed, done.trouble)
    elif done.taken:
        _log.info("The hook %s: %d taken", hook.name, done.taken)


def _note(stopping: threading.Event, channel: str, config: Config) -> None:
    """Send one channel the notes that are on their way to it."""
    try:
        with Ledger(config.ledger.path) as ledger:
            done = send_notes(ledger, config, channel, lambda: int(time.time()), halted=stopping.is_set)
    except UpswellError as error:
        _log.warning("%s could not be sent its notes: %s", channel, error)
        return
    if done.failed:
        _log.warning("Notes to %s: %d sent, %d not: %s", channel, done.taken, done.failed, done.trouble)
    elif done.taken:
        _log.info("Notes to %s: %d sent", channel, done.taken)


def _prune(config: Config) -> None:
    """Drop what was told long ago."""
    try:
        with Ledger(config.ledger.path) as ledger:
            outbox.prune(ledger, int(time.time()))
    except UpswellError as error:
        _log.warning("What was told long ago could not be dropped: %s", error)
