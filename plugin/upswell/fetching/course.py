"""How far a backfill has come: committed with every page, so that the next run goes on behind the last one."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3 where installed

from upswell.fetching.resources import STEPS, Step
from upswell.store.backlog import BACKFILL
from upswell.store.ledger import Ledger, forget_job, note_job
from upswell_connectors.lists import Page
from upswell_connectors.windows import BEGINNING, Window

_DONE = "backfilled"
_ONE_LOOK_SECONDS = 86_400
_OVERLAP_SECONDS = 7 * 86_400
_LONGEST_SECONDS = 25 * 86_400
_MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class Course:
    """A run of the backfill, over as many attempts as it takes.

    ``begun`` is when (unix seconds UTC, Stripe's clock). A later run reads of lists that only grow what was created
    from ``since`` on. ``step`` is the list being read, ``windows`` what is left of it (None: all), ``floor`` the oldest
    object so far. ``objects`` and ``requests`` count by name; ``unread`` says why objects could not be read, and
    ``absent`` which lists Stripe does not have.
    """

    begun: int
    since: int | None = None
    step: str = next(iter(STEPS))
    windows: tuple[Window, ...] | None = None
    floor: int | None = None
    objects: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    unread_count: int = 0
    absent: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[Window, ...]:
        """What is left to read of the list."""
        if self.windows is not None:
            return self.windows
        return (Window(since=self.since if STEPS[self.step].grows else None),)

    @property
    def bottom(self) -> int:
        """Where lists are believed to begin (unix seconds UTC)."""
        return BEGINNING if self.floor is None else self.floor

    def seen_at(self, asked_at: int, created: int) -> int:
        """Return when an object counts as seen that was ``created`` and ``asked_at`` then (unix seconds UTC).

        That is when the run began, so that a run over several attempts says what one in one go says; for what is
        younger than the run, and for what was asked for more than a day later, it is when it was asked for.
        """
        return self.begun if created <= self.begun and asked_at - self.begun < _ONE_LOOK_SECONDS else asked_at

    def behind(self, page: Page, sent: int) -> "Course":
        """Return the course behind ``page``, for which ``sent`` requests were made."""
        left = tuple(window for window in self.left if window != page.window) + page.left
        oldest = [at for at in (self.floor, page.oldest) if at]
        name = STEPS[self.step].name
        return replace(
            self,
            windows=left,
            floor=min(oldest, default=None),
            objects=_plus(self.objects, name, page.count),
            requests=_plus(self.requests, name, sent),
        )

    def spent(self, name: str, objects: int, requests: int) -> "Course":
        """Return the course with more objects and requests counted under ``name``."""
        return replace(self, objects=_plus(self.objects, name, objects), requests=_plus(self.requests, name, requests))

    def at(self, step: Step) -> "Course":
        """Return the course at the beginning of ``step``."""
        return replace(self, step=step.key, windows=None)

    def lacking(self, name: str) -> "Course":
        """Return the course where Stripe has no list ``name``, of which nothing is left then."""
        return replace(self, windows=(), absent=tuple(dict.fromkeys((*self.absent, name))))

    def unable(self, reasons: list[str]) -> "Course":
        """Return the course where some objects could not be read."""
        kept = tuple(dict.fromkeys((*self.unread, *reasons)))[:_MOST_REASONS]
        return replace(self, unread=kept, unread_count=self.unread_count + len(reasons))


def _plus(counts: dict[str, int], name: str, more: int) -> dict[str, int]:
    return {**counts, name: counts.get(name, 0) + more}


def course_of(ledger: Ledger, now: int, *, full: bool) -> Course:
    """Return the course of a run at ``now``: the one that was interrupted, or a new one.

    What was begun so long ago that events since then are forgotten is begun again. After a run that was finished, lists
    that only grow are read from a week before it on, as long as Stripe's events reach back to it; ``full``: never.
    """
    held = _under_way(ledger)
    if held and now - held.begun < _LONGEST_SECONDS and not (full and held.since):
        return held
    last: dict[str, Any] = ledger.job(_DONE) or {}
    recent = not full and last and now - last["begun"] < _LONGEST_SECONDS
    return Course(now, since=last["begun"] - _OVERLAP_SECONDS if recent else None)


def _under_way(ledger: Ledger) -> Course | None:
    """Return the course that was saved last; none that another version wrote in another form."""
    try:
        course = msgspec.convert(ledger.job(BACKFILL), Course | None)
    except msgspec.ValidationError:
        return None
    return course if course and course.step in STEPS else None


def save(connection: sqlite3.Connection, course: Course) -> None:
    """Note how far the run has come, inside an open write transaction."""
    note_job(connection, BACKFILL, msgspec.to_builtins(course))


def finish(connection: sqlite3.Connection, course: Course, now: int) -> None:
    """Note that the run is finished, inside an open write transaction."""
    note_job(connection, _DONE, {"begun": course.begun, "finished": now})
    forget_job(connection, BACKFILL)


def last_begun(ledger: Ledger) -> int | None:
    """Return when the last run that was finished began (unix seconds UTC): events up to then were read."""
    done: dict[str, int] = ledger.job(_DONE) or {}
    return done.get("begun")


def finished_at(ledger: Ledger) -> int | None:
    """Return when the last run was finished (unix seconds UTC), or None."""
    done = ledger.job(_DONE)
    return done["finished"] if done else None
