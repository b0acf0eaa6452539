"""What ``upswell doctor`` says of billing meters: when they were read, and which events they could not count."""

import zlib
from collections.abc import Iterator

import msgspec

from upswell.doctor.finding import Finding, age
from upswell.fetching.metering import last_round
from upswell.render.words import count
from upswell.store.ledger import Ledger

ERRORS = ("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found")
"""Thin events by which Stripe says that it could not count what it was sent."""

_LATELY_SECONDS = 7 * 86_400


def metered(ledger: Ledger, now: int) -> Iterator[Finding]:
    """Look at the last reading of meters, and at what Stripe could not count in the week before ``now``."""
    yield _read(ledger, now)
    yield _refused(ledger, now)


def _read(ledger: Ledger, now: int) -> Finding:
    found = last_round(ledger)
    if found.trouble:
        return Finding("billing meters", well=False, text=f"not read: {found.trouble}")
    if not found.begun:
        return Finding("billing meters", well=True, text="not read yet: `upswell serve` does it, with a Stripe key")
    text = f"{count(found.readings, 'reading')} with {count(found.requests, 'request')}, {age(now - found.begun)} ago"
    return Finding("billing meters", well=True, text=text)


def _refused(ledger: Ledger, now: int) -> Finding:
    rows = ledger.connection.execute(
        "SELECT body FROM events WHERE type IN (?, ?) AND created > ? AND state <> 'ignored' ORDER BY created",
        (*ERRORS, now - _LATELY_SECONDS),
    ).fetchall()
    if not rows:
        return Finding("meter events", well=True, text="Stripe told of none that it could not count")
    meters = sorted({meter for (body,) in rows if (meter := _meter(body))})
    named = f" of {', '.join(meters)}" if meters else ""
    text = (
        f"{count(len(rows), 'report')} in a week of usage{named} that Stripe could not count, and will not bill: "
        "see Billing → Meters in Stripe's dashboard for why"
    )
    return Finding("meter events", well=False, text=text)


class _Related(msgspec.Struct):
    id: str


class _Thin(msgspec.Struct):
    related_object: _Related | None = None


def _meter(body: bytes) -> str | None:
    """Return the meter that a stored report is about; None where it names none, or its body is gone."""
    try:
        related = msgspec.json.decode(zlib.decompress(body), type=_Thin).related_object
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return related.id[:60] if related and related.id.isprintable() else None
