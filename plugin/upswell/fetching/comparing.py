"""Comparing one subscription of today with what the ledger holds of it: in what it differs, why, and by how much."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import msgspec

from upswell.core.clocks import utc
from upswell.core.facts import Facts
from upswell.core.history import History, entries
from upswell.core.movements import chapters
from upswell.core.portfolio import Portfolio, Subscription
from upswell.core.rules import Rules
from upswell.core.states import LISTED, Snapshot, State
from upswell.errors import InvariantError, Refused, ShapeError
from upswell.fetching.todays import Shown
from upswell.report.discrepancies import ENDED, PRICE_AMOUNTS, Discrepancy, Unlike, unlike
from upswell.store import events
from upswell.store.ledger import Ledger
from upswell.store.records import history_of, missing, write_facts
from upswell.store.subscribers import account_of
from upswell_connectors.stripe_api import StripeApi

_NEVER_COUNTED = frozenset({"incomplete", "incomplete_expired"})
_LATELY_SECONDS = 60  # longer than an answer takes: what it shows may be so much older than it is


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger knows of a subscription, last told ``since`` (unix seconds UTC) by ``event``; None: nothing."""

    history: History
    subscription: Subscription | None = None
    since: int = 0
    event: str = ""


def held(ledger: Ledger, rules: Rules, shown: Shown) -> Held:
    """Return what the ledger holds of a subscription at the moment at which Stripe showed it."""
    account = account_of(ledger.connection, shown.customer)
    if account is None:
        return Held(History(shown.customer))
    history = history_of(ledger.connection, account)
    rows = [row for row in entries(history, rules).get(shown.name, ()) if row.at <= shown.at]
    return Held(history, rows[-1].subscription, rows[-1].at, rows[-1].event) if rows else Held(history)


def parts(of: Held, shown: Shown) -> tuple[Unlike, ...]:
    """Return in what the ledger differs from what Stripe showed; in nothing, where it may have heard more since."""
    lately = shown.at - _LATELY_SECONDS
    if any(one.after.id == shown.name and one.created >= lately for one in of.history.states):
        return ()
    here, there = of.subscription, shown.subscription
    if here and there:
        return unlike(here, there, shown.at, of.history.catalogue)
    if (here is None or here.status in ENDED) and (there is None or there.status in _NEVER_COUNTED):
        return ()
    return (Unlike("subscription", here.status if here else None, there.status if there else None),)


def discrepancy(ledger: Ledger, rules: Rules, shown: Shown, waits: Mapping[str, str]) -> Discrepancy | None:
    """Return in what, why and by how much a subscription differs, or None; ``waits`` is what ``waiting`` returned.

    What its MRR were by what Stripe shows is tried in a transaction that is taken back.
    """
    of = held(ledger, rules, shown)
    found = parts(of, shown)
    subscription = shown.subscription or of.subscription
    if not found or subscription is None:
        return None
    return Discrepancy(
        subscription=shown.name,
        customer=of.history.customer,
        currency=subscription.currency,
        cause=waits.get(shown.name) or _cause(found, of, shown),
        unlike=found,
        mrr_ledger=_mrr(of.history, rules, shown),
        mrr_stripe=_tried(ledger, rules, shown, of),
    )


def waiting(ledger: Ledger) -> dict[str, str]:
    """Return why an event was not applied, by the subscription that it is about."""
    return {name: reason for body, reason in events.unapplied(ledger) if (name := _about(body))}


def as_facts(shown: Shown, of: Held) -> Facts:
    """Return what Stripe showed as facts to be written down: of a subscription that is gone, that it has ended."""
    if shown.facts or of.subscription is None:
        return shown.facts or Facts()
    return Facts(snapshot=Snapshot(shown.at, replace(of.subscription, status="canceled", ended_at=shown.at)))


def learn(ledger: Ledger, rules: Rules, api: StripeApi, shown: Shown) -> str | None:
    """Ask Stripe for the prices and coupons that a subscription needs and nobody told of yet.

    Returns the id of one that Stripe does not tell, or None. Raises Unreachable, LedgerError.
    """
    if shown.facts is None or (subscription := shown.subscription) is None:
        return None
    needing = replace(shown.facts, state=State(shown.at, LISTED, shown.name, subscription))
    prices = {item.price.id for item in subscription.items}
    asked: set[str] = set()
    while (name := missing(ledger.connection, needing)) and name not in asked:
        asked.add(name)
        _learn(ledger, rules, partial(api.price if name in prices else api.coupon, name))
    return name


def learn_customer(ledger: Ledger, rules: Rules, api: StripeApi, shown: Shown) -> None:
    """Ask Stripe for the customer of a subscription where nobody told of it yet. Raises Unreachable, LedgerError."""
    if account_of(ledger.connection, shown.customer) is None:
        _learn(ledger, rules, partial(api.customer, shown.customer, shown.at))


def _learn(ledger: Ledger, rules: Rules, ask: Callable[[], Facts]) -> None:
    """Keep what Stripe answers, if it does."""
    with suppress(Refused, ShapeError):
        facts = ask()
        with ledger.write() as connection:
            write_facts(connection, None, facts, rules)


def _tried(ledger: Ledger, rules: Rules, shown: Shown, of: Held) -> int | None:
    """Return what the MRR were if what Stripe shows was written down; nothing is."""
    with ledger.attempt() as connection:
        write_facts(connection, None, as_facts(shown, of), rules)
        account = account_of(connection, shown.customer) or of.history.customer
        return _mrr(history_of(connection, account), rules, shown)


def _mrr(history: History, rules: Rules, shown: Shown) -> int | None:
    """Return a subscription's MRR at the moment at which Stripe showed it; None where it cannot be reckoned."""
    portfolio = Portfolio()
    try:
        for chapter in chapters(history, rules):
            if chapter.group.at > shown.at:
                break
            portfolio = chapter.group.after
    except (InvariantError, LookupError, ArithmeticError, ValueError):
        return None
    own = [item for item, position in portfolio.positions.items() if position.subscription == shown.name]
    return sum(portfolio.amounts[item] for item in own)


def _cause(found: tuple[Unlike, ...], of: Held, shown: Shown) -> str:
    """Say why the ledger differs, as far as that can be known."""
    if of.subscription is None:
        return "not known to the ledger"
    if shown.subscription is None:
        return "Stripe does not know it any more"
    if all(one.what.startswith(PRICE_AMOUNTS) for one in found):
        return "the price's amounts differ"
    return f"an event was missed after {utc(of.since)} ({of.event})"


def _about(body: bytes) -> str | None:
    """Return the id of the subscription that an event is about; None where it is about another thing."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return event.data.object.id if event.data.object.object == "subscription" else None


class _Object(msgspec.Struct):
    id: str = ""
    object: str = ""


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    data: _Data
