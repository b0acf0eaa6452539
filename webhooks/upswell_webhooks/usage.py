"""Usage that the merchant's app posts: read and written by one thread, and durable before it is answered."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from upswell.core.readings import APP, Reading
from upswell.core.reported import reading
from upswell.errors import LedgerBusy, LedgerError, RowError
from upswell.store.ledger import Ledger
from upswell.store.measures import write_readings

PATH = "/signals/usage"
MOST = 1_000
"""How many readings a call may bring."""

_WAITING = 16
_log = logging.getLogger("upswell.usage")


@dataclass(frozen=True, slots=True)
class Told:
    """What a call is answered with: a status, and the content of the answer."""

    status: int
    content: Mapping[str, Any]


class _Number(str):
    """A number of JSON as it was written: floats would not be exact."""

    __slots__ = ()


class Desk:
    """Writes what calls bring to the ledger at ``path``, one call after another, each in one durable commit.

    ``patience`` is how many seconds a commit tries to get the ledger's write lock.
    """

    def __init__(self, path: Path, *, patience: float = 5.0, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._patience = patience
        self._clock = clock
        self._places = threading.BoundedSemaphore(_WAITING)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upswell-usage")

    def put(self, body: bytes) -> Future[Told]:
        """Return at once what will hold what the call ``body`` is answered with, or the LedgerError it fails with."""
        outcome: Future[Told] = Future()
        if not self._places.acquire(blocking=False):
            outcome.set_exception(LedgerBusy(f"{_WAITING} calls wait to be stored already: try again"))
            return outcome
        try:
            outcome = self._thread.submit(self._answer, body)
        except RuntimeError:
            self._places.release()
            outcome.set_exception(LedgerError("The desk is closed: the receiver is stopping"))
            return outcome
        outcome.add_done_callback(lambda _: self._places.release())
        return outcome

    def close(self) -> None:
        """Finish what waits; nothing is taken afterwards."""
        self._thread.shutdown()

    def _answer(self, body: bytes) -> Told:
        try:
            return self._take(body)
        except LedgerError:
            raise
        except Exception as error:
            _log.exception("A call with readings could not be stored")
            raise LedgerError(f"The ledger {self._path} cannot be written: see the log") from error

    def _take(self, body: bytes) -> Told:
        rows = _rows(body)
        if isinstance(rows, Told):
            return rows
        now = int(self._clock())
        found = [_read(row, now) for row in rows]
        good = [one for one in found if isinstance(one, Reading)]
        bad = [{"index": index, "reason": one} for index, one in enumerate(found) if isinstance(one, str)]
        with Ledger(self._path) as ledger, ledger.write(self._patience) as connection:
            written = write_readings(connection, good)
        return Told(200, {**asdict(written), "bad": bad})


def _rows(body: bytes) -> list[Any] | Told:
    """Return the readings of a call, yet to be read, or how it is refused."""
    try:
        said = json.loads(body, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return Told(400, {"error": "The body is no JSON."})
    if not isinstance(said, dict) or said.keys() != {"readings"} or not isinstance(said["readings"], list):
        return Told(400, {"error": 'The body is not of the form {"readings": [...]}.'})
    if len(said["readings"]) > MOST:
        return Told(413, {"error": f"A call may bring {MOST:,} readings: send the rest in another one."})
    return said["readings"]


def _read(row: Any, now: int) -> Reading | str:
    """Return a row's reading, or what is wrong with it."""
    if not isinstance(row, dict):
        return "a reading is an object"
    try:
        return reading(row, APP, now)
    except RowError as error:
        return str(error)
