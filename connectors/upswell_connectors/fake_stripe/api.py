"""The API: what is answered to a request, by the account, the key that is shown and the faults that are asked for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from operator import itemgetter
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from upswell_connectors.fake_stripe import refusals, webhook_endpoints
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.account_shapes import account_shape
from upswell_connectors.fake_stripe.faults import NONE, Dropped, Faults, Gate, Tally
from upswell_connectors.fake_stripe.ids import Ids
from upswell_connectors.fake_stripe.keys import Keys, check, is_live, shown_key
from upswell_connectors.fake_stripe.listings import LISTINGS
from upswell_connectors.fake_stripe.queries import parameters, refuse_unknown
from upswell_connectors.fake_stripe.shapes import Shape
from upswell_connectors.fake_stripe.shelves import Shelf
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.versions import Version, version
from upswell_connectors.fake_stripe.views import View

ACCOUNT = "acct_1FakeStripe"
"""The id of the account that every key belongs to."""

_PERMISSIONS = {"account": "rak_accounts_kyc_basic", "subscription_items": "rak_subscription"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, its target with the query, its headers by lower-case name, and its body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def place(self) -> tuple[str, str, str]:
        """The list that is asked for, the id in it, and what of that; empty where there is none."""
        parts = unquote(urlsplit(self.target).path).strip("/").removeprefix("v1/").split("/")
        if parts[0] == "billing":
            parts[:2] = ["/".join(parts[:2])]
        name, id_, *below = *parts, ""
        return name, id_, "/".join(below).strip("/")

    @property
    def endpoint(self) -> str:
        """What the request counts as: ``GET /v1/invoices/:id/lines``."""
        name, id_, below = self.place
        return f"{self.method} /v1/{name}{'/:id' if id_ else ''}{f'/{below}' if below else ''}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its headers, and its body as JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Stripe's API over one account. It may be asked from several threads.

    Without ``keys`` every key of Stripe's form is good; see ``keys`` and ``faults`` for what can be demanded of both.
    ``tally`` counts what is asked and answered. A key of the mode that the account is not in sees an empty account.
    Where there is a ``clock`` (unix seconds), the account lives on to its time before each answer; else time stands.
    """

    def __init__(
        self,
        account: Account,
        *,
        keys: Keys | None = None,
        faults: Faults = NONE,
        tally: Tally | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.tally = tally or Tally()
        self._account = account
        self._keys = keys
        self._faults = faults
        self._gate = Gate(faults)
        self._clock = clock
        self._ids = Ids("api")
        self._events: Shelf[Shape] = Shelf(itemgetter("created"))
        self._empty = Store(livemode=not account.store.livemode)
        self._lock = Lock()

    def get(self, target: str, key: str = "sk_test_fake") -> tuple[int, Any]:
        """Return the status of a ``GET`` and what is in its body."""
        answer = self.answer(Asked("GET", target, {"authorization": f"Bearer {key}"}))
        return answer.status, msgspec.json.decode(answer.body)

    def answer(self, asked: Asked) -> Answer:
        """Answer a request. Raises Dropped where there is to be no answer."""
        with self._lock:
            self.tally.requests[asked.endpoint] += 1
            number, request = self.tally.total, self._ids.make("req")
        headers = {"Date": formatdate(time.time() + self._faults.skew, usegmt=True), "Request-Id": request}
        try:
            shown = self._version(asked)
            headers["Stripe-Version"] = shown.name
            status, body = 200, self._body(asked, shown, number)
        except refusals.Refused as refused:
            status, body = refused.status, msgspec.json.encode(refused.body)
            headers |= refused.headers
        except Dropped:
            self._count(0)
            raise
        self._count(status)
        return Answer(status, headers, body)

    def _count(self, status: int) -> None:
        with self._lock:
            self.tally.statuses[status] += 1

    def _version(self, asked: Asked) -> Version:
        name = asked.headers.get("stripe-version", "")
        try:
            return version(name) if name else self._account.version
        except ValueError:
            raise refusals.Refused(400, f"Invalid Stripe API version: {name}") from None

    def _body(self, asked: Asked, shown: Version, number: int) -> bytes:
        key = shown_key(asked.headers.get("authorization", ""))
        check(key, self._keys, _permission(asked), ACCOUNT)
        time.sleep(self._gate.delay())
        if self._faults.revoked_after is not None and number > self._faults.revoked_after:
            raise refusals.expired_key(key)
        self._gate.admit(asked.endpoint)
        with self._lock:
            if self._clock is not None:
                self._account.advance(max(self._account.now, int(self._clock())))
            self._faults.meanwhile.get(number, _nothing)(self._account)
            return msgspec.json.encode(self._shape(asked, self._view(key, shown)))

    def _view(self, key: str, shown: Version) -> View:
        store, account = self._account.store, self._account
        if is_live(key) != store.livemode:
            return View(self._empty, Shelf(), shown, account.now, other=store)
        for event in account.events[len(self._events) :]:
            self._events[event["id"]] = event
        return View(store, self._events, shown, account.now)

    def _shape(self, asked: Asked, view: View) -> Shape:
        params = parameters(urlsplit(asked.target).query)
        match asked.place:
            case _ if asked.method != "GET":
                return self._written(asked, view)
            case "account", "", "":
                refuse_unknown(params, {"expand"})
                return account_shape(ACCOUNT, self._created())
            case "subscription_items", "", "":
                return view.items(params)
            case "subscription_items", id_, "":
                return view.item(id_, params)
            case "invoices", id_, "lines":
                return view.lines(id_, params)
            case "billing/meters", id_, "event_summaries":
                return view.summaries(id_, params)
            case name, "", "" if name in LISTINGS:
                return view.listed(name, params)
            case name, id_, "" if name in LISTINGS:
                return view.single(name, id_, params)
        raise refusals.unknown_address(asked.method, urlsplit(asked.target).path)

    def _written(self, asked: Asked, view: View) -> Shape:
        form = parameters(asked.body.decode())
        match asked.method, asked.place:
            case "POST", ("webhook_endpoints", "", ""):
                return webhook_endpoints.create(self._account, form, view.version)
            case "POST", ("webhook_endpoints", id_, ""):
                return webhook_endpoints.change(self._account, id_, form, view.version)
            case "DELETE", ("webhook_endpoints", id_, ""):
                return webhook_endpoints.delete(self._account, id_)
        raise refusals.unknown_address(asked.method, urlsplit(asked.target).path)

    def _created(self) -> int:
        first = next(iter(self._account.store.products.values()), None)
        return first.created if first else self._account.now


def _nothing(_account: Account) -> None:
    """Let nothing happen."""


def _permission(asked: Asked) -> str:
    name = asked.place[0]
    stem = LISTINGS[name].permission if name in LISTINGS else _PERMISSIONS.get(name, "rak_other")
    return f"{stem}_{'read' if asked.method == 'GET' else 'write'}"
