"""A ledger, an account to read, and one call that reads it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest
from standin import Standin, standing_in

from upswell.configuration.config import load
from upswell.configuration.settings import Config
from upswell.fetching.backfill import backfill
from upswell.fetching.backfilled import Backfilled
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe import lumen_kites
from upswell_connectors.fake_stripe.account import Account

KEY = "sk_test_secret_of_the_test"


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask as fast as can be, and wait for nothing: what is waited for is tested where it is decided."""
    monkeypatch.setattr("upswell_connectors.limiter.Limiter.wait", lambda _self: None)
    monkeypatch.setattr("upswell_connectors.client._growing", lambda _attempt: 0.0)


@pytest.fixture(scope="session")
def kites() -> Account:
    """The demo's year."""
    return lumen_kites.year(date(2026, 11, 25))


def configured(url: str, key: str = KEY, ledger: str = "upswell.db") -> Config:
    """Return the configuration for a stand-in at ``url``."""
    Path("config.toml").write_text(f'[ledger]\npath = "{ledger}"\n[stripe]\napi_base = "{url}"\n')
    return load(Path("config.toml"), {"STRIPE_API_KEY": key})


def run(url: str, *, full: bool = False, ledger: str = "upswell.db", key: str = KEY) -> Backfilled:
    """Read the account at ``url`` into the ledger."""
    config = configured(url, key, ledger)
    with Ledger(config.ledger.path, create=True) as opened:
        return backfill(opened, config, lambda *_: None, full=full)


@contextmanager
def read(standin: Standin, *, full: bool = False) -> Iterator[Backfilled]:
    """Read the stand-in into ``upswell.db``; give what that brought."""
    with standing_in(standin) as url:
        yield run(url, full=full)


def rows(query: str, ledger: str = "upswell.db") -> list[tuple[object, ...]]:
    """Return what ``query`` finds in the ledger."""
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute(query).fetchall()


def movements(ledger: str = "upswell.db") -> list[tuple[object, ...]]:
    """Return every movement with all it says, in a fixed order."""
    return rows("SELECT * FROM movements ORDER BY customer, step", ledger)
