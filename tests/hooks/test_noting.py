"""Notes: a large movement is told to the channels at once, and corrected where it changes."""

import json
import time
from dataclasses import replace
from decimal import Decimal

import desks
import pytest
from booked import at, movements, put
from posting.conftest import mail, slack
from serving import until

from upswell.render import instant
from upswell.report.announcing import RECORDED, RESTATED, Announcement, is_large
from upswell.serving import schedule
from upswell.store import dispatches, outbox
from upswell.store.books import write_movements
from upswell.store.ledger import Ledger
from upswell.store.outbox import Notice
from upswell.telling.destinations import prepare
from upswell.telling.movements import tell
from upswell.telling.notes import send_notes

__all__ = ["mail", "slack"]
SERVED = at("2026-11-10")
NOW = at("2026-11-10T12:00")
MINUTE, DAY = 60, 86_400
NEW = "2026-01-05 cus_1 new +50000\n"
LARGE = NEW + "2026-11-10T10:00 cus_1 upgrade +60000 reason=Pro_→_Enterprise\n"


@pytest.fixture
def config(ledger, slack, mail):
    """Give a configuration that notes movements above 500 dollars, served since the tenth."""
    found = desks.config(ledger.path, slack=slack.settings, email=mail.settings())
    found = replace(found, report=replace(found.report, note_above=500))
    put(ledger, NEW)
    prepare(ledger, found, SERVED)
    return found


def note(ledger, config, now):
    """Tell and note what is due at ``now``."""
    tell(ledger, config, now)
    for channel in config.report.channels:
        send_notes(ledger, config, channel, lambda: now)


def texts(slack):
    """Return the sentences of each message that Slack took."""
    return [[block["text"]["text"] for block in message["blocks"]] for message in slack.messages]


def test_a_large_movement_is_noted_once_its_group_has_closed(ledger, config, slack, mail):
    """One sentence with customer, amount and reason, to each channel, once, and never for a small one."""
    put(ledger, LARGE + "2026-11-10T10:00 cus_2 new +50000\n")
    note(ledger, config, at("2026-11-10T11:00"))
    assert slack.messages == []
    note(ledger, config, NOW)
    note(ledger, config, NOW + MINUTE)
    assert texts(slack) == [["cus_1 now pays $600.00 a month more: Pro → Enterprise"]]
    (sent,) = mail.mails
    assert b"Subject: cus_1 now pays $600.00 a month more: Pro" in sent.content
    assert b"\r\nMessage-ID: <upswell.note." in sent.content


def test_what_was_noted_is_corrected_where_it_changes(ledger, config, slack):
    """Another amount, below the threshold too, and gone: each is one more sentence."""
    put(ledger, LARGE)
    note(ledger, config, NOW)
    put(ledger, LARGE.replace("+60000", "+10000"))
    note(ledger, config, NOW + DAY)
    put(ledger, NEW)
    note(ledger, config, NOW + 2 * DAY)
    upgrade = "Corrected: cus_1, Nov 10, was told as {} a month (upgrade) and {}"
    assert texts(slack)[1:] == [
        [upgrade.format("+$600.00", "is +$100.00 a month (upgrade): Pro → Enterprise")],
        [upgrade.format("+$100.00", "did not happen: what came later took it away")],
    ]


def test_another_id_alone_is_no_correction(ledger, config, slack):
    """An event tells what an invoice had told: the channel hears nothing, and of what becomes of it later it does."""
    put(ledger, LARGE)
    note(ledger, config, NOW)
    for change, now in (
        (lambda one: one, NOW + DAY),
        (lambda one: replace(one, amount=100, mrr_after=50100), NOW + 2 * DAY),
    ):
        first, upgrade = movements(LARGE)
        with ledger.write() as connection:
            write_movements(connection, "cus_1", [first, change(replace(upgrade, id="mov_event"))])
        note(ledger, config, now)
    assert len(slack.messages) == 2
    assert "is +$1.00 a month (upgrade)" in texts(slack)[1][0]


def test_nothing_is_noted_by_default(ledger, slack):
    """Without note_above no customer is even looked at."""
    config = desks.config(ledger.path, slack=slack.settings)
    prepare(ledger, config, SERVED)
    put(ledger, LARGE)
    note(ledger, config, NOW)
    assert slack.messages == []
    assert outbox.since(ledger) == {}


def test_many_at_once_are_one_message(ledger, config, slack, mail):
    """A price migration of 200 customers is ten sentences and a count, not 200 messages."""
    lines = [f"2026-11-10T10:00 cus_{number} new +{60_000 + number}" for number in range(100, 300)]
    put(ledger, "\n".join(lines))
    note(ledger, config, NOW)
    ((*told, last),) = texts(slack)
    assert len(told) == 10
    assert last == "And 190 more: `upswell movements` lists them."
    assert len(mail.mails) == 1
    note(ledger, config, NOW + MINUTE)
    assert len(slack.messages) == 1


def test_a_channel_that_fails_is_tried_again_alone(ledger, config, slack, mail):
    """Slack down: the mail goes once, and Slack gets the note a minute later, without a mark."""
    slack.answers = [(503, "", {}), (200, "ok", {})]
    put(ledger, LARGE)
    note(ledger, config, NOW)
    assert dispatches.standing(ledger, "slack").trouble == "Slack refused the message (HTTP 503)"
    note(ledger, config, NOW + 2 * MINUTE)
    assert texts(slack) == [["cus_1 now pays $600.00 a month more: Pro → Enterprise"]]
    assert len(mail.mails) == 1


def test_what_may_have_arrived_is_repeated_once_with_a_mark(ledger, config, slack):
    """Slack hangs up after it was told: once more, marked; and then no more."""
    slack.answers = [None]
    put(ledger, LARGE)
    for minute in range(0, 600, 10):
        note(ledger, config, NOW + minute * MINUTE)
    first, second = [body for _, _, body, _ in slack.requests]
    assert len(first["blocks"]) == 1
    assert second["blocks"][-1]["text"]["text"].startswith("This may be a repeat")
    assert [one.state for one in dispatches.listed(ledger, "gave_up", 9)] == ["gave_up"]


def test_what_cannot_succeed_is_given_up(ledger, config, slack):
    """A revoked webhook is a finding, not a message an hour."""
    slack.answers = [(404, "no_service", {})]
    put(ledger, LARGE)
    for minute in range(5):
        note(ledger, config, NOW + minute * MINUTE)
    assert len(slack.requests) == 1
    (dead,) = dispatches.listed(ledger, "gave_up", 9)
    assert dead.error == "Slack refused the message (no_service): make a new incoming webhook"


def test_other_currencies_are_compared_at_the_reports_rates():
    """500 dollars are 463 euros at 1.08, and 75,000 yen, which have no decimals; without a rate nothing is large."""
    rates = {"eur": Decimal("1.08"), "jpy": Decimal("0.0067")}
    amounts = [("usd", 50_000), ("usd", 50_001), ("eur", 46_290), ("eur", -46_300), ("jpy", 74_000), ("jpy", 75_000)]
    large = []
    for currency, amount in [*amounts, ("gbp", 10**9)]:
        (one,) = movements(f"2026-11-10 cus_1 upgrade {amount:+} currency={currency}")
        large.append(is_large(Announcement(RECORDED, None, one), 500, "usd", rates))
    assert large == [False, True, False, True, False, True, False]


SENTENCES = [
    ("new +60000 reason=Pro", "Fern & Sons is a new customer at $600.00 a month: Pro"),
    ("churn -60000 reason=cancelled", "Fern & Sons has left with $600.00 a month: cancelled"),
    ("reactivation +60000 reason=Pro", "Fern & Sons pays $600.00 a month again: Pro"),
    ("downgrade -60000 reason=5_→_4_seats", "Fern & Sons now pays $600.00 a month less: 5 → 4 seats"),
    ("price_change +60000 reason=Pro", "Fern & Sons now pays $600.00 a month more (price change): Pro"),
    ("discount -60000 reason=LAUNCH", "Fern & Sons now pays $600.00 a month less (discount): LAUNCH"),
]


@pytest.mark.parametrize(("line", "told"), SENTENCES)
def test_each_kind_has_its_sentence(line, told):
    """Who, how much, which way, and why."""
    (one,) = movements(f"2026-11-10 cus_1 {line}")
    notice = Notice("msg_1", RECORDED, "cus_1", NOW, {"movement": outbox.as_json(one)})
    assert instant.sentences([notice], {"cus_1": "Fern & Sons"}, desks.BERLIN) == [told]


def test_what_is_gone_and_comes_back_is_said():
    """A restatement says what was told and what is so."""
    (one,) = movements("2026-11-10 cus_1 upgrade +60000 reason=Pro")
    said = outbox.as_json(one)
    pair = [
        Notice("msg_1", RESTATED, "cus_1", NOW, {"was": said, "now": None}),
        Notice("msg_2", RESTATED, "cus_1", NOW, {"was": None, "now": said}),
    ]
    gone = "was told as +$600.00 a month (upgrade) and did not happen: what came later took it away"
    assert instant.sentences(pair, {}, desks.BERLIN) == [
        f"Corrected: cus_1, Nov 10, {gone}",
        "Corrected: cus_1, Nov 10, was taken back and is +$600.00 a month (upgrade): Pro",
    ]


def test_a_name_is_no_link_and_no_markup(ledger, config, slack, mail):
    """What a customer is called is shown as it is: no mention, no link, no HTML, no second line."""
    name = "<!channel> https://evil.example *bold*\n&amp; <b>x</b>"
    (one,) = movements("2026-11-10 cus_1 new +60000 reason=Pro")
    notice = Notice("msg_1", RECORDED, "cus_1", NOW, {"movement": outbox.as_json(one)})
    (said,) = instant.sentences([notice], {"cus_1": name}, desks.BERLIN)
    message = instant.message([said])
    assert message["blocks"][0]["text"]["type"] == "plain_text"
    assert "<" not in message["text"]
    assert "\n" not in said
    assert "<b>" not in instant.letter([said]).html
    assert "<a" not in instant.letter([said]).html


def test_the_schedule_sends_notes_and_logs_no_address(ledger, config, slack, caplog):
    """Each channel has a job of its own; a refusal is logged in one line without the webhook's address."""
    caplog.set_level("INFO")
    slack.answers = [(503, "", {}), (200, "ok", {})]
    with ledger.write() as connection:
        said = {"was": None, "now": outbox.as_json(movements(LARGE)[1])}
        made = int(time.time()) - 5
        outbox.post(connection, Notice("msg_1", RESTATED, "cus_1", made, said), ["slack", "email"])
    running = schedule.start(config)
    try:
        for channel in ("slack", "email"):
            until(lambda channel=channel: f"Notes to {channel}" in caplog.text)
    finally:
        running.stop()
    assert "Notes to slack: 0 sent, 1 not: Slack refused the message (HTTP 503)" in caplog.text
    assert "Notes to email: 1 sent" in caplog.text
    assert "hush-hush" not in caplog.text
    with Ledger(ledger.path) as opened:
        assert json.dumps([one.error for one in dispatches.listed(opened, None, 9)]).count("hush") == 0
