"""One message, sent once: what a receiver sees of it, and what is made of its answer."""

import time

import pytest
import receivers
from receivers import DROP, HANG, OTHER_SECRET, SECRET, verified
from serving import free_port

from upswell.configuration.settings import Secret
from upswell_connectors import hooks

BODY = b'{"type":"hook.test","timestamp":"2026-11-10T10:00:00Z","data":{}}'


def sent(receiver, **given):
    """Send the message; return the answer."""
    return hooks.send(receiver.settings(**given), "msg_1", BODY, int(time.time()))


def test_the_public_library_verifies_what_is_sent(receiver):
    """Id, time and body are signed as Standard Webhooks has it; the body comes byte for byte."""
    assert sent(receiver) == hooks.Answer()
    ((path, headers, body),) = receiver.requests
    assert (path, body, headers["webhook-id"]) == ("/in/hush-hush-campaigns", BODY, "msg_1")
    assert headers["content-type"] == "application/json"
    assert verified(headers, body)["type"] == "hook.test"


def test_while_a_secret_is_rolled_both_sign(receiver):
    """With two secrets there are two signatures, and a receiver that knows one of them is content."""
    sent(receiver, secrets=(Secret(OTHER_SECRET), Secret(SECRET)))
    ((_, headers, body),) = receiver.requests
    assert len(headers["webhook-signature"].split()) == 2
    assert verified(headers, body, SECRET) == verified(headers, body, OTHER_SECRET)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (200, hooks.Answer()),
        (202, hooks.Answer()),
        (410, hooks.Answer("HTTP 410: it wants no more messages", gone=True)),
        (400, hooks.Answer("HTTP 400")),
        ((429, {"Retry-After": "120"}), hooks.Answer("HTTP 429", wait=120)),
        ((503, {"Retry-After": "999999999"}), hooks.Answer("HTTP 503", wait=86_400)),
        ((503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), hooks.Answer("HTTP 503")),
    ],
)
def test_an_answer_is_read_by_its_status(receiver, answer, told):
    """2xx is success, 410 the end, everything else a failure; who asks to be left alone for seconds is."""
    receiver.answer = lambda _number: answer
    assert sent(receiver) == told


def test_redirects_are_not_followed(receiver):
    """Wherever an endpoint points to, nothing is sent there."""
    receiver.answer = lambda _number: (302, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"})
    assert sent(receiver).error == "HTTP 302: redirects are not followed, its address must be the last one"
    assert len(receiver.requests) == 1


def test_what_gets_no_answer_is_a_failure_that_tells_no_address(receiver, monkeypatch):
    """A dropped connection, one that is never answered, and nobody there: said in words, without the address."""
    with receivers.receiving() as gone:
        nobody = gone.settings()
    receiver.answer = lambda _number: DROP
    assert sent(receiver).error == "it could not be reached (ConnectionError)"
    assert hooks.send(nobody, "msg_1", BODY, 0).error == "it could not be reached (ConnectionError)"
    receiver.answer = lambda _number: HANG
    monkeypatch.setattr(hooks, "TIMEOUT_SECONDS", 0.2)
    assert sent(receiver).error == "no answer within 0.2 seconds"


def test_nobody_elses_login_is_sent_along(receiver, monkeypatch, tmp_path):
    """A .netrc of the user that runs Upswell is none of the endpoint's business."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hush-hush\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    sent(receiver)
    ((_, headers, _),) = receiver.requests
    assert "authorization" not in headers


def test_it_can_be_seen_whether_anybody_is_there(receiver):
    """A connection is opened and closed, and nothing is sent."""
    assert hooks.reach(receiver.settings()) is None
    nobody = receiver.settings(url=Secret(f"http://127.0.0.1:{free_port()}/in"))
    assert hooks.reach(nobody) == "Connection refused"
    assert receiver.requests == []
    plain = receiver.settings(url=Secret(f"https://127.0.0.1:{receiver.port}/in"))
    assert hooks.reach(plain)
    assert "its certificate is not trusted" in (hooks.send(plain, "msg_1", BODY, 0).error or "")
