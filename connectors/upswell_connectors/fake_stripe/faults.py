"""What can be made to go wrong: limits, delays, errors, broken connections, a key that stops working."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from upswell_connectors.fake_stripe import refusals
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.ids import Chance

_DRAWS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How the API behaves; by default nothing is wrong with it.

    ``latency`` is added to every answer and ``slow_seconds`` to a share ``slow`` of them. ``overall`` and
    ``per_endpoint`` are requests a second, of which as many may come at once; what is more is answered with 429, with
    its reason unless ``reason`` is False, and with ``Retry-After`` (seconds) and ``Stripe-Should-Retry`` where given.
    Shares ``errors`` and ``drops`` of the requests get a 500, or a connection that is closed without an answer. From
    request number ``revoked_after`` + 1 on, no key is good any more. ``meanwhile`` are actions that happen to the
    account right before the request of that number, counted from 1. ``skew`` is by how many seconds the ``Date`` of
    answers is ahead of the time here. Shares lie between 0 and 1 and are drawn by ``seed``.
    """

    latency: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 1.0
    overall: float | None = None
    per_endpoint: float | None = None
    retry_after: int | None = None
    should_retry: bool | None = None
    reason: bool = True
    errors: float = 0.0
    drops: float = 0.0
    revoked_after: int | None = None
    skew: float = 0.0
    meanwhile: Mapping[int, Callable[[Account], object]] = field(default_factory=dict)
    seed: str = "faults"


NONE = Faults()


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass(slots=True)
class Tally:
    """What was asked and answered so far: ``requests`` by endpoint (``GET /v1/prices/:id``), ``statuses`` by code.

    A dropped connection counts as status 0.
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many requests there were."""
        return self.requests.total()


class Gate:
    """Lets requests through as the faults have it. ``clock`` tells seconds, for the limits."""

    def __init__(self, faults: Faults, clock: Callable[[], float] = time.monotonic) -> None:
        self._faults = faults
        self._clock = clock
        self._chance = Chance(faults.seed)
        self._overall = _Bucket(faults.overall, clock())
        self._endpoints: dict[str, _Bucket] = {}
        self._lock = Lock()

    def delay(self) -> float:
        """Return how many seconds to let the next answer wait."""
        with self._lock:
            slow = self._happens(self._faults.slow)
        return self._faults.latency + (self._faults.slow_seconds if slow else 0.0)

    def admit(self, endpoint: str) -> None:
        """Return where the request may go on. Raises Refused with 429 or 500, or Dropped."""
        with self._lock:
            self._limit(endpoint)
            if self._happens(self._faults.drops):
                raise Dropped
            if self._happens(self._faults.errors):
                raise refusals.broken()

    def _limit(self, endpoint: str) -> None:
        now = self._clock()
        bucket = self._endpoints.setdefault(endpoint, _Bucket(self._faults.per_endpoint, now))
        for reason, limit in (("global-rate", self._overall), ("endpoint-rate", bucket)):
            if not limit.allows(now):
                raise refusals.too_many(self._headers(reason))
        self._overall.take()
        bucket.take()

    def _headers(self, reason: str) -> dict[str, str]:
        faults = self._faults
        headers = {"Stripe-Rate-Limited-Reason": reason} if faults.reason else {}
        if faults.retry_after is not None:
            headers["Retry-After"] = str(faults.retry_after)
        if faults.should_retry is not None:
            headers["Stripe-Should-Retry"] = str(faults.should_retry).lower()
        return headers

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.below(_DRAWS) < share * _DRAWS


class _Bucket:
    """A bucket that fills with ``rate`` requests a second and holds those of one second; without a rate, any number."""

    def __init__(self, rate: float | None, now: float) -> None:
        self._rate = rate
        self._left = rate or 0.0
        self._at = now

    def allows(self, now: float) -> bool:
        """Say whether a request may be taken out at ``now``."""
        if self._rate is None:
            return True
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        return self._left >= 1

    def take(self) -> None:
        """Take one request out."""
        self._left -= 1
