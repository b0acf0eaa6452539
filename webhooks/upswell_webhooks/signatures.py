"""Whether a webhook was signed lately, with one of the configured secrets."""

from collections.abc import Iterable

from stripe import SignatureVerificationError, WebhookSignature

from upswell.configuration.settings import Secret

TOLERANCE_SECONDS = 300


def is_genuine(body: bytes, header: str | None, secrets: Iterable[Secret], now: float) -> bool:
    """Say whether ``header`` (``Stripe-Signature``) signs ``body`` with any of ``secrets``, at most 300 s from ``now``.

    ``now`` is unix seconds UTC. Timestamps ahead of it are refused like old ones: Stripe's library lets them pass.
    """
    if not header or not header.isascii():
        return False
    signed = any(_signs(body, header, secret.reveal()) for secret in secrets)
    return signed and now - TOLERANCE_SECONDS <= _timestamp(header) <= now + TOLERANCE_SECONDS


def _signs(body: bytes, header: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body, header, secret)
    except (SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def _timestamp(header: str) -> int:
    """Return the timestamp of a header that was verified, so that it is known to hold one."""
    return next(int(part.split("=")[1]) for part in header.split(",") if part.startswith("t="))
