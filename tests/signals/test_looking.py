"""Looking at a ledger: who is due, what is raised, and that nothing is raised twice, whatever comes in."""

import logging
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from core.values import calm
from hypothesis import given
from hypothesis import strategies as st
from intake.told import AT, DAY, applied, joined, moved, subscribed
from receiving import configured

from upswell.core.rules import Rules
from upswell.errors import UpswellError
from upswell.intake.applying import apply_pending
from upswell.intake.looking import Looked, account_of, look, why_none
from upswell.intake.rebuild import heed, rebuild
from upswell.serving import schedule
from upswell.store import raised
from upswell.store.backlog import BACKFILL
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger, forget_job, note_job

GROWN = (subscribed(), moved(1, 5, 8, AT + 60 * DAY))
NOW = AT + 70 * DAY


def ledger_of(config):
    """Open the ledger of a configuration, and make it where it is missing."""
    return Ledger(config.ledger.path, create=True)


@pytest.fixture
def config(tmp_path):
    """Give the configuration of a ledger."""
    return configured(tmp_path)


@pytest.fixture
def ledger(config):
    """Give a ledger in which a customer went from 5 to 8 seats."""
    with ledger_of(config) as ledger:
        applied(ledger, *GROWN)
        yield ledger


def test_a_look_raises_what_it_sees(ledger, config):
    """The customer who added seats is told of, with the evidence, the points and the score."""
    assert look(ledger, config, NOW) == Looked(1, 1, 0)
    (one,) = raised.standing(ledger)
    assert (one.customer, one.signal, one.raised_at, one.score, one.points) == ("cus_1", "seats_added", NOW, 16, 16)
    assert one.evidence.startswith("5 → 8 seats of ")


def test_a_customer_is_looked_at_once_a_day_or_when_something_changed(ledger, config):
    """Nobody is looked at again before: a ledger of many customers costs nothing in between."""
    look(ledger, config, NOW)
    assert look(ledger, config, NOW + DAY - 1).customers == 0
    applied(ledger, moved(1, 8, 9, NOW + 1))
    assert look(ledger, config, NOW + 2).customers == 1
    assert look(ledger, config, NOW + DAY + 2).customers == 1


def test_who_has_no_subscription_is_not_looked_at_again(ledger, config):
    """A customer who left is looked at when something is told of it, and not every day."""
    applied(ledger, subscribed(2, status="canceled", ended_at=AT + 10 * DAY))
    assert look(ledger, config, NOW).customers == 2
    assert look(ledger, config, NOW + 2 * DAY).customers == 1


def test_who_is_to_be_looked_at_is_noted_once(ledger):
    """A customer that is to be looked at already is not written down again; one of whom nothing is due is."""
    with ledger.write() as connection:
        held = connection.total_changes
        raised.want_look(connection, "cus_1")
        assert connection.total_changes == held
        raised.note_look(connection, "cus_1", None)
        raised.want_look(connection, "cus_1")
        assert raised.due(connection, 0, 10) == ["cus_1"]


def test_a_look_takes_no_longer_than_it_may(ledger, config):
    """What is over time is looked at the next time."""
    applied(ledger, *(subscribed(number) for number in range(2, 60)))
    first = look(ledger, config, NOW, seconds=0.0)
    assert 0 < first.customers < 59
    assert look(ledger, config, NOW).customers == 59 - first.customers


def test_signals_are_cleared_when_the_customer_shrinks(ledger, config):
    """Seats that go again take the signal along, and say why."""
    look(ledger, config, NOW)
    applied(ledger, moved(1, 8, 4, NOW + DAY))
    assert look(ledger, config, NOW + 2 * DAY) == Looked(1, 0, 1)
    assert raised.standing(ledger) == []
    assert [one.customer for one in raised.standing(ledger, at=NOW + DAY)] == ["cus_1"]
    (one,) = raised.since(ledger, NOW + 2 * DAY)
    assert one.cleared_because.startswith("contraction on ")


def test_a_rebuild_under_other_rules_raises_nothing_anew(ledger, config):
    """Movements that are made again are the same customer: what was told stays told."""
    look(ledger, config, NOW)
    before = raised.since(ledger, 0)
    heed(ledger, Rules(settle_minutes=5))
    rebuild(ledger, Rules(settle_minutes=5), lambda *_: None)
    look(ledger, config, NOW + 1)
    assert raised.since(ledger, 0) == before


def test_one_customer_that_cannot_be_told_holds_nobody_up(ledger, config):
    """Whatever is wrong with one, the others are looked at, and it is tried again the next day."""
    with ledger.write() as connection:
        connection.execute("INSERT INTO looks VALUES ('a_broken_one', 0)")
        connection.execute("INSERT INTO accounts VALUES ('a_broken_one', 'a_broken_one')")
        row = "INSERT INTO snapshots VALUES ('sub_x', 'a_broken_one', 1, 1, '{}')"
        connection.execute(row)
    assert look(ledger, config, NOW).raised == 1
    assert look(ledger, config, NOW + DAY).customers == 2


def test_why_there_is_none_is_told(ledger, config):
    """For a customer without a signal the reason is given: what speaks against it, the cooldown, or that none shows."""
    applied(ledger, subscribed(2, at=NOW - DAY), subscribed(3))
    look(ledger, config, NOW)
    assert "within the first 30 days" in why_none(ledger, config, "cus_2", NOW)
    assert why_none(ledger, config, "cus_3", NOW) == "cus_3 shows no sign of being ready for more"
    with ledger.write() as connection:
        connection.execute("UPDATE signals SET cleared_at = raised_at, cleared_because = 'x'")
    assert "is not told of anew before" in why_none(ledger, config, "cus_1", NOW)
    with pytest.raises(UpswellError, match="knows no customer cus_9"):
        account_of(ledger, "cus_9")


EVENTS = (*GROWN, moved(1, 8, 12, AT + 61 * DAY), moved(1, 12, 6, AT + 63 * DAY), moved(1, 6, 14, AT + 64 * DAY))
deliveries = st.lists(st.sampled_from(range(len(EVENTS))), min_size=1, max_size=12)


@calm
@given(deliveries, st.lists(st.integers(0, 20), min_size=12, max_size=12))
def test_nobody_is_told_of_twice_whatever_comes_in(order, days):
    """Events that come twice, late or in any order, with looks and restarts in between: one telling a cooldown."""
    with tempfile.TemporaryDirectory() as folder:
        config, now = configured(Path(folder)), AT + 65 * DAY
        for place, number in enumerate(order):
            with ledger_of(config) as ledger:  # begun anew each time
                applied(ledger, EVENTS[number])
                now += days[place] * DAY
                look(ledger, config, now)
                look(ledger, config, now)
        with ledger_of(config) as ledger:
            moments = sorted({one.raised_at for one in raised.since(ledger, 0)})
    cooldown = config.signals.cooldown_days * DAY
    assert all(later - earlier >= cooldown for earlier, later in pairwise(moments))


@calm
@given(st.permutations(range(3)), st.permutations(range(3)))
def test_the_order_of_events_does_not_matter_to_a_look(order, again):
    """A look after the same events sees the same, in whatever order and however often they came."""
    with tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder))
        with ledger_of(config) as ledger:
            applied(ledger, *(EVENTS[number] for number in (*order, *again)))
            look(ledger, config, NOW)
            (one,) = raised.standing(ledger)
    assert (one.signal, one.score) == ("seats_added", 20)
    assert one.evidence.startswith("5 → 12 seats of ")


def test_a_customer_that_gets_another_name_is_not_told_of_twice(tmp_path):
    """The event that says whose a Stripe customer is comes late: what was told of it, and stands, goes along."""
    config = configured(tmp_path, '[rules]\ncustomer_key = "metadata.account_id"\n')
    acme = {"metadata": {"account_id": "acme"}}
    with ledger_of(config) as ledger:
        for number, day in ((1, 0), (2, 5)):
            told = (joined(number), subscribed(number), moved(number, 5, 8, AT + 60 * DAY))
            accept(ledger, [envelope(body) for body in told])
            apply_pending(ledger, config.rules)
            assert look(ledger, config, NOW + day * DAY).raised == 1
        for number, day, gone in ((1, 6, 0), (2, 7, 1)):
            accept(ledger, [envelope(joined(number, at=NOW + day * DAY, **acme))])
            apply_pending(ledger, config.rules)
            done = look(ledger, config, NOW + day * DAY + 1)
            assert (done.raised, done.cleared) == (0, gone)
        (one,) = raised.standing(ledger)
    assert (one.customer, one.raised_at) == ("acme", NOW)
    assert one.evidence.startswith("10 → 16 seats of ")


def test_nobody_is_looked_at_while_a_backfill_is_not_finished(ledger, config):
    """Half a history would tell of customers whom the other half speaks against: the backfill is waited for."""
    with ledger.write() as connection:
        note_job(connection, BACKFILL, {})
    assert look(ledger, config, NOW) == Looked()
    assert why_none(ledger, config, "cus_1", NOW) == "cus_1 is not looked at yet: a backfill is not finished"
    with ledger.write() as connection:
        forget_job(connection, BACKFILL)
    assert look(ledger, config, NOW) == Looked(1, 1, 0)


def test_nobody_is_looked_at_while_accepted_events_wait_to_be_applied(ledger, config):
    """The cancellation that waits in the ledger, as after an outage, is applied before anybody is told of."""
    with time_machine.travel(NOW - 61, tick=False):
        accept(ledger, [envelope(moved(1, 8, 2, AT + 69 * DAY))])
    assert look(ledger, config, NOW) == Looked()
    assert why_none(ledger, config, "cus_1", NOW) == "cus_1 is not looked at yet: events wait to be applied"
    apply_pending(ledger, Rules())
    assert look(ledger, config, NOW) == Looked(1, 0, 0)


def test_serve_looks_for_signals(ledger, config, caplog):
    """The schedule looks every few minutes, says what came of it, and outlives a ledger that is gone."""
    with time_machine.travel(NOW, tick=False), caplog.at_level(logging.INFO):
        schedule._look(config)
        schedule._look(config)
    assert [one.customer for one in raised.standing(ledger)] == ["cus_1"]
    assert caplog.text.count("1 signals raised, 0 cleared") == 1
    schedule._look(replace(config, ledger=replace(config.ledger, path=config.ledger.path.with_name("gone.db"))))
    assert "could not be looked at for signals: There is no ledger" in caplog.text
