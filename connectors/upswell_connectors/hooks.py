"""Outgoing webhooks in the Standard Webhooks format: https://www.standardwebhooks.com."""

import re
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from standardwebhooks import Webhook

from upswell import __version__
from upswell.configuration.addresses import PORTS
from upswell.configuration.settings import HookSettings

TIMEOUT_SECONDS = 15
_REACH_SECONDS = 5
_LONGEST_WAIT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt; ``error`` is None where the endpoint took the message, and never holds its address.

    ``gone``: it wants no more messages. ``wait`` is for how many seconds it asks to be left alone.
    """

    error: str | None = None
    gone: bool = False
    wait: int = 0


def send(hook: HookSettings, name: str, body: bytes, at: int) -> Answer:
    """Post ``body`` once, as the message ``name`` sent ``at`` (unix seconds UTC), signed with each secret.

    2xx is success; redirects are not followed. Of the answer only its head is read, and nothing is kept.
    """
    try:
        with requests.Session() as session:
            session.auth = _unchanged
            with session.post(
                hook.url.reveal(),
                data=body,
                headers=headers(hook, name, body, at),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return _read(answer.status_code, answer.headers.get("Retry-After", ""))
    except requests.Timeout:
        return Answer(f"no answer within {TIMEOUT_SECONDS} seconds")
    except requests.exceptions.SSLError:
        return Answer("its certificate is not trusted, or it speaks no TLS")
    except requests.RequestException as error:
        return Answer(f"it could not be reached ({type(error).__name__})")


def headers(hook: HookSettings, name: str, body: bytes, at: int) -> dict[str, str]:
    """Return the headers of the message ``name``: its id, the time of the attempt, and one signature a secret."""
    moment, text = datetime.fromtimestamp(at, UTC), body.decode()
    signed = [Webhook(secret.reveal()).sign(msg_id=name, timestamp=moment, data=text) for secret in hook.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Upswell/{__version__}",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signed),
    }


def reach(hook: HookSettings) -> str | None:
    """Open a connection to the endpoint and close it again; return what was in the way, None where nothing was."""
    url = hook.url.reveal()
    if requests.utils.get_environ_proxies(url):
        return None  # only the proxy can tell
    parts = urlsplit(url)
    place = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        with closing(socket.create_connection(place, _REACH_SECONDS)) as plain:
            if parts.scheme == "https":
                ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname).close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _read(status: int, told: str) -> Answer:
    if 200 <= status < 300:
        return Answer()
    if status == HTTPStatus.GONE:
        return Answer("HTTP 410: it wants no more messages", gone=True)
    wait = min(int(told), _LONGEST_WAIT_SECONDS) if re.fullmatch(r"[0-9]{1,9}", told) else 0
    moved = ": redirects are not followed, its address must be the last one" if 300 <= status < 400 else ""
    return Answer(f"HTTP {status}{moved}", wait=wait)


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Be the ``auth`` that adds nothing, so that no .netrc does."""
    return request
