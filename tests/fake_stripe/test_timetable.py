"""Deliveries in simulated time."""

from collections import Counter

import pytest
from stripe import WebhookSignature

from fake_stripe.test_delivery import SECRET, Endpoint, listening
from upswell_connectors.fake_stripe import timetable, values
from upswell_connectors.fake_stripe.catalogue import add_product
from upswell_connectors.fake_stripe.delivery import bodies, posting
from upswell_connectors.fake_stripe.timetable import Attempt, Manner

NOW = 1_768_471_200
EVENTS = [
    {"id": f"evt_{n}", "type": "invoice.paid" if n % 2 else "price.created", "created": NOW + n} for n in range(50)
]


class Receiver:
    """Answers with the statuses it was given, and 200 from then on."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.received = []

    def __call__(self, body, at):
        """Take one delivery."""
        self.received.append((body, at))
        return self.statuses.pop(0) if self.statuses else 200


def test_everything_arrives_once_in_order():
    """Without more said every event is delivered once, when it happened, as the bytes that Stripe would send."""
    receiver = Receiver()
    attempts = timetable.deliver(EVENTS, receiver)
    assert attempts == [Attempt(event["created"], event["id"], 1, 200) for event in EVENTS]
    assert receiver.received == list(zip(bodies(EVENTS), (event["created"] for event in EVENTS), strict=True))


def test_what_is_not_taken_comes_again_for_three_days():
    """Anything but 2xx is tried again, ever later, until it is taken; after three days it is given up."""
    taken = timetable.deliver(EVENTS[:1], Receiver(500, 302, 0, 400))
    assert [(attempt.at - NOW, attempt.status) for attempt in taken] == [
        (0, 500),
        (300, 302),
        (2_100, 0),
        (9_300, 400),
        (27_300, 200),
    ]
    lost = timetable.deliver(EVENTS[:1], Receiver(*(500 for _ in range(99))))
    assert [attempt.number for attempt in lost] == list(range(1, len(lost) + 1))
    assert 2 * 86_400 < lost[-1].at - NOW <= 3 * 86_400


def test_a_sandbox_tries_three_times():
    """In a sandbox the third attempt is the last."""
    attempts = timetable.deliver(EVENTS[:1], Receiver(*(500 for _ in range(99))), Manner(live=False))
    assert [attempt.number for attempt in attempts] == [1, 2, 3]


def test_a_failed_event_lets_later_ones_pass():
    """While an event waits for its next attempt, the ones after it are delivered."""
    attempts = timetable.deliver(EVENTS, Receiver(503))
    assert [attempt.event for attempt in attempts] == [*(event["id"] for event in EVENTS), "evt_0"]


@pytest.mark.parametrize("manner", [Manner(jitter=20), Manner(shuffled=True)])
def test_order_is_lost_by_seed(manner):
    """Late or shuffled deliveries come in another order, all of them, and the same one for the same seed."""
    attempts = timetable.deliver(EVENTS, Receiver(), manner)
    assert Counter(attempt.event for attempt in attempts) == Counter(event["id"] for event in EVENTS)
    assert [attempt.event for attempt in attempts] != [event["id"] for event in EVENTS]
    assert attempts == timetable.deliver(EVENTS, Receiver(), manner)
    assert [attempt.at for attempt in attempts] == sorted(attempt.at for attempt in attempts)


def test_some_come_twice():
    """A share of what was taken comes once more, and not a third time."""
    times = Counter(attempt.event for attempt in timetable.deliver(EVENTS, Receiver(), Manner(twice=30)))
    assert len(times) == 50
    assert set(times.values()) == {1, 2}
    assert 5 < sum(times.values()) - 50 < 25


@pytest.mark.parametrize(
    ("enabled", "kinds", "many"), [(True, ("invoice.paid",), 25), (True, ("*",), 50), (False, ("*",), 0)]
)
def test_an_endpoint_gets_what_it_asked_for(enabled, kinds, many):
    """An endpoint gets the types it names, all with an asterisk, and nothing while it is disabled."""
    endpoint = values.Endpoint(
        id="we_1", url="https://a.example", enabled_events=kinds, created=NOW, secret="s", enabled=enabled
    )
    assert len(list(timetable.wanted(EVENTS, endpoint))) == many


def test_deliveries_can_go_over_http(account):
    """Posted over HTTP each attempt is signed as Stripe signs; who does not answer is tried again."""
    add_product(account, "Pro")
    endpoint = Endpoint([503, 0])
    with listening(endpoint) as url, posting(url, SECRET) as post:
        attempts = timetable.deliver(account.events, post)
    assert [attempt.status for attempt in attempts] == [503, 0, 200]
    assert all(WebhookSignature.verify_header(body, signed, SECRET, 300) for body, signed in endpoint.received)
