"""A customer for whom much is planned, taken in by the command."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from cli.conftest import Ended, upswell
from scenarios.schedules import Schedule, pend, phase
from scenarios.story import Story

Run = Callable[..., Ended]
LEDGER = Path("upswell.db")
NOW = "2026-02-21T09:00:00Z"

__all__ = ["upswell"]


def told() -> Story:
    """Return the life of three customers.

    cus_1 holds Pro at half the price until May; a schedule moves it to Basic in March and ends it in April. cus_2 is to
    end on 3 March. cus_3 waits for a payment, to become Enterprise.
    """
    story = Story("endive")
    pro, basic, enterprise = story.price("Pro", 30), story.price("Basic", 20), story.price("Enterprise", 80)
    second, third = story.join("cus_2"), story.join("cus_3")
    story.at("2026-02-01 12:00")
    story.customer.change(name="Tiny Telescopes")
    story.at("2026-02-10 12:00")
    first = story.subscribe(pro, coupons=[story.coupon(percent=50, months=3)])
    other, last = story.subscribe(pro * 2, customer=second), story.subscribe(pro, customer=third)
    story.at("2026-02-20 12:00")
    held = {"coupon": None, "discount": first.discounts[0], "promotion_code": None}
    now = phase("2026-02-10 12:00", "2026-03-10 12:00", pro, discounts=[held])
    following = phase("2026-03-10 12:00", "2026-04-10 12:00", basic, discounts=[held])
    Schedule(story, first, now, following, end_behavior="cancel")
    other.change(cancel_at=story.clock + 11 * 86_400)
    pend(last, last.item(pro), enterprise * 1, story.clock + 82_800)
    return story


def feed(upswell: Run, story: Story) -> None:
    """Take the story's events in."""
    Path("events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in story.events))
    ended = upswell("replay", "events.jsonl")
    assert ended.code == 0, ended.err


@pytest.fixture
def story(upswell: Run) -> Iterator[Story]:
    """Give the story, with its events in the ledger, on the day after its last event."""
    life = told()
    with time_machine.travel(NOW, tick=False):
        feed(upswell, life)
        yield life
