"""Comparing with Stripe at night, while serve runs, and after a time that no event tells of."""

import logging
import time
from dataclasses import replace

import pytest
from receiving import API_KEY, configured
from shop import DAY, Shop

from keeping.conftest import Stopping
from upswell.fetching.catchup import standing
from upswell.posting.reports import period_summary
from upswell.report.summary import as_json
from upswell.serving import keeping
from upswell.store.backlog import BACKFILL
from upswell.store.ledger import Ledger, note_job
from upswell.store.verdicts import Verdict, note_verdict, verdict
from upswell_connectors.client import Client
from upswell_connectors.fake_stripe.faults import Faults, Tally
from upswell_connectors.fake_stripe.server import serving

LIST = "GET /v1/subscriptions"


@pytest.fixture
def tally():
    """What is asked of the account."""
    return Tally()


@pytest.fixture
def shop(tally):
    """An account with one subscription that no event tells of."""
    shop = Shop()
    shop.account.recording = False
    shop.subscribe(3)
    shop.account.recording = True
    with serving(shop.account, tally=tally) as shop.url:
        yield shop


@pytest.fixture
def config(shop, tmp_path):
    """The configuration of a ledger of that account; its night ends at four in Tokyo."""
    text = f'[stripe]\napi_base = "{shop.url}"\n[report]\ntimezone = "Asia/Tokyo"\n'
    found = configured(tmp_path, text, STRIPE_API_KEY=API_KEY)
    Ledger(found.ledger.path, create=True).close()
    return found


def kept(config, *, begun=0):
    """Keep the ledger complete for one turn, in a process that began at ``begun``."""
    keeping.keep_complete(config, Client(config.stripe), Stopping(1))


def compared(config, at):
    """Let the last comparison have been ``at``."""
    with Ledger(config.ledger.path) as ledger:
        note_verdict(ledger, Verdict(at, 1, 0))


def earned(config):
    """Return the MRR of all customers together, minor units a month."""
    with Ledger(config.ledger.path) as ledger:
        return ledger.connection.execute("SELECT coalesce(sum(mrr), 0) FROM mrr_by_customer").fetchone()[0]


def test_a_night_brings_a_comparison(config, tally):
    """After four in the morning, today's subscriptions are compared, once; nothing is healed by itself."""
    compared(config, int(time.time()) - DAY - 3600)
    kept(config)
    assert tally.requests[LIST] == 2
    with Ledger(config.ledger.path) as ledger:
        assert verdict(ledger).differences == 1
        assert as_json(period_summary(ledger, config, None))["health"]["differences"] == 1
    assert earned(config) == 0
    kept(config)
    assert tally.requests[LIST] == 2


def test_a_new_ledger_waits_for_its_first_night(config, tally):
    """At the first start nothing is compared, and the summary says null."""
    kept(config)
    assert tally.requests[LIST] == 0
    with Ledger(config.ledger.path) as ledger:
        assert as_json(period_summary(ledger, config, None))["health"]["differences"] is None


def test_while_a_backfill_is_under_way_nothing_is_compared(config, tally):
    """What is being read would all be differences."""
    compared(config, int(time.time()) - 2 * DAY)
    with Ledger(config.ledger.path) as ledger, ledger.write() as connection:
        note_job(connection, BACKFILL, {"begun": 1})
    kept(config)
    assert tally.requests[LIST] == 0


def test_what_a_time_without_events_hid_is_closed(config, caplog):
    """Down for longer than 30 days: the log says it, today's subscriptions close the difference, and all is well."""
    through = int(time.time()) - 40 * DAY
    with Ledger(config.ledger.path) as ledger, ledger.write() as connection:
        note_job(connection, "catch_up", {"through": through})
    kept(config)
    assert "that no webhook delivered are lost, for Stripe keeps them 30 days only" in caplog.text
    assert earned(config) == 3000
    with Ledger(config.ledger.path) as ledger:
        (source,) = ledger.connection.execute("SELECT DISTINCT source FROM movements").fetchone()
        assert source == "reconstructed"
        assert standing(ledger).gap is None
        assert verdict(ledger).differences == 0


def test_a_comparison_that_fails_is_noted_and_waits_for_the_next_night(shop, config, caplog, monkeypatch):
    """One line in the log, its reason for doctor, and no second attempt before the next night; catching up goes on."""
    monkeypatch.setattr("upswell_connectors.client._FIRST_WAIT_SECONDS", 0.0)
    compared(config, int(time.time()) - 2 * DAY)
    allowed = {"rak_account_read", "rak_event_read"}
    with serving(shop.account, keys={API_KEY: frozenset(allowed)}) as url:
        stripe = replace(config.stripe, api_base=url)
        stopping = Stopping(2)
        keeping.keep_complete(replace(config, stripe=stripe), Client(stripe), stopping)
    assert stopping.waits == [0.0, 900.0, 900.0]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(said) == 1
    assert said[0].startswith("Today's subscriptions could not be compared: /v1/subscriptions cannot be read")
    with Ledger(config.ledger.path) as ledger:
        assert "give the restricted key read access to Subscriptions" in str(verdict(ledger).trouble)
        assert verdict(ledger).differences == 0


def test_what_nobody_foresaw_does_not_end_the_thread(config, caplog, monkeypatch):
    """A fault of our own in comparing is logged, and noted."""
    compared(config, int(time.time()) - 2 * DAY)
    monkeypatch.setattr(keeping, "reconcile", None)
    kept(config)
    assert "Comparing met what it does not know" in caplog.text
    with Ledger(config.ledger.path) as ledger:
        assert verdict(ledger).trouble == "TypeError"


def test_a_stop_in_between_is_no_verdict(shop, config):
    """Where serve ends while it compares, nothing is noted."""
    compared(config, int(time.time()) - 2 * DAY)
    stopping = Stopping(1)
    with serving(shop.account, faults=Faults(meanwhile={6: lambda _account: stopping.set()})) as url:
        stripe = replace(config.stripe, api_base=url)
        keeping.keep_complete(replace(config, stripe=stripe), Client(stripe), stopping)
    with Ledger(config.ledger.path) as ledger:
        assert verdict(ledger) == Verdict(verdict(ledger).at, 1, 0)
        assert time.time() - verdict(ledger).at > DAY
