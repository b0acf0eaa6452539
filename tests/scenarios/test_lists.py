"""Backfill against the event stream: what lists tell of a life, alone, before and after its events, and beside some."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from scenarios.histories import Life, Step, lived, steps
from scenarios.lists import listed
from scenarios.runner import looked_at, replayed
from scenarios.story import Story, keep_the_books, told
from scenarios.streams import DAY, Json, instant
from scenarios.test_properties import MOST, arrivals, closing, one_life, patient, seeds, shapes

BILLED = ("subscribe", "subscribe", "seats", "seats", "swap", "swap", "add", "cancel", "discount", "note")
VISIBLE = {"items come and go": (*BILLED, "remove", "replace"), "items have discounts": (*BILLED, "item discount")}
"""What invoices show, sooner or later; an item's discount is not seen where the item goes before its next charge."""

HIDDEN = {"id", "cause", "source"}


def billed(life: Life) -> int:
    """Return a moment by which everything that waited for an invoice was billed."""
    return life.story.clock + 400 * DAY


@pytest.mark.parametrize("actions", VISIBLE.values(), ids=VISIBLE)
@patient
@given(shapes, st.data())
def test_lists_alone_give_the_movements_of_the_events(actions: Sequence[str], shape: str, data: st.DataObject) -> None:
    """Where every change was prorated or billed, lists alone give the movements that the events give."""
    life = lived(shape, data.draw(steps(most=MOST, actions=actions)))
    until = billed(life)
    exact = [json.loads(line) for line in replayed([life.story.events])]
    inferred = [json.loads(line) for line in replayed([], lists=[(until, listed(life.story, until))])]
    for name, movements in (("exact", exact), ("inferred", inferred)):
        for one in movements:
            note(f"{name}: {one['occurred_at']} {told(one)} {one['driver']}: {one['reason']} ({one['cause']})")
    assert [shown(one) for one in inferred] == [shown(one) for one in exact]


def shown(movement: Json) -> Json:
    """Return all of a movement but how it is known."""
    return {key: value for key, value in movement.items() if key not in HIDDEN}


@patient
@given(shapes, steps(most=MOST), seeds)
def test_lists_beside_the_whole_stream_change_nothing(shape: str, drawn: list[Step], seed: int) -> None:
    """Exact beats inferred: before, after and beside a whole stream of events, lists change no byte."""
    life = lived(shape, drawn)
    batches, later = arrivals(life.story.events, seed), billed(life)
    looks = [(now, listed(life.story, now)) for now in (life.story.clock, later)]
    lines = replayed([life.story.events])
    for after in (0, len(batches) // 2, len(batches)):
        assert replayed(batches, lists=looks[:1], after=after) == lines
        assert replayed(batches, lists=[*looks, *looks[::-1]], after=after) == lines


@patient
@given(shapes, steps(most=MOST), st.integers(0, 60))
def test_lists_alone_end_at_todays_mrr(shape: str, drawn: list[Step], days: int) -> None:
    """Whatever happened, what lists alone tell ends at what the customer pays today, to the cent."""
    life = lived(shape, drawn)
    now = life.story.clock + days * DAY
    movements = [json.loads(line) for line in replayed([], lists=[(now, listed(life.story, now))])]
    adds_up(life, movements)


@patient
@given(shapes, steps(most=MOST), seeds, st.integers(0, 80))
def test_some_days_of_events_and_lists_come_in_any_order(shape: str, drawn: list[Step], seed: int, days: int) -> None:
    """With the last days of events and lists, in any order, the ledger is the same, ends right, and marks the rest."""
    life = lived(shape, drawn)
    now = life.story.clock
    recent = [one for one in life.story.events if one["created"] > now - days * DAY or "discount" in one["type"]]
    looks = [(now, listed(life.story, now))]
    batches = arrivals(recent, seed)
    lines = replayed([recent], lists=looks)
    assert replayed(batches, lists=looks, after=len(batches)) == lines
    assert replayed(batches, lists=looks, after=len(batches) // 2) == lines
    movements = [json.loads(line) for line in lines]
    adds_up(life, movements)
    known = {event["id"] for event in recent}
    assert all(one["source"] == "reconstructed" for one in movements if one["cause"].startswith(("in_", "sub_")))
    assert {one["cause"] for one in movements if one["source"] == "observed"} <= known | set(life.story.discounts)


@patient
@given(shapes, steps(most=MOST), seeds, st.sets(st.integers(0, 20), max_size=6))
def test_lists_mend_what_events_missed(shape: str, drawn: list[Step], seed: int, lost: set[int]) -> None:
    """Where events were lost, lists and invoices close the gaps: in any order the same, and right in the end."""
    life = lived(shape, drawn)
    now = life.story.clock
    told_of = [event for event in life.story.events if event["type"].startswith("customer.subscription.")]
    missed = {event["id"] for place, event in enumerate(told_of) if place in lost}
    events = [event for event in life.story.events if event["id"] not in missed]
    looks = [(now + DAY, listed(life.story, now))]
    lines = replayed([events], lists=looks)
    assert replayed(arrivals(events, seed), lists=looks) == lines
    assert replayed([events[::-1]], lists=looks, after=1) == lines
    adds_up(life, [json.loads(line) for line in lines])


@patient
@given(shapes, steps(most=MOST, metered=True, actions=(*("subscribe", "bill", "renew") * 2, "bill", "void", "cancel")))
def test_usage_is_the_same_from_lists(shape: str, drawn: list[Step]) -> None:
    """What invoices bill of usage ends at the same MRR, whether events tell of them or a list shows them."""
    life = lived(shape, drawn, metered=True)
    now = life.story.clock + 10 * DAY
    exact = [json.loads(line) for line in replayed([life.story.events])]
    inferred = [json.loads(line) for line in replayed([], lists=[(now, listed(life.story, now, billed=True))])]
    for customer in {movement["customer"] for movement in [*exact, *inferred]}:
        ends = [closing([one for one in told_by if one["customer"] == customer]) for told_by in (exact, inferred)]
        assert ends[0] == ends[1], customer


def test_what_lists_alone_show_is_scheduled_too(story: Story) -> None:
    """A subscription that only a list shows as set to end is scheduled to, as it is where an event said so."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 10) * 5)
    story.at("2026-01-20 12:00")
    sub.change(cancel_at=instant("2026-03-10 12:00"))
    looks = [(story.clock + 60, listed(story, story.clock + 60))]
    told_by = {"events": looked_at([story.events]), "lists": looked_at([], lists=looks)}
    for movements, ahead in told_by.values():
        assert [json.loads(line)["kind"] for line in movements] == ["new"]
        (gone,) = (json.loads(line) for line in ahead)
        assert (gone["kind"], gone["amount"], gone["occurred_at"]) == ("churn", -5000, "2026-03-10T12:00:00Z")


def adds_up(life: Life, movements: Sequence[Json]) -> None:
    """Check that movements make one life, and end at what the customer is worth."""
    for one in movements:
        note(f"{one['occurred_at']} {told(one)} {one['driver']}: {one['reason']} ({one['cause']})")
    keep_the_books(list(movements))
    one_life(movements)
    assert closing(movements) == life.worth()
