"""Starting, stopping and being killed."""

import http.client
import itertools
import signal
import threading
import time

import pytest
from receiving import API_KEY, PATH, event, signature, stored
from serving import free_port, is_gone, until
from shop import Shop

from upswell.store import events
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe.faults import Faults, Tally
from upswell_connectors.fake_stripe.server import serving

HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n"


def request(body):
    """Return the bytes of a signed webhook."""
    head = f"{HEAD}Stripe-Signature: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def are_applied(served):
    """Say whether the ledger holds events, all of them applied."""
    return set(stored(served.ledger).values()) == {"applied"}


def earned(served):
    """Return the sum of all movements, minor units a month."""
    with Ledger(served.ledger) as ledger:
        return ledger.connection.execute("SELECT sum(amount) FROM movements").fetchone()[0]


def send_until_refused(served, name, answered):
    """Send one event after another and note those answered with 200, until the server is gone."""
    for number in itertools.count():
        try:
            if served.post(event(f"{name}_{number}")) == 200:
                answered.add(f"{name}_{number}")
        except (OSError, http.client.HTTPException):
            return


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"STRIPE_WEBHOOK_SECRET": ""}, "There is no webhook secret in the environment variable STRIPE_WEBHOOK_SECRET"),
        ({"more": 'host = "192.0.2.1"'}, "Cannot listen on 192.0.2.1:"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(launch, settings, sentence):
    """Without a webhook secret, or with a host that is none of this machine's, it exits 1 with the remedy."""
    code, (said,) = launch(**settings).end()
    assert code == 1
    assert said.startswith(sentence)


def test_a_ledger_that_cannot_be_opened_is_said_in_a_sentence(launch, tmp_path):
    """A ledger path that is a folder exits 1 with one sentence that names it."""
    (tmp_path / "upswell.db").mkdir()
    code, (said,) = launch().end()
    assert code == 1
    assert f"{tmp_path}/upswell.db cannot be opened" in said


def test_without_webhooks_it_applies_and_listens_nowhere(launch, tmp_path):
    """With webhooks = false no secret is needed and no port is opened, but what others accept is applied."""
    served = launch(more="[stripe]\nwebhooks = false\n", STRIPE_WEBHOOK_SECRET="").ready()
    assert "Receiving no webhooks" in served.said()
    with Ledger(tmp_path / "upswell.db") as ledger:
        events.accept(ledger, [events.envelope(event("evt_1"))])
    until(lambda: are_applied(served))
    with pytest.raises(ConnectionRefusedError):
        served.begin(b"")
    assert served.in_time(served.stop())
    assert served.process.returncode == 0


def test_what_no_webhook_delivered_arrives_all_the_same(launch, tmp_path):
    """Beside webhooks and without them, serve asks Stripe at its start for the events it missed, and applies them."""
    shop = Shop()
    shop.subscribe(3)
    with serving(shop.account) as url:
        stripe = f'[stripe]\napi_base = "{url}"\n'
        beside = launch(tmp_path / "beside", more=stripe, STRIPE_API_KEY=API_KEY).ready()
        alone = launch(
            tmp_path / "alone",
            more=f"{stripe}webhooks = false\n",
            STRIPE_API_KEY=API_KEY,
            STRIPE_WEBHOOK_SECRET="",
        ).ready()
        for served in (beside, alone):
            until(lambda served=served: earned(served) == 3000)
    assert "Every 15 minutes, Stripe is asked" in beside.said()
    assert "Every 10 minutes, Stripe is asked" in alone.said()
    assert API_KEY not in beside.said() + alone.said()


def test_a_stop_does_not_wait_for_stripe(launch):
    """SIGTERM ends it within 10 s while Stripe is slow to answer."""
    tally = Tally()
    with serving(Shop().account, faults=Faults(latency=20), tally=tally) as url:
        served = launch(more=f'[stripe]\napi_base = "{url}"\n', STRIPE_API_KEY=API_KEY).ready()
        until(lambda: tally.total)
        assert served.in_time(served.stop())
    assert served.process.returncode == 0
    assert "Traceback" not in served.said()


def test_a_stop_answers_what_was_begun(launch):
    """After SIGTERM no new connection is taken, but a request that waits for the ledger is stored and answered."""
    served = launch().ready()
    with Ledger(served.ledger) as other, other.write():
        head, _, body = request(event("evt_1")).partition(b"\r\n\r\n")
        waiting = served.begin(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert waiting.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        waiting.sendall(body)
        assert [served.ask("GET", "/")[0] for _ in range(3)] == [404] * 3  # by now it has read what came before
        served.process.send_signal(signal.SIGTERM)
        until(served.refuses)
    with waiting:
        assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")
    assert served.process.wait(30) == 0
    assert list(stored(served.ledger)) == ["evt_1"]


@pytest.mark.parametrize(
    ("number", "begun", "code"),
    [(signal.SIGTERM, f"{HEAD}Content-Length: 9\r\n\r\n{{", 0), (signal.SIGINT, HEAD, 130), (signal.SIGHUP, "", 0)],
)
def test_a_stop_is_quick_and_clean(launch, number, begun, code):
    """A signal, or a terminal that closes, ends both processes within 10 s, whatever is half sent; Ctrl-C with 130."""
    served = launch().ready()
    (worker,) = served.workers()
    with served.begin(begun.encode()):
        assert served.in_time(served.stop(number))
    assert served.process.returncode == code
    assert is_gone(worker)
    assert "Traceback" not in served.said()


def test_killed_under_load_nothing_answered_is_lost(launch):
    """However often the server is killed, what it answered with 2xx is in the ledger; the next start applies it."""
    answered = set()
    port = free_port()
    for round_ in range(3):
        served = launch(port=port).ready()
        (worker,) = served.workers()
        names = [f"evt_{round_}_{client}" for client in range(4)]
        clients = [threading.Thread(target=send_until_refused, args=(served, name, answered)) for name in names]
        for client in clients:
            client.start()
        until(lambda many=8 * (round_ + 1): len(answered) >= many)
        time.sleep(0.2 * round_)
        served.kill()
        for client in clients:
            client.join()
        until(lambda gone=worker: is_gone(gone))
    assert len(answered) > 20
    assert answered <= stored(served.ledger).keys()
    served = launch(port=port).ready()
    until(lambda: are_applied(served))
