"""A Stripe account over HTTP, a ledger, and what reads the one into the other."""

from threading import Event

import pytest
from shop import config, ledger, shop

from upswell_connectors.client import Client

__all__ = ["config", "ledger", "shop"]


class Stopping(Event):
    """Is set after so many waits, without waiting; ``waits`` are the seconds that were asked for."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._turns = turns

    def wait(self, timeout: float | None = None) -> bool:
        """Note the seconds, and say whether it is set."""
        self.waits.append(timeout or 0.0)
        if len(self.waits) > self._turns:
            self.set()
        return self.is_set()


@pytest.fixture
def client(config):
    """Give what asks the account."""
    return Client(config.stripe)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts."""
    monkeypatch.setattr("upswell_connectors.client._FIRST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr("upswell_connectors.client._GROWN_WAIT_SECONDS", 0.0)
