"""Backfill against the event stream: what lists tell of a life, alone, before and after its events, and beside some."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from hypothesis import given, note
from hypothesis import strategies as st

from scenarios.histories import Life, Step, lived, steps
from scenarios.lists import listed
from scenarios.runner import replayed
from scenarios.story import keep_the_books, told
from scenarios.streams import DAY, Json
from scenarios.test_properties import MOST, closing, one_life, patient, shapes, seeds

VISIBLE = ("subscribe", "seats", "swap", "add", "remove", "replace", "cancel", "discount", "item discount", "note")
HIDDEN = {"id", "cause", "source"}


def billed(life: Life) -> int:
    """Return a moment by which everything that waited for an invoice was billed."""
    return life.story.clock + 400 * DAY


@patient
@given(shapes, steps(most=MOST, actions=VISIBLE))
def test_lists_alone_give_the_movements_of_the_events(shape: str, drawn: list[Step]) -> None:
    """Where every change was prorated or billed, lists alone give the movements that the events give."""
    life = lived(shape, drawn)
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
