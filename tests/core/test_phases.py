"""Schedules as versions: which of their words is the last, and what brought it."""

from itertools import permutations

import pytest

from core.values import coupon, price
from upswell.core.catalogue import Version
from upswell.core.phases import Offer, Phase, PhaseItem, Schedule, Terms, standing


def terms(quantity=1, status="active", **more):
    """Return terms that differ in the quantity they plan."""
    return Terms(status, "sub_1", phases=(Phase(100, 200, "usd", (PhaseItem("price_1", quantity),)),), **more)


def word(event, held, before=None, at=10):
    """Return a version that ``event`` told."""
    return Version(at, event, Schedule("sched_1", "cus_1", held, before))


def last(*versions):
    """Return the event whose terms stand."""
    return standing(sorted(versions, key=lambda version: (version.at, version.event))).event


def test_what_was_said_last_stands():
    """The later of two seconds counts; its cause is what brought the terms, not what repeated them."""
    assert last(word("evt_2", terms(1)), word("evt_1", terms(2), at=20)) == "evt_1"
    assert last(word("evt_1", terms(1)), word("evt_2", terms(1), at=20), word("evt_3", terms(1), at=30)) == "evt_1"
    assert last(word("evt_1", terms(1)), word("evt_2", terms(2), at=20), word("evt_3", terms(1), at=30)) == "evt_3"


@pytest.mark.parametrize("names", [*permutations("abcd")])
def test_inside_one_second_updates_are_a_chain(names):
    """The word that no other one replaced is the last, whatever the events are called."""
    one, two, three, four = (f"evt_{name}" for name in names)
    told = (
        word(one, terms(1)),
        word(two, terms(2), terms(1)),
        word(three, terms(3), terms(2)),
        word(four, terms(3), terms(3)),
    )
    assert last(*told) == three


def test_what_cannot_be_chained_is_settled_by_event_id():
    """Where every word replaced another, or none says what it replaced, the last event by id stands."""
    assert last(word("evt_2", terms(1), terms(2)), word("evt_1", terms(2), terms(1))) == "evt_2"
    assert last(word("evt_2", terms(1)), word("evt_1", terms(2))) == "evt_2"


@pytest.mark.parametrize("status", ["released", "canceled", "completed"])
def test_the_end_of_a_schedule_is_its_last_word(status):
    """Inside one second a schedule begins before it runs, and is over after both."""
    told = (word("evt_3", terms(1, "not_started")), word("evt_2", terms(1)), word("evt_1", terms(1, status)))
    assert last(*told) == "evt_1"
    assert last(*told[:2]) == "evt_2"


def test_what_was_asked_of_the_api_is_known_by_its_own_id():
    """Where no event told of the terms, the schedule's id stands in the event's place."""
    assert last(word("", terms(1))) == "sched_1"


def test_terms_name_what_must_be_known():
    """Prices and their products, coupons and discounts, of the phases and of their items."""
    items = (PhaseItem("price_1"), PhaseItem(price(name="gold"), 1, (Offer("di_1"), Offer(None, "coupon_2"))))
    phase = Phase(1, 2, "usd", items, (Offer(None, coupon("coupon_3")), Offer()))
    assert Terms("active", phases=(phase,)).references == {
        *("price_1", "price_gold", "prod_gold"),
        *("di_1", "coupon_2", "coupon_3"),
    }


def test_a_schedule_ends_the_subscription_only_where_it_cancels():
    """With end_behavior cancel, at the end of the last phase."""
    assert terms(end_behavior="cancel").end == 200
    assert terms().end is None
    assert Terms("active", end_behavior="cancel").end is None
