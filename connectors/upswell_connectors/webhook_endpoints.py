"""The webhook endpoints of a Stripe account: what each is sent, and how they are made, changed and taken away."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from upswell.config import Secret
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
