"""Time that passes only where somebody sleeps."""

import pytest

from upswell_connectors import client


class Clock:
    """Stands in for the module ``time``: sleeping moves it on, and is noted in ``pauses``."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self.now

    def time(self) -> float:
        """Return unix seconds UTC."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the time by which the connectors wait."""
    found = Clock()
    for name in ("client", "limiter"):
        monkeypatch.setattr(f"upswell_connectors.{name}.time", found)
    return found


@pytest.fixture(autouse=True)
def nobody_outside(monkeypatch):
    """Stripe's own address stays: ``responses`` answers in its place, and lets nothing out."""
    monkeypatch.setattr(client, "BASE", "https://api.stripe.com")
