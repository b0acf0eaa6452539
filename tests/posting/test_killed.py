"""Posting by a process that is killed, for good, wherever that hurts."""

import json
import os
import signal
import subprocess
import sys

import desks
import pytest
from booked import at

from upswell.posting.delivery import note_serving, post_due
from upswell.store import deliveries

MONDAY = at("2026-11-16T08:00")
LEASE = 600

POSTER = """
import os, signal, sys
import desks
from pathlib import Path
from upswell.posting import delivery
from upswell.store import deliveries
from upswell.store.ledger import Ledger
from upswell.configuration.settings import Secret, SlackSettings
path, url, now, place, moment = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

place, name = place.split(".")
place = {"posting": delivery, "deliveries": deliveries, "round": delivery._Round}[place]
whole = getattr(place, name)

def dies_after(*given, **named):
    whole(*given, **named)
    die()

setattr(place, name, die if moment == "before" else dies_after)
config = desks.config(Path(path), slack=SlackSettings(Secret(url), None, None))
with Ledger(Path(path)) as ledger:
    delivery.post_due(ledger, config, int(now))
"""


@pytest.fixture
def killed(ledger, slack, monkeypatch):
    """Give a function that posts in a process of its own, which dies before or after a step."""
    note_serving(ledger, at("2026-11-12"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))

    def post(place, moment):
        command = [sys.executable, "-c", POSTER, str(ledger.path), slack.url, str(MONDAY), place, moment]
        assert subprocess.run(command, check=False, timeout=120).returncode == -signal.SIGKILL

    return post


def marks(slack):
    """Return of each message that came whether it says that it may be a repeat."""
    return ["This may be a repeat" in json.dumps(message) for message in slack.messages]


@pytest.mark.parametrize(
    ("place", "moment", "wait", "came"),
    [
        ("posting.summary_of", "before", 0, [False]),
        ("posting.summary_of", "after", 0, [False]),
        ("deliveries.record", "before", 0, [False]),
        ("deliveries.record", "after", 0, [False]),
        ("deliveries.claim", "before", 0, [False]),
        ("deliveries.claim", "after", 0, [False]),
        ("round.send", "before", LEASE, [True]),
        ("deliveries.settle", "before", LEASE, [False, True]),
        ("deliveries.settle", "after", LEASE, [False, True]),
        ("round._outcome", "before", 0, [False]),
    ],
)
def test_wherever_a_poster_is_killed_the_week_arrives_and_a_repeat_says_so(
    ledger, slack, killed, place, moment, wait, came
):
    """Until the claim is kept the next one posts at once; whoever dies with it leaves a post that is marked."""
    killed(place, moment)
    config = desks.config(ledger.path, slack=slack.settings)
    for minute in range(60):
        post_due(ledger, config, MONDAY + minute * 60)
    assert marks(slack) == came
    assert deliveries.find(ledger, desks.week("2026-W46"), "slack").sent_at == MONDAY + wait


def test_who_is_killed_while_slack_answers_leaves_a_post_that_is_repeated_once(ledger, slack, monkeypatch):
    """Slack has the message and its sender is gone: the next sender cannot know, says so, and then it is over."""
    note_serving(ledger, at("2026-11-12"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    command = [sys.executable, "-c", POSTER, str(ledger.path), slack.url, str(MONDAY), "deliveries.latest", "before"]
    poster = subprocess.Popen(command)
    took = slack.answer

    def take_and_kill(*request):
        if not slack.requests:
            poster.kill()
            poster.wait()
        return took(*request)

    slack.answer = take_and_kill
    assert poster.wait(timeout=120) == -signal.SIGKILL
    config = desks.config(ledger.path, slack=slack.settings)
    for minute in range(60):
        post_due(ledger, config, MONDAY + minute * 60)
    assert marks(slack) == [False, True]
