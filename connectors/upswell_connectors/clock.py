"""What time it is at Stripe, by the Date of any answer: no key is sent for it."""

import ssl
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import stripe

HOME = "https://api.stripe.com"
_TIMEOUT_SECONDS = 3
_AUTHORITIES = Path(stripe.__file__).parent / "data" / "ca-certificates.crt"


def ahead(base: str | None) -> int | None:
    """Return by how many seconds this machine's clock is ahead of Stripe's; None where nobody answers.

    ``base`` is a stand-in's address. Stripe tells whole seconds, so 1 more or less is none.
    """
    address = urlsplit(base or HOME)
    secure = address.scheme == "https"
    host, port = address.hostname or "", address.port
    connection = (
        HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=_context())
        if secure
        else HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    )
    try:
        connection.request("HEAD", "/healthcheck")
        told = parsedate_to_datetime(connection.getresponse().headers.get("Date", ""))
    except (OSError, HTTPException, ValueError, TypeError):
        return None
    finally:
        connection.close()
    return int(time.time() - told.timestamp())


def _context() -> ssl.SSLContext:
    """Trust who Stripe's library trusts, for a small image may have no authorities of its own."""
    return ssl.create_default_context(cafile=str(_AUTHORITIES) if _AUTHORITIES.exists() else None)
