"""What goes below a bot's message in Slack: the bridge as a picture, and details. The message is never at risk."""

import json
import sys

import desks
import pytest
import workspace as slack_workspace
from booked import at, put
from charted import size
from summaries import QUIET

from upswell.configuration.settings import Secret, SlackSettings
from upswell.posting.delivery import note_serving, post_due
from upswell.store import deliveries
from upswell.store.ledger import Ledger
from upswell_connectors import slack as connector
from upswell_connectors.slack_thread import Upload

MONDAY = at("2026-11-16T08:00")
MINUTE = 60
POSTED = ["slack: 2026-W46 is posted."]


@pytest.fixture
def drawing():
    """Draw."""
    return True


@pytest.fixture
def workspace(monkeypatch):
    """Serve a workspace whose bot may write files too."""
    with slack_workspace.workspace() as served:
        monkeypatch.setattr(connector, "API", served.api)
        served.clock = MONDAY + 1
        served.scopes.add("files:write")
        yield served


def bot(ledger):
    """Return a configuration whose bot posts to #revenue."""
    note_serving(ledger, at("2026-11-12"))
    return desks.config(ledger.path, slack=SlackSettings(None, Secret("xoxb-hush-hush"), "#revenue"))


def said(outcomes):
    """Return what is told of each destination."""
    return [outcome.text for outcome in outcomes]


def test_the_bridge_and_the_details_go_into_the_messages_thread(ledger, workspace):
    """The picture is uploaded to the channel the message went to, by its id, and the details are a reply to it."""
    assert said(post_due(ledger, bot(ledger), MONDAY)) == POSTED
    (message,), (shared,), (reply,) = workspace.messages, workspace.shared, workspace.replies
    for place in (shared, reply):
        assert place["thread_ts"] == message["ts"]
        assert slack_workspace.CHANNEL in (place.get("channel_id"), place.get("channel"))
    assert (shared["filename"], shared["title"]) == ("bridge.png", "Monthly recurring revenue")
    assert "opening $9,791.89" in shared["alt_txt"]
    assert size(workspace.files[shared["id"]])[0] == 1072
    assert "blocks" in reply
    assert "thread" not in message


def test_the_details_are_causes_by_week_and_products(ledger, workspace):
    """The reply has a row for each of twelve weeks, a column for each cause, and the products."""
    post_due(ledger, bot(ledger), MONDAY)
    (reply,) = workspace.replies
    weeks, products = (block["text"]["text"] for block in reply["blocks"])
    rows = weeks.splitlines()
    assert rows[0] == "*Expansion by week and cause*"
    assert rows[2] == "           Sum  Upgrades  Add-ons  Seats  Overage"
    assert rows[-3:] == [
        "Nov 2     $351         –        –   $351        –",
        "Nov 9   $1.16K      $490      $99   $360     $208",
        "```",
    ]
    assert len(rows) == 1 + 1 + 1 + 12 + 1
    assert products == "*By product*\n•  none: +$1,157.34 from 3 customers"


def test_the_ledger_keeps_the_details_and_no_picture(ledger, workspace):
    """What was posted is kept as it was posted, without the picture's bytes."""
    post_due(ledger, bot(ledger), MONDAY)
    kept = json.loads(deliveries.find(ledger, desks.week("2026-W46"), "slack").content)
    assert kept["thread"]["picture"] is None
    assert kept["thread"]["reply"]["blocks"] == workspace.replies[0]["blocks"]


def test_without_the_extra_there_are_details_and_no_word_of_a_picture(ledger, workspace, monkeypatch, caplog):
    """No altair: the message, and its details below it."""
    monkeypatch.setitem(sys.modules, "altair", None)
    assert said(post_due(ledger, bot(ledger), MONDAY)) == POSTED
    assert (len(workspace.messages), len(workspace.replies), workspace.files) == (1, 1, {})
    assert caplog.records == []


def test_a_quiet_week_stays_one_short_message(tmp_path, workspace):
    """Where nobody grew, shrank or left, nothing goes below the message."""
    with Ledger(tmp_path / "quiet.db", create=True) as ledger:
        put(ledger, QUIET)
        assert said(post_due(ledger, bot(ledger), MONDAY)) == POSTED
    assert (len(workspace.messages), workspace.replies, workspace.shared) == (1, [], [])


def test_a_missing_scope_is_said_once_with_its_remedy(ledger, workspace, caplog):
    """Without files:write the message counts as sent, the details follow, and one line says what to do."""
    workspace.scopes.discard("files:write")
    config = bot(ledger)
    assert said(post_due(ledger, config, MONDAY)) == POSTED
    (record,) = caplog.records
    assert record.getMessage() == (
        "The picture could not be added to the message in Slack (missing_scope): "
        "give the app the scope files:write and install it again"
    )
    assert post_due(ledger, config, MONDAY + MINUTE) == []
    assert (len(workspace.messages), len(workspace.replies)) == (1, 1)


@pytest.mark.parametrize(
    ("faults", "lines"),
    [
        (
            {"files.completeUploadExternal": "not_in_channel"},
            ["The picture could not be added to the message in Slack (not_in_channel): invite the app to the channel"],
        ),
        (
            {"files.getUploadURLExternal": "<b>hush-hush</b>"},
            ["The picture could not be added to the message in Slack (HTTP 200)"],
        ),
        (
            {"files.getUploadURLExternal": None},
            ["The picture could not be added to the message in Slack (RemoteDisconnected)"],
        ),
        ({"upload": None}, ["The picture could not be added to the message in Slack (HTTP 500)"]),
        ({"reply": "ratelimited"}, ["The details could not be added to the message in Slack (ratelimited)"]),
        (
            {"reply": None, "files.completeUploadExternal": None},
            [
                "The picture could not be added to the message in Slack (RemoteDisconnected)",
                "The details could not be added to the message in Slack (RemoteDisconnected)",
            ],
        ),
    ],
)
def test_whatever_fails_below_the_message_never_repeats_it(ledger, workspace, faults, lines, caplog):
    """The post counts as sent: nothing is tried again, no second message comes, and the log says what is missing."""
    workspace.faults = faults
    config = bot(ledger)
    assert said(post_due(ledger, config, MONDAY)) == POSTED
    assert post_due(ledger, config, MONDAY + 7 * 24 * 60 * MINUTE - MINUTE) == []
    assert len(workspace.messages) == 1
    assert [record.getMessage() for record in caplog.records] == lines
    assert "hush" not in caplog.text


def test_a_webhook_gets_text_only(ledger, slack, workspace):
    """An incoming webhook has no thread and takes no picture: the same message, and nothing else is composed."""
    settings = SlackSettings(slack.settings.webhook_url, Secret("xoxb-hush-hush"), "#revenue")
    note_serving(ledger, at("2026-11-12"))
    assert said(post_due(ledger, desks.config(ledger.path, slack=settings), MONDAY)) == POSTED
    assert (len(slack.messages), workspace.messages, workspace.shared) == (1, [], [])
    assert "thread" not in deliveries.find(ledger, desks.week("2026-W46"), "slack").content


def test_an_upload_is_what_a_picture_is_kept_as():
    """What is composed is JSON, and an upload is read back from it as it was."""
    one = {"name": "bridge", "title": "Monthly recurring revenue", "alt": "From $1 to $2", "data": "aGVsbG8="}
    assert Upload(**json.loads(json.dumps(one))).data == "aGVsbG8="
