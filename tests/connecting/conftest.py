"""An account over HTTP, and the command that works on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from receiving import API_KEY
from shop import Shop

from upswell.commands.cli import run
from upswell_connectors.fake_stripe.server import serving

URL = "https://upswell.example.com/webhooks/stripe"


class Ended(NamedTuple):
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Give an account that answers; the configuration in this folder asks it."""
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)
    shop = Shop()
    with serving(shop.account) as shop.url:
        configure(shop.url)
        yield shop


def configure(url: str, more: str = "") -> None:
    """Write a configuration that asks ``url``; ``more`` are keys of [stripe], and what follows."""
    Path("config.toml").write_text(f'[stripe]\napi_base = "{url}"\n{more}')


@pytest.fixture
def connect(capsys: pytest.CaptureFixture[str]):
    """Give a function that runs ``upswell connect`` with its arguments."""

    def command(*arguments: str) -> Ended:
        return Ended(run(["connect", *arguments]), *capsys.readouterr())

    return command
