"""Several processes on one ledger that all want to post one week, some by the schedule and some by hand."""

import json
import os
import subprocess
import sys

import desks
import pytest
import workspace as slack_workspace
from booked import at

from upswell.configuration.settings import Secret, SlackSettings
from upswell.posting.delivery import note_serving
from upswell.store import deliveries
from upswell_connectors import slack as connector

MONDAY = at("2026-11-16T08:00")
LEASE = 600
RIVAL = """
import sys
from pathlib import Path
import desks
from upswell.report.periods import Week
from upswell.store.ledger import Ledger
from upswell.posting.delivery import post_by_hand, post_due
from upswell.configuration.settings import Secret, SlackSettings
from upswell_connectors import slack
path, api, now, way = sys.argv[1:]
slack.API = api
config = desks.config(Path(path), slack=SlackSettings(None, Secret("xoxb-hush-hush"), "#revenue"))
with Ledger(Path(path)) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    if way == "hand":
        post_by_hand(ledger, config, Week.parse("2026-W46", desks.BERLIN), int(now))
    else:
        post_due(ledger, config, int(now))
"""


@pytest.fixture
def workspace(ledger, monkeypatch):
    """Serve a workspace whose bot may post and not read, and note that the ledger was served since before the week."""
    note_serving(ledger, at("2026-11-12"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    with slack_workspace.workspace() as served:
        monkeypatch.setattr(connector, "API", served.api)
        served.clock, served.scopes = MONDAY + 1, {"chat:write"}
        yield served


def compete(ledger, workspace, now):
    """Let six processes that have opened the ledger post at once, and wait until all have ended well."""
    command = [sys.executable, "-c", RIVAL, str(ledger.path), workspace.api, str(now)]
    rivals = [
        subprocess.Popen([*command, way], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for way in ("schedule", "hand") * 3
    ]
    assert [rival.stdout.readline() for rival in rivals] == ["ready\n"] * 6
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    for rival in rivals:
        rival.communicate(timeout=120)
    assert [rival.returncode for rival in rivals] == [0] * 6


def bot(ledger):
    """Return a configuration whose bot posts."""
    return desks.config(ledger.path, slack=SlackSettings(None, Secret("xoxb-hush-hush"), "#revenue"))


def repeats(workspace):
    """Return of each message that came, the last first, whether it says that it may be a repeat."""
    return ["This may be a repeat" in json.dumps(message) for message in workspace.messages]


def test_of_six_processes_one_posts_a_week(ledger, workspace):
    """By the schedule and by hand, at the same moment: one message arrives, and the ledger has one delivery."""
    compete(ledger, workspace, MONDAY)
    assert repeats(workspace) == [False]
    assert deliveries.find(ledger, desks.week("2026-W46"), "slack").attempts == 1


def test_of_six_processes_one_takes_over_what_a_dead_one_left(ledger, workspace, monkeypatch):
    """While the lease of who died runs, nobody sends; when it is over one does, marked, and no other."""
    desks.crash_after_sending(ledger, bot(ledger), monkeypatch, MONDAY)
    compete(ledger, workspace, MONDAY + LEASE - 1)
    assert repeats(workspace) == [False]
    compete(ledger, workspace, MONDAY + LEASE)
    assert repeats(workspace) == [True, False]
    assert deliveries.find(ledger, desks.week("2026-W46"), "slack").attempts == 2


def test_six_processes_that_see_the_post_in_the_channel_send_nothing(ledger, workspace, monkeypatch):
    """Where the bot may read the channel, all of them find what the dead one sent, and the ledger says when it came."""
    desks.crash_after_sending(ledger, bot(ledger), monkeypatch, MONDAY)
    workspace.scopes |= {"channels:history", "channels:read"}
    compete(ledger, workspace, MONDAY + LEASE)
    assert repeats(workspace) == [False]
    kept = deliveries.find(ledger, desks.week("2026-W46"), "slack")
    assert (kept.state, kept.attempts, kept.sent_at) == ("sent", 1, MONDAY + 1)
