"""Section 7 of the rule book: time, order, duplicates, and what was missed."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from scenarios.runner import orders, replayed
from scenarios.story import Story, keep_the_books
from scenarios.streams import Price


def seats_in_one_second(story: Story, *numbers: int) -> Price:
    """Let a subscription of ``numbers[0]`` seats change them at once, one update after the other."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * numbers[0])
    story.expect("new", 10 * numbers[0])
    story.at("2026-02-10 12:00")
    for number in numbers[1:]:
        sub.seats(pro, number)
    return pro


@pytest.mark.parametrize("numbers", [(5, 8, 6), (5, 8, 5, 7), (5, 1, 9, 2, 8), (5, 6, 7, 8, 9, 10, 11)])
def test_updates_of_one_second_are_chained(story: Story, numbers: tuple[int, ...]) -> None:
    """Between them is a chain: the state before an event is its `previous_attributes` laid over its object.

    That must be the state after the event before it, from the state held on, to the next event's before.
    """
    seats_in_one_second(story, *numbers)
    more = numbers[-1] - numbers[0]
    story.expect("seat" if more > 0 else "downgrade", 10 * more, driver="seats", quantity=(numbers[0], numbers[-1]))
    story.check()


def test_updates_of_one_second_that_return_are_nothing(story: Story) -> None:
    """Only the states before and after a group exist."""
    seats_in_one_second(story, 5, 8, 3, 5)
    story.check()


def test_created_comes_first_in_its_second(story: Story) -> None:
    """Within one second `created` comes first and `deleted` last."""
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    sub.seats(pro, 8)
    sub.swap(pro, enterprise * 8)
    sub.change(metadata={"note": "hello"})
    story.expect("new", 160, price=(..., enterprise), quantity=(..., 8))
    story.check()


def test_a_payment_in_the_second_of_the_start(story: Story) -> None:
    """Inside one second: `created` first, and then the chain: it was incomplete and became active."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5, status="incomplete")
    sub.change(status="active", latest_invoice="in_1")
    sub.change(metadata={"note": "hello"})
    story.expect("new", 50)
    story.check()


def test_deleted_comes_last_in_its_second(story: Story) -> None:
    """Within one second `created` comes first and `deleted` last."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.change(metadata={"note": "leaves"})
    sub.seats(pro, 3)
    sub.cancel()
    story.expect("churn", -50)
    story.check()


def test_discount_and_seats_of_one_second_are_chained(story: Story) -> None:
    """Inside one second the chain runs over all that changed, not quantities alone."""
    pro, half = story.price("Pro", 10), story.coupon(percent=50)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    sub.discount(half)
    sub.seats(pro, 6)
    sub.undiscount()
    story.expect("seat", 10, quantity=(5, 6))
    story.check()


def test_a_renewal_and_a_change_of_one_second(story: Story) -> None:
    """A renewal carries all items in `previous_attributes` and moves nothing: compare price and quantity by item id."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.renew()
    sub.seats(pro, 8)
    story.expect("seat", 30)
    for month in range(3, 7):
        story.at(f"2026-{month:02}-10 12:00")
        sub.renew()
    story.check()


def test_what_was_missed_is_closed_and_marked(story: Story) -> None:
    """Where an event's before is not the state held, something was missed.

    One movement at that event closes the gap, with source `reconstructed`.

    `source` is `observed` where an event told of the change, and `reconstructed` where it was inferred.
    """
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-01-25 12:00")
    sub.seats(pro, 8)
    story.events.pop()
    story.at("2026-02-10 12:00")
    sub.renew()
    if story.shape == "acacia":  # there a renewal says nothing of items, but its object does
        assert "items" not in story.events[-1]["data"]["previous_attributes"]
    story.expect("seat", 30, source="reconstructed", quantity=(5, 8))
    story.check()


def test_what_was_missed_is_closed_beside_what_was_seen(story: Story) -> None:
    """What closes a gap (section 7) is a group of its own.

    One movement at that event closes the gap, with source `reconstructed`.
    """
    pro, reports = story.price("Pro", 10), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.at("2026-01-25 12:00")
    sub.seats(pro, 8)
    story.events.pop()
    story.at("2026-02-10 12:00")
    sub.add(reports)
    first = None
    for name, batches in orders(story.events):
        lines = replayed(batches)
        first = first or lines
        assert lines == first, name
    found = [json.loads(line) for line in first or ()]
    keep_the_books(found)
    moved = [(one["kind"], one["amount"], one["source"]) for one in found]
    assert moved[0] == ("new", 5000, "observed")
    assert ("seat", 3000, "reconstructed") in moved
    assert ("add_on", 2000, "observed") in moved
    assert len(moved) == 3
    assert {one["occurred_at"] for one in found[1:]} == {"2026-02-10T12:00:00Z"}


def test_a_missed_cancellation_shows_at_the_next_event(story: Story) -> None:
    """Where an event's before is not the state held, something was missed.

    One movement at that event closes the gap, with source `reconstructed`.
    """
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.change(status="unpaid")
    story.events.pop()
    story.at("2026-02-20 12:00")
    sub.change(metadata={"note": "still unpaid"})
    story.expect("churn", -50, source="reconstructed")
    story.check()


def test_times_come_from_the_data(story: Story) -> None:
    """Times come from the data, never from arrival, and nothing waits for a group to end.

    An event: when it was `created`.
    """
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    story.expect("seat", 30)
    story.check()
    halves = [story.events[:-1], story.events[-1:]]
    for arrival in ("1999-01-01", "2026-02-10 12:30", "2199-01-01"):
        with time_machine.travel(datetime.fromisoformat(arrival).replace(tzinfo=UTC), tick=False):
            assert replayed(halves) == replayed([story.events])
            story.judge(replayed(halves), arrival)


def test_a_start_may_be_booked_when_it_was_created(story: Story) -> None:
    """Such a start, with `backdated = "created"`: when it was `created`."""
    story.settings = '[rules]\nbackdated = "created"\n'
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 10), start_date=story.clock - 200 * 86_400)
    story.expect("new", 10)
    story.check()


def test_a_cancellation_takes_effect_when_it_ended(story: Story) -> None:
    """The end of a cancelled subscription: at its `ended_at`."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 10))
    story.expect("new", 10)
    story.at("2026-02-10 12:00")
    event = sub.cancel(lag=5)
    story.expect("churn", -10, cause={event})
    story.check()


def test_a_backdated_subscription_starts_at_its_start_date(story: Story) -> None:
    """The start of a subscription imported with an earlier start: at its `start_date`."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 10), start_date=story.clock - 200 * 86_400)
    story.expect("new", 10, at=story.clock - 200 * 86_400, cause=story.said_at(story.clock))
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.expect("churn", -10)
    story.check()


def test_a_start_may_be_set_by_metadata(story: Story) -> None:
    """A start with `metadata.upswell_since` (an ISO date or unix seconds): then, whatever else is said."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 10), metadata={"upswell_since": "2019-05-01"})
    story.expect("new", 10, at="2019-05-01", cause=story.said_at(story.clock))
    story.check()


def test_the_start_date_says_nothing_about_later_changes(story: Story) -> None:
    """`occurred_at` is when the change took effect: a trial's conversion is no backdated import."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, status="trialing")
    story.at("2026-01-24 12:00")
    sub.change(status="active")
    story.expect("new", 10)
    story.at("2026-02-24 12:00")
    sub.seats(pro, 2)
    story.expect("seat", 10)
    story.check()


def test_history_may_begin_with_an_update(story: Story) -> None:
    """A subscription first heard of by an update has been, since its start, what that event says it was before."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.events.pop()
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    first = None
    for name, batches in orders(story.events):
        lines = replayed(batches)
        first = first or lines
        assert lines == first, name
    found = [json.loads(line) for line in first or ()]
    keep_the_books(found)
    assert found[0]["kind"] == "new"
    assert found[0]["source"] == "reconstructed"
    assert found[-1]["mrr_after"] == 8000
    assert found[-1]["occurred_at"] == "2026-02-10T12:00:00Z"


def test_two_customers_do_not_mix(story: Story) -> None:
    """The history is the customer's portfolio over time, and no other's."""
    pro, other = story.price("Pro", 10), story.join("cus_2")
    story.at("2026-01-10 12:00")
    first = story.subscribe(pro * 5)
    second = story.subscribe(pro * 2, customer=other)
    story.expect("new", 50)
    story.expect("new", 20, customer="cus_2")
    story.at("2026-02-10 12:00")
    second.seats(pro, 3)
    first.seats(pro, 4)
    story.expect("downgrade", -10, driver="seats")
    story.expect("seat", 10, customer="cus_2")
    story.check()
