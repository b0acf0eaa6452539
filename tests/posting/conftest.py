"""A ledger with a busy week in it, a stand-in for Slack, and a mail server."""

import desks
import pytest
from booked import put
from summaries import BUSY

from upswell.store.ledger import Ledger


@pytest.fixture
def slack():
    """Serve a stand-in for Slack."""
    with desks.slack_server() as server:
        yield server


@pytest.fixture
def mail():
    """Serve a mail server without encryption or login."""
    with desks.mail_server() as box:
        yield box


@pytest.fixture
def ledger(tmp_path):
    """Give a ledger whose week 46 of 2026 is a busy one."""
    with Ledger(tmp_path / "upswell.db", create=True) as opened:
        put(opened, BUSY)
        yield opened
