"""The webhook endpoints of a Stripe account: what each is sent, and how they are made, changed and taken away."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from upswell.configuration.addresses import WEBHOOK_PATH, webhook_url
from upswell.configuration.settings import Config, Secret
from upswell.errors import UpswellError
from upswell_connectors.client import API_VERSION, Client
from upswell_connectors.event_types import EVENT_TYPES

MOST = 16
"""How many an account may have."""

_PATH = "/v1/webhook_endpoints"
_EVERYTHING = "*"
_HARMFUL = "invoice.created"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as Stripe lists it; ``api_version`` None: that of the account, whichever it is at the time."""

    id: str
    url: str
    enabled_events: tuple[str, ...]
    api_version: str | None = None
    status: str = "enabled"
    created: int = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """In what it differs from what Upswell needs, in words; what ``mend`` puts right."""
        return tuple(self._faults())

    @property
    def remarks(self) -> tuple[str, ...]:
        """In what it differs that nothing puts right but another endpoint; Upswell reads it all the same."""
        if self.api_version == API_VERSION:
            return ()
        return (f"version {self.api_version or 'of the account'}, not {API_VERSION}",)

    def is_ours(self, public: str | None) -> bool:
        """Whether it is at the receiver's address; where that is not known, whether it ends as one does."""
        if public is None:
            return urlsplit(self.url).path == WEBHOOK_PATH
        try:
            return self.url == webhook_url(public)
        except UpswellError:
            return False

    def _faults(self) -> Iterator[str]:
        sent, needed = set(self.enabled_events), set(EVENT_TYPES)
        if self.status != "enabled":
            yield self.status
        if sent & {_HARMFUL, _EVERYTHING}:
            yield f"{_HARMFUL} must go, it delays invoices"
        if _EVERYTHING in sent:
            yield "all types, not those read"
        elif missing := needed - sent:
            yield f"{len(missing)} types missing"
        if surplus := sent - needed - {_HARMFUL, _EVERYTHING}:
            yield f"{len(surplus)} types too many"


class _Made(msgspec.Struct):
    id: str
    secret: str


class _Listed(msgspec.Struct):
    data: list[Endpoint]


def endpoints(client: Client) -> list[Endpoint]:
    """Return all endpoints of the account, newest first. Raises Refused, Unreachable."""
    found = client.read(_PATH, {"limit": 100}, lambda answer: msgspec.json.decode(answer.body, type=_Listed)).data
    return sorted(found, key=lambda one: (-one.created, one.id))


def create(client: Client, url: str) -> tuple[str, Secret]:
    """Create an endpoint for exactly what Upswell reads, in the version it is made for.

    Returns its id, and its signing secret, which Stripe tells this once only. Raises Refused, Unreachable.
    """
    form = [("url", url), ("api_version", API_VERSION), ("description", "Upswell"), *_EVENTS]
    made = msgspec.convert(client.post(_PATH, form), _Made)
    return made.id, Secret(made.secret)


def mend(client: Client, name: str) -> None:
    """Let the endpoint ``name`` send exactly what Upswell reads, enabled. Raises Refused, Unreachable."""
    client.post(f"{_PATH}/{name}", [("disabled", "false"), *_EVENTS])


def remove(client: Client, name: str) -> None:
    """Take the endpoint ``name`` away. Raises Refused, Unreachable."""
    client.delete(f"{_PATH}/{name}")


_EVENTS = [("enabled_events[]", kind) for kind in EVENT_TYPES]


def own_endpoints(config: Config) -> list[Endpoint] | None:
    """Return the receiver's own endpoints at Stripe; None without a key that may read them, or without an answer."""
    if config.stripe.api_key is None or not config.stripe.webhooks:
        return None
    client = Client(config.stripe, attempts=1)
    try:
        return [one for one in endpoints(client) if one.is_ours(config.server.public_url)]
    except UpswellError:
        return None
    finally:
        client.close()
