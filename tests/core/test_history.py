"""The order of events and the gaps between them: what a subscription was, and since when."""

from itertools import permutations

import pytest

from core.values import created, deleted, discount, history, price, said, seats, subscription, updated
from upswell.core.catalogue import Catalogue
from upswell.core.history import entries
from upswell.core.portfolio import Item
from upswell.core.rules import Rules

AT = 1_800_000_000
DAY = 86_400


def told(*states, rules=None, known=None):
    """Return (seconds after AT, phase, event, quantities) of each entry of the one subscription."""
    (found,) = entries(history(*states, catalogue=known or Catalogue()), rules or Rules()).values()
    return [
        (one.at - AT, one.phase, one.event, sum(item.quantity or 0 for item in one.subscription.items)) for one in found
    ]


def in_any_order(*states, **more):
    """Return what ``states`` tell, and check that they tell the same in every order."""
    first, *rest = [told(*order, **more) for order in permutations(states)]
    assert all(one == first for one in rest)
    return first


def step(before, after, event, at=AT + 10):
    """Return what an event says that turns so many seats into so many others (None: it does not say from what)."""
    return updated(at, None if before is None else seats(before), seats(after), event)


BEGUN = created(AT, seats(1))


def test_events_are_told_in_the_order_of_their_seconds():
    """Events come in any order; their ``created`` says which came first."""
    assert in_any_order(BEGUN, step(1, 2, "evt_b"), step(2, 3, "evt_a", AT + 20)) == [
        (0, 1, "evt_created", 1),
        (10, 1, "evt_b", 2),
        (20, 1, "evt_a", 3),
    ]


CHAINS = [
    ("by before and after", [(1, 2, "evt_c"), (2, 3, "evt_a"), (3, 4, "evt_b")], "evt_c evt_a evt_b"),
    ("a loop", [(1, 2, "evt_b"), (2, 1, "evt_a"), (1, 3, "evt_c")], "evt_b evt_a evt_c"),
    ("there and back twice", [(1, 2, "evt_1"), (2, 1, "evt_2"), (1, 2, "evt_3")], "evt_1 evt_2 evt_3"),
    ("one that says nothing", [(1, 2, "evt_b"), (None, 2, "evt_a")], "evt_b evt_a"),
    ("one that says nothing and changes nothing", [(1, 2, "evt_a"), (None, 1, "evt_b")], "evt_b evt_a"),
    ("the same under other ids", [(1, 2, "evt_b"), (None, 1, "evt_a")], "evt_a evt_b"),
    ("one that says nothing in between", [(1, 2, "evt_b"), (3, 4, "evt_a"), (None, 3, "evt_c")], "evt_b evt_c evt_a"),
    ("none that says anything", [(None, 3, "evt_b"), (None, 2, "evt_a")], "evt_a evt_b"),
]


@pytest.mark.parametrize(("steps", "order"), [pytest.param(*row[1:], id=row[0]) for row in CHAINS])
def test_events_of_one_second_are_chained(steps, order):
    """That must be the state after the event before it, from the state held on, to the next event's before."""
    found = in_any_order(BEGUN, *(step(*one) for one in steps))
    assert [event for _, _, event, _ in found[1:]] == order.split()
    assert [phase for _, phase, _, _ in found] == [1] * len(found)


def test_a_chain_ends_where_the_next_event_begins():
    """That must be the state after the event before it, from the state held on, to the next event's before."""
    steps = [step(1, 2, "evt_a"), step(2, 1, "evt_b"), step(None, 2, "evt_c")]
    found = in_any_order(BEGUN, *steps, step(1, 5, "evt_d", AT + 20))
    assert [event for _, _, event, _ in found] == ["evt_created", "evt_a", "evt_c", "evt_b", "evt_d"]


def test_what_cannot_be_chained_is_settled_by_event_id_and_marked():
    """What cannot be chained is settled by event id and marked."""
    found = in_any_order(BEGUN, step(4, 5, "evt_b"), step(7, 8, "evt_a"))
    assert found == [
        (0, 1, "evt_created", 1),
        (10, 0, "evt_a", 7),
        (10, 1, "evt_a", 8),
        (10, 2, "evt_b", 4),
        (10, 3, "evt_b", 5),
    ]


def test_what_goes_on_from_a_second_gap_is_no_third():
    """After two gaps in one second, an event that begins where the one before it ended closes none."""
    found = in_any_order(BEGUN, step(7, 8, "evt_a"), step(4, 5, "evt_b"), step(5, 6, "evt_c"))
    assert [(phase, event) for _, phase, event, _ in found[3:]] == [(2, "evt_b"), (3, "evt_b"), (3, "evt_c")]


def test_a_chain_that_does_not_begin_at_the_state_held_is_a_gap_and_a_chain():
    """A chain that begins elsewhere than at the state held is still a chain; what is before it was missed."""
    found = in_any_order(BEGUN, step(4, 5, "evt_b"), step(5, 6, "evt_a"))
    assert [(event, phase) for _, phase, event, _ in found] == [
        ("evt_created", 1),
        ("evt_b", 0),
        ("evt_b", 1),
        ("evt_a", 1),
    ]


@pytest.mark.parametrize("count", [8, 40, 200])
def test_many_events_of_one_second_are_chained(count):
    """A second holds as many events as it likes, told in whatever order."""
    steps = [step(number, number + 1, f"evt_{number * 7919 % 1009:04}") for number in range(1, count)]
    found = told(BEGUN, *sorted(steps, key=lambda state: state.event))
    assert [quantity for *_, quantity in found] == list(range(1, count + 1))


def test_many_events_that_cannot_be_chained_are_settled_all_the_same():
    """However many events of one second contradict each other, they are put in the order of their ids."""
    steps = [step(1000 + number % 5, number, f"evt_{number:03}") for number in range(60)]
    found = told(BEGUN, *reversed(steps))
    assert sorted({event for *_, event, _ in found[1:]}) == [f"evt_{number:03}" for number in range(60)]


def test_a_search_that_finds_no_order_is_given_up():
    """Where no order of a second's events leads to what came next, that is found out soon, and ids decide the rest."""
    steps = [step(None, 100 + number, f"evt_{number:02}") for number in range(20)]
    found = told(BEGUN, *reversed(steps), step(7, 8, "evt_later", AT + 20))
    assert [event for _, _, event, _ in found[1:21]] == [f"evt_{number:02}" for number in range(20)]
    assert [phase for _, phase, _, _ in found[-2:]] == [0, 1]


def test_more_events_of_one_second_than_there_ever_are_do_no_harm():
    """A second of more events than anybody could send is put in the order of their ids, quickly."""
    steps = [step(number, number + 1, f"evt_{number:05}") for number in range(1, 3000)]
    assert told(BEGUN, *reversed(steps))[-1] == (10, 1, "evt_02999", 3000)


def test_created_comes_first_and_deleted_last_within_a_second():
    """Inside one second ``created`` is first and ``deleted`` last, whatever their ids."""
    ended = deleted(AT, seats(2, status="canceled", ended_at=AT), "evt_1")
    found = in_any_order(ended, updated(AT, seats(1), seats(2), "evt_2"), created(AT, seats(1), "evt_3"))
    assert [event for _, _, event, _ in found] == ["evt_3", "evt_2", "evt_1"]


def test_a_before_that_is_not_the_state_held_closes_a_gap():
    """Where an event's before is not the state held, something was missed: one entry at that event closes it."""
    (found,) = entries(history(BEGUN, step(4, 5, "evt_b")), Rules()).values()
    assert [(one.event, one.gap, one.source) for one in found] == [
        ("evt_created", False, "observed"),
        ("evt_b", True, "inferred"),
        ("evt_b", False, "observed"),
    ]


@pytest.mark.parametrize("more", [{"metadata": {"a": "1"}}, {"trial_end": AT}], ids=["metadata", "a trial's end"])
def test_what_moves_no_money_is_no_gap(more):
    """Metadata and dates are no change: a before that differs in them alone is the state held."""
    found = told(BEGUN, updated(AT + 10, seats(1, **more), seats(2), "evt_b"))
    assert [phase for _, phase, _, _ in found] == [1, 1]


def test_a_discount_that_is_over_is_no_gap():
    """A discount that ran out makes two states no different; one that nobody told of does."""
    known = Catalogue(discounts={"di_1": said(discount(end=AT + 5))})
    with_discount, without = seats(1, discounts=("di_1",)), seats(1)
    states = created(AT, with_discount), updated(AT + 10, without, seats(2), "evt_b")
    assert [phase for _, phase, _, _ in told(*states, known=known)] == [1, 1]
    assert [phase for _, phase, _, _ in told(*states)] == [1, 0, 1]


def test_a_subscription_first_heard_of_later_is_taken_to_have_begun_as_it_was():
    """A subscription first heard of by an update has been, since its start, what that event says it was before."""
    first = updated(AT + DAY, seats(3, created=AT), seats(5, created=AT), "evt_b")
    (found,) = entries(history(first), Rules()).values()
    assert [(one.at - AT, one.gap, one.subscription.items[0].quantity) for one in found] == [
        (0, True, 3),
        (DAY, False, 5),
    ]


def test_without_a_before_it_is_taken_to_have_begun_as_it_is():
    """A first event that does not say what was before stands for all that was before."""
    assert told(updated(AT + DAY, None, seats(5, created=AT), "evt_b")) == [(0, 0, "evt_b", 5), (DAY, 1, "evt_b", 5)]


@pytest.mark.parametrize(
    ("more", "status"),
    [({}, "active"), ({"trial_end": AT + DAY}, "trialing"), ({"trial_end": AT + DAY - 1}, "active")],
    ids=["no trial", "a trial until the end", "a trial long over"],
)
def test_a_subscription_known_only_by_its_end_was_active_or_in_trial(more, status):
    """A subscription of which only the end was told counted before it, unless it ended in its trial."""
    ended = seats(5, status="canceled", created=AT, ended_at=AT + DAY, cancel_at=AT + DAY, **more)
    (found,) = entries(history(deleted(AT + DAY + 60, ended)), Rules()).values()
    before, after = found
    assert (before.subscription.status, before.subscription.cancels, before.at) == (status, False, AT)
    assert before.subscription.ended_at is None
    assert (after.subscription.status, after.at) == ("canceled", AT + DAY)


def test_a_cancelled_subscription_ended_when_it_says():
    """A cancelled subscription ended at ``ended_at``, and what events told after that did not happen to it."""
    ended = deleted(AT + 30, seats(2, status="canceled", ended_at=AT + 5))
    assert told(BEGUN, step(1, 2, "evt_b"), ended) == [(0, 1, "evt_created", 1), (5, 1, "evt_deleted", 2)]


def test_a_subscription_that_ended_before_it_began_began_all_the_same():
    """A subscription's beginning stands, even where it says that it ended before."""
    ended = deleted(AT + 30, seats(1, status="canceled", ended_at=AT - 5))
    assert told(BEGUN, ended) == [(0, 1, "evt_created", 1), (0, 1, "evt_deleted", 1)]


def test_what_was_told_before_the_end_stands():
    """Only what came after ``ended_at`` did not happen to a cancelled subscription."""
    ended = deleted(AT + 30, seats(3, status="canceled", ended_at=AT + 15))
    steps = [
        step(1, 2, "evt_b"),
        step(2, 3, "evt_c", AT + 15),
        step(3, 4, "evt_d", AT + 16),
        step(4, 3, "evt_e", AT + 17),
    ]
    assert told(BEGUN, *steps, ended) == [
        (0, 1, "evt_created", 1),
        (10, 1, "evt_b", 2),
        (15, 1, "evt_c", 3),
        (15, 1, "evt_deleted", 3),
    ]


def test_a_deletion_shows_what_was_missed_before_it():
    """A deletion does not say what was before; where its items are not the ones held, something was missed."""
    ended = deleted(AT + 10, seats(5, status="canceled", ended_at=AT + 10))
    assert told(BEGUN, ended) == [(0, 1, "evt_created", 1), (10, 0, "evt_deleted", 5), (10, 1, "evt_deleted", 5)]


STARTS = [
    ("created now", {"created": AT}, Rules(), 0),
    ("backdated", {"created": AT, "start_date": AT - DAY}, Rules(), -DAY),
    ("backdated, as created", {"created": AT, "start_date": AT - DAY}, Rules(backdated="created"), 0),
    ("starting later", {"created": AT, "start_date": AT + DAY}, Rules(), 0),
    ("since a second", {"metadata": {"upswell_since": str(AT - 5)}}, Rules(), -5),
    ("since a date", {"metadata": {"upswell_since": "2027-01-10"}}, Rules(), 1_799_539_200 - AT),
    ("since a time elsewhere", {"metadata": {"upswell_since": "2027-01-10T02:00+02:00"}}, Rules(), 1_799_539_200 - AT),
    *((f"since {text[:12]}", {"metadata": {"upswell_since": text}}, Rules(), 0) for text in (
        "long ago", "0026-01-03", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00x", "-5", "9" * 30, "9" * 5000)),
    ("since nothing", {"metadata": {"upswell_since": ""}}, Rules(), 0),
    ("since, before backdated", {"start_date": AT - DAY, "metadata": {"upswell_since": str(AT - 5)}}, Rules(), -5),
]  # fmt: skip


@pytest.mark.parametrize(("more", "rules", "start"), [pytest.param(*row[1:], id=row[0]) for row in STARTS])
def test_a_subscription_starts_when_it_was_created_or_says_it_was(more, rules, start):
    """An event: when it was ``created``.

    such a start, with ``backdated = "created"``: when it was ``created``.

    a start with ``metadata.upswell_since`` (an ISO date or unix seconds): then, whatever else is said.
    """
    assert told(created(AT, seats(1, **more)), rules=rules) == [(start, 1, "evt_created", 1)]


def test_an_event_told_before_a_late_start_keeps_the_order():
    """Where a subscription says it began after what later events tell, they follow it."""
    late = {"metadata": {"upswell_since": str(AT + 100)}}
    states = created(AT, seats(1, **late)), updated(AT + 10, seats(1, **late), seats(2, **late), "evt_b")
    assert told(*states) == [(100, 1, "evt_created", 1), (100, 1, "evt_b", 2)]


def test_each_subscription_has_its_own_entries():
    """A customer's subscriptions are told apart."""
    found = entries(history(BEGUN, created(AT, seats(9, name="sub_2"), "evt_other")), Rules())
    assert {name: [entry.event for entry in rows] for name, rows in found.items()} == {
        "sub_1": ["evt_created"],
        "sub_2": ["evt_other"],
    }


def test_an_event_names_what_it_refers_to():
    """What an event lists before and after is looked up: discounts of subscription and items, and prices."""
    before = subscription(Item("si_1", price(name="a"), 1, ("di_1",)), discounts=("di_2",))
    after = subscription(Item("si_1", price(name="b"), 1), discounts=("di_3",))
    state = updated(AT, before, after, "evt_b")
    assert (state.discounts, state.prices) == ({"di_1", "di_2", "di_3"}, {"price_a", "price_b"})
