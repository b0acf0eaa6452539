"""What nobody answered for: the channel's history is asked, where the bot may read it."""

import json
import logging

import desks
import pytest
import workspace as slack_workspace
from booked import at

from upswell.configuration.settings import Secret, SlackSettings
from upswell.posting.delivery import note_serving, post_by_hand, post_due
from upswell.report.periods import Week
from upswell.store import deliveries
from upswell_connectors import slack as connector

MONDAY = at("2026-11-16T08:00")
MINUTE = 60
SHOWN = "slack: 2026-W46 is posted: the channel shows it, though no answer came."


@pytest.fixture
def workspace(monkeypatch):
    """Serve a workspace whose clock stands at the time of posting."""
    with slack_workspace.workspace() as served:
        monkeypatch.setattr(connector, "API", served.api)
        served.clock = MONDAY + 1
        yield served


@pytest.fixture
def config(ledger):
    """Give a configuration whose bot posts to #revenue."""
    note_serving(ledger, at("2026-11-12"))
    return bot(ledger, "#revenue")


def bot(ledger, channel):
    """Return a configuration whose bot posts to ``channel``."""
    return desks.config(ledger.path, slack=SlackSettings(None, Secret("xoxb-hush-hush"), channel))


def said(outcomes):
    """Return what is told of each destination."""
    return [outcome.text for outcome in outcomes]


@pytest.mark.parametrize("channel", ["#revenue", "revenue", slack_workspace.CHANNEL])
def test_a_post_that_was_never_answered_is_found_in_the_channel(ledger, workspace, config, channel):
    """Where the history shows the message's mark it was posted: it is not repeated, then or ever."""
    config, workspace.silent = bot(ledger, channel), 1
    assert said(post_due(ledger, config, MONDAY)) == [SHOWN]
    assert post_due(ledger, config, MONDAY + MINUTE) == []
    kept = deliveries.find(ledger, desks.week("2026-W46"), "slack")
    assert (kept.state, kept.sent_at, kept.error, kept.attempts) == ("sent", MONDAY + 1, None, 1)
    assert json.loads(kept.content)["metadata"] == workspace.messages[0]["metadata"]
    assert len(workspace.messages) == 1
    lists = {method for method, _ in workspace.asked}
    assert ("conversations.list" in lists) == (channel != slack_workspace.CHANNEL)


def test_after_a_crash_the_channel_is_asked_before_anything_is_repeated(ledger, workspace, config, monkeypatch):
    """Who died between sending and recording left a claim: when its lease is over the history says what came of it."""
    desks.crash_after_sending(ledger, config, monkeypatch, MONDAY)
    for number in range(5):
        workspace.chat(text=f"Talk {number}", metadata={"event_type": "upswell_summary", "event_payload": {}})
    assert post_due(ledger, config, MONDAY + 9 * MINUTE) == []
    assert said(post_due(ledger, config, MONDAY + 10 * MINUTE)) == [SHOWN]
    assert len(workspace.messages) == 6


def test_by_hand_the_channel_is_asked_too(ledger, workspace, config, monkeypatch):
    """`summary --post` asks as the schedule does."""
    desks.crash_after_sending(ledger, config, monkeypatch, MONDAY)
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, config, week, MONDAY + 11 * MINUTE)) == [SHOWN]
    assert len(workspace.messages) == 1


def test_what_is_not_in_the_channel_is_sent_again_with_a_mark(ledger, workspace, config):
    """A message that was lost on its way is repeated; the mark of both attempts is the same."""
    workspace.lost = 1
    (lost,) = post_due(ledger, config, MONDAY)
    assert "the message may have arrived" in lost.text
    before = json.loads(deliveries.find(ledger, desks.week("2026-W46"), "slack").content)
    assert said(post_due(ledger, config, MONDAY + MINUTE)) == ["slack: 2026-W46 is posted."]
    (message,) = workspace.messages
    assert "This may be a repeat" in json.dumps(message)
    assert message["metadata"] == before["metadata"]
    assert message["metadata"]["event_payload"]["period"] == "2026-W46"


@pytest.mark.parametrize("scopes", [{"chat:write"}, {"chat:write", "channels:history"}])
def test_without_the_scopes_it_is_repeated_with_a_mark(ledger, workspace, config, scopes, caplog):
    """A bot that may not read the channel, or not find it by its name, posts again and says so; the log says why."""
    workspace.scopes, workspace.silent = scopes, 1
    with caplog.at_level(logging.INFO):
        post_due(ledger, config, MONDAY)
    assert "Slack's history of the channel could not be read (missing_scope)" in caplog.text
    assert said(post_due(ledger, config, MONDAY + MINUTE)) == ["slack: 2026-W46 is posted."]
    assert ["This may be a repeat" in json.dumps(message) for message in workspace.messages] == [True, False]
    assert "hush-hush" not in caplog.text


def test_another_ledgers_summary_of_that_week_is_not_taken_for_ones_own(ledger, workspace, config):
    """Two ledgers that post to one channel have marks of their own, though their week is the same."""
    other = {"event_type": "upswell_summary", "event_payload": {"period": "2026-W46", "delivery": "0" * 16}}
    workspace.chat(text="Of the test mode", metadata=other)
    workspace.lost = 1
    post_due(ledger, config, MONDAY)
    assert said(post_due(ledger, config, MONDAY + MINUTE)) == ["slack: 2026-W46 is posted."]
    assert len(workspace.messages) == 2


@pytest.mark.parametrize("channel", ["#elsewhere", "C0ELSEWHERE"])
def test_a_channel_that_is_not_found_has_no_history(ledger, workspace, config, channel):
    """A channel nobody knows shows nothing: it is as if the history could not be read."""
    config, workspace.silent = bot(ledger, channel), 1
    (unsure,) = post_due(ledger, config, MONDAY)
    assert not unsure.ok


def test_a_history_that_does_not_answer_is_none(ledger, workspace, config, monkeypatch):
    """Where Slack is gone when it is asked, nothing is known, and nothing breaks."""
    workspace.silent = 1
    monkeypatch.setattr(slack_workspace.Workspace, "show", lambda *_: None)
    (unsure,) = post_due(ledger, config, MONDAY)
    assert unsure.text.endswith("`upswell serve` tries again from Mon, Nov 16, 09:01.")


def test_a_webhook_has_no_mark(ledger, slack):
    """An incoming webhook cannot ask for history: its message carries nothing but text and blocks."""
    note_serving(ledger, at("2026-11-12"))
    post_due(ledger, desks.config(ledger.path, slack=slack.settings), MONDAY)
    assert set(json.loads(deliveries.find(ledger, desks.week("2026-W46"), "slack").content)) == {"text", "blocks"}
