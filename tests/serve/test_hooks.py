"""Outgoing webhooks of a real serve: nothing is lost or invented by kill -9, and a stop waits for nobody."""

import time
from collections import Counter

from receivers import HANG, SECRET, receiving
from serving import until

from upswell.store import dispatches, outbox
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice


def configuration(receiver):
    """Return the endpoint as TOML."""
    return f'[[hooks.endpoint]]\nname = "campaigns"\nurl = "{receiver.settings().url.reveal()}"\n'


def on_their_way(path, many):
    """Put so many messages on their way, and return their ids."""
    names = [f"msg_{number}" for number in range(many)]
    with Ledger(path) as ledger, ledger.write() as connection:
        for name in names:
            notice = Notice(name, "movement.restated", "cus_1", int(time.time()) - 60, {"was": None, "now": None})
            outbox.post(connection, notice, ["hook:campaigns"])
    return set(names)


def leases_are_over(path):
    """Let the time pass that a claim holds for after a crash."""
    with Ledger(path) as ledger, ledger.write() as connection:
        connection.execute("UPDATE notice_deliveries SET next_attempt_at = 0 WHERE state = 'claimed'")


def test_kill_9_loses_no_message_and_repeats_it_under_its_own_id(launch):
    """Killed again and again while it sends: every message arrives, none that was not there, repeats by their ids."""
    with receiving() as receiver:
        receiver.answer = lambda _number: time.sleep(0.01) or 204
        settings = {"more": configuration(receiver), "UPSWELL_HOOK_SECRET": SECRET}
        served = launch(**settings).ready()
        served.stop()
        path, kills = served.ledger, (30, 60, 90)
        names = on_their_way(path, 120)
        for goal in kills:
            served = launch(**settings)
            until(lambda goal=goal: len(receiver.taken) >= goal, 180)
            served.kill()
            leases_are_over(path)
        launch(**settings).ready()
        until(lambda: set(receiver.ids()) == names, 180)
        with Ledger(path) as ledger:
            until(lambda: dispatches.standing(ledger, "hook:campaigns").sent == len(names))
    repeated = {name: many for name, many in Counter(receiver.ids()).items() if many > 1}
    assert sum(many - 1 for many in repeated.values()) <= len(kills)


def test_a_stop_waits_for_no_endpoint(launch):
    """One that does not answer does not hold up the end; the message stays claimed, and is sent again later."""
    with receiving() as receiver:
        receiver.answer = lambda _number: HANG
        settings = {"more": configuration(receiver), "UPSWELL_HOOK_SECRET": SECRET}
        served = launch(**settings).ready()
        served.stop()
        on_their_way(served.ledger, 1)
        served = launch(**settings).ready()
        until(lambda: receiver.requests, 180)
        assert served.in_time(served.stop())
        assert "Something is still being sent" in served.said()
        with Ledger(served.ledger) as ledger:
            (one,) = dispatches.listed(ledger, "waiting", 9)
        assert (one.state, one.attempts) == ("claimed", 1)
