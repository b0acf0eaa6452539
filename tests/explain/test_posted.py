"""What posted summaries said, shown where a customer or a movement is explained."""

import json

import pytest
import time_machine
from cli.conftest import upswell
from explain.conftest import asked, feed
from scenarios.story import Story

__all__ = ["upswell"]
KEPT = {"period": "2026-W10", "kind": "seat", "currency": "usd"}


@pytest.fixture
def restated(upswell):
    """Post two weeks; five seats of the first become known after the first post, two more after the second."""
    story = Story("endive")
    pro = story.price("Pro", 10)
    story.at("2026-03-02 12:00")
    sub = story.subscribe(pro * 5)
    events = list(story.events)
    for day, seats in (("03-04", 10), ("03-06", 12)):
        story.at(f"2026-{day} 12:00")
        sub.seats(pro, seats)
    first, second = story.events[len(events) :]
    for moment, week, late in (("2026-03-09", "W10", first), ("2026-03-16", "W11", second)):
        story.events = events
        with time_machine.travel(f"{moment}T09:00Z", tick=False):
            feed(upswell, story)
            assert upswell("summary", "--week", f"2026-{week}", "--post").code == 0
        events = [*events, late]
    story.events = events
    with time_machine.travel("2026-03-18T09:00Z", tick=False):
        return feed(upswell, story)


def test_a_movement_shows_what_summaries_said_of_its_week(upswell, restated) -> None:
    """Each posted summary that said something of a movement's week and kind is named, with what it said."""
    seat = next(movement for movement in restated if movement["kind"] == "seat")
    (posted,) = asked(upswell, seat["id"])["posted"]
    assert {key: posted[key] for key in KEPT} == KEPT
    said = [(saying["summary"], saying["amount"]) for saying in posted["said"]]
    assert said == [("2026-W10", 0), ("2026-W11", 5000)]
    assert posted["now"] == 7000
    shown = upswell("explain", seat["id"]).out
    assert "What posted summaries said" in shown
    assert "the summary of 2026-W11, 2026-03-16 09:00" in shown


def test_a_customer_shows_only_what_was_said_otherwise(upswell, restated) -> None:
    """A timeline holds the weeks and kinds that posted summaries said otherwise, and leaves out what still stands."""
    told = json.loads(upswell("explain", restated[0]["customer"], "--format", "json").out)
    assert [{key: one[key] for key in KEPT} for one in told["restated"]] == [KEPT]
    shown = upswell("explain", restated[0]["customer"]).out
    assert "Posted summaries said something else" in shown
    assert "+$70.00" in shown


def test_before_anything_is_posted_nothing_was_said(upswell) -> None:
    """Without a posted summary, neither a customer nor a movement shows one."""
    story = Story("endive")
    story.at("2026-03-02 12:00")
    story.subscribe(story.price("Pro", 10) * 5)
    (new,) = feed(upswell, story)
    assert asked(upswell, new["id"])["posted"] == asked(upswell, new["customer"])["restated"] == []
    assert "summaries said" not in upswell("explain", new["id"]).out
