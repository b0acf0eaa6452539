"""A year from lists: what they tell alone, and beside the events of all of it or of its last days."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import pytest

from fake_stripe.lists import listed
from upswell.answers.audit import audit
from upswell.answers.explanation import why
from upswell.core.kinds import Movement
from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.store import books
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell.store.records import write_facts
from upswell_connectors.fake_stripe.delivery import bodies
from upswell_connectors.shapes import facts_of_object

DAY = 86_400
PRICES = ("price", "coupon")


def take_lists(ledger: Ledger, year, kinds: Sequence[str] = ()) -> None:
    """Write what lists show, as a backfill does."""
    with ledger.write() as connection:
        for found in listed(year):
            if not kinds or found["object"] in kinds:
                write_facts(connection, None, facts_of_object(found, year.now), Rules())


@pytest.fixture
def told(tmp_path, year):
    """Return what gives the movements of a fresh ledger that takes in lists and events, one after the other."""
    opened = []

    def movements(*taken) -> list[Movement]:
        opened.append(Ledger(tmp_path / f"{len(opened)}.db", create=True))
        for events in taken:
            if isinstance(events, str):
                take_lists(opened[-1], year, PRICES if events == "prices" else ())
            else:
                accept(opened[-1], [envelope(body) for body in bodies(events)])
            outcome = apply_pending(opened[-1], Rules())
        assert (outcome.waiting, outcome.failed) == (0, 0), outcome.reasons
        return books.movements(opened[-1])

    movements.opened = opened
    yield movements
    for ledger in opened:
        ledger.close()


def worth(movements: Iterable[Movement], now: int) -> dict:
    """Return each customer's MRR by currency at ``now``."""
    total: Counter = Counter()
    for one in movements:
        total[one.customer, one.currency] += one.amount if one.occurred_at <= now else 0
    return {who: amount for who, amount in total.items() if amount}


def test_lists_alone_end_at_the_mrr_that_the_events_give(told, year):
    """Whatever lists cannot know of the past, every customer ends at the MRR of its subscriptions, to the cent."""
    exact, inferred = told("prices", year.events), told("lists")
    assert worth(inferred, year.now) == worth(exact, year.now)
    assert len(worth(exact, year.now)) > 50


def test_lists_alone_give_the_movements_that_were_billed(told, year):
    """What was prorated or billed is there as the events tell it; the rest is what no invoice can show."""
    exact, inferred = told("prices", year.events), told("lists")
    billed: defaultdict = defaultdict(int)
    for event in year.events:
        if event["type"] == "invoice.finalized":
            billed[event["data"]["object"]["customer"]] = event["created"]
    found = Counter((one.customer, one.kind, one.amount, one.quantity_to) for one in inferred)
    unseen = [one for one in exact if not found[one.customer, one.kind, one.amount, one.quantity_to]]
    assert len(unseen) < len(exact) / 5
    for one in unseen:
        late = one.occurred_at > billed[one.customer]
        assert late or one.kind == "price_change" or one.driver in ("status", "plan", "discount"), one.reason


def test_lists_beside_all_events_change_nothing(told, year):
    """Exact beats inferred: before and after the events of all the year, lists change no byte."""
    exact = told("prices", year.events)
    assert told("lists", year.events) == exact
    assert told(year.events, "lists") == exact


@pytest.mark.parametrize("days", [7, 30, 120])
def test_the_last_days_of_events_and_lists_come_in_any_order(told, year, days):
    """Lists and the last days of events give the same ledger in any order, and those days as the whole stream does."""
    since = year.now - days * DAY
    recent = [event for event in year.events if event["created"] > since]
    mixed = random.Random(days).sample(recent, len(recent))
    half = len(mixed) // 2
    first = told("lists", recent)
    assert told(mixed, "lists") == first
    assert told(mixed[:half], "lists", mixed[half:], "lists") == first
    assert worth(first, year.now) == worth(told("prices", year.events), year.now)


def test_a_ledger_of_lists_is_sound_and_explained(told, year):
    """The audit finds no fault in it, each movement names what it is known from, and why it is so can be asked."""
    movements = told("lists")
    (ledger,) = told.opened
    assert audit(ledger, Rules(), None, lambda _done, _all: None).faults == ()
    names = {found["id"] for found in listed(year)}
    discounts = {event["data"]["object"]["id"] for event in year.events}
    assert {one.cause for one in movements} <= names | discounts
    assert {one.source for one in movements if one.driver not in ("usage", "discount")} == {"reconstructed"}
    for one in movements[::20]:
        evidence = why(ledger, Rules(), one.id, year.now).evidence
        assert [found.type for found in evidence if found.id == one.cause] in (["invoice"], ["subscription"]), one
        assert all(found.payload for found in evidence)
