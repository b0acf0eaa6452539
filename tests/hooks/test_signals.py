"""Signals on their way: raised and cleared, once, to endpoints and, where they are to be, to channels."""

import json
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import desks
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake.told import AT, DAY, applied, joined, moved, subscribed
from receivers import receiving

from upswell.configuration.settings import Config
from upswell.core.rules import Rules
from upswell.intake import forgetting
from upswell.intake.looking import look
from upswell.render import instant
from upswell.signals.raising import Raised
from upswell.store import dispatches, raised
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice
from upswell.telling.destinations import prepare
from upswell.telling.hooks import send_due
from upswell.telling.notes import send_notes
from upswell.telling.signals import CLEARED, RAISED, as_json, tell_signals

EVENTS = ("movement.recorded", "movement.restated", RAISED, CLEARED)
SERVED = AT + 69 * DAY
NOW = AT + 70 * DAY
GROWN = (joined(email="fern@example.com"), subscribed(), moved(1, 5, 8, AT + 60 * DAY))


@pytest.fixture
def config(ledger, receiver) -> Config:
    """Give a configuration whose endpoint wants signals too."""
    return replace(desks.config(ledger.path), hooks=(receiver.settings(events=EVENTS),))


@pytest.fixture
def grown(ledger, config):
    """Give a ledger, served, with a customer who went from 5 to 8 seats."""
    prepare(ledger, config, SERVED)
    applied(ledger, *GROWN)
    return ledger


def told(ledger, config, receiver, now):
    """Look, tell and send as ``serve`` does at ``now``; return the payloads that came."""
    before = len(receiver.taken)
    look(ledger, config, now)
    tell_signals(ledger, config, now)
    for hook in config.hooks:
        send_due(ledger, hook, lambda: now)
    return [json.loads(body) for _, body in receiver.taken[before:]]


def test_a_raised_signal_is_told_once_with_its_evidence(grown, config, receiver):
    """Who, what, why and what next; asked again, and after a restart, nothing more."""
    (message,) = told(grown, config, receiver, NOW)
    assert message["type"] == "signal.raised"
    assert message["data"]["customer"] == {"id": "cus_1"}
    (one,) = raised.standing(grown)
    signal = message["data"]["signal"]
    assert (signal["id"], signal["signal"], signal["points"], signal["score"]) == (one.id, "seats_added", 16, 16)
    assert signal["evidence"] == one.evidence
    assert signal["next_step"] == "Ask how the team grows, and offer a plan for its size"
    with Ledger(grown.path) as restarted:
        prepare(restarted, config, NOW + 60)
        assert told(restarted, config, receiver, NOW + 60) == []


def test_a_cleared_signal_is_told_with_its_reason(grown, config, receiver):
    """Fewer seats again: the same signal, when it was over, and why; once."""
    (first,) = told(grown, config, receiver, NOW)
    applied(grown, moved(1, 8, 5, NOW + DAY // 2))
    (message,) = told(grown, config, receiver, NOW + DAY)
    assert message["type"] == "signal.cleared"
    assert message["data"]["signal"]["id"] == first["data"]["signal"]["id"]
    assert message["data"]["signal"]["cleared_because"]
    assert told(grown, config, receiver, NOW + DAY + 60) == []


def test_what_is_over_before_it_could_be_told_is_not_told(grown, config, receiver):
    """A signal that came and went between two looks at the outbox would only confuse."""
    look(grown, config, NOW)
    applied(grown, moved(1, 8, 5, NOW + 60))
    assert told(grown, config, receiver, NOW + 120) == []
    assert [one.stands for one in raised.since(grown, 0)] == [False]


def test_what_is_over_is_not_sent_any_more(grown, config, receiver):
    """An endpoint that was never sent it hears nothing; one that an attempt may have reached hears that it is over."""
    look(grown, config, NOW)
    tell_signals(grown, config, NOW)
    applied(grown, moved(1, 8, 5, NOW + 60))
    assert told(grown, config, receiver, NOW + 120) == []
    assert told(grown, config, receiver, NOW + 180) == []
    applied(grown, subscribed(2), moved(2, 5, 8, AT + 65 * DAY))
    receiver.answer = lambda number: 500 if number == 1 else 204
    assert told(grown, config, receiver, NOW + 240) == []
    applied(grown, moved(2, 8, 5, NOW + 300))
    (message,) = told(grown, config, receiver, NOW + 600)
    assert message["type"] == "signal.cleared"
    assert dispatches.listed(grown, "waiting", 9) == []


def test_an_endpoint_for_raised_signals_alone_is_not_sent_what_is_over(grown, config, receiver):
    """It would begin a campaign for somebody who has just left."""
    chosen = replace(config, hooks=(receiver.settings(events=(RAISED,)),))
    look(grown, chosen, NOW)
    tell_signals(grown, chosen, NOW)
    applied(grown, moved(1, 8, 5, NOW + 60))
    assert told(grown, chosen, receiver, NOW + 120) == []
    assert dispatches.listed(grown, None, 9) == []


def test_nothing_from_before_an_endpoint_is_told(ledger, config, receiver):
    """Signals that stood when it came are in `upswell signals`; neither they nor their end are told."""
    applied(ledger, *GROWN)
    look(ledger, config, NOW)
    prepare(ledger, config, NOW + 60)
    assert told(ledger, config, receiver, NOW + 120) == []
    applied(ledger, moved(1, 8, 5, NOW + 180))
    assert told(ledger, config, receiver, NOW + 240) == []


def test_a_message_that_nobody_wants_is_not_made(grown, config, receiver):
    """An endpoint for movements alone gets no signal, and the outbox holds none."""
    chosen = replace(config, hooks=(receiver.settings(events=EVENTS[:2]),))
    assert told(grown, chosen, receiver, NOW) == []
    assert dispatches.listed(grown, None, 9) == []


def test_channels_are_told_of_signals_where_they_are_to_be(grown, config):
    """Notify = true: one sentence a customer, once; without it none."""
    with desks.slack_server() as slack:
        quiet = desks.config(grown.path, slack=slack.settings)
        loud = replace(quiet, report=replace(quiet.report, notify_signals=True))
        for chosen, many in ((quiet, 0), (loud, 1), (loud, 1)):
            prepare(grown, loud, SERVED)
            look(grown, chosen, NOW)
            tell_signals(grown, chosen, NOW)
            send_notes(grown, chosen, "slack", lambda: NOW)
            assert len(slack.messages) == many
        text = slack.messages[0]["blocks"][0]["text"]["text"]
    (one,) = raised.standing(grown)
    assert text == (
        f"Fern looks ready for more (score 16 of 100): {one.evidence}. "
        "Ask how the team grows, and offer a plan for its size."
    )


def test_several_signals_of_a_customer_are_one_sentence():
    """The strongest first, with its next step; no customer stands there twice."""
    seats = {"signal": "seat_limit", "evidence": "9 of 10 seats", "next_step": "Offer more seats", "points": 30}
    renewal = {"signal": "renewal", "evidence": "renews in March", "next_step": "Use the renewal", "points": 20}
    notices = [
        Notice(f"msg_{number}", RAISED, "cus_1", NOW, {"signal": {**one, "subject": "x", "score": 50}})
        for number, one in enumerate((renewal, seats))
    ]
    assert instant.sentences(notices, {"cus_1": "Fern"}, desks.BERLIN) == [
        "Fern looks ready for more (score 50 of 100): 9 of 10 seats; renews in March. Offer more seats."
    ]


def test_nothing_of_a_forgotten_person_is_told(grown, config, receiver):
    """A signal that stood when somebody was forgotten is not told again, and its end is not told."""
    assert len(told(grown, config, receiver, NOW)) == 1
    with grown.write() as connection:
        connection.execute("UPDATE notice_deliveries SET state = 'waiting', next_attempt_at = ?", (NOW,))
    forgetting.forget(grown, Rules(), "cus_1")
    with grown.write() as connection:
        connection.execute("UPDATE forgotten SET forgotten_at = ?", (NOW + 60,))
    assert told(grown, config, receiver, NOW + 120) == []
    applied(grown, moved(1, 8, 5, NOW + 180))
    assert told(grown, config, receiver, NOW + DAY) == []


STEPS = st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(1, 12)), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, repeat=st.booleans())
def test_no_customer_is_told_twice_within_the_cooldown(tmp_path_factory, steps, repeat):
    """Seats that come and go, events twice and restarts: the receiver hears of one telling a cooldown, each id once."""
    path = tmp_path_factory.mktemp("signals") / "upswell.db"
    with receiving() as receiver:
        config = replace(desks.config(path), hooks=(receiver.settings(events=EVENTS[2:]),))
        now, seats, payloads = AT + 40 * DAY, 5, []
        with Ledger(path, create=True) as ledger:
            prepare(ledger, config, AT)
            applied(ledger, subscribed())
        for pause, wanted in steps:
            now += pause
            body = moved(1, seats, wanted, now)
            seats = wanted
            for _ in range(2 if repeat else 1):
                with Ledger(path) as ledger:
                    prepare(ledger, config, now)
                    applied(ledger, body)
                    payloads += told(ledger, config, receiver, now + 60)
    ids = [(one["type"], one["data"]["signal"]["id"]) for one in payloads]
    assert len(ids) == len(set(ids))
    assert {name for kind, name in ids if kind == CLEARED} <= {name for kind, name in ids if kind == RAISED}
    moments = sorted({one["data"]["signal"]["raised_at"] for one in payloads if one["type"] == RAISED})
    instants = [datetime.fromisoformat(moment).timestamp() for moment in moments]
    assert all(later - earlier >= 30 * DAY for earlier, later in pairwise(instants))


def test_who_is_most_ready_comes_first_in_a_message():
    """Of more than ten customers at once, the ten of the highest score are the ones that are named."""
    seats = {"signal": "seat_limit", "evidence": "9 of 10 seats", "next_step": "", "points": 30, "subject": "x"}
    notices = [
        Notice(f"msg_{score}", RAISED, f"cus_{score}", NOW, {"signal": {**seats, "score": score}})
        for score in (7, 3, 11, 1, 9, 5, 12, 2, 8, 6, 10, 4)
    ]
    said = instant.sentences(notices, {}, desks.config(Path("x.db")).report.timezone)
    assert [one.split()[0] for one in said] == [*(f"cus_{score}" for score in range(12, 2, -1)), "And"]


def test_a_signal_that_there_is_no_more_can_still_be_told():
    """A row of an older version has no next step any more, and holds up nobody."""
    old = Raised("sig_1", "cus_1", "gone_signal", "x", "why", 1, 1, NOW)
    assert as_json(old)["next_step"] == ""
