"""Today's subscriptions, as Stripe shows them: those that live, and those that ended lately."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Any
from urllib.parse import quote

from upswell.core.facts import Facts
from upswell.core.portfolio import Subscription
from upswell.errors import Refused, ShapeError
from upswell.fetching.resources import SUBSCRIPTIONS
from upswell_connectors.client import Client
from upswell_connectors.lists import read
from upswell_connectors.shapes import facts_of_object
from upswell_connectors.windows import Window

_LATELY_SECONDS = 40 * 86_400  # longer than Stripe keeps events
_DISCOUNTS = ("discounts", "items.data.discounts")

_log = logging.getLogger("upswell.todays")


@dataclass(frozen=True, slots=True)
class Shown:
    """What Stripe showed of a subscription ``at`` (unix seconds UTC); ``facts`` None: it does not know it any more."""

    name: str
    customer: str
    at: int
    facts: Facts | None

    @property
    def subscription(self) -> Subscription | None:
        """The subscription, where there is one."""
        return self.facts.snapshot.subscription if self.facts and self.facts.snapshot else None


def todays(client: Client, living: Mapping[str, str], stopping: Event) -> Iterator[Shown]:
    """Yield every subscription that lives or was made and ended lately, and each of ``living``, which the ledger has.

    ``living`` are Stripe customers by subscription: who has ended since is on no cheap list, and asked for by its id.
    It ends early where ``stopping`` is set. Raises Refused, Unreachable.
    """
    seen: set[str] = set()
    for shown in _listed(client):
        if stopping.is_set():
            return
        if shown.name not in seen:  # it may end between the two lists
            seen.add(shown.name)
            yield shown
    for name in sorted(living.keys() - seen):
        if stopping.is_set():
            return
        with _readable(name):
            yield asked(client, name, living[name])


def asked(client: Client, name: str, customer: str) -> Shown:
    """Ask for one subscription by its id. Raises Refused, Unreachable, ShapeError."""
    try:
        found = client.get(f"/v1/subscriptions/{quote(name)}", {"expand[]": _DISCOUNTS})
        if found["items"].get("has_more"):
            params = {"subscription": name, "limit": 100}  # a subscription holds twenty items at most
            found["items"] = client.get("/v1/subscription_items", params)
    except Refused as error:
        if error.status != 404:
            raise
        return Shown(name, customer, int(client.now()), None)
    return _shown(found, int(client.now()))


def _listed(client: Client) -> Iterator[Shown]:
    lately = Window(int(client.now()) - _LATELY_SECONDS)
    for params, window in (({}, Window()), ({"status": "canceled"}, lately)):
        for page in read(client, replace(SUBSCRIPTIONS, params=params), (window,)):
            for found in page.objects("items"):
                with _readable(found["id"]):
                    yield _shown(found, page.at)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Leave out what is of a shape that nobody knows: the others are compared all the same."""
    try:
        yield
    except ShapeError as error:
        _log.warning("%s cannot be compared: %s", name, error)


def _shown(found: dict[str, Any], at: int) -> Shown:
    facts = facts_of_object(found, at)
    customer = facts.snapshot.subscription.customer if facts.snapshot else ""
    return Shown(str(found["id"]), customer, at, facts)
