"""What can be made to go wrong."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from socket import create_connection
from threading import Barrier
from urllib.parse import urlsplit

import pytest
import requests

from fake_stripe import schemas
from upswell_connectors.fake_stripe import customers, faults
from upswell_connectors.fake_stripe.api import Api, Asked
from upswell_connectors.fake_stripe.catalogue import add_price, add_product
from upswell_connectors.fake_stripe.customers import add_customer, note
from upswell_connectors.fake_stripe.faults import Dropped, Faults, Gate, Tally
from upswell_connectors.fake_stripe.refusals import Refused
from upswell_connectors.fake_stripe.server import TALLY, serving
from upswell_connectors.fake_stripe.subscriptions import Wanted, subscribe

KEY = {"authorization": "Bearer sk_test_fake"}


class Clock:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self):
        """Tell the time."""
        return self.now


def statuses(gate, endpoint, times):
    """Return what so many requests in a row are answered with; 200 where they may go on."""
    found = []
    for _ in range(times):
        try:
            gate.admit(endpoint)
            found.append(200)
        except Refused as refused:
            found.append(refused.status)
        except Dropped:
            found.append(0)
    return found


def refused(gate, endpoint):
    """Return the headers of a request that is refused."""
    with pytest.raises(Refused) as found:
        gate.admit(endpoint)
    return dict(found.value.headers)


def test_each_endpoint_has_a_limit_of_its_own():
    """As many requests a second as the limit go through at each endpoint; a while later as many as time has brought."""
    clock = Clock()
    gate = Gate(Faults(per_endpoint=4), clock)
    assert statuses(gate, "a", 6) == [200] * 4 + [429] * 2
    assert statuses(gate, "b", 1) == [200]
    clock.now += 0.5
    assert statuses(gate, "a", 3) == [200, 200, 429]
    clock.now += 60
    assert statuses(gate, "a", 5) == [200] * 4 + [429]


def test_all_endpoints_share_a_limit():
    """The overall limit counts requests wherever they go, and one that is refused uses up nothing."""
    clock = Clock()
    gate = Gate(Faults(overall=3, per_endpoint=2), clock)
    assert statuses(gate, "a", 3) == [200, 200, 429]
    assert refused(gate, "a") == {"Stripe-Rate-Limited-Reason": "endpoint-rate"}
    assert statuses(gate, "b", 2) == [200, 429]
    assert refused(gate, "b") == {"Stripe-Rate-Limited-Reason": "global-rate"}


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({}, {"Stripe-Rate-Limited-Reason": "endpoint-rate"}),
        ({"reason": False}, {}),
        (
            {"retry_after": 3, "should_retry": True},
            {"Stripe-Rate-Limited-Reason": "endpoint-rate", "Retry-After": "3", "Stripe-Should-Retry": "true"},
        ),
        ({"reason": False, "should_retry": False}, {"Stripe-Should-Retry": "false"}),
    ],
)
def test_a_429_says_as_much_as_it_is_told_to(account, fields, headers):
    """A 429 comes with and without its reason, when to come again, and whether to."""
    api = Api(account, faults=Faults(per_endpoint=1, **fields))
    first, second = (api.answer(Asked("GET", "/v1/prices", KEY)) for _ in range(2))
    assert (first.status, second.status) == (200, 429)
    told = {name: value for name, value in second.headers.items() if name not in first.headers}
    assert told == headers
    assert schemas.loads(second.body)["error"]["code"] == "rate_limit"


def test_errors_and_broken_connections_come_by_seed():
    """The shares asked for are met, and the same seed brings the same faults at the same requests."""
    fields = {"errors": 0.2, "drops": 0.1}
    found = statuses(Gate(Faults(**fields, seed="a")), "a", 2_000)
    assert found == statuses(Gate(Faults(**fields, seed="a")), "a", 2_000)
    assert found != statuses(Gate(Faults(**fields, seed="b")), "a", 2_000)
    share = {status: count / 2_000 for status, count in Counter(found).items()}
    assert share == pytest.approx({200: 0.72, 500: 0.18, 0: 0.1}, abs=0.03)


def test_answers_can_be_late(account):
    """Every answer waits for the latency, and a share of them longer."""
    gate = Gate(Faults(latency=0.5, slow=0.25, slow_seconds=2.0))
    delays = Counter(gate.delay() for _ in range(400))
    assert set(delays) == {0.5, 2.5}
    assert delays[2.5] == pytest.approx(100, abs=40)
    begun = time.perf_counter()
    assert Api(account, faults=Faults(latency=0.05)).get("/v1/prices")[0] == 200
    assert time.perf_counter() - begun >= 0.05


def test_a_key_can_be_revoked_in_the_middle(account):
    """After so many requests the key has expired, and stays so."""
    api = Api(account, faults=Faults(revoked_after=2))
    found = [api.get("/v1/prices") for _ in range(4)]
    assert [status for status, _ in found] == [200, 200, 401, 401]
    assert found[2][1]["error"]["code"] == "api_key_expired"


@pytest.mark.parametrize("skew", [0, -900])
def test_stripes_clock_can_be_wrong(account, skew):
    """Answers and refusals carry the time here as their `Date`, or as much before or after as asked for."""
    api = Api(account, faults=Faults(skew=skew, per_endpoint=1))
    begun = int(time.time()) + skew
    dates = [parsedate_to_datetime(api.answer(Asked("GET", "/v1/prices", KEY)).headers["Date"]) for _ in range(2)]
    assert all(begun <= date.timestamp() <= time.time() + skew for date in dates)


def test_time_can_go_on_in_the_account(account):
    """With a clock the account lives on to its time before each answer, and never back."""
    price = add_price(account, add_product(account, "Pro"), currency="usd", unit_amount="2000")
    subscribe(account, add_customer(account, "Nobody", "nobody@nowhere.example"), [Wanted(price)])
    times = iter((account.now + 86_400.5, account.now - 5, account.now + 40 * 86_400))
    api = Api(account, clock=lambda: next(times))
    counts = [len(api.get("/v1/invoices")[1]["data"]) for _ in range(3)]
    assert counts == [1, 1, 2]
    assert api.get("/v1/none", "nonsense")[0] == 401


def test_things_happen_between_two_pages(account):
    """What is told to happen before a request has happened when it is answered: changed, deleted, added."""
    made = [add_customer(account, f"No. {n}", f"{n}@nowhere.example") for n in range(4)]

    def happens(happening):
        customers.delete(happening, made[1])
        note(happening, made[0], {"seen": "late"})
        made.append(add_customer(happening, "Late", "late@nowhere.example"))

    api = Api(account, faults=Faults(meanwhile={2: happens}))
    _, first = api.get("/v1/customers?limit=2")
    _, second = api.get(f"/v1/customers?limit=2&starting_after={made[2]}")
    assert [one["id"] for one in first["data"]] == [made[3], made[2]]
    assert [(one["id"], one["metadata"]) for one in second["data"]] == [(made[0], {"seen": "late"})]
    assert api.get("/v1/customers?limit=1")[1]["data"][0]["id"] == made[4]


def test_requests_are_counted_by_endpoint(account):
    """The tally has every request by endpoint, ids left out, and every answer by status, 0 where there was none."""
    tally = Tally()
    api = Api(account, tally=tally, faults=Faults(drops=1.0))
    for target in ("/v1/prices", "/v1/prices?limit=3", "/v1/billing/meters/mtr_1", "/v1/invoices/in_1/lines"):
        with pytest.raises(Dropped):
            api.answer(Asked("GET", target, KEY))
    assert api.get("/v1/prices", "nonsense")[0] == 401
    assert tally.requests == {
        "GET /v1/prices": 3,
        "GET /v1/billing/meters/:id": 1,
        "GET /v1/invoices/:id/lines": 1,
    }
    assert tally.statuses == {0: 4, 401: 1}
    assert tally.total == 5


def test_nothing_is_wrong_by_default():
    """Without faults every request goes through at once."""
    gate = Gate(faults.NONE)
    assert statuses(gate, "a", 500) == [200] * 500
    assert gate.delay() == 0


def test_a_dropped_connection_is_seen_as_one(account):
    """Over HTTP a dropped request ends in a connection error, and the tally can be read without being counted."""
    tally = Tally()
    with serving(account, faults=Faults(drops=1.0), tally=tally) as base:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{base}/v1/prices", headers=KEY, timeout=60)
        assert requests.get(base + TALLY, timeout=60).json()["requests"] == {"GET /v1/prices": 1}
    assert tally.statuses == {0: 1}


def test_answers_wait_side_by_side(year, monkeypatch):
    """Requests over several connections, each with many, are all answered, and their waits do not queue up."""
    tally, barrier = Tally(), Barrier(8)
    monkeypatch.setattr("upswell_connectors.fake_stripe.api.time.sleep", lambda _: barrier.wait(60))

    def ask(base):
        with requests.Session() as session:
            return [session.get(f"{base}/v1/customers?limit=2", headers=KEY, timeout=120).status_code for _ in range(5)]

    with serving(year, tally=tally) as base, ThreadPoolExecutor(8) as pool:
        found = [status for answers in pool.map(ask, [base] * 8) for status in answers]
    assert found == [200] * 40
    assert tally.requests == {"GET /v1/customers": 40}


def test_what_is_no_request_ends_the_connection(account):
    """Who asks to close finds the connection closed after the answer, and who sends no HTTP finds it closed at once."""
    asking = b"GET /v1/prices HTTP/1.1\r\nAuthorization: Bearer sk_test_fake\r\nConnection: close\r\n\r\n"
    with serving(account) as base:
        for sent, begins in ((asking, b"HTTP/1.1 200 OK\r\n"), (b"hello\r\n", b"")):
            with create_connection(("127.0.0.1", urlsplit(base).port), 60) as connection:
                connection.sendall(sent)
                told = b"".join(iter(lambda: connection.recv(65_536), b""))
            assert told.startswith(begins)
            assert bool(told) == bool(begins)


def test_who_is_connected_at_the_end_is_cut_off(account):
    """When serving ends, connections that were kept open end with it."""
    with serving(account) as base:
        connection = create_connection(("127.0.0.1", urlsplit(base).port), 60)
        connection.sendall(b"GET /v1/prices HTTP/1.1\r\nAuthorization: Bearer sk_test_fake\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    with connection:
        assert connection.recv(65_536) == b""
