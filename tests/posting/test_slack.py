"""Posting to Slack, against a local server that stands in for it."""

import json
import socket
import traceback

import pytest

from upswell.configuration.settings import Secret, SlackSettings
from upswell.errors import DeliveryError
from upswell_connectors import slack as connector

MESSAGE = {"text": "Hello", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}]}


@pytest.fixture
def bot(slack, monkeypatch):
    """Give the settings of a bot whose API is the stand-in's."""
    monkeypatch.setattr(connector, "API", slack.api)
    return SlackSettings(None, Secret("xoxb-hush-hush"), "#revenue")


def refused(settings):
    """Post, and return the error that comes of it; it holds no secret, neither does its traceback."""
    with pytest.raises(DeliveryError) as caught:
        connector.send(settings, MESSAGE)
    assert "hush-hush" not in "".join(traceback.format_exception(caught.value))
    return caught.value


def test_a_webhook_gets_text_and_blocks(slack):
    """An incoming webhook is given the message, without unfurling links."""
    connector.send(slack.settings, MESSAGE)
    ((path, _, body, _),) = slack.requests
    assert path == "/services/T000/B000/hush-hush"
    assert body == {**MESSAGE, "unfurl_links": False, "unfurl_media": False}


def test_a_bot_posts_to_its_channel(slack, bot):
    """With a bot token the message goes to the channel, and the token only into the header."""
    slack.answers = [(200, '{"ok": true, "ts": "1"}', {"Content-Type": "application/json"})]
    connector.send(bot, MESSAGE)
    ((path, headers, body, _),) = slack.requests
    assert (path, headers["Authorization"]) == ("/api/chat.postMessage", "Bearer xoxb-hush-hush")
    assert (body["channel"], body["text"], body["blocks"]) == ("#revenue", "Hello", MESSAGE["blocks"])
    assert "hush-hush" not in json.dumps(body)


@pytest.mark.parametrize(
    ("status", "body", "final", "told"),
    [
        (404, "no_service", True, r"Slack refused the message \(no_service\): make a new incoming webhook"),
        (400, "invalid_blocks", True, r"\(invalid_blocks\)$"),
        (403, "<html>secret stuff</html>", True, r"\(HTTP 403\)$"),
        (500, "rollback_error", False, r"\(rollback_error\)$"),
        (503, "", False, r"\(HTTP 503\)$"),
    ],
)
def test_what_a_webhook_refuses_is_an_error_with_its_remedy(slack, status, body, final, told):
    """A refusal is named by Slack's own code; trying again is pointless unless the fault is Slack's."""
    slack.answers = [(status, body, {})]
    error = refused(slack.settings)
    assert (error.final, error.unsure) == (final, False)
    error.__traceback__ = None
    with pytest.raises(DeliveryError, match=told):
        raise error
    assert len(slack.requests) == 1


@pytest.mark.parametrize(
    ("code", "final", "told"),
    [
        ("token_revoked", True, "put a new bot token in its place"),
        ("not_in_channel", True, "invite the app to the channel"),
        ("internal_error", False, "internal_error"),
    ],
)
def test_what_the_api_refuses_is_an_error_with_its_remedy(slack, bot, code, final, told):
    """An API error comes as 200 with a code: it is an error all the same."""
    slack.answers = [(200, json.dumps({"ok": False, "error": code}), {"Content-Type": "application/json"})]
    error = refused(bot)
    assert error.final is final
    assert told in str(error)


def test_an_answer_nobody_can_read_is_no_refusal(slack, bot):
    """Where something between answers 200 with a page of its own, the message may have arrived."""
    slack.answers = [(200, "<html>Welcome</html>", {})]
    assert refused(bot).unsure


def test_too_many_requests_waits_as_long_as_slack_asks(slack, bot):
    """429 is tried once more after Retry-After, by webhook and by bot."""
    slack.answers = [(429, "rate_limited", {"Retry-After": "0"}), (200, "ok", {})]
    connector.send(slack.settings, MESSAGE)
    slack.answers = [
        (429, '{"ok": false, "error": "ratelimited"}', {"Retry-After": "0"}),
        (200, '{"ok": true}', {"Content-Type": "application/json"}),
    ]
    connector.send(bot, MESSAGE)
    assert [status for *_, status in slack.requests] == [429, 200, 429, 200]


@pytest.mark.parametrize("after", ["3600", "soon"])
def test_a_long_wait_is_left_to_the_next_attempt(slack, after):
    """Who is asked to wait for an hour does not hold the scheduler: it is an error to be tried again."""
    slack.answers = [(429, "rate_limited", {"Retry-After": after})]
    assert not refused(slack.settings).final
    assert len(slack.requests) == 1


@pytest.mark.parametrize("way", ["webhook", "bot"])
def test_an_answer_that_does_not_come_is_not_asked_for_twice(slack, bot, way):
    """Where Slack took the message and hung up it may have arrived: one request, and an error that says so."""
    slack.answers = [None]
    error = refused(slack.settings if way == "webhook" else bot)
    assert (error.unsure, error.final) == (True, False)
    assert "may have arrived" in str(error)
    assert len(slack.requests) == 1


def test_who_cannot_be_reached_gets_nothing():
    """Where nobody listens the message surely did not arrive, and may be tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = refused(SlackSettings(Secret(f"http://127.0.0.1:{port}/hush-hush"), None, None))
    assert (error.unsure, error.final) == (False, False)
    assert str(error) == "Slack could not be reached (Connection refused): check the network"


@pytest.mark.parametrize(
    "url", ["hush-hush", "ftp://hush-hush", "http://127.0.0.1/hush hush-hush\x01", "http://[hush-hush"]
)
def test_what_is_no_url_is_an_error_that_does_not_quote_it(url, caplog):
    """A webhook URL that cannot be one is said to be none, without showing it anywhere, logs included."""
    error = refused(SlackSettings(Secret(url), None, None))
    assert error.final
    assert "hush-hush" not in caplog.text
