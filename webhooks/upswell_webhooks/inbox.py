"""The inbox: one thread that commits what many requests bring, together."""

import logging
import threading
from concurrent.futures import Future
from pathlib import Path

from upswell.errors import LedgerBusy, LedgerError
from upswell.store import events
from upswell.store.events import Accepted
from upswell.store.ledger import Ledger

_log = logging.getLogger("upswell.inbox")


class Inbox:
    """Commits events to the ledger at ``path``, all that wait in one durable commit.

    ``patience`` is how many seconds a commit tries to get the ledger's write lock, ``capacity`` how many events may
    wait. The thread starts with the first event and holds a connection of its own.
    """

    def __init__(self, path: Path, *, patience: float = 5.0, capacity: int = 2_048) -> None:
        self._path = path
        self._patience = patience
        self._capacity = capacity
        self._waiting: list[tuple[Accepted, Future[str]]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._ledger: Ledger | None = None

    def accept(self, event: Accepted) -> str:
        """Return what became of ``event`` once that is durable: ``accepted``, ``duplicate`` or ``ignored``.

        Raises LedgerBusy where too many wait or the ledger stays locked, LedgerError where it cannot be written.
        """
        return self.put(event).result()

    def put(self, event: Accepted) -> Future[str]:
        """Return at once what will hold what ``accept`` returns or raises."""
        outcome: Future[str] = Future()
        with self._changed:
            if self._closed:
                outcome.set_exception(LedgerError("The inbox is closed: the receiver is stopping"))
            elif len(self._waiting) >= self._capacity:
                outcome.set_exception(LedgerBusy(f"{self._capacity} events wait to be stored already: try again"))
            else:
                self._waiting.append((event, outcome))
                self._start()
                self._changed.notify()
        return outcome

    def close(self) -> None:
        """Commit what waits, then end the thread and its connection; closing twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="upswell-inbox", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while batch := self._take():
            self._commit(batch)
        self._disconnect()

    def _take(self) -> list[tuple[Accepted, Future[str]]]:
        """Return everything that waits, as soon as something does; nothing once the inbox is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            batch, self._waiting = self._waiting, []
        return batch

    def _commit(self, batch: list[tuple[Accepted, Future[str]]]) -> None:
        try:
            outcomes = events.receive(self._connect(), [event for event, _ in batch], seconds=self._patience)
        except LedgerBusy as error:
            _fail(batch, error)
        except LedgerError as error:
            self._disconnect()
            _fail(batch, error)
        except Exception:  # noqa: BLE001  # the thread must outlive it: every later request waits for this thread
            _log.exception("The inbox could not store %d events", len(batch))
            self._disconnect()
            _fail(batch, LedgerError(f"The ledger {self._path} cannot be written: see the log"))
        else:
            for (_, waiting), outcome in zip(batch, outcomes, strict=True):
                waiting.set_result(outcome)

    def _connect(self) -> Ledger:
        if self._ledger is None or self._ledger.is_replaced():
            self._disconnect()
            self._ledger = Ledger(self._path)
        return self._ledger

    def _disconnect(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def _fail(batch: list[tuple[Accepted, Future[str]]], error: LedgerError) -> None:
    for _, waiting in batch:
        waiting.set_exception(error)
