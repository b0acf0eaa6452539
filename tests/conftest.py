"""What every test is given: a clean environment and a folder of its own to work in."""

import os
import signal
import sys
from pathlib import Path

import pytest

from upswell_connectors import client

# Run in the background or without a terminal, the tests would ignore these, and whatever they start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_OURS = ("UPSWELL_", "STRIPE_", "SLACK_", "SMTP_")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, without whatever secrets the machine's own environment holds."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        monkeypatch.delenv(name)


@pytest.fixture
def drawing() -> bool:
    """Say whether pictures are drawn: each takes a process of its own, so a test asks for them by another ``drawing``.

    A test module that is about pictures gives a fixture of this name that returns True.
    """
    return False


@pytest.fixture(autouse=True)
def pictures_on_demand(monkeypatch: pytest.MonkeyPatch, *, drawing: bool) -> None:
    """Hide altair, as on a machine without the extra, from every test that does not ask for pictures.

    Where they are drawn, a busy machine may take its time.
    """
    if drawing:
        monkeypatch.setattr("upswell.render.pictures.SECONDS", 600)
    else:
        monkeypatch.setitem(sys.modules, "altair", None)


@pytest.fixture(autouse=True)
def nobody_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody ask Stripe itself: nothing listens at the discard port."""
    monkeypatch.setattr(client, "BASE", "http://127.0.0.1:9")
