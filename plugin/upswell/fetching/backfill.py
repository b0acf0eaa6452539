"""Reading all of Stripe into the ledger: lists page by page, then what happened lately, then the movements.

Each page is committed with how far the run has come, so that it can be ended at any point and goes on behind the last
page. Objects may be written in any order and any number of times.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import msgspec

from upswell.configuration.settings import Config
from upswell.core.facts import Facts
from upswell.errors import Refused, ShapeError, UpswellError
from upswell.fetching.backfilled import Backfilled
from upswell.fetching.course import Course, course_of, finish, save
from upswell.fetching.preflight import check, check_key, wrong_mode
from upswell.fetching.resources import EVENTS, INVOICES, PRICES, STEPS, Step
from upswell.intake.applying import Applied, apply_pending
from upswell.intake.rebuild import HOLD_SECONDS, PAUSE_SECONDS
from upswell.render.gauges import Watch
from upswell.store import events
from upswell.store.bills import invoices_since, unknown_prices
from upswell.store.books import sources
from upswell.store.deleted import deleted
from upswell.store.ledger import Ledger
from upswell.store.records import mark_deleted, write_facts
from upswell_connectors.client import Client
from upswell_connectors.lists import Page, read, read_each
from upswell_connectors.shapes import facts_of_object
from upswell_connectors.stripe_api import StripeApi

ATTEMPTS = 16
"""How often one request is made: with the pauses in between, it fails for about a minute and a half."""

_MONTH_SECONDS = 30 * 86_400
_EXPANDED_PRICE = {"expand[]": ("tiers", "currency_options")}


@dataclass(slots=True)
class _Run:
    """One attempt: what it works with, how far it is, and how many requests were counted already."""

    ledger: Ledger
    config: Config
    client: Client
    watch: Watch
    course: Course
    sent: int = 0

    def spent(self) -> int:
        """Return how many requests were sent since the last call."""
        total = self.client.sent
        new, self.sent = total - self.sent, total
        return new


def backfill(ledger: Ledger, config: Config, watch: Watch, *, full: bool = False) -> Backfilled:
    """Read all of Stripe, or go on where the last run was ended, and rebuild the customers it concerns.

    ``full`` reads every list again, also where a finished run makes that needless. Raises UpswellError as ``check``
    does, and where Stripe refuses or does not answer any more, or the ledger cannot be written: what was read stays.
    """
    check_key(config)
    with closing(Client(config.stripe, attempts=ATTEMPTS)) as client:
        now = check(ledger, config, client)
        run = _Run(ledger, config, client, watch, course_of(ledger, now, full=full))
        _read_all(run)
        lookup = StripeApi(config.stripe, client)
        applied = apply_pending(ledger, config.rules, lookup, progress=partial(watch, "movements"))
        return _finished(run, applied)


def _read_all(run: _Run) -> None:
    """Read what is left of every list, in their order."""
    run.course = run.course.spent("account", 0, run.spent())
    steps = list(STEPS.values())
    for step in steps[list(STEPS).index(run.course.step) :]:
        if step.key != run.course.step:
            run.course = run.course.at(step)
        _read_list(run, step)
        if step.key == INVOICES:
            _read_inline_prices(run)


def _read_list(run: _Run, step: Step) -> None:
    """Read what is left of a list; one that Stripe does not have is noted, unless history needs it."""
    try:
        for page in read(run.client, step.listing, run.course.left, run.course.bottom):
            _keep(run, step, page)
    except Refused as error:
        if error.status != 404 or step.needed:
            raise
        run.course = run.course.lacking(step.name)


def _keep(run: _Run, step: Step, page: Page) -> None:
    """Commit a page together with what is left to read after it."""
    behind = run.course.behind(page, run.spent())
    if step.name == EVENTS:
        _keep_events(run, page, behind)
    else:
        objects = list(page.objects(step.listing.nested))
        _check_mode(run, objects)
        facts, reasons = _facts(run, objects, page.at)
        _write(run, facts, behind.unable(reasons) if reasons else behind)
    left = sum(window.left(run.course.bottom) for window in run.course.left)
    done = run.course.objects[step.name]
    run.watch(step.name, done, done + round(left))


def _keep_events(run: _Run, page: Page, behind: Course) -> None:
    """Accept a page of events as the receiver does."""
    packed = events.pack(list(_envelopes(page)))
    with run.ledger.write() as connection:
        events.store(connection, packed)
        save(connection, behind)
    run.course = behind
    time.sleep(PAUSE_SECONDS)


def _envelopes(page: Page) -> Iterator[events.Accepted]:
    """Yield what is an event on the page; a receiver would refuse the rest."""
    for body in page.bodies():
        with suppress(ShapeError):
            yield events.envelope(body)


def _check_mode(run: _Run, objects: list[dict[str, object]]) -> None:
    """Bind a ledger by the first object where the key did not tell its mode. Raises UpswellError for the wrong one."""
    live = objects[0].get("livemode") if objects else None
    if not isinstance(live, bool):
        return
    bound = events.bound_to(run.ledger).get("livemode")
    if bound is None:
        events.bind(run.ledger, livemode=live)
    elif bound != live:
        raise UpswellError(wrong_mode(run.config, live=live))


def _facts(run: _Run, objects: Iterable[dict[str, object]], asked_at: int) -> tuple[list[Facts], list[str]]:
    """Return what the objects say, and why some could not be read."""
    facts, reasons = [], []
    for found in objects:
        created = found.get("created")
        at = run.course.seen_at(asked_at, created if isinstance(created, int) else 0)
        try:
            facts.append(facts_of_object(found, at))
        except ShapeError as error:
            reasons.append(f"{found.get('id')}: {error}")
    return facts, reasons


def _write(run: _Run, facts: list[Facts], behind: Course) -> None:
    """Write facts in commits short enough for a receiver beside it, the last one with how far the run is then."""
    left = facts[::-1]
    while run.course is not behind:
        deadline = time.monotonic() + HOLD_SECONDS
        with run.ledger.write() as connection:
            while left and time.monotonic() < deadline:
                write_facts(connection, None, left.pop(), run.config.rules)
            if not left:
                save(connection, behind)
        if not left:
            run.course = behind
        time.sleep(PAUSE_SECONDS)


def _read_inline_prices(run: _Run) -> None:
    """Ask by id, once, for the prices that invoices name and neither a list nor a customer's subscription shows."""
    connection = run.ledger.connection
    unknown = unknown_prices(connection)
    asked = deleted(connection, unknown)
    paths = {f"/v1/prices/{quote(name)}": name for name in unknown if name not in asked}
    for done, (path, answer) in enumerate(read_each(run.client, paths, _EXPANDED_PRICE), 1):
        if answer is None:
            with run.ledger.write() as writing:
                mark_deleted(writing, paths[path])
        facts, reasons = _facts(run, [msgspec.json.decode(answer.body)], answer.at) if answer else ([], [])
        _write(run, facts, run.course.spent(PRICES, len(facts), run.spent()).unable(reasons))
        run.watch("prices by id", done, len(paths))


def _finished(run: _Run, applied: Applied) -> Backfilled:
    course = run.course
    with run.ledger.write() as connection:
        finish(connection, course, int(run.client.now()))
    return Backfilled(
        objects=course.objects,
        requests=course.spent(EVENTS, 0, run.spent()).requests,
        movements=sources(run.ledger),
        recent=invoices_since(run.ledger.connection, int(run.client.now()) - _MONTH_SECONDS),
        absent=course.absent,
        lost=len(unknown_prices(run.ledger.connection)),
        unread=course.unread,
        unread_count=course.unread_count,
        applied=applied,
    )
