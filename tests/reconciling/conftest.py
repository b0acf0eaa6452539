"""A shop whose ledger is complete, and the command that compares the two."""

import json
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from receiving import API_KEY
from shop import config, ledger, shop

from upswell.commands.cli import run
from upswell.intake.applying import apply_pending
from upswell.store import events
from upswell_connectors.fake_stripe.delivery import bodies

__all__ = ["config", "ledger", "shop"]


class Ended(NamedTuple):
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def differences(self):
        """Return the differences of --format json, by subscription."""
        return {one["subscription"]: one for one in json.loads(self.out)["differences"]}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find the account's key where it looks for one."""
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)


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
