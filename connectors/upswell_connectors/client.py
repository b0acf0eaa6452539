"""Polite requests to Stripe's API: limited in rate, patient with what passes, and silent about secrets."""

import logging
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec
import requests

from upswell.configuration.settings import StripeSettings
from upswell.errors import Refused, Unreachable, UpswellError
from upswell_connectors.limiter import Limiter

T = TypeVar("T")

API_VERSION = "2026-10-28.endive"
"""The version whose shapes are asked for; Stripe keeps answering in it whatever the account's default is."""

ENDPOINT_RATE = 24.8
"""Requests a second and endpoint: a little below Stripe's 25, since what leaves evenly does not arrive evenly."""

BASE = "https://api.stripe.com"

PERMISSIONS = {
    "account": "Accounts",
    "billing": "Billing Meters",
    "coupons": "Coupons",
    "customers": "Customers",
    "events": "Events",
    "invoices": "Invoices",
    "prices": "Prices",
    "products": "Products",
    "subscription_items": "Subscriptions",
    "subscription_schedules": "Subscriptions",
    "subscriptions": "Subscriptions",
    "webhook_endpoints": "Webhook Endpoints",
}
"""What a restricted key must be allowed, in the words of Stripe's dashboard, by the first part of the path."""

_FIRST_WAIT_SECONDS = 0.5
_GROWN_WAIT_SECONDS = 8.0
_LONGEST_WAIT_SECONDS = 30.0
_TIMEOUT_SECONDS = (10, 30)
_FEW_ATTEMPTS = 4
_RETRIED = {409, 429}
_LONGEST_REASON = 200

_log = logging.getLogger("upswell_connectors.client")


class _Error(msgspec.Struct):
    code: str | None = None
    param: str | None = None
    message: str | None = None


class _Envelope(msgspec.Struct):
    error: _Error


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer, and how many ``seconds`` it took.

    ``at`` is when it was asked for, by Stripe's clock (unix seconds UTC): what happened before that is in it.
    """

    body: bytes
    at: int
    seconds: float


class Client:
    """Asks one Stripe account; threads may share it. ``settings`` must hold an API key.

    What is worth another try is tried up to ``attempts`` times, with pauses that grow; where nobody answered yet, a few
    times only. ``requests`` counts by endpoint what was sent; ``ahead`` is by how many seconds Stripe's clock is ahead
    of ours, as the last answer says.
    """

    def __init__(self, settings: StripeSettings, *, attempts: int = _FEW_ATTEMPTS) -> None:
        key = settings.api_key
        if key is None:
            raise UpswellError(
                "There is no Stripe API key: set the environment variable that [stripe] api_key_env names"
            )
        self.requests: Counter[str] = Counter()
        self.ahead = 0.0
        self.rate = min(ENDPOINT_RATE, float(settings.requests_per_second))
        self._key = key
        self._base = settings.api_base or BASE
        self._attempts = attempts
        self._overall = Limiter(settings.requests_per_second)
        self._limiters: dict[str, Limiter] = {}
        self._lock = threading.Lock()
        self._idle: list[requests.Session] = []
        self._answered = False

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        with self._lock:
            return self.requests.total()

    def now(self) -> float:
        """Return what time it is by Stripe's clock, unix seconds UTC."""
        return time.time() + self.ahead

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON that Stripe answers. Raises as ``read`` does."""
        return self.read(path, params, lambda answer: msgspec.json.decode(answer.body))

    def read(self, path: str, params: Mapping[str, Any] | None, take: Callable[[Answer], T]) -> T:
        """Return what ``take`` makes of the answer; one that it cannot decode is asked for again.

        Raises Refused where Stripe does not answer such a request, Unreachable where it did not answer in time.
        """
        return self._ask(_Request("GET", path, params=params), take)

    def post(self, path: str, form: Sequence[tuple[str, str]]) -> Any:
        """Send ``form`` and return the JSON that Stripe answers. However often it is tried, it happens once.

        Raises as ``read`` does.
        """
        request = _Request("POST", path, form=form, headers={"Idempotency-Key": str(uuid.uuid4())})
        return self._ask(request, lambda answer: msgspec.json.decode(answer.body))

    def delete(self, path: str) -> None:
        """Delete what is at ``path``. Raises as ``read`` does."""
        self._ask(_Request("DELETE", path), lambda _answer: None)

    def _ask(self, request: "_Request", take: Callable[[Answer], T]) -> T:
        path = request.path
        endpoint = endpoint_of(path)
        limiter = self._limiter(endpoint)
        attempt = 0
        while True:
            limiter.wait()
            self._overall.wait()
            self._count(endpoint)
            trouble, pause = self._try(request, take)
            if not isinstance(trouble, _Trouble):
                return trouble
            attempt += 1
            if attempt >= (self._attempts if self._answered else min(self._attempts, trouble.patience)):
                raise Unreachable(f"{request.failing}: {trouble.words}") from None
            _log.debug("%s: %s; attempt %d", path, trouble.words, attempt)
            if pause:
                limiter.rest(pause)
            time.sleep(max(pause, _growing(attempt)))

    def _try(self, request: "_Request", take: Callable[[Answer], T]) -> "tuple[T | _Trouble, float]":
        """Ask once. Returns what was made of the answer, or the trouble and how many seconds Stripe asks to wait."""
        begun = time.monotonic()
        try:
            with self._session() as session:
                got = session.request(
                    request.method,
                    self._base + request.path,
                    params=request.params,
                    data=request.form,
                    headers=request.headers,
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException:
            return _Trouble("there is no connection to Stripe; it is tried again", _FEW_ATTEMPTS), 0.0
        self._answered, at = True, clock(got.headers)
        self.ahead = at - time.time()
        if got.status_code != 200:
            return _judged(request, got), _asked(got.headers.get("Retry-After", ""))
        try:
            seconds = time.monotonic() - begun
            return take(Answer(got.content, int(at - seconds), seconds)), 0.0
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _Trouble("its answer cannot be read; it is asked again"), 0.0

    def close(self) -> None:
        """Close the connections that are kept open."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """Give a session that no other thread uses meanwhile, for they must not, with the connection that it kept."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = requests.Session()
            session.auth = self._sign
        try:
            yield session
        finally:
            self._idle.append(session)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Show the key; as ``auth``, so that no .netrc takes its place."""
        request.headers.update({"Authorization": f"Bearer {self._key.reveal()}", "Stripe-Version": API_VERSION})
        return request

    def _limiter(self, endpoint: str) -> Limiter:
        with self._lock:
            return self._limiters.setdefault(endpoint, Limiter(ENDPOINT_RATE))

    def _count(self, endpoint: str) -> None:
        with self._lock:
            self.requests[endpoint] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What is sent, and the words for what cannot be done where it fails."""

    method: str = field(kw_only=False)
    path: str = field(kw_only=False)
    params: Mapping[str, Any] | None = None
    form: Sequence[tuple[str, str]] | None = None
    headers: Mapping[str, str] | None = None

    @property
    def failing(self) -> str:
        return f"{self.path} cannot be {'read from' if self.method == 'GET' else 'changed at'} Stripe"

    def explain(self, status: int, said: str | None) -> str:
        """Return what an answer with ``status`` means, and what to do; ``said`` is Stripe's own sentence."""
        if status == 401:
            return (
                "the API key is refused: put a valid one into the environment variable that [stripe] api_key_env names"
            )
        if status == 403:
            wanted, access = PERMISSIONS.get(self.path.split("/")[2], "it"), "read" if self.method == "GET" else "write"
            verb = "read" if self.method == "GET" else "change"
            return f"the API key may not {verb} it: give the restricted key {access} access to {wanted}"
        if status == 404:
            return "Stripe does not know it any more"
        reason = f" ({said[:_LONGEST_REASON]})" if said and self.method != "GET" else ""
        return f"Stripe answered with status {status}{reason}"


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What passes, in words; ``patience`` is how often it is tried again before anything was ever answered."""

    words: str
    patience: int = 1000


def endpoint_of(path: str) -> str:
    """Return the endpoint that Stripe counts ``path`` under, such as ``/v1/invoices/{id}/lines``."""
    return re.sub(r"^(/v1/(?:billing/|(?!billing/))[a-z_]+)/[^/]+", r"\1/{id}", path)


def clock(headers: Mapping[str, str]) -> int:
    """Return what time it is where the answer comes from, unix seconds UTC; our own where it does not say."""
    try:
        return int(parsedate_to_datetime(headers["Date"]).timestamp())
    except (KeyError, ValueError, TypeError):
        return int(time.time())


def _judged(request: _Request, got: requests.Response) -> _Trouble:
    """Return the trouble that may pass. Raises Refused for one that stays."""
    status = got.status_code
    advice = got.headers.get("Stripe-Should-Retry")
    passes = status >= 500 or status in _RETRIED or advice == "true"
    if passes and (advice != "false" or status == 429):
        return _Trouble(f"Stripe answered with status {status}")
    try:
        error = msgspec.json.decode(got.content, type=_Envelope).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = _Error()
    account = re.search(r"'(acct_\w+)'", error.message or "")
    raise Refused(
        f"{request.failing}: {request.explain(status, error.message)}",
        status=status,
        param=error.param,
        account=account[1] if account else None,
    ) from None


def _asked(told: str) -> float:
    """Return the seconds that a ``Retry-After`` asks for, within reason; 0 where it is no number."""
    return min(float(told), _LONGEST_WAIT_SECONDS) if re.fullmatch(r"[0-9]{1,9}", told) else 0.0


def _growing(attempt: int) -> float:
    """Return how many seconds to wait after so many attempts: twice as long each time, with jitter."""
    grown = min(_FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1), _GROWN_WAIT_SECONDS)
    return grown * random.uniform(0.5, 1)  # noqa: S311
