"""Plans from below: what lies ahead, where it parts from what is booked, and what is left out."""

from dataclasses import replace

import pytest

from core.values import coupon, created, discount, history, metered, price, said, seats, subscription, updated
from upswell.core.catalogue import Catalogue, Version
from upswell.core.movements import movements
from upswell.core.phases import Offer, Phase, PhaseItem, Schedule, Terms
from upswell.core.plans import Outlook, outlook
from upswell.core.portfolio import Item, Pending
from upswell.core.rules import Rules

DAY = 86_400
AT, END = 100 * DAY, 130 * DAY
PRO = price()


def ahead(held, rules=None):
    """Return what is planned in a history."""
    return outlook(held, rules or Rules(), movements(held, rules or Rules()))


def told(held, rules=None):
    """Return what is planned in few words."""
    return [(one.occurred_at // DAY, one.kind, one.amount) for one in ahead(held, rules).movements]


def planning(*phases, held=None, at=AT, **more):
    """Return the history of a subscription that one schedule plans."""
    terms = Terms("active", "sub_1", phases=phases, **more)
    return replace(
        held or history(created(AT, seats(5))),
        schedules={"sched_1": [Version(at, "evt_sched", Schedule("sched_1", "cus_1", terms))]},
    )


def phase(start, end, *held, **more):
    """Return a phase between two days."""
    items = tuple(one if isinstance(one, PhaseItem) else PhaseItem(one, 5) for one in held)
    return Phase(start * DAY, end * DAY, "usd", items, **more)


def test_without_a_plan_there_is_nothing_to_tell():
    """A customer without plans has an empty outlook, without a walk through its history."""
    assert ahead(history(created(AT, seats(5)))) == Outlook()
    assert ahead(history()) == Outlook()


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_what_is_over_plans_nothing(status):
    """The flags of a subscription that has ended say what was, not what will be."""
    over = seats(5, status=status, cancel_at=END, pending=Pending(END, (Item("si_1", PRO, 9),)), ended_at=AT + DAY)
    held = history(created(AT, seats(5)), updated(AT + DAY, seats(5), over, "evt_2"))
    assert ahead(held) == Outlook()
    assert ahead(planning(phase(120, 130, price(2000, name="gold")), held=held)) == Outlook()


def test_a_plan_for_the_last_known_moment_is_behind_it():
    """Only what lies after all that is known is ahead."""
    ends = history(created(AT, seats(5, cancel_at=END)))
    assert told(ends) == [(130, "churn", -5000)]
    assert told(with_another(ends, END)) == []
    assert told(with_another(ends, END - DAY)) == [(130, "downgrade", -5000)]
    waits = history(created(AT, seats(5, pending=Pending(END, (Item("si_1", PRO, 9),)))))
    assert told(waits) == [(130, "seat", 4000)]
    assert told(with_another(waits, END)) == []


def with_another(held, at):
    """Return the history with another subscription, created then."""
    other = subscription(Item("si_2", price(700, name="extra"), 1), name="sub_2")
    return replace(held, states=[*held.states, created(at, other, "evt_2")])


def test_the_flag_without_any_date_plans_nothing():
    """Where it is not known when the period ends, there is nothing to show."""
    assert told(history(created(AT, seats(5, cancel_at_period_end=True)))) == []
    assert told(history(created(AT, seats(5, cancel_at_period_end=True, cancel_at=END)))) == [(130, "churn", -5000)]


def test_ids_are_the_same_in_every_rebuild_and_nobody_elses():
    """A scheduled movement has an id of its own: sure and waiting ones of one event never share it."""
    free = Item("si_1", price(0, name="free"), 5)
    held = history(created(AT, seats(5, cancel_at=END, pending=Pending(END - DAY, (free,)))))
    found = [one.id for one in ahead(held).movements]
    assert [one.kind for one in ahead(held).movements] == ["churn", "churn"]
    assert len(set(found)) == 2
    assert all(name.startswith("sch_") for name in found)
    assert found == [one.id for one in ahead(held).movements]


def test_an_update_that_expires_as_the_subscription_ends_does_not_come():
    """What ends takes what waits along, at the same moment too."""
    more = Pending(END, (Item("si_1", PRO, 9),))
    assert told(history(created(AT, seats(5, cancel_at=END, pending=more)))) == [(130, "churn", -5000)]
    later = history(created(AT, seats(5, cancel_at=END + DAY, pending=more)))
    assert told(later) == [(130, "seat", 4000), (131, "churn", -5000)]


def test_the_cause_of_an_end_is_the_event_that_asked_for_it():
    """Whatever is told of the subscription later, as long as the end stays the same."""
    first, later = seats(5, cancel_at=END), seats(5, cancel_at=END, metadata={"note": "x"})
    held = [created(AT, seats(5)), updated(AT + 1, None, first, "evt_2"), updated(AT + 2, None, later, "evt_3")]
    assert [one.cause for one in ahead(history(*held)).movements] == ["evt_2"]
    moved = updated(AT + 3, None, seats(5, cancel_at=END + DAY), "evt_4")
    assert [one.cause for one in ahead(history(*held, moved)).movements] == ["evt_4"]


def test_of_two_schedules_the_one_told_last_counts():
    """A subscription has one schedule at a time: where an end was missed, the one that was planned later counts.

    It does not matter which of them was heard of again, unchanged.
    """
    held = planning(phase(120, 130, price(2000, name="gold")))
    terms = Terms("active", "sub_1", phases=(phase(125, 130, price(3000, name="ruby")),))
    other = Version(AT + 1, "evt_other", Schedule("sched_0", "cus_1", terms))
    both = {**held.schedules, "sched_0": [other]}
    assert told(replace(held, schedules=both)) == [(125, "upgrade", 10000)]
    again = [*held.schedules["sched_1"], replace(held.schedules["sched_1"][0], at=AT + 2, event="")]
    assert told(replace(held, schedules={**both, "sched_1": again})) == [(125, "upgrade", 10000)]


def test_a_metered_price_needs_no_amounts():
    """Its licensed MRR is 0, whatever tiers nobody told of."""
    calls = metered(None, mode="graduated", name="calls")
    held = planning(phase(120, 130, PhaseItem(PRO, 7), PhaseItem(calls)))
    assert told(held) == [(120, "seat", 2000)]


def test_an_amount_nobody_told_of_leaves_its_phase_out():
    """A licensed price without its amounts cannot be reckoned with; nor can one in another currency."""
    assert told(planning(phase(120, 130, price(None, name="gold")), phase(130, 140, PRO))) == []
    assert told(planning(phase(120, 130, price(900, name="gold", currency="eur")))) == []
    update = Pending(END, (Item("si_1", price(None, name="gold"), 5),))
    assert told(history(created(AT, seats(5, pending=update)))) == []


def test_a_price_known_by_id_is_the_last_one_told():
    """From the catalogue, else as a subscription showed it."""
    catalogue = Catalogue(prices={"price_gold": said(price(1500, name="gold"))}, shown={PRO.id: PRO})
    held = history(created(AT, seats(5)), catalogue=catalogue)
    assert told(planning(phase(120, 130, "price_gold"), held=held)) == [(120, "upgrade", 2500)]
    assert told(planning(phase(120, 130, PhaseItem(PRO.id, 6)), held=held)) == [(120, "seat", 1000)]


def test_a_trial_in_the_current_phase_ends_as_planned():
    """What has not counted yet begins to when the schedule ends its trial."""
    held = history(created(AT, seats(5, status="trialing", trial_end=110 * DAY)))
    now, after = phase(100, 120, PRO, trial_end=110 * DAY), phase(120, 130, PhaseItem(PRO, 6))
    assert told(planning(now, after, held=held)) == [(110, "new", 5000), (120, "seat", 1000)]


def test_a_coupon_for_some_months_ends_on_its_day():
    """A repeating coupon of a phase lasts its months from the phase's beginning; a day that is missing is the last."""
    start = 30  # 31 January 1970
    given = Offer(None, coupon(duration="repeating", percent_off="50", months=1))
    held = planning(phase(start, 400, PRO, offers=(given,)), held=history(created(DAY, seats(5))), at=DAY)
    assert told(held) == [(30, "discount", -2500), (58, "discount", 2500)]


def test_a_coupon_that_stays_is_one_discount_over_several_phases():
    """It is given once, with the first of them."""
    given = Offer(None, coupon(duration="repeating", percent_off="50", months=2))
    held = planning(
        phase(105, 120, PRO, offers=(given,)),
        phase(120, 400, PhaseItem(PRO, 6), offers=(given,)),
    )
    found = told(held)
    assert found[:2] == [(105, "discount", -2500), (120, "seat", 500)]
    assert [one[1:] for one in found[2:]] == [("discount", 3000)]


def test_every_discount_of_a_phase_is_one_of_its_own():
    """Several coupons, on a subscription and on its items, are all taken off; one coupon given twice is two."""
    half, fifth = (coupon(name, percent_off=off) for name, off in (("half", "50"), ("fifth", "20")))
    own = PhaseItem(PRO, 5, (Offer(None, half), Offer(None, fifth)))
    held = planning(phase(120, 130, own, offers=(Offer(None, half), Offer(None, fifth))))
    assert told(held) == [(120, "discount", 800 - 5000)]


def test_a_phase_that_has_begun_is_not_laid_again():
    """A phase from the last known moment or before is the subscription's own business, its trial too."""
    gold = price(2000, name="gold")
    assert told(planning(phase(100, 120, gold), phase(120, 130, PhaseItem(PRO, 6)))) == [(120, "seat", 1000)]
    held = history(created(AT, seats(5, status="trialing", trial_end=AT)))
    assert told(planning(phase(90, 120, PRO, trial_end=AT), held=held)) == []


def test_what_is_to_begin_is_in_the_currency_of_its_phase():
    """Where the payload names none, in that of its first price."""
    euro = price(900, name="euro", currency="eur")
    for currency in ("eur", ""):
        terms = Terms("not_started", phases=(replace(phase(120, 130, euro), currency=currency),))
        begins = {"sched_1": [Version(AT, "evt_sched", Schedule("sched_1", "cus_1", terms))]}
        found = ahead(history(schedules=begins)).movements
        assert [(one.kind, one.amount, one.currency, one.subscription) for one in found] == [
            ("new", 4500, "eur", "sched_1")
        ]


def test_a_known_discount_may_begin_with_a_phase():
    """One that exists and is not on the subscription yet comes with the phase that names it."""
    catalogue = Catalogue(
        discounts={"di_1": said(discount("di_1", subscription="sub_1", customer="cus_1"))},
        coupons={"coupon_1": said(coupon(percent_off="20"))},
    )
    held = history(created(AT, seats(5)), catalogue=catalogue)
    assert told(planning(phase(120, 130, PRO, offers=(Offer("di_1"),)), held=held)) == [(120, "discount", -1000)]


def test_rules_are_those_of_what_is_counted():
    """The same function with the same rules: what does not count now does not count ahead."""
    given = Offer(None, coupon(percent_off="50"))
    held = planning(phase(120, 130, PRO, offers=(given,)))
    assert told(held) == [(120, "discount", -2500)]
    assert told(held, Rules(discounts="none")) == []
