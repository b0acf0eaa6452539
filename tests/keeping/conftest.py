"""A Stripe account over HTTP, a ledger, and what reads the one into the other."""

from pathlib import Path
from threading import Event

import pytest
from receiving import API_KEY, configured
from shop import Shop

from upswell.ledger import Ledger
from upswell_connectors.client import Client
from upswell_connectors.fake_stripe.server import serving


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
def shop():
    """Give an account that is 20 days old, and answers."""
    shop = Shop(days=20)
    with serving(shop.account) as shop.url:
        yield shop


@pytest.fixture
def config(shop, tmp_path: Path):
    """Give the configuration of a ledger of that account, which exists."""
    found = configured(tmp_path, f'[stripe]\napi_base = "{shop.url}"\n', STRIPE_API_KEY=API_KEY)
    Ledger(found.ledger.path, create=True).close()
    return found


@pytest.fixture
def ledger(config):
    """Give the ledger."""
    with Ledger(config.ledger.path) as ledger:
        yield ledger


@pytest.fixture
def client(config):
    """Give what asks the account."""
    return Client(config.stripe)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts."""
    monkeypatch.setattr("upswell_connectors.client._FIRST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr("upswell_connectors.client._GROWN_WAIT_SECONDS", 0.0)
