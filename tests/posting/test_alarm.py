"""Telling the channels when somebody must look, once an incident."""

import logging
import threading
import time
from dataclasses import replace

import desks
import pytest
from shop import Shop

from upswell.configuration.settings import Secret
from upswell.posting.alarm import pulse, raise_alarm
from upswell.serving import schedule
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.fake_stripe.values import Endpoint

NOW = 1_800_000_000
HOUR, DAY = 3600, 86_400


@pytest.fixture
def busy(tmp_path):
    """Give a ledger that got an event every six hours for thirty days, until now."""
    with Ledger(tmp_path / "upswell.db", create=True) as ledger:
        come(ledger, *(NOW - number * 6 * HOUR for number in range(121)))
        yield ledger


def come(ledger, *moments, state="applied"):
    """Let an event come at each of ``moments``."""
    with ledger.write() as connection:
        connection.executemany(
            "INSERT INTO events(id, type, created, livemode, body, state, received_at, reason)"
            " VALUES (?, 'x', 1, 0, x'', ?, ?, 'why')",
            [(f"evt_{state}_{moment}", state, moment) for moment in moments],
        )


def test_the_pulse_is_read_from_the_ledger(busy):
    """The first and the last event, the longest pause of the last four weeks, and what failed."""
    come(busy, NOW - 40 * DAY, state="failed")
    found = pulse(busy, desks.config(busy.path), NOW)
    assert (found.first_event_at, found.last_event_at) == (NOW - 40 * DAY, NOW)
    assert (found.longest_pause, found.failed, found.disabled) == (6 * HOUR, 1, None)


def test_an_empty_ledger_has_no_pulse(tmp_path):
    """And nothing is wrong with that."""
    with Ledger(tmp_path / "upswell.db", create=True) as ledger:
        assert raise_alarm(ledger, desks.config(ledger.path), NOW) == ()


def test_each_channel_is_told_once_an_incident(busy, slack, mail):
    """Silence is told once to Slack and by email, however long it lasts; after events, a new one is told again."""
    config = desks.config(busy.path, slack=slack.settings, email=mail.settings())
    assert raise_alarm(busy, config, NOW + 11 * HOUR) == ()
    for hours in (13, 14, 15):
        (alert,) = raise_alarm(busy, config, NOW + hours * HOUR)
    assert [message["text"].removeprefix(":rotating_light: ") for message in slack.messages] == [
        alert.sentence.replace("15 hours", "13 hours")
    ]
    assert len(mail.mails) == 1
    assert b"Subject: Upswell: somebody must look" in mail.mails[0].content
    come(busy, NOW + 16 * HOUR)
    assert raise_alarm(busy, config, NOW + 17 * HOUR) == ()
    assert raise_alarm(busy, config, NOW + 60 * HOUR)
    assert (len(slack.messages), len(mail.mails)) == (2, 2)


def test_a_channel_that_refuses_is_told_later(busy, slack, mail, caplog):
    """The other one is not told again; the log says what went wrong, and no address that is secret."""
    config = desks.config(busy.path, slack=slack.settings, email=mail.settings())
    fine = list(slack.answers)
    slack.answers = [(500, "internal_error", {})]
    raise_alarm(busy, config, NOW + 13 * HOUR)
    assert "slack could not be alerted, and is again later" in caplog.text
    assert slack.settings.webhook_url.reveal() not in caplog.text
    slack.answers = fine
    raise_alarm(busy, config, NOW + 14 * HOUR)
    assert (len(slack.messages), len(mail.mails)) == (1, 1)


def test_failures_are_told_as_they_grow(busy, slack):
    """At the first, not at the second, at the tenth in one message, and not when they become fewer."""
    config = desks.config(busy.path, slack=slack.settings)
    for many, told in ((1, 1), (2, 1), (12, 2), (3, 2)):
        with busy.write() as connection:
            connection.execute("DELETE FROM events WHERE state = 'failed'")
        come(busy, *range(NOW - 60, NOW - 60 + many), state="failed")
        raise_alarm(busy, config, NOW)
        assert len(slack.messages) == told
    assert slack.messages[1]["text"].count("could not be applied") == 1


def test_a_disabled_endpoint_is_told(busy, slack):
    """Stripe is asked where there is a key; another address is somebody else's. Without an answer nothing is over."""
    shop = Shop()
    for host in ("upswell", "other"):
        url = f"https://{host}.example.com/webhooks/stripe"
        given = {"enabled_events": ("invoice.paid",), "created": NOW, "secret": "whsec_1", "enabled": False}
        made = Endpoint(id=f"we_{host}", url=url, **given)
        shop.account.store.endpoints[made.id] = made
    with serving(shop.account) as url:
        held = desks.config(busy.path, slack=slack.settings)
        config = replace(
            held,
            stripe=replace(held.stripe, api_key=Secret("sk_test_hidden"), api_base=url, webhooks=True),
            server=replace(held.server, public_url="https://upswell.example.com"),
        )
        assert [alert.incident for alert in raise_alarm(busy, config, NOW)] == ["disabled we_upswell"]
        nobody = replace(config, stripe=replace(config.stripe, api_base="http://127.0.0.1:9"))
        assert raise_alarm(busy, nobody, NOW) == ()
        assert len(raise_alarm(busy, config, NOW)) == 1
    assert len(slack.messages) == 1


def jobs(config):
    """Return after how many minutes each job of `serve` runs first; those without a name of their own left out."""
    every = schedule._jobs(config, threading.Event())
    return {job.__name__: wait for job, _, wait in every if hasattr(job, "__name__")}


def test_serve_watches_where_there_is_somebody_to_tell(busy, slack, caplog):
    """Once an hour, first after an hour; not without channels, nor where it is switched off."""
    config = desks.config(busy.path, slack=slack.settings)
    assert jobs(config)["_watch"] == 60
    for other in (desks.config(busy.path), replace(config, report=replace(config.report, alerts=False))):
        assert "_watch" not in jobs(other)
    with busy.write() as connection:
        connection.execute("UPDATE events SET received_at = received_at - ?", (NOW - int(time.time()) + 3 * DAY,))
    with caplog.at_level(logging.WARNING):
        schedule._watch(config)
    assert len(slack.messages) == 1
    assert "slack is alerted: No event has come from Stripe for 3 days" in caplog.text
    schedule._watch(desks.config(busy.path.with_name("missing.db"), slack=slack.settings))
    assert "There is no ledger at" in caplog.text
