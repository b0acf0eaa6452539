"""How fast Stripe is asked: at most so many requests a second, evenly spaced, whatever the number of threads."""

import threading
import time


class Limiter:
    """Lets ``rate`` requests a second begin. Threads may share it."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Take the next free moment, and sleep until it has come."""
        pause = self._take(time.monotonic())
        if pause > 0:
            time.sleep(pause)

    def rest(self, seconds: float) -> None:
        """Let nothing begin for ``seconds``, but for what has its moment already."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def _take(self, now: float) -> float:
        """Return how long it is from ``now`` to the moment that is taken."""
        with self._lock:
            moment = max(now, self._next)
            self._next = moment + self._gap
        return moment - now
