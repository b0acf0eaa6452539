"""upswell hooks: what is on its way, one message, tests, and what was given up."""

import json
from pathlib import Path

import pytest
from receivers import SECRET, receiving

from upswell.store import dispatches, outbox
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice

MADE = 1_762_776_060


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch):
    """Serve a receiver, and write a configuration that names it."""
    monkeypatch.setenv("UPSWELL_HOOK_SECRET", SECRET)
    with receiving() as one:
        url = one.settings().url.reveal()
        Path("config.toml").write_text(f'[[hooks.endpoint]]\nname = "campaigns"\nurl = "{url}"\n')
        yield one


@pytest.fixture
def told(ledger: Path) -> None:
    """Put one message in each state."""
    with Ledger(ledger) as opened, opened.write() as connection:
        for name, state in (("msg_1", "sent"), ("msg_2", "waiting"), ("msg_3", "gave_up")):
            notice = Notice(name, "movement.restated", "cus_1", MADE, {"was": None, "now": None})
            outbox.post(connection, notice, ["hook:campaigns"])
            connection.execute("UPDATE notice_deliveries SET state = ? WHERE notice = ?", (state, name))
        connection.execute("UPDATE notice_deliveries SET attempts = 8, error = 'HTTP 500' WHERE notice = 'msg_3'")


@pytest.mark.usefixtures("receiver", "told")
def test_messages_are_listed_with_state_and_reason(upswell) -> None:
    """As a table for people, as JSON for programs, all or in one state."""
    ended = upswell("hooks")
    assert ended.code == 0
    assert (
        "2025-11-10 12:01  movement.restated  cus_1     hook:campaigns  gave_up         8  msg_3  HTTP 500" in ended.out
    )
    (one,) = json.loads(upswell("hooks", "--state", "gave_up", "--format", "json").out)
    assert (one["id"], one["made_at"], one["error"]) == ("msg_3", "2025-11-10T12:01:00Z", "HTTP 500")
    assert len(json.loads(upswell("hooks", "--limit", "2", "--format", "json").out)) == 2


@pytest.mark.usefixtures("receiver", "told")
def test_one_message_is_shown_as_it_is_sent(upswell) -> None:
    """Its body, without names; an id that is none ends with a sentence and exit 1."""
    assert json.loads(upswell("hooks", "msg_1").out) == {
        "type": "movement.restated",
        "timestamp": "2025-11-10T12:01:00Z",
        "data": {"customer": {"id": "cus_1"}, "was": None, "now": None},
    }
    ended = upswell("hooks", "msg_9")
    assert (ended.code, "holds no message msg_9" in ended.err) == (1, True)


@pytest.mark.usefixtures("receiver", "told")
def test_what_was_given_up_is_sent_again_or_thrown_away(upswell, ledger: Path) -> None:
    """By id or all of it; throwing away asks, or wants --yes."""
    assert upswell("hooks", "--resend", "all").out.startswith("1 to be sent again")
    with Ledger(ledger) as opened:
        assert dispatches.standing(opened, "hook:campaigns").waiting == 2
    assert upswell("hooks", "--drop", "all").code == 2
    assert upswell("hooks", "--drop", "msg_3", "--yes").out == "0 thrown away.\n"
    assert upswell("hooks", "--resend", "msg_9").code == 1
    assert upswell("hooks", "msg_1", "--resend", "all").code == 2


@pytest.mark.usefixtures("told")
def test_an_endpoint_is_tested(upswell, receiver) -> None:
    """It says what the endpoint answers, and exits 1 where that is not 2xx, or where there is no such endpoint."""
    ended = upswell("hooks", "--test", "campaigns")
    assert (ended.code, ended.out) == (0, "campaigns has taken the test message.\n")
    assert json.loads(receiver.taken[0][1])["type"] == "hook.test"
    receiver.answer = lambda _number: 404
    assert upswell("hooks", "--test", "campaigns").out == "campaigns has not taken it: HTTP 404.\n"
    ended = upswell("hooks", "--test", "other")
    assert (ended.code, 'no [[hooks.endpoint]] with the name "other": there is campaigns' in ended.err) == (1, True)


def finding(upswell, subject: str = "hooks") -> str:
    """Return what doctor says of hooks."""
    (line,) = [line for line in upswell("doctor").out.splitlines() if line[5:].startswith(f"{subject} ")]
    return line[:4] + line[21:]


def test_the_doctor_looks_at_each_endpoint(upswell, receiver, told, ledger: Path) -> None:
    """Dead letters, failures, an endpoint that is gone or cannot be reached: each is a finding with its remedy."""
    assert finding(upswell).startswith(
        "FIX campaigns did not take 1 message within a day: `upswell hooks --state gave_up`"
    )
    upswell("hooks", "--drop", "all", "--yes")
    assert finding(upswell) == "ok  campaigns took 1 message"
    with Ledger(ledger) as opened:
        with opened.write() as connection:
            connection.execute("UPDATE notice_deliveries SET error = 'HTTP 500' WHERE state = 'waiting'")
        assert finding(upswell).startswith(
            "FIX campaigns does not take messages (HTTP 500), 1 to be sent: `upswell hooks --test"
        )
        dispatches.stop(opened, "hook:campaigns", receiver.settings().mark, "HTTP 410")
    assert finding(upswell).startswith("FIX campaigns answered 410 and is sent nothing any more")
    assert upswell("hooks", "--resend", "all").err == (
        "campaigns answered 410: nothing is sent there before `upswell hooks --test campaigns`.\n"
    )
    upswell("hooks", "--test", "campaigns")
    upswell("hooks", "--drop", "all", "--yes")
    assert finding(upswell) == "ok  campaigns took 1 message"


def test_the_doctor_finds_an_endpoint_that_is_not_there(upswell, ledger: Path, monkeypatch) -> None:
    """Before anything is sent, a wrong address is seen; without endpoints there is nothing to see."""
    assert finding(upswell) == "ok  none"
    monkeypatch.setenv("UPSWELL_HOOK_SECRET", SECRET)
    with receiving() as gone:
        url = gone.settings().url.reveal()
    Path("config.toml").write_text(f'[[hooks.endpoint]]\nname = "campaigns"\nurl = "{url}"\n')
    said = finding(upswell)
    assert said.startswith("FIX campaigns cannot be reached (Connection refused): check its address")
    assert "hush-hush" not in said


@pytest.mark.usefixtures("told")
def test_the_doctor_finds_notes_that_were_given_up(upswell, ledger: Path, monkeypatch) -> None:
    """Where channels are told at once, what one did not get is a finding."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/hush")
    Path("config.toml").write_text("[report]\nnote_above = 500\n")
    assert finding(upswell, "notes") == "ok  slack got 0 notes, 0 to be sent"
    with Ledger(ledger) as opened, opened.write() as connection:
        connection.execute("UPDATE notice_deliveries SET destination = 'slack' WHERE state = 'gave_up'")
    assert finding(upswell, "notes").startswith("FIX slack did not get 1 note: `upswell hooks --state gave_up` lists")
