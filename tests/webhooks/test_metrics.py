"""Figures for Prometheus: guarded, in its text format, and true."""

import io
import json
import logging
import re

import pytest
from receiving import PATH, TOKEN, configured, event, signature

from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.logs import log_to_stderr
from upswell.store.ledger import Ledger
from upswell_webhooks.app import create_app

SAMPLE = re.compile(r'upswell_[a-z_]+(\{[a-z]+="[a-z0-9]+"\})? \d+')


def scraped(client) -> dict[str, int]:
    """Return every sample by its name and label, as somebody with the token sees them."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples)
    return {name: int(value) for name, value in (line.split() for line in samples)}


def send(client, body, header=None):
    """Post a body, signed unless a header is given."""
    return client.post(PATH, data=body, headers={"Stripe-Signature": signature(body) if header is None else header})


def test_only_who_holds_the_token_sees_figures(client, tmp_path):
    """Everybody else is answered with 401 and no figure; without a configured token that is everybody."""
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        answer = client.get("/metrics", headers=header)
        assert (answer.status_code, answer.json) == (401, {"error": "Unauthorized"})
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    app = create_app(configured(tmp_path, UPSWELL_TOKEN=""))
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_each_outcome_is_counted(client, config):
    """What is accepted, repeated, ignored, refused or not stored adds one to its own counter."""
    before = scraped(client)
    send(client, event("evt_1"))
    send(client, event("evt_1"))
    send(client, event("evt_2", livemode=True))
    send(client, b"{}")
    send(client, event("evt_3"), "t=1,v1=x")
    with Ledger(config.ledger.path) as other, other.write():
        send(client, event("evt_4"))
    after = scraped(client)
    changed = {name for name in after if "_total" in name and after[name] != before[name]}
    assert {name: after[name] - before[name] for name in changed} == {
        'upswell_events_total{outcome="accepted"}': 1,
        'upswell_events_total{outcome="duplicate"}': 1,
        'upswell_events_total{outcome="ignored"}': 1,
        'upswell_events_total{outcome="unavailable"}': 1,
        'upswell_refused_total{reason="shape"}': 1,
        'upswell_refused_total{reason="signature"}': 1,
    }


def test_the_ledger_is_counted_by_state(client, config):
    """Received, applied, failed and ignored events, what is pending, and how old the last one is."""
    assert "upswell_last_event_age_seconds" not in scraped(client)
    for body in (
        event("evt_1"),
        event("evt_2", livemode=True),
        event("evt_3", data={"object": {"object": "customer"}}),
    ):
        send(client, body)
    told = scraped(client)
    assert told['upswell_events{state="received"}'] == told["upswell_pending"] == 2
    with Ledger(config.ledger.path) as ledger:
        apply_pending(ledger, Rules())
    told = scraped(client)
    assert 0 <= told.pop("upswell_last_event_age_seconds") < 60
    assert {name: value for name, value in told.items() if "_total" not in name} == {
        'upswell_events{state="applied"}': 1,
        'upswell_events{state="failed"}': 1,
        'upswell_events{state="ignored"}': 1,
        'upswell_events{state="received"}': 0,
        "upswell_pending": 0,
        "upswell_failed": 1,
    }


def test_every_family_says_what_it_is(client):
    """Each metric has a line of help and of type before it."""
    lines = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text.splitlines()
    named = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    assert {line.split()[2] for line in lines if line.startswith("# HELP ")} == named
    assert {line.split()[2] for line in lines if line.startswith("# TYPE ")} == named


def test_without_a_ledger_there_are_no_figures(tmp_path):
    """503, and no word of why."""
    client = create_app(configured(tmp_path)).test_client()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json) == (503, {"status": "error"})


@pytest.fixture
def json_lines():
    """Log as `serve` does with log = "json"; give what was logged so far."""
    root, written = logging.getLogger(), io.StringIO()
    held, root.handlers = root.handlers, []
    log_to_stderr("json")
    (own,) = root.handlers
    own.setStream(written)
    root.handlers = [*held, own]
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(own)


def test_a_request_is_a_json_object_with_its_facts(client, json_lines):
    """Method, path, status, milliseconds as a number, and of an event its id, type and outcome."""
    send(client, event("evt_1"))
    (told,) = [line for line in json_lines() if line["logger"] == "upswell.requests"]
    assert told["ms"] >= 0
    assert told["message"].startswith(f"method=POST path={PATH} status=200 ms=")
    assert {key: told[key] for key in ("level", "method", "path", "status", "event", "type", "outcome")} == {
        "level": "info",
        "method": "POST",
        "path": PATH,
        "status": 200,
        "event": "evt_1",
        "type": "customer.created",
        "outcome": "accepted",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", told["time"])


def test_a_traceback_is_in_its_line(json_lines):
    """What fails unexpectedly is one object too, with the traceback in it."""
    try:
        int("line one\nline two")
    except ValueError:
        logging.getLogger("upswell.test").exception("It failed")
    (told,) = json_lines()
    assert (told["level"], told["message"]) == ("error", "It failed")
    assert told["traceback"].startswith("Traceback (most recent call last):\n")
    assert "ValueError: " in told["traceback"]
