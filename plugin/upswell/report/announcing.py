"""What is told at once of a customer's movements: each one once, when nothing can join its group any more.

What changes later of something that was told is told again, with what it was and what it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter

from upswell.core.booking import UNDATED
from upswell.core.kinds import Movement
from upswell.core.money import exponent

RECORDED, RESTATED = "movement.recorded", "movement.restated"
MOVEMENT_EVENTS = (RECORDED, RESTATED)

GRACE_SECONDS = 60
"""For how long after a group has closed an event of it may still be on its way to us."""

LATEST_SECONDS = 30 * 86_400
"""How long after it happened a movement may become known and is still told: as far back as Stripe keeps events."""

KEPT_SECONDS = 90 * 86_400
"""For how long after it happened a movement that was told is followed."""

_SHOWN = (
    *("occurred_at", "kind", "driver", "amount", "currency", "origin"),
    *("product_from", "product_to", "price_from", "price_to", "quantity_from", "quantity_to"),
)
_said = attrgetter(*_SHOWN)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to tell; ``type`` is one of MOVEMENT_EVENTS.

    ``was`` is what was told before, ``now`` what is so; None where there was, or is, no such movement.
    """

    type: str
    was: Movement | None
    now: Movement | None

    @property
    def is_renamed(self) -> bool:
        """Whether nothing has changed but the id: an event has told what an invoice had told before."""
        return self.was is not None and self.now is not None and _says_the_same(self.was, self.now)

    @property
    def subject(self) -> Movement:
        """The movement it is about: as it is, or as it was where it is gone."""
        subject = self.now or self.was
        assert subject is not None  # noqa: S101  # nothing is announced of nothing
        return subject


@dataclass(frozen=True, slots=True)
class News:
    """What to tell now, and when to look again (unix seconds UTC; None: when something changes)."""

    announcements: tuple[Announcement, ...]
    next_at: int | None = None


def news(
    movements: Sequence[Movement], told: Mapping[str, Movement | None], *, now: int, since: int, settle_minutes: int
) -> News:
    """Return what is to be told at ``now`` of one customer, whose ``movements`` are these.

    ``told`` holds by id what was told last, None where the last word was that it is gone. What happened before
    ``since`` (unix seconds UTC) is nobody's business, and so are what becomes known more than LATEST_SECONDS late,
    and differences that were closed without anything that tells when they arose.

    A group's movements carry the time of its last change, so that nothing can join it ``settle_minutes`` later.
    """
    terms = _Terms(now, settle_minutes * 60)
    held = {one.id: one for one in movements}
    untold = [one for one in movements if one.id not in told]
    restated = list(_restated(held, told, [one for one in untold if _is_dated(one)], terms))
    taken = {one.now.id for one in restated if one.now}
    earliest = max(since, now - LATEST_SECONDS)
    recorded = [
        Announcement(RECORDED, None, one)
        for one in untold
        if one.id not in taken and earliest <= one.occurred_at <= terms.closed_until and _is_dated(one)
    ]
    waits = [one.occurred_at for one in movements if one.occurred_at > terms.closed_until]
    return News((*restated, *recorded), min(waits) + terms.settle + GRACE_SECONDS if waits else None)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The moment, and the settle window in seconds."""

    now: int
    settle: int

    @property
    def closed_until(self) -> int:
        """Up to when groups are closed, with all that was on its way."""
        return self.now - self.settle - GRACE_SECONDS


def _restated(
    held: Mapping[str, Movement], told: Mapping[str, Movement | None], untold: Sequence[Movement], terms: _Terms
) -> Iterator[Announcement]:
    """Yield what is no longer as it was told; nothing of what is in an open group yet."""
    left = list(untold)
    for name, was in told.items():
        found = held.get(name)
        if found and terms.closed_until < found.occurred_at <= terms.now:
            continue
        current = found if found and found.occurred_at <= terms.closed_until else None
        if was and current is None:
            current = _heir(was, left, terms)
            if current and current.occurred_at > terms.closed_until:
                continue
            left = [one for one in left if one is not current]
        if not _is_same(was, current):
            yield Announcement(RESTATED, was, current)


def is_large(found: Announcement, above: int, currency: str, rates: Mapping[str, Decimal]) -> bool:
    """Whether what was told, or what is so, exceeds ``above`` whole units of ``currency`` a month, up or down.

    ``rates`` are units of ``currency`` for one of each other one; an amount in a currency without a rate is not large.
    """
    factors = {**rates, currency: Decimal(1)}
    return any(
        Fraction(abs(one.amount), 10 ** exponent(one.currency)) * Fraction(factors.get(one.currency, 0)) > above
        for one in (found.was, found.now)
        if one
    )


def _heir(was: Movement, untold: Sequence[Movement], terms: _Terms) -> Movement | None:
    """Return the movement that stands in the place of one that is gone: of its item, by its cause or in its group."""
    near = [
        one
        for one in untold
        if (one.item, one.currency) == (was.item, was.currency)
        and one.occurred_at <= terms.now
        and (one.cause == was.cause or abs(one.occurred_at - was.occurred_at) <= terms.settle)
    ]
    return min(near, key=lambda one: (one.cause != was.cause, abs(one.occurred_at - was.occurred_at)), default=None)


def _is_dated(movement: Movement) -> bool:
    return not movement.reason.endswith(UNDATED)


def _is_same(was: Movement | None, current: Movement | None) -> bool:
    """Whether two are the same, by id, and say the same."""
    if was is None or current is None:
        return was is current
    return was.id == current.id and _says_the_same(was, current)


def _says_the_same(was: Movement, current: Movement) -> bool:
    """Whether two say the same; what stood before and after, and the words of the reason, may differ."""
    return bool(_said(was) == _said(current))
