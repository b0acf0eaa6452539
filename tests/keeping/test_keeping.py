"""The thread that keeps a ledger complete, whatever goes wrong."""

import logging

import pytest
from receiving import API_KEY, configured, event
from standin import Standin, standing_in

from keeping.conftest import Stopping
from upswell.fetching.catchup import standing
from upswell.serving import keeping
from upswell.store import events
from upswell.store.ledger import Ledger, note_job
from upswell_connectors.client import Client


@pytest.fixture
def standin():
    """An account without events, and where it answers."""
    found = Standin(events=[])
    with standing_in(found) as found.url:
        yield found


@pytest.fixture
def config(standin, tmp_path):
    """The configuration of a ledger of that account."""
    found = configured(tmp_path, f'[stripe]\napi_base = "{standin.url}"\n', STRIPE_API_KEY=API_KEY)
    Ledger(found.ledger.path, create=True).close()
    return found


def kept(config, turns):
    """Keep a ledger complete for so many turns; return how long was waited before each, and after the last."""
    stopping = Stopping(turns)
    keeping.keep_complete(config, Client(config.stripe), stopping)
    return stopping.waits


def warnings(caplog):
    """Return what was logged as a warning."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_it_catches_up_at_once_and_then_every_quarter_of_an_hour(standin, config):
    """The key's account is asked for once; each turn then takes two requests."""
    assert kept(config, 3) == [0.0, 900.0, 900.0, 900.0]
    assert [path for path, _ in standin.asked] == ["/v1/account"] + ["/v1/events"] * 6


def test_without_webhooks_it_catches_up_more_often(config, tmp_path, standin):
    """Who exposes no endpoint gets events within ten minutes, inside what Stripe allows everybody to read."""
    alone = configured(tmp_path, f'[stripe]\nwebhooks = false\napi_base = "{standin.url}"', STRIPE_API_KEY=API_KEY)
    assert kept(alone, 1) == [0.0, 600.0]
    for seconds in (keeping.ALONE_SECONDS, keeping.BESIDE_WEBHOOKS_SECONDS):
        assert 2 * 30 * 86_400 / seconds < 10_000


def test_what_fails_is_tried_again_ever_more_rarely(standin, config, caplog):
    """A refused key is one line a time, never its value; the pause grows to a quarter of an hour."""
    standin.fault = lambda _number, _path: (401, {})
    assert kept(config, 6) == [0.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]
    said = warnings(caplog)
    assert len(said) == 6
    assert said[0].startswith("Catching up failed, and is tried again in 1 minutes: /v1/account cannot be read")
    assert API_KEY not in caplog.text
    with Ledger(config.ledger.path) as ledger:
        assert "the API key is refused" in standing(ledger).trouble


def test_after_trouble_it_goes_on_as_before(standin, config):
    """Once Stripe answers again, the pause is the usual one, and the trouble is forgotten."""
    standin.fault = lambda number, _path: (401, {}) if number == 1 else None
    assert kept(config, 3) == [0.0, 60.0, 900.0, 900.0]
    with Ledger(config.ledger.path) as ledger:
        assert standing(ledger).trouble is None


def test_a_key_of_another_account_brings_nothing_in(standin, config, caplog):
    """What the ledger holds of one account is never mixed with another's."""
    standin.lists["/v1/events"] = [
        {"id": "evt_1", "type": "price.created", "created": 4102444800, "livemode": False, "object": "event"}
    ]
    with Ledger(config.ledger.path) as ledger, ledger.write() as connection:
        note_job(connection, "owner", "acct_other")
    kept(config, 1)
    assert "The API key is of the account acct_1" in caplog.text
    with Ledger(config.ledger.path) as ledger:
        assert events.counts(ledger).last_event_at is None


def test_a_key_of_the_other_mode_asks_nothing(standin, config, caplog):
    """A test key beside a ledger of live mode is a fault that is told, before any request."""
    with Ledger(config.ledger.path) as ledger:
        events.accept(ledger, [events.envelope(event(livemode=True))])
    kept(config, 1)
    assert "The API key reads test mode, and the ledger" in caplog.text
    assert standin.asked == []


def test_a_ledger_that_is_gone_ends_nothing(config, caplog):
    """The thread outlives a ledger that cannot be opened."""
    config.ledger.path.unlink()
    assert kept(config, 2) == [0.0, 60.0, 120.0]
    assert "There is no ledger at" in caplog.text


def test_what_nobody_foresaw_ends_nothing(config, caplog, monkeypatch):
    """A fault of our own is logged with where it happened, and tried again."""
    monkeypatch.setattr(keeping, "catch_up", None)
    assert kept(config, 2) == [0.0, 60.0, 120.0]
    assert "TypeError, see above" in caplog.text
