"""Messages on their way: every one arrives in the end, or is said not to have, whatever the endpoint does."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from dataclasses import replace

import desks
import pytest
import receivers
import time_machine
from booked import at, put
from receivers import DROP, HANG, receiving, verified
from serving import until

from upswell.posting.alarm import raise_alarm
from upswell.serving import schedule
from upswell.store import dispatches, outbox
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice
from upswell.telling.destinations import prepare
from upswell.telling.hooks import WAITS, send_due, send_test
from upswell.telling.movements import tell
from upswell_connectors import hooks

NOW = at("2026-11-10T12:00")
MINUTE, DAY = 60, 86_400


def post(ledger, *names, destination="hook:campaigns", made_at=NOW):
    """Put messages on their way that say a customer's upgrade is gone."""
    said = {"was": None, "now": None}
    with ledger.write() as connection:
        for name in names:
            outbox.post(connection, Notice(name, "movement.restated", "cus_1", made_at, said), [destination])


def states(ledger, destination="hook:campaigns"):
    """Return how many messages are in each state."""
    found = dispatches.listed(ledger, None, 10_000)
    return Counter(one.state for one in found if one.destination == destination)


def minutes(ledger, hook, first, count):
    """Run the job in each of so many minutes from ``first`` on; return those in which something was tried."""
    tried = []
    for minute in range(first, first + count):
        done = send_due(ledger, hook, lambda minute=minute: NOW + minute * MINUTE)
        tried += [minute] if done.taken or done.failed else []
    return tried


FAULTS = [500, 502, (429, {"Retry-After": "90"}), (302, {"Location": "/"}), DROP, HANG]


def failing(receiver):
    """Let a receiver fail up to three times at each message, differently each time: more than every other request."""
    left = {}

    def answer(number):
        name = receiver.requests[-1][1]["webhook-id"]
        left.setdefault(name, len(left) % 4)
        left[name] -= 1
        return FAULTS[number % len(FAULTS)] if left[name] >= 0 else 204

    receiver.answer = answer


def test_a_receiver_that_fails_half_of_the_time_gets_every_message(ledger, config, receiver, monkeypatch):
    """500, 429, redirects, dropped connections and silence: each id arrives, verified, and no other id does."""
    monkeypatch.setattr(hooks, "TIMEOUT_SECONDS", 0.3)
    failing(receiver)
    prepare(ledger, config, at("2026-11-10"))
    put(ledger, "\n".join(f"2026-11-10T10:00 cus_{number} new +{1000 + number}" for number in range(60)))
    assert tell(ledger, config, NOW) == 60
    minute = 0
    while states(ledger).keys() - {"sent"} and minute < DAY // MINUTE:
        send_due(ledger, *config.hooks, lambda minute=minute: NOW + minute * MINUTE)
        minute += 1
    assert states(ledger) == {"sent": 60}
    assert set(receiver.ids()) == {one.notice.id for one in dispatches.listed(ledger, "sent", 100)}
    assert len(receiver.requests) >= 2 * 60
    amounts = {}
    for headers, body in receiver.taken:
        with time_machine.travel(int(headers["webhook-timestamp"]), tick=False):
            payload = verified(headers, body)
        amounts.setdefault(headers["webhook-id"], payload["data"]["movement"]["amount"])
    assert sorted(amounts.values()) == [1000 + number for number in range(60)]


def test_what_no_attempt_brings_through_within_a_day_is_given_up(ledger, config, receiver):
    """It is tried after 1, 5 and 30 minutes, 2, 5, 7 and 7 hours, and then no more until somebody says so."""
    receiver.answer = lambda _number: 500
    post(ledger, "msg_1")
    hook = config.hooks[0]
    tried = minutes(ledger, hook, 0, 24 * 60)
    planned = [sum(WAITS[:number]) // MINUTE for number in range(len(WAITS) + 1)]
    assert len(tried) == len(planned) == 8
    assert all(0 <= late <= 150 for late in (a - b for a, b in zip(tried, planned, strict=True))), tried
    (dead,) = dispatches.listed(ledger, "gave_up", 9)
    assert (dead.attempts, dead.error) == (8, "HTTP 500")
    assert {headers["webhook-id"] for _, headers, _ in receiver.requests} == {"msg_1"}
    receiver.answer = lambda _number: 200
    assert dispatches.resend(ledger, "msg_1", NOW + 2 * DAY) == 1
    assert minutes(ledger, hook, 2 * 24 * 60, 2) == [2 * 24 * 60]
    assert states(ledger) == {"sent": 1}


def test_who_asks_to_be_left_alone_is(ledger, config, receiver):
    """Retry-After lengthens the pause, and never shortens it."""
    receiver.answer = {1: (503, {"Retry-After": "600"}), 2: (503, {"Retry-After": "1"}), 3: 200}.get
    post(ledger, "msg_1")
    tried = minutes(ledger, config.hooks[0], 0, 30)
    assert tried[:2] == [0, 10]
    assert 15 <= tried[2] <= 16


def test_an_endpoint_that_is_gone_is_sent_nothing_any_more(ledger, config, receiver):
    """410 gives up what waits; a new address, or a test message that it takes, begins anew."""
    receiver.answer = lambda _number: 410
    post(ledger, "msg_1", "msg_2")
    (hook,) = config.hooks
    send_due(ledger, hook, lambda: NOW)
    assert states(ledger) == {"gave_up": 2}
    post(ledger, "msg_3")
    assert minutes(ledger, hook, 1, 3) == []
    assert send_test(ledger, hook, NOW).gone
    receiver.answer = lambda _number: 200
    assert minutes(ledger, receiver.settings(url=receivers.Secret(f"{hook.url.reveal()}/new")), 4, 1) == [4]
    post(ledger, "msg_4")
    assert send_test(ledger, hook, NOW).error is None
    assert json.loads(receiver.taken[-1][1])["type"] == "hook.test"
    assert minutes(ledger, hook, 5, 1) == [5]


def test_an_endpoint_that_is_down_is_left_alone_after_three_failures(ledger, config, receiver):
    """Of a hundred messages three are tried in a minute; those whose turn did not come are there when it is back."""
    receiver.answer = lambda _number: 500
    post(ledger, *(f"msg_{number}" for number in range(100)))
    (hook,) = config.hooks
    for minute in range(2):
        assert send_due(ledger, hook, lambda minute=minute: NOW + minute * MINUTE // 2).failed == 3
    assert len(receiver.requests) == 6
    receiver.answer = lambda _number: 200
    assert send_due(ledger, hook, lambda: NOW + 3 * DAY).taken == 100
    assert states(ledger) == {"sent": 100}


def test_what_waits_after_an_outage_of_ours_is_sent(ledger, config, receiver):
    """Two days down: nothing is given up before it was tried."""
    post(ledger, *(f"msg_{number}" for number in range(20)))
    send_due(ledger, *config.hooks, lambda: NOW + 2 * DAY)
    assert states(ledger) == {"sent": 20}


CHILD = """
    import sys
    from pathlib import Path
    from upswell.store.ledger import Ledger
    from upswell.telling.hooks import send_due
    from upswell.configuration.settings import HookSettings, Secret
    hook = HookSettings("campaigns", Secret(sys.argv[2]), (Secret(sys.argv[3]),), ("movement.restated",))
    with Ledger(Path(sys.argv[1])) as ledger:
        send_due(ledger, hook, lambda: int(sys.argv[4]))
"""


def test_a_kill_while_a_message_is_on_its_way_sends_the_same_one_again(ledger, config, receiver):
    """Nobody knows whether it arrived: after the claim has run out it is sent once more, under the same id."""
    receiver.answer = {1: HANG, 2: 204}.get
    post(ledger, "msg_1")
    (hook,) = config.hooks
    arguments = [str(ledger.path), hook.url.reveal(), receivers.SECRET, str(NOW)]
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(CHILD), *arguments])
    until(lambda: receiver.requests)
    child.kill()
    child.wait()
    assert minutes(ledger, hook, 0, 2) == []
    assert minutes(ledger, hook, 2, 3) == [2]
    assert [headers["webhook-id"] for _, headers, _ in receiver.requests] == ["msg_1", "msg_1"]
    assert states(ledger) == {"sent": 1}


def test_of_two_processes_one_sends(ledger, config, receiver):
    """Two that look at the same moment: each message goes out once."""
    post(ledger, *(f"msg_{number}" for number in range(50)))
    ready = threading.Barrier(2)

    def send():
        with Ledger(ledger.path) as other:
            ready.wait()
            send_due(other, *config.hooks, lambda: NOW)

    both = [threading.Thread(target=send) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(receiver.ids()) == sorted(f"msg_{number}" for number in range(50))


def test_a_slow_endpoint_holds_up_no_other_and_not_the_summary_of(ledger, receiver):
    """While one does not answer, another gets its messages and Slack its week; the stop waits for no more of them."""
    put(ledger, "2026-11-03 cus_1 new +5000")
    with receiving() as slow, desks.slack_server() as slack:
        slow.answer = lambda _number: HANG
        config = desks.config(ledger.path, slack=slack.settings)
        config = replace(config, hooks=(slow.settings("slow"), receiver.settings()))
        with time_machine.travel(at("2026-11-08"), tick=False):
            schedule.start(config).stop()
        names = [f"msg_{number}" for number in range(5)]
        post(ledger, *names, made_at=at("2026-11-09"))
        post(ledger, *names, destination="hook:slow", made_at=at("2026-11-09"))
        with time_machine.travel(at("2026-11-09T09:00")):
            running = schedule.start(config)
            try:
                until(lambda: len(receiver.taken) == 5 and slack.messages and slow.requests)
            finally:
                slow.release.set()
                running.stop()
    assert len(slow.requests) < 5


def test_a_round_ends_between_two_messages_when_serving_does(ledger, config, receiver):
    """What is left is sent after the next start."""
    post(ledger, "msg_1", "msg_2", "msg_3")
    (hook,) = config.hooks
    send_due(ledger, hook, lambda: NOW, halted=lambda: len(receiver.taken) == 1)
    assert states(ledger) == {"sent": 1, "waiting": 2}


def test_the_log_tells_names_and_counts_and_no_address(ledger, config, receiver, caplog):
    """Neither the endpoint's address nor a secret is in what is logged of a round."""
    caplog.set_level("INFO")
    receiver.answer = {1: 500, 2: 200}.get
    made = int(time.time()) - 5
    post(ledger, "msg_1", "msg_2", made_at=made)
    schedule._send(threading.Event(), *config.hooks, config)
    assert "The hook campaigns: 1 taken, 1 not: HTTP 500" in caplog.text
    assert "hush-hush" not in caplog.text
    assert receivers.SECRET not in caplog.text


def test_a_destination_that_nobody_configures_is_left_alone(ledger, config, receiver):
    """What waits for an endpoint that is taken out of the configuration is not sent elsewhere."""
    post(ledger, "msg_1", destination="hook:other")
    assert minutes(ledger, config.hooks[0], 0, 2) == []
    assert receiver.requests == []


@pytest.mark.parametrize("name", ["msg_1", None])
def test_what_was_given_up_can_be_thrown_away(ledger, config, receiver, name):
    """One message, or all; what waits or was sent stays."""
    receiver.answer = lambda _number: 410
    post(ledger, "msg_1")
    send_due(ledger, *config.hooks, lambda: NOW)
    post(ledger, "msg_2")
    assert dispatches.drop(ledger, name) == 1
    assert states(ledger) == {"waiting": 1}


def test_the_channels_are_told_once_of_an_endpoint_that_is_lost(ledger, receiver):
    """What was given up is an incident, told to Slack until it is sent again or thrown away; then a new one."""
    with desks.slack_server() as slack:
        config = replace(desks.config(ledger.path, slack=slack.settings), hooks=(receiver.settings(),))
        post(ledger, "msg_1")
        receiver.answer = lambda _number: 410
        assert raise_alarm(ledger, config, NOW) == ()
        send_due(ledger, *config.hooks, lambda: NOW)
        for hour in range(3):
            (alert,) = raise_alarm(ledger, config, NOW + hour * 3600)
        assert alert.incident == "hook campaigns"
        assert len(slack.messages) == 1
        dispatches.drop(ledger, None)
        assert raise_alarm(ledger, config, NOW) == ()
