"""What lists show of plans: the same that their events tell."""

import json
from collections.abc import Sequence

from hypothesis import given

from scenarios.histories import Step
from scenarios.lists import listed
from scenarios.planning import planned, planned_steps
from scenarios.runner import looked_at
from scenarios.schedules import Schedule, pend, phase
from scenarios.story import Story
from scenarios.streams import Json, instant
from scenarios.test_properties import MOST, arrivals, patient, seeds, shapes

TOLD = ("occurred_at", "customer", "kind", "amount", "mrr_before", "mrr_after", "reason")


def told(lines: Sequence[str]) -> list[list[object]]:
    """Return scheduled movements in what does not hang on how they are known."""
    return [[json.loads(line)[key] for key in TOLD] for line in lines if line.startswith("{")]


def ahead_of(story: Story, lines: Sequence[str]) -> list[list[object]]:
    """Return the scheduled movements that lie ahead of a story."""
    return [one for one in told(lines) if instant(str(one[0])[:-1]) > story.clock]


def shown(story: Story) -> list[Json]:
    """Return what lists show of a story as it stands, schedules included."""
    last = {event["data"]["object"]["id"]: event["data"]["object"] for event in story.events}
    return [*listed(story, story.clock), *(one for one in last.values() if one["object"] == "subscription_schedule")]


def test_lists_alone_tell_what_is_planned(story: Story) -> None:
    """A cancellation, a schedule and a pending update are scheduled where only lists told of them."""
    pro, basic, enterprise = story.price("Pro", 30), story.price("Basic", 20), story.price("Enterprise", 80)
    second, third = story.join("cus_2"), story.join("cus_3")
    story.at("2026-02-10 12:00")
    first = story.subscribe(pro)
    other, last = story.subscribe(pro * 2, customer=second), story.subscribe(pro, customer=third)
    story.at("2026-02-20 12:00")
    now, following = (
        phase("2026-02-10 12:00", "2026-03-10 12:00", pro),
        phase("2026-03-10 12:00", "2026-04-10 12:00", basic),
    )
    Schedule(story, first, now, following, end_behavior="cancel")
    other.change(cancel_at_period_end=True)
    pend(last, last.item(pro), enterprise * 1, story.clock + 82_800)
    by_events = looked_at([story.events])[1]
    story.clock += 60
    assert len(told(by_events)) == 4
    assert told(looked_at([], lists=[(story.clock, shown(story))])[1]) == told(by_events)


@patient
@given(shapes, planned_steps(most=MOST), seeds)
def test_lists_beside_events_change_nothing_that_is_scheduled(shape: str, drawn: list[Step], seed: int) -> None:
    """Before, after and beside a whole stream of events, lists change nothing in what is scheduled."""
    life = planned(shape, drawn)
    batches = arrivals(life.story.events, seed)
    looks = [(life.story.clock, shown(life.story))]
    first = looked_at([life.story.events])
    for after in (0, len(batches)):
        seen = looked_at(batches, lists=looks, after=after)
        assert seen[0] == first[0]
        assert ahead_of(life.story, seen[1]) == ahead_of(life.story, first[1])
