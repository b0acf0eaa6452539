"""From movements to messages: what is told at once, to whom, and what is not."""

import json
import threading
from dataclasses import replace
from functools import partial

import desks
import pytest
import time_machine
from booked import at, movements, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake.told import joined, moved, subscribed, taken
from receivers import receiving

from upswell.core.rules import Rules
from upswell.errors import InvariantError
from upswell.intake import forgetting
from upswell.intake.applying import apply_pending
from upswell.intake.reclassify import reclassify
from upswell.report.announcing import GRACE_SECONDS, KEPT_SECONDS
from upswell.serving import schedule
from upswell.store import books, dispatches, outbox
from upswell.store.ledger import Ledger
from upswell.telling.destinations import prepare
from upswell.telling.hooks import send_due
from upswell.telling.movements import tell

HOUR, DAY = 3600, 86_400
SERVED = at("2026-11-10")
TEN = at("2026-11-10T10:00")
CLOSED = TEN + HOUR + GRACE_SECONDS
NEW = "2026-01-05 cus_1 new +5000\n"
UPGRADE = NEW + "2026-11-10T10:00 cus_1 upgrade +2000\n"


@pytest.fixture
def served(ledger, config):
    """Give the ledger, served with the endpoint since the tenth."""
    put(ledger, NEW)
    prepare(ledger, config, SERVED)
    return ledger


def told(ledger, config, receiver, now):
    """Tell and send what is due at ``now``; return the payloads that came."""
    before = len(receiver.taken)
    tell(ledger, config, now)
    for hook in config.hooks:
        send_due(ledger, hook, lambda: now)
    return [json.loads(body) for _, body in receiver.taken[before:]]


def types(payloads):
    """Return type, and what each message was and is, as amounts."""
    rows = [
        (one["type"], one["data"].get("was"), one["data"].get("movement") or one["data"]["now"]) for one in payloads
    ]
    return [(kind, was and was["amount"], now and now["amount"]) for kind, was, now in rows]


def test_a_movement_is_told_once_its_group_has_closed_and_once(served, config, receiver):
    """Not before, and not again: not in the next minute, not after a restart, not when the customer is rebuilt."""
    put(served, UPGRADE)
    assert told(served, config, receiver, CLOSED - 1) == []
    (message,) = told(served, config, receiver, CLOSED)
    assert message["type"] == "movement.recorded"
    assert message["timestamp"] == "2026-11-10T11:01:00Z"
    assert message["data"]["customer"] == {"id": "cus_1"}
    assert message["data"]["movement"]["amount"] == 2000
    assert message["data"]["movement"]["occurred_at"] == "2026-11-10T10:00:00Z"
    with Ledger(served.path) as restarted:
        prepare(restarted, config, CLOSED + 60)
        put(restarted, NEW)
        put(restarted, UPGRADE)
        assert told(restarted, config, receiver, CLOSED + 60) == []


def test_what_changes_later_is_restated(served, config, receiver):
    """Another amount, and gone: each message says what was told and what is so."""
    put(served, UPGRADE)
    told(served, config, receiver, CLOSED)
    put(served, UPGRADE.replace("+2000", "+1500"))
    assert types(told(served, config, receiver, CLOSED + DAY)) == [("movement.restated", 2000, 1500)]
    put(served, NEW)
    assert types(told(served, config, receiver, CLOSED + 2 * DAY)) == [("movement.restated", 1500, None)]
    put(served, UPGRADE)
    assert types(told(served, config, receiver, CLOSED + 3 * DAY)) == [("movement.restated", None, 2000)]
    assert len(set(receiver.ids())) == 4


def test_nothing_from_before_the_first_serve_is_told(ledger, config, receiver):
    """A backfill of years, before or after, tells nothing; what is booked ahead is told when it has happened."""
    put(ledger, UPGRADE + "2026-11-20 cus_1 discount +100\n")
    prepare(ledger, config, TEN + 1)
    put(ledger, "2024-01-05 cus_9 new +5000\n2026-11-10T10:00 cus_9 seat +900\n")
    assert told(ledger, config, receiver, TEN + DAY) == []
    assert types(told(ledger, config, receiver, at("2026-11-20T02:00"))) == [("movement.recorded", None, 100)]


def test_an_endpoint_that_comes_later_hears_nothing_from_before_it(served, config, receiver):
    """It is told neither what happened before nor what becomes of that; the other one is."""
    put(served, UPGRADE)
    told(served, config, receiver, CLOSED)
    with receiving() as late:
        both = replace(config, hooks=(*config.hooks, late.settings("late")))
        prepare(served, both, CLOSED + 1)
        put(served, UPGRADE.replace("+2000", "+1500") + "2026-11-10T15:00 cus_1 seat +10\n")
        told(served, both, receiver, CLOSED + DAY)
        assert types(json.loads(body) for _, body in late.taken) == [("movement.recorded", None, 10)]
    assert len(receiver.taken) == 3


def test_without_an_endpoint_nothing_is_noted(ledger, config):
    """Off, the outbox stays empty whatever is rebuilt; switched off again, nothing more is noted."""
    put(ledger, UPGRADE)
    off = desks.config(ledger.path)
    prepare(ledger, off, SERVED)
    assert tell(ledger, off, CLOSED) == 0
    prepare(ledger, config, SERVED)
    put(ledger, NEW)
    prepare(ledger, off, SERVED)
    put(ledger, UPGRADE)
    counted = "SELECT (SELECT count(*) FROM watched), (SELECT count(*) FROM told), (SELECT count(*) FROM notices)"
    assert ledger.connection.execute(counted).fetchone() == (0, 0, 0)


def test_an_endpoint_is_told_the_events_it_chose(served, config, receiver):
    """Who wants restatements only is not told what was recorded."""
    chosen = replace(config, hooks=(receiver.settings(events=("movement.restated",)),))
    put(served, UPGRADE)
    assert told(served, chosen, receiver, CLOSED) == []
    put(served, NEW)
    assert types(told(served, chosen, receiver, CLOSED)) == [("movement.restated", 2000, None)]


def test_names_go_only_to_who_is_to_know_them(ledger, config, receiver):
    """With people = true a message holds the name and the address; the outbox never does."""
    with receiving() as knowing:
        both = replace(config, hooks=(*config.hooks, knowing.settings("crm", people=True)))
        prepare(ledger, both, SERVED)
        taken(ledger, joined(at=TEN, name="evt_1", email="fern@example.com"), subscribed(at=TEN))
        apply_pending(ledger, Rules())
        (known,) = told(ledger, both, receiver, CLOSED)
        ((_, body),) = knowing.taken
    assert known["data"]["customer"] == {"id": "cus_1"}
    assert json.loads(body)["data"]["customer"]["email"] == "fern@example.com"
    rows = ledger.connection.execute("SELECT said FROM notices UNION ALL SELECT said FROM told").fetchall()
    assert rows
    assert "fern@example.com" not in str(rows)


def test_while_a_customer_is_to_be_rebuilt_nothing_is_told_of_it(served, config, receiver):
    """What is known already may change what would be told."""
    put(served, UPGRADE)
    with served.write() as connection:
        connection.execute("INSERT INTO stale(account) VALUES ('cus_1')")
    assert told(served, config, receiver, CLOSED) == []
    with served.write() as connection:
        connection.execute("DELETE FROM stale")
    assert len(told(served, config, receiver, CLOSED)) == 1


def test_while_events_wait_to_be_applied_nothing_is_told(served, config, receiver):
    """After an outage what came meanwhile is applied first."""
    put(served, UPGRADE)
    taken(served, joined(9))
    with served.write() as connection:
        connection.execute("UPDATE events SET received_at = ?", (CLOSED - 61,))
    assert told(served, config, receiver, CLOSED) == []
    apply_pending(served, Rules())
    assert len(told(served, config, receiver, CLOSED)) == 1


def test_what_was_told_long_ago_is_followed_no_more(served, config, receiver):
    """After 90 days a movement is out of the outbox, and what becomes of it is in the summaries alone."""
    put(served, UPGRADE)
    told(served, config, receiver, CLOSED)
    outbox.prune(served, TEN + KEPT_SECONDS)
    assert len(dispatches.listed(served, None, 9)) == 1
    outbox.prune(served, CLOSED + KEPT_SECONDS + 1)
    assert dispatches.listed(served, None, 9) == []
    put(served, UPGRADE.replace("+2000", "+1500"))
    assert told(served, config, receiver, CLOSED + KEPT_SECONDS + 1) == []


def test_movements_that_are_refused_are_not_told(served, config, receiver):
    """Where movements do not add up nothing is written, and nothing noted."""
    broken = [replace(one, amount=one.amount + 1) for one in movements(UPGRADE)]
    with pytest.raises(InvariantError), served.write() as connection:
        books.write_movements(connection, "cus_1", broken)
    assert told(served, config, receiver, CLOSED) == []


EVENTS = [
    subscribed(at=TEN),
    moved(1, 5, 8, TEN + HOUR // 2),
    moved(1, 8, 6, TEN + 3 * HOUR, name="evt_same_1"),
    moved(1, 6, 9, TEN + 3 * HOUR, name="evt_same_2"),
    moved(1, 9, 4, TEN + 9 * HOUR),
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations([*EVENTS, *EVENTS[1:3]]),
    pauses=st.lists(st.integers(0, 4 * HOUR), min_size=7, max_size=7),
)
def test_late_reordered_and_repeated_events_tell_nobody_twice(tmp_path_factory, order, pauses):
    """However events come, with a restart after each: no movement is recorded twice.

    Who follows the messages has the movements of the ledger in the end, by id and amount.
    """
    path = tmp_path_factory.mktemp("told") / "upswell.db"
    with receiving() as receiver:
        config = replace(desks.config(path), hooks=(receiver.settings(),))
        now = TEN
        with Ledger(path, create=True) as ledger:
            prepare(ledger, config, SERVED)
        for body, pause in zip(order, pauses, strict=True):
            now += pause
            with Ledger(path) as ledger:
                taken(ledger, body)
                apply_pending(ledger, Rules())
                prepare(ledger, config, now)
                told(ledger, config, receiver, now)
        with Ledger(path) as ledger:
            told(ledger, config, receiver, now + 2 * DAY)
            wanted = {one.id: one.amount for one in books.movements(ledger, until=now + 2 * DAY)}
        payloads = [json.loads(body) for _, body in receiver.taken]
    recorded = [one["data"]["movement"]["id"] for one in payloads if one["type"] == "movement.recorded"]
    assert len(recorded) == len(set(recorded))
    assert len(receiver.ids()) == len(set(receiver.ids()))
    book = {}
    for data in (one["data"] for one in payloads):
        if was := data.get("was"):
            del book[was["id"]]
        if one := data.get("movement") or data.get("now"):
            book[one["id"]] = one["amount"]
    assert book == wanted


def test_a_reclassification_restates_what_was_told_and_records_nothing_old(ledger, config, receiver):
    """Under other rules what was told becomes what it is now; what was nobody's business before stays so."""
    old = [subscribed(9, at=TEN - 60 * DAY), moved(9, 5, 7, TEN - 50 * DAY), moved(9, 7, 6, TEN - 50 * DAY + 1800)]
    prepare(ledger, config, TEN + HOUR)
    taken(ledger, *old, EVENTS[0], moved(1, 5, 8, TEN + 2 * HOUR), moved(1, 8, 6, TEN + 2 * HOUR + 1800))
    apply_pending(ledger, Rules())
    assert types(told(ledger, config, receiver, TEN + DAY)) == [("movement.recorded", None, 1000)]
    each = Rules(settle_minutes=0)
    reclassify(ledger, each)
    assert types(told(ledger, replace(config, rules=each), receiver, TEN + DAY + HOUR)) == [
        ("movement.restated", 1000, -2000),
        ("movement.recorded", None, 3000),
    ]


def test_nothing_of_a_forgotten_person_is_told_any_more(ledger, config, receiver):
    """What was told of them, and what is on its way, leaves the ledger; later movements are told without a name."""
    prepare(ledger, config, SERVED)
    taken(ledger, joined(at=TEN, email="fern@example.com"), *EVENTS[:2])
    apply_pending(ledger, Rules())
    tell(ledger, config, CLOSED + HOUR)
    assert len(dispatches.listed(ledger, None, 9)) == 1
    forgetting.forget(ledger, Rules(), "cus_1")
    assert dispatches.listed(ledger, None, 9) == []
    assert told(ledger, config, receiver, CLOSED + DAY) == []


def test_a_forgotten_customer_key_is_in_no_byte_of_the_ledger(ledger, config, receiver):
    """Where metadata name the customer, the name leaves the outbox too; the same movements by new ids are no news."""
    rules = Rules(customer_key="metadata.account_id")
    keyed = replace(config, rules=rules)
    prepare(ledger, keyed, SERVED)
    named = joined(at=TEN, metadata={"account_id": "fern-and-sons"})
    taken(ledger, named, *EVENTS[:2])
    apply_pending(ledger, rules)
    assert [one["data"]["customer"]["id"] for one in told(ledger, keyed, receiver, CLOSED + HOUR)] == ["fern-and-sons"]
    forgetting.forget(ledger, rules, "fern-and-sons")
    assert told(ledger, keyed, receiver, CLOSED + DAY) == []
    held = b"".join(file.read_bytes() for file in ledger.path.parent.glob("upswell.db*"))
    assert b"fern-and-sons" not in held
    assert books.movements(ledger)


def test_the_schedule_tells_and_says_what_it_cannot(served, config, receiver, caplog):
    """The job puts on its way what is due; a ledger that cannot be read is one line in the log."""
    put(served, UPGRADE)
    with time_machine.travel(CLOSED, tick=False):
        schedule._tell(threading.Event(), config)
    assert dispatches.standing(served, "hook:campaigns").waiting == 1
    lost = replace(config, ledger=replace(config.ledger, path=served.path.with_name("lost.db")))
    for job in (
        schedule._tell,
        partial(schedule._note, channel="slack"),
        partial(schedule._send, hook=config.hooks[0]),
    ):
        job(threading.Event(), config=lost)
    schedule._prune(lost)
    assert caplog.text.count("There is no ledger at") == 4


def test_telling_stops_where_serving_does(served, config):
    """What is left is told after the next start."""
    put(served, UPGRADE)
    assert tell(served, config, CLOSED, halted=lambda: True) == 0
    assert tell(served, config, CLOSED) == 1
