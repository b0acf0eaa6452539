"""One polite GET: how fast, how patient, and what it says when it gives up."""

import threading
import time
from collections import Counter
from email.utils import formatdate

import pytest
import requests
import responses

from upswell.configuration.settings import Secret, StripeSettings
from upswell.errors import Refused, Unreachable
from upswell_connectors.client import ENDPOINT_RATE, Client, endpoint_of
from upswell_connectors.limiter import Limiter

URL = "https://api.stripe.com/v1/things"
KEY = "sk_test_secret_of_the_test"


@pytest.fixture
def answers():
    """What Stripe answers; nothing else is asked."""
    with responses.RequestsMock() as mock:
        yield mock


def client(attempts=6, rate=100):
    """Return a client that tries so many times."""
    return Client(StripeSettings(Secret(KEY), (), None, rate, webhooks=True), attempts=attempts)


def test_a_limiter_spaces_requests_evenly(clock):
    """Ten a second begin a tenth of a second apart, and what was not used is not made up for."""
    limiter = Limiter(10)
    begun = clock.now
    for _ in range(11):
        limiter.wait()
    assert clock.now - begun == pytest.approx(1.0)
    clock.now += 60
    limiter.wait()
    limiter.wait()
    assert clock.now - begun == pytest.approx(61.1)


def test_a_limiter_rests(clock):
    """Nothing begins while it rests; a shorter rest does not end a longer one."""
    limiter = Limiter(10)
    limiter.rest(5)
    limiter.rest(1)
    begun = clock.now
    limiter.wait()
    assert clock.now - begun == pytest.approx(5.0)


def test_threads_share_a_limit():
    """However many threads wait, they begin at the rate of one, all in all."""
    limiter, moments = Limiter(200), []

    def ask():
        for _ in range(5):
            limiter.wait()
            moments.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(moments) - min(moments) >= 39 / 200 - 0.001


def test_each_endpoint_has_a_limit_of_its_own(answers, clock):
    """Stripe counts by endpoint, and so does the client; the overall limit holds over all of them."""
    for name in ("a", "b"):
        answers.get(f"https://api.stripe.com/v1/{name}", json={})
    api, begun = client(), clock.now
    for _ in range(10):
        api.get("/v1/a")
        api.get("/v1/b")
    assert clock.now - begun == pytest.approx(9 / ENDPOINT_RATE, abs=0.02)
    assert api.requests == Counter({"/v1/a": 10, "/v1/b": 10})
    slow, begun = client(rate=5), clock.now
    for _ in range(5):
        slow.get("/v1/a")
        slow.get("/v1/b")
    assert clock.now - begun == pytest.approx(9 / 5, abs=0.05)


ENDPOINTS = [("/v1/invoices", "/v1/invoices"), ("/v1/invoices/in_1/lines", "/v1/invoices/{id}/lines")]
ENDPOINTS += [("/v1/billing/meters/mtr_1/event_summaries", "/v1/billing/meters/{id}/event_summaries")]
ENDPOINTS += [
    ("/v1/billing/meters", "/v1/billing/meters"),
    ("/v1/prices/price_1", "/v1/prices/{id}"),
    ("/v1/account", "/v1/account"),
]


@pytest.mark.parametrize(("path", "endpoint"), ENDPOINTS)
def test_ids_are_no_endpoints(path, endpoint):
    """What differs by the id of an object only is one endpoint."""
    assert endpoint_of(path) == endpoint


ADVICE = [(500, "false", 1), (503, "true", 6), (402, "true", 6), (400, "true", 6), (429, "false", 6), (404, None, 1)]


@pytest.mark.parametrize(("status", "advice", "tries"), ADVICE)
def test_stripe_says_what_to_try_again(answers, clock, status, advice, tries):
    """Stripe-Should-Retry decides where it is there; too many requests are always tried again."""
    answers.get(URL, status=status, json={}, headers={"Stripe-Should-Retry": advice} if advice else {})
    answers.get("https://api.stripe.com/v1/account", json={})
    api = client()
    api.get("/v1/account")
    with pytest.raises((Refused, Unreachable)):
        api.get("/v1/things")
    assert api.requests["/v1/things"] == tries


def test_pauses_grow_up_to_a_bound(answers, clock):
    """Each pause is about twice the last one, eight seconds at most, and a bounded number of tries ends it."""
    answers.get(URL, status=500)
    with pytest.raises(Unreachable, match="/v1/things cannot be read from Stripe: Stripe answered with status 500"):
        client(attempts=9).get("/v1/things")
    pauses = [pause for pause in clock.pauses if pause > 0.2]
    assert len(pauses) == 8
    for number, pause in enumerate(pauses):
        assert min(0.5 * 2**number, 8) / 2 <= pause <= min(0.5 * 2**number, 8)


def test_a_wish_to_wait_is_for_everybody(answers, clock):
    """Where Stripe says when to come back, nobody asks that endpoint before, in whatever thread."""
    answers.get(URL, status=429, headers={"Retry-After": "6"})
    answers.get(URL, json={"id": "x"})
    api = client()
    begun = clock.now
    assert api.get("/v1/things") == {"id": "x"}
    assert clock.now - begun >= 6
    assert api._limiter("/v1/things")._next >= begun + 6


@pytest.mark.parametrize("body", ["<html>", "", '{"data": [{"id"'], ids=["a page", "nothing", "a part"])
def test_an_answer_that_is_no_json_is_asked_for_again(answers, clock, body):
    """A proxy's page, or half of an answer, is no reason to give up at once, and never shown."""
    answers.get(URL, body=body)
    answers.get(URL, json={"id": "x"})
    assert client().get("/v1/things") == {"id": "x"}


def test_nothing_is_followed_elsewhere(answers, clock):
    """A redirection would carry the key to another place: it is refused."""
    answers.get(URL, status=302, headers={"Location": "https://elsewhere.example.com/"})
    with pytest.raises(Refused, match="status 302"):
        client().get("/v1/things")


def test_where_nobody_ever_answered_a_few_tries_are_enough(answers, clock):
    """Without any answer yet, the connection is what is wrong; after one, a broken connection is waited out."""
    answers.get(URL, body=requests.ConnectionError())
    answers.get("https://api.stripe.com/v1/account", json={})
    api = client(attempts=9)
    with pytest.raises(Unreachable, match="no connection to Stripe"):
        api.get("/v1/things")
    assert api.requests["/v1/things"] == 4
    api.get("/v1/account")
    with pytest.raises(Unreachable):
        api.get("/v1/things")
    assert api.requests["/v1/things"] == 4 + 9


def test_stripes_clock_is_read_from_every_answer(answers, clock):
    """How far Stripe's clock is ahead of ours is known from any answer, a refusal too."""
    date = formatdate(clock.now + 90, usegmt=True)
    answers.get(URL, status=403, json={"error": {"message": "no", "param": "x"}}, headers={"Date": date})
    api = client()
    with pytest.raises(Refused) as caught:
        api.get("/v1/things")
    assert (caught.value.status, caught.value.param) == (403, "x")
    assert api.ahead == pytest.approx(90)
    assert api.now() == pytest.approx(clock.now + 90)


def test_connections_are_kept_and_closed(answers, clock):
    """Threads that come one after the other use one session, two at once each its own; closing closes all of them."""
    answers.get(URL, json={})
    api = client()
    for _ in range(2):
        thread = threading.Thread(target=api.get, args=("/v1/things",))
        thread.start()
        thread.join()
    assert len(api._idle) == 1
    with api._session() as one, api._session() as other:
        assert one is not other
    assert len(api._idle) == 2
    api.close()
    assert api._idle == []
