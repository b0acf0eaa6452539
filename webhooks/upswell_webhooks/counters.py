"""What became of requests, counted for as long as this process lives."""

import threading
from collections import Counter

OUTCOMES = ("accepted", "duplicate", "ignored", "unavailable")


class Counters:
    """Counts events by outcome and refusals by reason; any thread may."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self._refused: Counter[str] = Counter({"signature": 0, "shape": 0})

    def add(self, status: int, outcome: str | None, reason: str | None) -> None:
        """Count one request; what was answered without an outcome is no event."""
        with self._lock:
            if outcome == "refused":
                self._refused[reason or str(status)] += 1
            elif outcome in OUTCOMES:
                self._events[outcome] += 1

    def read(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the events by outcome, and the refusals by reason or by the status they were answered with."""
        with self._lock:
            return dict(self._events), dict(self._refused)


requests = Counters()
"""Those of this process."""
