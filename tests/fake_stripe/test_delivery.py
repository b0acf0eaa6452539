"""Delivery: signed as Stripe signs, over kept connections, late, twice, and tried again."""

import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from stripe import WebhookSignature

from upswell.errors import DeliveryError
from upswell_connectors.fake_stripe import delivery
from upswell_connectors.fake_stripe.ids import Chance, Ids
from upswell_connectors.fake_stripe.server import serving

SECRET = "whsec_test"


class Endpoint:
    """A receiver that keeps what it gets, and answers ``statuses`` first and 200 from then on."""

    def __init__(self, statuses=()):
        self.statuses = list(statuses)
        self.received = []
        self.connections = set()
        self.lock = threading.Lock()

    def take(self, handler):
        """Answer one request; a status of 0 breaks the connection instead."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self.lock:
            self.connections.add(handler.client_address)
            self.received.append((body, handler.headers["Stripe-Signature"]))
            status = self.statuses.pop(0) if self.statuses else 200
        if not status:
            handler.close_connection = True
            return
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def listening(endpoint):
    """Serve an endpoint on a free port, and give its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            endpoint.take(self)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.02))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
        server.shutdown()
        thread.join()


def test_every_delivery_is_signed_as_stripe_signs():
    """Each body arrives once, over no more connections than asked for, with a signature that Stripe's library takes."""
    endpoint, sent, counted = Endpoint(), [f'{{"n": "{n} €"}}'.encode() for n in range(40)], []
    with listening(endpoint) as url:
        delivery.deliver(sent, url, SECRET, connections=3, delivered=lambda: counted.append(1))
    assert Counter(body for body, _ in endpoint.received) == Counter(sent)
    assert all(WebhookSignature.verify_header(body, signed, SECRET, 300) for body, signed in endpoint.received)
    assert len(endpoint.connections) <= 3
    assert len(counted) == 40


def test_a_busy_receiver_is_tried_again(monkeypatch):
    """What is answered with 503, or whose connection breaks, is posted again until it is taken."""
    monkeypatch.setattr(delivery, "_FIRST_WAIT_SECONDS", 0.001)
    endpoint = Endpoint([503, 0, 500])
    with listening(endpoint) as url:
        delivery.deliver([b"{}"], url, SECRET, connections=1)
    assert len(endpoint.received) == 4


def test_a_refusal_is_final():
    """What is answered with 4xx is an error that names the URL and the status, and nothing of the secret."""
    with listening(Endpoint([400])) as url:
        with pytest.raises(DeliveryError, match="400") as error:
            delivery.deliver([b"{}"] * 3, url, SECRET, connections=1)
        assert url in str(error.value)
    assert SECRET not in str(error.value)


def test_a_receiver_that_is_not_there_is_an_error(monkeypatch):
    """Where nobody listens, delivery gives up with the reason."""
    monkeypatch.setattr(delivery, "_FIRST_WAIT_SECONDS", 0.001)
    with pytest.raises(DeliveryError, match="refused"):
        delivery.deliver([b"{}"], "http://127.0.0.1:9/", SECRET, connections=2)


def test_deliveries_come_late_and_twice():
    """Nothing is lost, some come twice, none much out of place, and the same chance gives the same order."""
    sent = [str(number).encode() for number in range(1000)]
    made = delivery.as_it_happens(sent, Chance("order"), twice=5, within=6)
    assert made == delivery.as_it_happens(sent, Chance("order"), twice=5, within=6)
    assert set(made) == set(sent)
    assert 1020 < len(made) < 1080
    assert made != sorted(made, key=int)
    assert all(abs(place - int(body)) < 80 for place, body in enumerate(made))


def test_single_objects_can_be_looked_up(year):
    """The API answers for an object by id, expands tiers and products when asked, and knows no others."""
    tiered = next(price for price in year.store.prices.values() if price.tiers)
    with serving(year) as base, requests.Session() as session:
        session.headers["Authorization"] = "Bearer sk_test_fake"
        plain = session.get(f"{base}/v1/prices/{tiered.id}").json()
        expanded = session.get(f"{base}/v1/prices/{tiered.id}", params={"expand[]": "tiers"}).json()
        coupon = session.get(f"{base}/v1/coupons/GUILD20").json()
        missing = session.get(f"{base}/v1/prices/price_none")
        elsewhere = session.get(f"{base}/v1/nothing")
    assert "tiers" not in plain
    assert [tier["up_to"] for tier in expanded["tiers"]] == [tier.up_to for tier in tiered.tiers]
    assert (coupon["object"], coupon["percent_off"]) == ("coupon", 20)
    assert missing.status_code == elsewhere.status_code == 404
    assert missing.json()["error"]["code"] == "resource_missing"


def test_ids_look_like_stripes_and_repeat_in_every_run():
    """Ids have Stripe's prefixes and lengths, differ, and depend on the seed alone."""
    ids, again, other = Ids("seed"), Ids("seed"), Ids("other")
    made = [ids.make(prefix) for prefix in ("cus", "sub", "evt", "evt")]
    assert made == [again.make(prefix) for prefix in ("cus", "sub", "evt", "evt")]
    assert len(set(made)) == 4
    assert [len(one) for one in made] == [18, 28, 28, 28]
    assert other.make("cus") != made[0]
    assert len(ids.uuid()) == 36
