"""How the receiver and its ledger are: in public only ok or not."""

import logging
import threading
import time
from pathlib import Path

from upswell.errors import LedgerError
from upswell.store import events
from upswell.store.ledger import Ledger, note_job

_FRESH_SECONDS = 1.0
_PATIENCE_SECONDS = 1.0
_log = logging.getLogger("upswell.health")


class Health:
    """Says whether the ledger at ``path`` can be read and written, by doing so, at most once a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._checked_at = -_FRESH_SECONDS
        self._ok = False

    def ok(self) -> bool:
        """Say whether an event could be stored now."""
        with self._lock:
            if time.monotonic() - self._checked_at >= _FRESH_SECONDS:
                self._ok = self._check()
                self._checked_at = time.monotonic()
            return self._ok

    def details(self, now: int) -> dict[str, int | None]:
        """Return the age of the last event in seconds, and how many events are pending and failed.

        ``now`` is unix seconds UTC. Raises LedgerError where the ledger cannot be read.
        """
        with Ledger(self._path) as ledger:
            counts = events.counts(ledger)
        age = None if counts.last_event_at is None else max(0, now - counts.last_event_at)
        return {"last_event_age_seconds": age, "pending": counts.pending, "failed": counts.failed}

    def _check(self) -> bool:
        try:
            with Ledger(self._path) as ledger, ledger.write(_PATIENCE_SECONDS) as connection:
                note_job(connection, "health_checked_at", int(time.time()))
        except LedgerError as error:
            _log.error("%s", error)
            return False
        return True
