"""Asking the ledger why: what a customer's history and a movement's derivation need, read and put together."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from upswell import books, events
from upswell.errors import UpswellError
from upswell.explanation import Derivation, Evidence, Moment, Timeline, explain
from upswell.history import History
from upswell.holdings import holdings
from upswell.kinds import Movement
from upswell.ledger import Ledger
from upswell.movements import chapters
from upswell.records import history_of
from upswell.rules import Rules


def why(ledger: Ledger, rules: Rules, who: str, now: int) -> Timeline | Derivation:
    """Explain the customer or the movement whose id is ``who``, as it is at ``now`` (unix seconds UTC).

    Raises UpswellError where there is neither.
    """
    row = ledger.connection.execute("SELECT customer FROM movements WHERE id = ?", (who,)).fetchone()
    if row:
        return _derivation(ledger, rules, history_of(ledger.connection, row[0]), who, now)
    account = ledger.connection.execute(
        "SELECT account FROM accounts WHERE ? IN (customer, account) LIMIT 1", (who,)
    ).fetchone()
    if account is None:
        raise UpswellError(
            f"The ledger {ledger.path} knows no customer and no movement {who}: take an id from `upswell movements`"
        )
    return _timeline(ledger, rules, history_of(ledger.connection, account[0]), now)


def _timeline(ledger: Ledger, rules: Rules, history: History, now: int) -> Timeline:
    told = [chapter for chapter in chapters(history, rules) if chapter.movements]
    moments = [
        Moment(chapter.movements, chapter.group.at > now, holdings(chapter.group.after, history.catalogue))
        for chapter in told
    ]
    held = _mrr(movement for chapter in told for movement in chapter.movements if chapter.group.at <= now)
    return Timeline(history.customer, _name(ledger, history), held, tuple(moments))


def _mrr(movements: Iterable[Movement]) -> dict[str, int]:
    return {movement.currency: movement.mrr_after for movement in movements}


def _derivation(ledger: Ledger, rules: Rules, history: History, who: str, now: int) -> Derivation:
    for chapter in chapters(history, rules):
        for movement in chapter.movements:
            if movement.id == who:
                found = explain(chapter, movement, history.catalogue, rules)
                evidence = tuple(_evidence(ledger, cause) for cause in found.evidence)
                return Derivation(_name(ledger, history), movement.occurred_at > now, found, evidence)
    raise UpswellError(
        f"The movement {who} was made under other rules: run `upswell reclassify` to rebuild all, and look again"
    )


def _name(ledger: Ledger, history: History) -> str:
    return books.names(ledger, [history.customer])[history.customer]


def _evidence(ledger: Ledger, cause: str) -> Evidence:
    """Return the event ``cause``, or the event that told of the invoice ``cause``."""
    row = ledger.connection.execute(
        "SELECT id, type, created FROM events WHERE id = ?1"
        " OR id = (SELECT event FROM usage WHERE invoice = ?1 AND line = '') LIMIT 1",
        (cause,),
    ).fetchone()
    if row is None:
        return Evidence(cause, "", "", "", None)
    event, kind, created = row
    body = events.bodies(ledger, [event]).get(event)
    return Evidence(cause, event, kind, books.iso(created), json.loads(body) if body else None)


def as_json(told: Timeline | Derivation) -> dict[str, Any]:
    """Return ``told`` as JSON holds it; amounts are whole minor units a month, times ISO 8601, UTC."""
    plain = asdict(told)
    for movement in (
        [plain["explanation"]["movement"]]
        if isinstance(told, Derivation)
        else [movement for moment in plain["moments"] for movement in moment["movements"]]
    ):
        movement["occurred_at"] = books.iso(movement["occurred_at"])
    return plain
