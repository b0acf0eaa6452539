"""API keys: what mode they belong to, and what a restricted one may do."""

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping

from upswell_connectors.fake_stripe import refusals

_KINDS = ("sk_test_", "sk_live_", "rk_test_", "rk_live_")

Keys = Mapping[str, frozenset[str] | None]
"""The keys that are good, each with its permissions (``rak_invoice_read``), or None where it may do everything."""


def shown_key(authorization: str) -> str:
    """Return the key of an ``Authorization`` header, Bearer or Basic. Raises Refused where there is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        value = _user(value)
    if not value or scheme.lower() not in ("bearer", "basic"):
        raise refusals.no_key()
    return value.strip()


def _user(value: str) -> str:
    try:
        return b64decode(value, validate=True).decode().partition(":")[0]
    except (Error, UnicodeDecodeError):
        return ""


def is_live(key: str) -> bool:
    """Say whether a key is for live data."""
    return key[2:].startswith("_live_")


def check(key: str, keys: Keys | None, permission: str, account: str) -> None:
    """Raise Refused where ``key`` is none of ``keys``, or may not do what ``permission`` stands for.

    Without ``keys`` everything that looks like a secret or restricted key is good for everything.
    """
    if not key.startswith(_KINDS) or (keys is not None and key not in keys):
        raise refusals.wrong_key(key)
    allowed = None if keys is None else keys[key]
    if allowed is not None and permission not in allowed:
        raise refusals.no_permission(key, permission, account)
