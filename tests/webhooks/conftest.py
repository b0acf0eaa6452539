"""A receiver in the test's own process."""

import pytest
from receiving import configured

from upswell.store import events
from upswell.store.ledger import Ledger
from upswell_webhooks.app import close, create_app


@pytest.fixture
def config(tmp_path):
    """A configuration whose ledger exists."""
    config = configured(tmp_path)
    Ledger(config.ledger.path, create=True).close()
    return config


@pytest.fixture
def app(config):
    """The application, with a short patience for a locked ledger."""
    app = create_app(config, patience=0.2)
    yield app
    close(app)


@pytest.fixture
def patient(config):
    """The application, with a patience that outlasts every test."""
    app = create_app(config, patience=60)
    yield app
    close(app)


@pytest.fixture
def client(app):
    """Flask's own client."""
    return app.test_client()


@pytest.fixture
def commits(monkeypatch):
    """How many events each commit held."""
    sizes = []
    receive = events.receive

    def counting(ledger, batch, *, seconds):
        sizes.append(len(batch))
        return receive(ledger, batch, seconds=seconds)

    monkeypatch.setattr(events, "receive", counting)
    return sizes
