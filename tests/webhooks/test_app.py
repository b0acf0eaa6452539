"""The application: what each request is answered, and what is written down about it."""

import logging
import re
import resource
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import time_machine
from receiving import OTHER_SECRET, PATH, SECRET, TOKEN, configured, event, signature, stored

from upswell.store.ledger import Ledger
from upswell_webhooks import health
from upswell_webhooks.app import close, create_app


@pytest.fixture
def post(client):
    """Post a body, signed correctly unless a header is given."""

    def post(body, header=None):
        header = signature(body) if header is None else header
        return client.post(PATH, data=body, headers={"Stripe-Signature": header})

    return post


@pytest.fixture
def lines(caplog):
    """The canonical lines of the requests so far."""
    caplog.set_level(logging.INFO, "upswell.requests")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "upswell.requests"]


@contextmanager
def full_disk():
    """Let no file grow: what is written fails as on a full disk, for root too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_signed_event_is_stored_and_answered(post, config):
    """A signed event is answered with 200 once it is in the ledger."""
    answer = post(event("evt_1"))
    assert (answer.status_code, answer.json) == (200, {"received": True})
    assert stored(config.ledger.path) == {"evt_1": "received"}


def test_every_configured_secret_is_tried(post, config):
    """With several secrets configured, each of them signs."""
    assert post(event("evt_1"), signature(event("evt_1"), OTHER_SECRET)).status_code == 200
    assert stored(config.ledger.path) == {"evt_1": "received"}


def test_a_duplicate_is_answered_like_the_first(post, config):
    """Stripe may send an event many times: each is answered with 2xx, and it is stored once."""
    answers = [post(event("evt_1")) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert stored(config.ledger.path) == {"evt_1": "received"}


def test_an_event_of_an_unknown_type_is_stored(post, config):
    """A type that nobody knows yet is kept and answered with 2xx."""
    assert post(event("evt_1", "moon.landed")).status_code == 200
    assert stored(config.ledger.path) == {"evt_1": "received"}


def test_an_event_of_the_wrong_mode_is_stored_as_ignored(post, config):
    """An event that does not belong to the ledger is kept with its reason, and Stripe need not send it again."""
    assert [post(event("evt_1")).status_code, post(event("evt_2", livemode=True)).status_code] == [200, 200]
    assert stored(config.ledger.path) == {"evt_1": "received", "evt_2": "ignored"}


@pytest.mark.parametrize(
    "header",
    ["", "nonsense", f"t={int(time.time())},v1=é", signature(event(), "whsec_wrong"), signature(event(), at=1_000)],
)
def test_a_bad_signature_is_refused_and_nothing_is_stored(post, config, header):
    """Who did not sign is answered with 400, and the ledger stays as it was."""
    assert post(event(), header).status_code == 400
    assert stored(config.ledger.path) == {}


def test_a_future_timestamp_is_refused(post):
    """A signature that is more than 300 s ahead of the clock is refused, though it fits."""
    assert post(event(), signature(event(), at=int(time.time()) + 330)).status_code == 400


def test_a_missing_signature_is_refused(client):
    """A request without the header is answered with 400."""
    assert client.post(PATH, data=event()).status_code == 400


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b'{"id": "evt_1"}'])
def test_a_signed_body_that_is_no_event_is_refused_plainly(post, body):
    """What is signed but no event is answered with 400 and one plain sentence."""
    answer = post(body)
    assert (answer.status_code, answer.json) == (400, {"error": "The body is signed, but it is no Stripe event."})


def test_a_body_over_a_megabyte_is_refused(post, config):
    """A body of a million bytes passes, one more does not, signed or not."""
    padding = 1_000_000 - len(event("evt_1", note=""))
    assert post(event("evt_1", note="x" * padding)).status_code == 200
    assert post(event("evt_2", note="x" * (padding + 1))).status_code == 413
    assert stored(config.ledger.path) == {"evt_1": "received"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("OPTIONS", PATH, 405),
        ("POST", "/healthz", 405),
        ("POST", f"{PATH}/", 404),
        ("GET", "/", 404),
        ("GET", "/static/x", 404),
    ],
)
def test_other_methods_and_paths_are_refused_in_a_word(client, method, path, status):
    """A wrong method is 405, another path 404, each with a short JSON error."""
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert list(answer.json) == ["error"]


def test_a_locked_ledger_makes_stripe_send_again(post, config):
    """While another process holds the write lock longer than the deadline, the answer is 503, and 200 afterwards."""
    with Ledger(config.ledger.path) as other, other.write():
        refused = post(event())
    assert refused.status_code == 503
    assert str(config.ledger.path) not in refused.text
    assert post(event()).status_code == 200


def test_a_ledger_that_cannot_be_written_makes_stripe_send_again(post, client, config):
    """On a full disk the answer is 503 and the health says so; with room again, the same receiver accepts."""
    with full_disk():
        assert post(event()).status_code == 503
        assert client.get("/healthz").status_code == 503
    assert stored(config.ledger.path) == {}
    assert post(event()).status_code == 200


def test_a_missing_ledger_makes_stripe_send_again(tmp_path):
    """The application creates no ledger: without one nothing is accepted, and the health says so."""
    app = create_app(configured(tmp_path))
    client = app.test_client()
    assert client.post(PATH, data=event(), headers={"Stripe-Signature": signature(event())}).status_code == 503
    assert client.get("/healthz").status_code == 503
    close(app)


def test_in_public_the_health_is_one_word(client, post):
    """Without the token, or with a wrong one, the answer is ok and nothing more."""
    post(event())
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}, {"Authorization": TOKEN}):
        answer = client.get("/healthz", headers=header)
        assert (answer.status_code, answer.data) == (200, b'{"status":"ok"}')


def test_without_a_configured_token_nobody_sees_details(tmp_path):
    """An empty token matches no header."""
    config = configured(tmp_path, UPSWELL_TOKEN="")
    Ledger(config.ledger.path, create=True).close()
    for header in ("Bearer", "Bearer ", "Bearer None"):
        answer = create_app(config).test_client().get("/healthz", headers={"Authorization": header})
        assert answer.data == b'{"status":"ok"}'


def test_with_the_token_the_health_has_figures(client, post):
    """Who holds the token learns the age of the last event, what is pending and failed, and the next run."""
    post(event())
    health = client.get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"}).json
    assert 0 <= health.pop("last_event_age_seconds") <= 60
    assert health.pop("next_run").endswith("Z")
    assert health == {"status": "ok", "pending": 1, "failed": 0}


@pytest.mark.parametrize(("monthly", "run"), [(True, "2026-12-01T09:00:00Z"), (False, "2026-12-04T09:00:00Z")])
def test_the_next_run_is_that_of_whichever_report_comes_first(tmp_path, monthly, run):
    """A week's or, where months are posted, a month's."""
    config = configured(tmp_path, f'[report]\nday = "friday"\nmonthly = {str(monthly).lower()}\n')
    Ledger(config.ledger.path, create=True).close()
    app = create_app(config)
    with time_machine.travel("2026-11-28T12:00Z", tick=False):
        told = app.test_client().get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"}).json
    close(app)
    assert told["next_run"] == run


def test_the_health_is_checked_at_most_once_a_second(client, config, monkeypatch):
    """Anybody may ask as often as they like: the ledger is written once a second at most."""
    clock = SimpleNamespace(monotonic=lambda: clock.now, time=time.time, now=100.0)
    monkeypatch.setattr(health, "time", clock)
    client.get("/healthz")
    config.ledger.path.rename(config.ledger.path.with_name("moved"))
    clock.now += 0.9
    assert client.get("/healthz").status_code == 200
    clock.now += 0.2
    assert client.get("/healthz").status_code == 503


def test_each_request_is_one_line(client, post, lines):
    """The line says what was asked and answered, and of a verified event its id, type and outcome."""
    post(event("evt_1"))
    post(event("evt_1"))
    post(event("evt_2", livemode=True))
    post(b"{}")
    post(event(), "t=1,v1=x")
    client.get("/healthz")
    client.get("/a%20b%0Ac?secret=1")
    told = [re.sub(r" ms=[0-9]+\.[0-9]\b", "", line) for line in lines()]
    accepted = f"method=POST path={PATH} status=200 event=evt_1 type=customer.created"
    assert told == [
        f"{accepted} outcome=accepted",
        f"{accepted} outcome=duplicate",
        f"method=POST path={PATH} status=200 event=evt_2 type=customer.created outcome=ignored",
        f"method=POST path={PATH} status=400 outcome=refused reason=shape",
        f"method=POST path={PATH} status=400 outcome=refused reason=signature",
        "method=GET path=/healthz status=200",
        'method=GET path="/a b\\nc" status=404',
    ]


def test_no_secret_body_or_signature_is_written_down(post, client, caplog):
    """Neither what is secret nor what was sent is in the log or an answer, whatever the answer is."""
    caplog.set_level(logging.DEBUG)
    header = signature(event("evt_1", note="confidential"))
    answers = [
        post(event("evt_1", note="confidential")),
        post(event("evt_1", note="confidential"), f"{header}0"),
        post(b'{"note": "confidential"}'),
        client.get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"}),
    ]
    said = caplog.text + "".join(answer.text for answer in answers)
    for secret in (SECRET, OTHER_SECRET, TOKEN, "confidential", header.rpartition("v1=")[2]):
        assert secret not in said


def test_a_fault_is_answered_without_its_details(app, lines, monkeypatch):
    """A fault nobody thought of is 500 with a short error, and still one line."""
    monkeypatch.setitem(app.view_functions, "health", lambda: {}["internals"])
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (500, {"error": "Internal Server Error"})
    assert "status=500" in lines()[-1]
