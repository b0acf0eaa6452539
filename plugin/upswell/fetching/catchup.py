"""Catching up: what no webhook delivered is read from Stripe's list of events, and goes in the webhook's own way.

Stripe keeps events for 30 days. Each time, they are read from shortly before the moment up to which all are here.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event

import msgspec

from upswell.errors import Refused, ShapeError
from upswell.fetching.course import last_begun
from upswell.fetching.resources import EVENTS, STEPS
from upswell.intake.rebuild import PAUSE_SECONDS
from upswell.store import events
from upswell.store.ledger import Ledger, note_job
from upswell_connectors.client import Client
from upswell_connectors.event_types import EVENT_TYPES
from upswell_connectors.lists import Page, read
from upswell_connectors.windows import Window

KEPT_SECONDS = 30 * 86_400
"""For how long Stripe keeps events."""

_JOB = "catch_up"
_OVERLAP_SECONDS = 600  # an event may show in the list a little after the moment it was created at

_log = logging.getLogger("upswell.catchup")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far catching up has come. Times are unix seconds UTC.

    Every event of ``types`` that was created up to ``through`` (Stripe's clock, None: not known) is in the ledger.
    ``at`` is when that was last so, and ``new`` how many events no webhook had brought by then. ``trouble`` says why
    the latest attempt, at ``failed_at``, did not succeed. ``gap`` is the time that no event tells of any more.
    """

    through: int | None = None
    types: tuple[str, ...] = ()
    at: int | None = None
    new: int = 0
    failed_at: int | None = None
    trouble: str | None = None
    gap: tuple[int, int] | None = None


def standing(ledger: Ledger) -> Standing:
    """Read how far catching up has come; before its first time, how far a backfill came."""
    held = ledger.job(_JOB)
    found: Standing = msgspec.convert(held or {}, Standing)
    return found if found.through else replace(found, through=last_begun(ledger))


def catch_up(ledger: Ledger, client: Client, stopping: Event) -> Standing:
    """Accept every event that Stripe has and the ledger has not; they are yet to be applied.

    Returns the new standing, or the old one where ``stopping`` was set meanwhile. Raises Refused and Unreachable where
    Stripe does not tell, LedgerError where they cannot be written.
    """
    held = standing(ledger)
    now = int(client.now())
    since, gap = _missed(held, now)
    if gap:
        _log.warning("%s", told_gap(gap))
    new = 0
    for page in _pages(client, since):
        new += _keep(ledger, page)
        if stopping.is_set():
            return held
    caught = Standing(now, EVENT_TYPES, int(time.time()), new, gap=_joined(held.gap, gap))
    _note(ledger, caught)
    return caught


def note_trouble(ledger: Ledger, trouble: str) -> None:
    """Note why catching up did not succeed just now, for ``doctor``."""
    _note(ledger, replace(standing(ledger), failed_at=int(time.time()), trouble=trouble))


def close_gap(ledger: Ledger) -> None:
    """Note that what the gap hid was closed: today's subscriptions are as at Stripe."""
    _note(ledger, replace(standing(ledger), gap=None))


def told_gap(gap: tuple[int, int]) -> str:
    """Return the sentence about a time that no event tells of any more."""
    begun, ended = (time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment)) for moment in gap)
    return (
        f"Events from {begun} to {ended} that no webhook delivered are lost, for Stripe keeps them 30 days only: the "
        "difference is closed by today's subscriptions; `upswell backfill` also reads what invoices tell of that time"
    )


def _missed(held: Standing, now: int) -> tuple[int, tuple[int, int] | None]:
    """Return from when on events are to be read, and the time that they do not reach back to.

    Types that were not asked for before are read from as far back as Stripe has them.
    """
    oldest = now - KEPT_SECONDS
    gap = (held.through, oldest) if held.through and held.through < oldest else None
    if held.through is None or set(EVENT_TYPES) - set(held.types):
        return oldest, gap
    return max(held.through - _OVERLAP_SECONDS, oldest), gap


def _pages(client: Client, since: int) -> Iterator[Page]:
    """Yield the events since a moment; none, where an older API, or a stand-in, has no such list."""
    for step in STEPS.values():
        if step.name != EVENTS:
            continue
        try:
            yield from read(client, step.listing, (Window(since),))
        except Refused as error:
            if error.status != 404:
                raise


def _keep(ledger: Ledger, page: Page) -> int:
    """Store a page of events in one commit, and return how many were new; what is no event is logged."""
    found = []
    for body in page.bodies():
        try:
            found.append(events.envelope(body))
        except ShapeError as error:
            _log.warning("An entry of Stripe's list of events is left out: %s", error)
    packed = events.pack(found)
    with ledger.write() as connection:
        outcomes = events.store(connection, packed)
    time.sleep(PAUSE_SECONDS)
    return outcomes.count("accepted")


def _joined(held: tuple[int, int] | None, gap: tuple[int, int] | None) -> tuple[int, int] | None:
    return (min(held[0], gap[0]), max(held[1], gap[1])) if held and gap else held or gap


def _note(ledger: Ledger, caught: Standing) -> None:
    with ledger.write() as connection:
        note_job(connection, _JOB, msgspec.to_builtins(caught))
