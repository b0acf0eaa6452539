"""Who is never told of, and until when."""

from dataclasses import replace

import pytest
from core.billed import bill, charge
from core.values import history, metered, price, seats, subscription, updated

from signals.asking import DAY, START, against, at, life, looked
from upswell.core.catalogue import Version
from upswell.core.phases import Phase, PhaseItem, Schedule
from upswell.core.phases import Terms as Planned
from upswell.core.portfolio import Item
from upswell.core.rules import Rules
from upswell.signals.known import Past
from upswell.signals.terms import Terms

FIVE, EIGHT = seats(5), seats(8)


@pytest.mark.parametrize(("day", "told"), [(0, False), (29, False), (30, True)])
def test_nobody_is_told_of_in_the_first_days(day, told):
    """Onboarding lasts 30 days from the day on which the first subscription counted."""
    assert (against((0, FIVE), day=day) is None) is told


def test_onboarding_begins_when_a_trial_converts():
    """Whoever tries has not begun: only the end of the trial can be told of, and the first days come after it."""
    steps = ((0, seats(5, status="trialing", trial_end=at(14))), (14, FIVE))
    assert against(*steps, day=10) is None
    assert against(*steps, day=43) == "a customer since 15 January: within the first 30 days"
    assert against(*steps, day=44) is None


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused"])
def test_nobody_is_told_of_with_an_open_or_recent_failed_payment(status):
    """A failed payment speaks against it as long as it is open, and for 30 days after it was made good."""
    steps = ((0, FIVE), (60, seats(5, status=status)), (65, FIVE))
    assert against(*steps[:2], day=200) == f"payment trouble: {status.replace('_', ' ')} now"
    assert against(*steps, day=94) == f"payment trouble: {status.replace('_', ' ')} until 7 March"
    assert "payment" not in (against(*steps, day=96) or "")


def test_nobody_is_told_of_after_a_contraction():
    """Fewer seats speak against it for 90 days."""
    steps = ((0, EIGHT), (60, FIVE))
    assert against(*steps, day=149) == "contraction on 2 March"
    assert against(*steps, day=150) is None


def billed(*amounts):
    """Return the life of a plan with a meter that was billed so many minor units a month."""
    meter = metered(1, name="calls")
    held = subscription(Item("si_1", price(), 1), Item("si_2", meter))
    days = [31, 59, 90, 120, 151][: len(amounts)]
    shift = (START - 1_800_000_000) / DAY
    rows = [
        row
        for number, (day, amount) in enumerate(zip(days, amounts, strict=True))
        for row in bill(
            f"in_{number}",
            day + shift,
            charge(1, meter, "si_2", ([0, *days][number] + shift, day + shift), amount=amount),
        )
    ]
    return history(*life((0, held)), billed=rows)


def test_usage_that_went_down_last_is_a_contraction():
    """Usage that varies says nothing, but that its last change was down."""
    assert looked(billed(500, 400), 70).restraint == "contraction on 1 March"
    assert looked(billed(500, 400, 600), 100).restraint is None


def test_nobody_is_told_of_who_is_about_to_leave():
    """A cancellation that is asked for speaks against it until it is taken back."""
    steps = ((0, FIVE), (60, seats(5, cancel_at=at(200))), (70, FIVE))
    assert against(*steps, day=65) == "a cancellation is scheduled"
    assert against(*steps, day=70) is None


def test_a_cancellation_taken_back_within_its_second_is_none():
    """Events of one second are in the order in which they chain, whatever their ids are."""
    asked = seats(5, cancel_at=at(200))
    states = [*life((0, FIVE)), updated(at(60), FIVE, asked, "evt_z"), updated(at(60), asked, FIVE, "evt_a")]
    assert looked(history(*states), 65).restraint is None


def test_a_schedule_that_ends_is_a_cancellation():
    """Who is to end by a subscription schedule is about to leave too."""
    phase = Phase(at(0), at(200), "usd", (PhaseItem(price(), 5),))
    planned = Schedule("sched_1", "cus_1", Planned("active", "sub_1", "cancel", (phase,)))
    held = replace(history(*life((0, FIVE))), schedules={"sched_1": [Version(at(60), "evt_s", planned)]})
    assert looked(held, 59).restraint is None
    assert looked(held, 61).restraint == "a cancellation is scheduled"


def test_what_came_later_is_not_known():
    """A look at a past day knows nothing of what followed: the same as if history had ended then."""
    steps = ((0, FIVE), (60, EIGHT), (80, seats(8, cancel_at=at(300))), (90, seats(2)))
    whole = history(*life(*steps))
    for day in (50, 61, 75, 85, 95):
        then = history(*life(*(step for step in steps if step[0] <= day)))
        assert looked(whole, day) == looked(then, day)


def test_who_has_left_shows_nothing():
    """A customer without a subscription that lives has no sign."""
    ended = seats(8, status="canceled", ended_at=at(90))
    found = looked(history(*life((0, FIVE), (60, EIGHT), (90, ended))), 95)
    assert found.signs == ()
    assert Past(history(), Rules()).first is None
    assert Past(history(*life((3, FIVE))), Rules()).first == at(3)


def test_onboarding_days_are_the_configuration_s():
    """``onboarding_days`` says how many they are; 0: none."""
    assert against((0, FIVE), day=0, terms=Terms(onboarding_days=0)) is None
