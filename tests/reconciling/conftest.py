"""A shop whose ledger is complete, and the command that compares the two."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from receiving import API_KEY, configured
from shop import Shop

from upswell import events
from upswell.cli import run
from upswell.intake import apply_pending
from upswell.ledger import Ledger
from upswell_connectors.fake_stripe.delivery import bodies
from upswell_connectors.fake_stripe.server import serving


class Ended(NamedTuple):
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def differences(self):
        """Return the differences of --format json, by subscription."""
        return {one["subscription"]: one for one in json.loads(self.out)["differences"]}


@pytest.fixture
def shop():
    """Give an account that is 20 days old, and answers."""
    shop = Shop(days=20)
    with serving(shop.account) as shop.url:
        yield shop


@pytest.fixture
def config(shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give the configuration of a ledger of that account, which exists."""
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)
    found = configured(tmp_path, f'[stripe]\napi_base = "{shop.url}"\n', STRIPE_API_KEY=API_KEY)
    Ledger(found.ledger.path, create=True).close()
    return found


@pytest.fixture
def ledger(config):
    """Give the ledger."""
    with Ledger(config.ledger.path) as ledger:
        yield ledger


@pytest.fixture
def keep_up(shop, config, ledger):
    """Give what takes in all that has happened."""

    def keep_up():
        events.accept(ledger, [events.envelope(body) for body in bodies(shop.account.events)])
        apply_pending(ledger, config.rules)

    return keep_up


@pytest.fixture
def reconcile(config, capsys: pytest.CaptureFixture[str]):
    """Give a function that runs ``upswell reconcile`` with its arguments."""

    def command(*arguments: str) -> Ended:
        return Ended(run(["--config", str(config.path), "reconcile", *arguments]), *capsys.readouterr())

    return command


@contextmanager
def unheard(shop):
    """Let things happen of which no event tells."""
    shop.account.recording = False
    yield
    shop.account.recording = True
