"""Addresses that webhooks can be sent to: Stripe's to the receiver, and ours to others."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

from upswell.errors import UpswellError

WEBHOOK_PATH = "/webhooks/stripe"
"""Where ``serve`` receives webhooks."""

PORTS = {"https": 443, "http": 80}
"""The ways in which webhooks are sent, and the port of each where an address names none."""

_OWN_NAMES = ("localhost", ".localhost")
_PRIVATE_NAMES = (".local", ".internal", ".lan", ".home", ".corp", ".home.arpa", ".test", ".invalid", ".example")


def webhook_url(text: str) -> str:
    """Return the address at which Stripe is to reach the receiver; a path is added where there is none.

    Raises UpswellError where it is no such address, or nobody outside could reach it.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise UpswellError(f"{_shown(text)} is no address: write one as https://upswell.example.com") from None
    if wrong := _fault(parts, host, "Stripe"):
        raise UpswellError(f"{_shown(text)} {wrong}")
    place = f"[{host}]" if ":" in host else host
    if port not in (None, PORTS[parts.scheme]):
        place = f"{place}:{port}"
    path = WEBHOOK_PATH if parts.path in ("", "/") else parts.path
    return urlunsplit((parts.scheme, place, path, parts.query, ""))


def refused(url: str) -> str | None:
    """Return in words why nothing can be sent to ``url``, without repeating it; None where it can.

    Only https is taken, and hosts that the internet knows; of this machine's own addresses also http.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "is no address: write one as https://app.example.com/webhooks/upswell"
    return _fault(parts, host, "Upswell")


def is_own(url: str) -> bool:
    """Whether an address is this machine's own, which nobody else can reach."""
    return _is_own((urlsplit(url).hostname or "").rstrip("."))


def _fault(parts: SplitResult, host: str, sender: str) -> str | None:
    """Return in words what is wrong with an address that ``sender`` is to send to."""
    if parts.scheme not in PORTS or not host or any(letter.isspace() for letter in parts.geturl()):
        return "is no address of the web: write one as https://upswell.example.com"
    if parts.username is not None or parts.password is not None:
        return f"holds a name or a password: leave it out, {sender} signs what it sends"
    if parts.fragment:
        return "holds a fragment, the part from # on: leave it out"
    if _is_own(host):
        return None
    if parts.scheme != "https":
        return f"is not encrypted: {sender} sends to https:// only"
    if not _is_public(host):
        return "cannot be reached from outside: name the host that the internet reaches the receiver by"
    return None


def _is_own(host: str) -> bool:
    number = _number(host)
    return number.is_loopback if number else host.endswith(_OWN_NAMES)


def _is_public(host: str) -> bool:
    number = _number(host)
    if number:
        return number.is_global and not number.is_multicast
    *names, top = host.split(".")
    return bool(names) and not top.isdigit() and not host.endswith(_PRIVATE_NAMES)


def _number(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _shown(text: str) -> str:
    """Return an address as it may be repeated: without what stands before the @."""
    head, at, tail = text.strip().rpartition("@")
    return f"{head.partition('//')[0]}//…@{tail}" if at else text.strip()
