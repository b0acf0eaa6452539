"""Delivering events the way Stripe does: signed, over HTTP, in parallel, out of order, and now and then twice."""

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Flag
from threading import Lock
from urllib.parse import urlsplit

from upswell.errors import DeliveryError
from upswell_connectors.fake_stripe.emission import Event
from upswell_connectors.fake_stripe.ids import Chance

_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.1
_TIMEOUT_SECONDS = 10


def bodies(events: Iterable[Event]) -> Iterator[bytes]:
    """Return the events as the bytes that are sent; the same event gives the same bytes."""
    for event in events:
        yield json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def as_it_happens(sent: Sequence[bytes], chance: Chance, *, twice: int = 3, within: int = 6) -> list[bytes]:
    """Return the deliveries as a receiver sees them: ``twice`` percent come again, all up to ``within`` places late."""
    again = [(place, body) for place, body in enumerate(sent) if chance.percent(twice)]
    placed = [*enumerate(sent), *again]
    late = [(place + chance.below(within + 1), order, body) for order, (place, body) in enumerate(placed)]
    return [body for _, _, body in sorted(late, key=lambda one: one[:2])]


def deliver(
    deliveries: Sequence[bytes],
    url: str,
    secret: str,
    *,
    connections: int = 32,
    delivered: Callable[[], object] = lambda: None,
) -> None:
    """Post each delivery to ``url``, signed with ``secret``, over some connections that are kept open.

    ``delivered`` is called after each. What is answered with 5xx or not at all is tried again.
    Raises DeliveryError where one is refused, or cannot be delivered after all.
    """
    waiting, lock, stopping = iter(deliveries), Lock(), Flag()

    def carry() -> None:
        courier = _Courier(url, secret)
        try:
            while not stopping.is_set():
                with lock:
                    body = next(waiting, None)
                if body is None:
                    return
                courier.deliver(body)
                delivered()
        except BaseException:
            stopping.set()
            raise
        finally:
            courier.close()

    with ThreadPoolExecutor(connections, "fake-stripe") as couriers:
        carrying = [couriers.submit(carry) for _ in range(connections)]
        try:
            for one in carrying:
                one.result()
        finally:
            stopping.set()


@contextmanager
def posting(url: str, secret: str) -> Iterator[Callable[[bytes, int], int]]:
    """Give what posts one body to ``url``, signed now with ``secret``, and returns the status, 0 without an answer.

    It is what ``timetable.deliver`` asks for; the simulated moment it is told does not reach the receiver.
    """
    courier = _Courier(url, secret)
    try:
        yield lambda body, _at: courier.post(body)
    finally:
        courier.close()


class _Courier:
    """One connection that is opened again when it breaks."""

    def __init__(self, url: str, secret: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_TIMEOUT_SECONDS)
        self._url, self._path, self._secret = url, place.path or "/", secret

    def deliver(self, body: bytes) -> None:
        """Post one delivery until it is answered with 2xx. Raises DeliveryError."""
        wait = _FIRST_WAIT_SECONDS
        for _ in range(_ATTEMPTS):
            answer = self._post(body)
            if answer.startswith("2"):
                return
            if answer.startswith("4"):
                break
            time.sleep(wait)
            wait *= 2
        raise DeliveryError(f"An event could not be delivered to {self._url} ({answer}): see what the receiver logged")

    def post(self, body: bytes) -> int:
        """Post a body once, and return the status of the answer, or 0 where there is none."""
        answer = self._post(body)
        return int(answer) if answer.isdecimal() else 0

    def _post(self, body: bytes) -> str:
        """Return the status of the answer, or why there is none."""
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature(body, self._secret)}
        try:
            self._connection.request("POST", self._path, body, headers)
            with self._connection.getresponse() as response:
                response.read()
                return str(response.status)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def signature(body: bytes, secret: str) -> str:
    """Return the ``Stripe-Signature`` header of a body sent now, made by Stripe's own library."""
    from stripe import WebhookSignature  # noqa: PLC0415  # takes 200 ms to import

    return str(WebhookSignature.generate_signature_header(body.decode(), secret))
