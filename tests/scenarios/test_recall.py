"""A long history is told again from where something new is known: no shortcut may show in what is told."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.histories import Step, lived, steps
from scenarios.planning import planned, planned_steps
from scenarios.runner import MEMORY, Batches
from scenarios.test_properties import MOST, arrivals, patient, seeds, shapes
from upswell.core import recall
from upswell.core.kinds import Movement
from upswell.core.rules import Rules
from upswell.intake import memory
from upswell.intake.applying import apply_pending
from upswell.intake.memory import Memory
from upswell.store import agenda, books
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger


@pytest.fixture(scope="module", autouse=True)
def every_life_is_long():
    """Remember every life, and mark every group: what is rare in a ledger happens all the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "_LONG", 1)
        patch.setattr(recall, "_EVERY", 1)
        yield


def remembered(batches: Batches) -> tuple[list[Movement], list[Movement], frozenset[str]]:
    """Apply batches of events one after another, as a process that remembers does.

    Return the movements, those that are scheduled, and the ids of those that plans overtake.
    """
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as folder,
        Ledger(Path(folder) / "upswell.db", create=True) as ledger,
    ):
        lives = Memory()
        for batch in batches:
            accept(ledger, [envelope(json.dumps(event).encode()) for event in batch])
            apply_pending(ledger, Rules(), memory=lives)
        return books.movements(ledger), agenda.scheduled(ledger), agenda.overtaken(ledger)


@patient
@given(shapes, steps(metered=True, most=MOST), seeds)
def test_recalling_gives_what_telling_anew_gives(shape: str, drawn: list[Step], seed: int) -> None:
    """Whatever becomes known, in whatever order, a history that is recalled has the movements of one told anew."""
    events = lived(shape, drawn, metered=True).story.events
    assert remembered(arrivals(events, seed)) == remembered([events])


@patient
@given(shapes, steps(metered=True, most=MOST), st.data())
def test_recalling_one_event_after_another(shape: str, drawn: list[Step], data: st.DataObject) -> None:
    """Events that come one by one in their order, as they do day by day, are told from the last group on."""
    events = lived(shape, drawn, metered=True).story.events
    late = data.draw(st.integers(0, len(events) - 1))
    ordered = [[event] for event in (*events[:late], *events[late + 1 :], events[late])]
    assert remembered(ordered) == remembered([events])


@patient
@given(shapes, planned_steps(most=MOST), seeds)
def test_recalling_gives_the_same_schedule(shape: str, drawn: list[Step], seed: int) -> None:
    """What is planned is laid after a history that is recalled as after one told anew."""
    events = planned(shape, drawn).story.events
    assert remembered(arrivals(events, seed)) == remembered([events])
    assert remembered([[event] for event in events]) == remembered([events])
