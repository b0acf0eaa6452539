"""Asking the ledger why: what a customer's history and a movement's derivation need, read and put together."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

from upswell.core.clocks import utc
from upswell.core.history import History
from upswell.core.kinds import Movement
from upswell.core.movements import Chapter, chapters
from upswell.core.plans import outlook
from upswell.core.rules import Rules
from upswell.errors import UpswellError
from upswell.report.explanation import BilledLine, Derivation, Evidence, Moment, Timeline, explain, is_whole
from upswell.report.holdings import holdings
from upswell.report.periods import Month, Week
from upswell.report.told import Told, sayings
from upswell.store import books, deliveries, events
from upswell.store.agenda import widened
from upswell.store.ledger import Ledger
from upswell.store.records import history_of
from upswell.store.subscribers import account_named


def why(ledger: Ledger, rules: Rules, who: str, now: int) -> Timeline | Derivation:
    """Explain the customer or the movement whose id is ``who``, as it is at ``now`` (unix seconds UTC).

    Raises UpswellError where there is neither.
    """
    row = ledger.connection.execute(
        "SELECT customer FROM movements WHERE id = ?1 UNION ALL SELECT customer FROM scheduled WHERE id = ?1", (who,)
    ).fetchone()
    if row:
        return _derivation(ledger, rules, _history(ledger, row[0]), who, now)
    account = account_named(ledger.connection, who)
    if account is None:
        raise UpswellError(
            f"The ledger {ledger.path} knows no customer and no movement {who}: take an id from `upswell movements`"
        )
    return _timeline(ledger, rules, _history(ledger, account), now)


def _history(ledger: Ledger, account: str) -> History:
    return widened(ledger.connection, history_of(ledger.connection, account), {})


def _timeline(ledger: Ledger, rules: Rules, history: History, now: int) -> Timeline:
    told = [chapter for chapter in chapters(history, rules) if chapter.movements]
    booked = [movement for chapter in told for movement in chapter.movements]
    ahead = outlook(history, rules, booked)
    past = [chapter for chapter in told if chapter.group.at <= now]
    future = [left for chapter in told if chapter.group.at > now for left in _left(chapter, ahead.overtaken)]
    future += [chapter for chapter in ahead.chapters if chapter.group.at > now]
    moments = [
        Moment(chapter.movements, chapter.group.at > now, holdings(chapter.group.after, history.catalogue))
        for chapter in (*past, *sorted(future, key=lambda chapter: chapter.group.at))
    ]
    held = _mrr(movement for chapter in past for movement in chapter.movements)
    restated = (one for one in _told(ledger, booked) if one.is_restated)
    return Timeline(history.customer, _name(ledger, history), held, tuple(moments), tuple(restated))


def _left(chapter: Chapter, overtaken: Collection[str]) -> Iterator[Chapter]:
    """Yield a chapter that is booked ahead, unless plans leave no room for it."""
    if not any(movement.id in overtaken for movement in chapter.movements):
        yield chapter


def _mrr(movements: Iterable[Movement]) -> dict[str, int]:
    return {movement.currency: movement.mrr_after for movement in movements}


def _derivation(ledger: Ledger, rules: Rules, history: History, who: str, now: int) -> Derivation:
    told = list(chapters(history, rules))
    booked = [movement for chapter in told for movement in chapter.movements]
    for chapter in (*told, *outlook(history, rules, booked).chapters):
        for movement in chapter.movements:
            if movement.id == who:
                found = explain(chapter, movement, history.catalogue, rules)
                *others, cause = (_evidence(ledger, name) for name in found.evidence)
                evidence = (
                    *others,
                    replace(cause, lines=tuple(_lines(ledger, movement, of_all=is_whole(chapter, movement)))),
                )
                posted = tuple(_told(ledger, [movement]))
                return Derivation(_name(ledger, history), movement.occurred_at > now, found, evidence, posted)
    raise UpswellError(
        f"The movement {who} was made under other rules: run `upswell reclassify` to rebuild all, and look again"
    )


def _told(ledger: Ledger, movements: Iterable[Movement]) -> Iterator[Told]:
    """Yield what posted summaries said of the periods and kinds of ``movements``, beside what is so now."""
    moved = list(movements)
    for report in (Week.report, Month.report):
        posts = deliveries.posts(ledger, report)
        periods = {post.period.name: post.period for post in posts}.values()
        held = [
            (period, one.kind, one.currency) for one in moved for period in periods if period.holds(one.occurred_at)
        ]
        for period, kind, currency in dict.fromkeys(held):
            now = books.movements(ledger, since=period.start, until=period.end, kind=kind, currency=currency)
            said = sayings(posts, period.name, kind, currency)
            yield Told(period.name, kind, currency, said, sum(one.amount for one in now))


def _name(ledger: Ledger, history: History) -> str:
    return books.names(ledger, [history.customer])[history.customer]


def _evidence(ledger: Ledger, cause: str) -> Evidence:
    """Return the event ``cause``, or what told of the invoice or the subscription ``cause``: an event, or a list."""
    row = ledger.connection.execute(
        "SELECT id, type, created FROM events WHERE id = ?1"
        " OR id = (SELECT event FROM usage WHERE invoice = ?1 AND line = '') LIMIT 1",
        (cause,),
    ).fetchone()
    if row is None:
        return _listed(ledger, cause)
    event, kind, created = row
    body = events.bodies(ledger, [event]).get(event)
    return Evidence(cause, event, kind, utc(created), json.loads(body) if body else None)


def _listed(ledger: Ledger, cause: str) -> Evidence:
    """Return what a list showed of an invoice or a subscription, as the ledger keeps it; else its first event."""
    lines = _dicts(
        ledger,
        "SELECT line, item, price, quantity, amount, currency, period_start, period_end, proration, billing_reason,"
        " invoiced_at, voided FROM usage WHERE invoice = ? ORDER BY line",
        cause,
    )
    if lines:
        return Evidence(cause, "", "invoice", utc(lines[0]["invoiced_at"]), lines)
    looks = _dicts(ledger, "SELECT seen, value FROM snapshots WHERE subscription = ? ORDER BY at DESC LIMIT 1", cause)
    if looks:
        return Evidence(cause, "", "subscription", utc(looks[0]["seen"]), json.loads(looks[0]["value"]))
    first = _dicts(ledger, "SELECT event FROM history WHERE subscription = ? ORDER BY created, event LIMIT 1", cause)
    return replace(_evidence(ledger, first[0]["event"]), id=cause) if first else Evidence(cause, "", "", "", None)


def _lines(ledger: Ledger, movement: Movement, *, of_all: bool) -> Iterator[BilledLine]:
    """Yield what the cause, where it is an invoice, billed of its item; a proration may name only a price."""
    rows = ledger.connection.execute(
        "SELECT amount, currency, period_start, period_end, voided, item, price FROM usage"
        " WHERE invoice = ? AND line != '' ORDER BY period_start, period_end, line",
        (movement.cause,),
    )
    prices = (movement.price_from, movement.price_to)
    for amount, currency, start, end, voided, item, price in rows:
        if of_all or item == movement.item or (not item and price in prices):
            yield BilledLine(amount, currency, utc(start), utc(end), bool(voided))


def _dicts(ledger: Ledger, query: str, cause: str) -> list[dict[str, Any]]:
    rows = ledger.connection.execute(query, (cause,))
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def as_json(told: Timeline | Derivation) -> dict[str, Any]:
    """Return ``told`` as JSON holds it; amounts are whole minor units a month, times ISO 8601, UTC."""
    plain = asdict(told)
    for movement in (
        [plain["explanation"]["movement"]]
        if isinstance(told, Derivation)
        else [movement for moment in plain["moments"] for movement in moment["movements"]]
    ):
        movement["occurred_at"] = utc(movement["occurred_at"])
    return plain
