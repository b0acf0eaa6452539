"""Posting: once a week and destination, late rather than never."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import desks
import pytest
from booked import at, put

from upswell.answers.summary import summary_of
from upswell.errors import LedgerError, UpswellError
from upswell.posting.delivery import note_serving, post_by_hand, post_due
from upswell.render import sentences
from upswell.report.periods import Week
from upswell.store import deliveries
from upswell.store.ledger import Ledger

MONDAY = at("2026-11-16T08:00")
FIRST_SERVED = at("2026-11-12")
MINUTE, HOUR, DAY = 60, 3600, 86_400


def serving(ledger, since=FIRST_SERVED):
    """Note that the ledger has been served since then, and the week before was not its business."""
    note_serving(ledger, since)


def rows(ledger):
    """Return each delivery's destination, state and attempts."""
    return ledger.connection.execute(
        "SELECT destination, state, attempts FROM deliveries ORDER BY period, destination"
    ).fetchall()


def said(outcomes):
    """Return what is told of each destination."""
    return [outcome.text for outcome in outcomes]


@pytest.fixture
def both(ledger, slack, mail):
    """Give a configuration that posts to Slack and by email."""
    serving(ledger)
    return desks.config(ledger.path, slack=slack.settings, email=mail.settings())


def test_a_due_week_goes_everywhere_once(ledger, both, slack, mail):
    """At its time the week is posted to every channel; asked again, and after a restart, it is not."""
    assert post_due(ledger, both, MONDAY - 1) == []
    assert said(post_due(ledger, both, MONDAY)) == ["slack: 2026-W46 is posted.", "email: 2026-W46 is posted."]
    with Ledger(ledger.path) as restarted:
        serving(restarted, MONDAY + MINUTE)
        assert post_due(restarted, both, MONDAY + MINUTE) == []
    assert (len(slack.messages), len(mail.mails)) == (1, 1)
    assert slack.messages[0]["blocks"][0]["text"]["text"] == "Existing customers now pay $686.65 a month more"
    assert b"Subject: Expansion in week 46: Existing customers now pay" in mail.mails[0].content


def test_the_ledger_keeps_what_went_where_when_and_with_what_content(ledger, both, slack):
    """Each delivery holds its time and exactly what was handed over; the summary is kept as its JSON."""
    post_due(ledger, both, MONDAY)
    for destination in ("slack", "email"):
        kept = deliveries.find(ledger, desks.week("2026-W46"), destination)
        assert (kept.state, kept.sent_at, kept.attempts, kept.error) == ("sent", MONDAY, 1, None)
    kept = json.loads(deliveries.find(ledger, desks.week("2026-W46"), "slack").content)
    assert kept["blocks"] == slack.messages[0]["blocks"]
    kept = json.loads(deliveries.find(ledger, desks.week("2026-W46"), "email").content)
    assert kept["to"] == ["one@example.com", "two@example.com"]
    assert "Closing: $10,557.54" in kept["text"]
    (figures,) = ledger.connection.execute("SELECT figures FROM summaries").fetchone()
    assert json.loads(figures)["expansion"]["total"] == 115734


def test_a_kept_summary_is_read_back_as_it_was(ledger, both):
    """What is read from the ledger is the summary that was posted, to the last figure."""
    put(ledger, "2026-11-10 cus_9 new +100 currency=eur")
    post_due(ledger, both, MONDAY)
    kept = deliveries.recorded(ledger, desks.week("2026-W46"))
    assert kept.figures.net_expansion == 68665
    assert kept.figures.nrr.m12 is None
    assert kept.other_currencies["eur"].closing_mrr == 100
    assert kept.figures.causes["seat"].mean == 8780
    assert kept.together is None
    assert kept.figures.top_customers[0].movements
    assert sentences.headline(kept.figures, "usd", "week") == "Existing customers now pay $686.65 a month more"


def test_what_currencies_are_together_is_kept_with_its_rates(ledger, both):
    """A summary keeps the rates it was made with: later ones change nothing of what was posted."""
    put(ledger, "2026-11-10 cus_9 new +100 currency=eur")
    first, later = (replace(both, report=replace(both.report, rates={"eur": Decimal(rate)})) for rate in ("1.5", "2"))
    post_due(ledger, first, MONDAY)
    assert post_due(ledger, later, MONDAY + MINUTE) == []
    kept = deliveries.recorded(ledger, desks.week("2026-W46")).together
    assert (kept.rates, kept.bridge["new"]) == ({"eur": "1.5"}, 9900 + 150)
    assert (kept.nrr.d30, kept.nrr.m12) == (1.107815, None)
    assert kept == summary_of(ledger, first, Week.parse("2026-W46", desks.BERLIN), MONDAY).together


def test_each_channel_fails_and_is_tried_again_alone(ledger, both, slack, mail):
    """Slack down: the mail goes out once; Slack is tried after 1, 5, 15 and 60 minutes, and gets it late."""
    slack.answers = [(503, "", {})]
    down, well = post_due(ledger, both, MONDAY)
    assert (down.ok, well.ok) == (False, True)
    assert down.text == (
        "slack: 2026-W46 is not posted. Slack refused the message (HTTP 503). "
        "`upswell serve` tries again from Mon, Nov 16, 09:01."
    )
    tried = [minute for minute in range(1, 300) if post_due(ledger, both, MONDAY + minute * MINUTE)]
    assert tried == [1, 6, 21, 81, 141, 201, 261]
    slack.answers = [(200, "ok", {})]
    assert said(post_due(ledger, both, MONDAY + 322 * MINUTE)) == ["slack: 2026-W46 is posted."]
    assert (len(slack.messages), len(mail.mails)) == (1, 1)
    assert "Posted late: it was due on Mon, Nov 16, 09:00." in json.dumps(slack.messages[0], ensure_ascii=False)
    assert rows(ledger) == [("email", "sent", 1), ("slack", "sent", 9)]


def test_a_late_post_says_what_the_other_channel_said(ledger, both, slack):
    """What arrives between two attempts does not change the week's figures: the next week restates them."""
    slack.answers = [(503, "", {}), (200, "ok", {})]
    post_due(ledger, both, MONDAY)
    put(ledger, "2026-11-11 cus_77 new +100000")
    post_due(ledger, both, MONDAY + MINUTE)
    assert "$10,557.54" in slack.messages[0]["text"]


def test_a_final_failure_is_not_tried_again_until_a_restart(ledger, both, slack):
    """A revoked webhook is not asked again every hour, but once after the next start, which may have mended it."""
    slack.answers = [(404, "no_service", {})]
    failed, _ = post_due(ledger, both, MONDAY)
    assert failed.text.endswith("make a new incoming webhook. It is not tried again by itself.")
    assert post_due(ledger, both, MONDAY + DAY) == []
    serving(ledger, MONDAY + DAY)
    slack.answers = [(200, "ok", {})]
    assert said(post_due(ledger, both, MONDAY + DAY)) == ["slack: 2026-W46 is posted."]


def test_the_next_week_takes_the_place_of_one_that_never_got_through(ledger, both, slack):
    """After a week of failures only the new week is posted, and it names the one that was not."""
    slack.answers = [(503, "", {})]
    post_due(ledger, both, MONDAY)
    slack.answers = [(200, "ok", {})]
    outcomes = post_due(ledger, both, MONDAY + 7 * DAY)
    assert said(outcomes) == ["slack: 2026-W47 is posted.", "email: 2026-W47 is posted."]
    assert "Could not be posted here: 2026-W46." in json.dumps(slack.messages[0])
    assert deliveries.find(ledger, desks.week("2026-W46"), "slack").error == (
        "Slack refused the message (HTTP 503) (superseded by 2026-W47)"
    )
    assert "Could not be posted here" not in deliveries.find(ledger, desks.week("2026-W47"), "email").content
    assert post_due(ledger, both, MONDAY + 8 * DAY) == []


def test_after_an_outage_the_last_week_is_posted_and_names_the_missed(ledger, both, slack):
    """Two Mondays down, up on a Thursday: one post, late, that names the week nobody got."""
    thursday = MONDAY + 10 * DAY
    post_due(ledger, both, thursday)
    (message,) = slack.messages
    text = json.dumps(message)
    assert "Expansion in week 47" in text
    assert "Upswell was not running when it was time for 2026-W46." in text
    assert "Posted late: it was due on Mon, Nov 23, 09:00." in text
    assert post_due(ledger, both, thursday + MINUTE) == []


def test_a_crash_between_sending_and_recording_is_sent_again_with_a_mark(ledger, both, slack, mail, monkeypatch):
    """Who dies after sending leaves a claim; when its lease is over the post is repeated, and says so."""
    desks.crash_after_sending(ledger, both, monkeypatch, MONDAY)
    assert rows(ledger) == [("email", "claimed", 1), ("slack", "claimed", 1)]
    assert post_due(ledger, both, MONDAY + 9 * MINUTE) == []
    assert len(post_due(ledger, both, MONDAY + 10 * MINUTE)) == 2
    assert (len(slack.messages), len(mail.mails)) == (2, 1)
    assert "This may be a repeat" not in json.dumps(slack.messages[0])
    assert "This may be a repeat" in json.dumps(slack.messages[1])


def test_an_answer_that_never_comes_is_repeated_once_and_not_for_ever(ledger, both, slack):
    """A message that may have arrived is sent once more, marked; then it is left to a person."""
    slack.answers = [None]
    post_due(ledger, both, MONDAY)
    (again,) = post_due(ledger, both, MONDAY + MINUTE)
    assert again.text.endswith("It is not tried again by itself.")
    assert post_due(ledger, both, MONDAY + DAY) == []
    serving(ledger, MONDAY + DAY)
    assert post_due(ledger, both, MONDAY + DAY) == []
    slack.answers = [(200, "ok", {})]
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, both, week, MONDAY + DAY))[0] == "slack: 2026-W46 is posted."
    assert "This may be a repeat" in json.dumps(slack.messages[0])


def test_by_hand_nobody_waits_for_an_answer_that_never_came(ledger, both, slack):
    """A message that may have arrived is not being sent any more: by hand it is repeated at once, marked."""
    slack.answers = [None, (200, "ok", {})]
    post_due(ledger, both, MONDAY)
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, both, week, MONDAY + 1))[0] == "slack: 2026-W46 is posted."
    assert "This may be a repeat" in json.dumps(slack.messages[0])


def test_only_refused_recipients_are_tried_again(ledger, both, mail):
    """Who got the mail does not get it twice because somebody else could not."""
    mail.refused = {"two@example.com": "451 later"}
    _, failed = post_due(ledger, both, MONDAY)
    assert "two@example.com (451 later)" in failed.text
    mail.refused = {}
    assert said(post_due(ledger, both, MONDAY + MINUTE)) == ["email: 2026-W46 is posted."]
    assert [envelope.rcpt_tos for envelope in mail.mails] == [["one@example.com"], ["two@example.com"]]
    ids = {envelope.content.partition(b"Message-ID: ")[2].split()[0] for envelope in mail.mails}
    assert len(ids) == 1


def test_without_a_channel_the_summary_is_still_recorded(ledger):
    """No channel configured: nothing is sent, and the week's figures are kept, once."""
    serving(ledger)
    bare = desks.config(ledger.path)
    assert post_due(ledger, bare, MONDAY) == []
    assert deliveries.periods(ledger, "weekly") == {"2026-W46"}
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, bare, week, MONDAY)) == [
        "2026-W46 is recorded; no channel is configured to post it to."
    ]
    assert ledger.connection.execute("SELECT count(*) FROM summaries").fetchone() == (1,)


def test_nothing_from_before_the_first_serve_is_posted(ledger, both):
    """Without a serve noted nothing is due; a serve that starts after the hour waits for the next week."""
    with ledger.write() as connection:
        connection.execute("DELETE FROM jobs")
    assert post_due(ledger, both, MONDAY) == []
    serving(ledger, MONDAY + MINUTE)
    assert post_due(ledger, both, MONDAY + MINUTE) == []
    serving(ledger, MONDAY + 8 * DAY)
    assert len(post_due(ledger, both, MONDAY + 7 * DAY)) == 2


def test_by_hand_a_posted_week_is_said_to_be_and_not_sent_twice(ledger, both, slack):
    """`summary --post` takes the same claims as the schedule: either comes first, the other sends nothing."""
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, both, week, MONDAY - HOUR)) == [
        "slack: 2026-W46 is posted.",
        "email: 2026-W46 is posted.",
    ]
    assert post_due(ledger, both, MONDAY) == []
    again = post_by_hand(ledger, both, week, MONDAY + HOUR)
    assert all(outcome.ok for outcome in again)
    assert said(again)[0] == "slack: 2026-W46 was posted on Mon, Nov 16, 08:00 and is not sent again."
    assert len(slack.messages) == 1
    assert "Posted late" not in json.dumps(slack.messages)


def test_by_hand_a_failed_week_is_tried_at_once_and_a_new_channel_is_served(ledger, both, slack, mail):
    """By hand there is no waiting for the next attempt, and a channel configured since gets the week as it was."""
    slack.answers = [(503, "", {}), (200, "ok", {})]
    only_slack = replace(both, report=replace(both.report, channels=("slack",)))
    post_due(ledger, only_slack, MONDAY)
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, both, week, MONDAY + 1)) == [
        "slack: 2026-W46 is posted.",
        "email: 2026-W46 is posted.",
    ]
    assert len(mail.mails) == 1


def test_by_hand_a_week_that_another_process_sends_is_left_to_it(ledger, both, monkeypatch):
    """While a claim's lease runs, nobody else sends; who asks by hand is told so."""
    desks.crash_after_sending(ledger, both, monkeypatch, MONDAY)
    week = Week.parse("2026-W46", desks.BERLIN)
    assert said(post_by_hand(ledger, both, week, MONDAY + MINUTE))[0] == (
        "slack: 2026-W46 is being posted by another process."
    )


def test_a_running_week_cannot_be_posted(ledger, both):
    """Half a week is not posted as if it were one."""
    with pytest.raises(UpswellError, match="2026-W47 is not over: it can be posted from Mon, Nov 23, 00:00"):
        post_by_hand(ledger, both, Week.parse("2026-W47", desks.BERLIN), MONDAY)


def test_what_changed_since_is_in_the_next_post(ledger, both, slack):
    """A late event changes past weeks.

    It is restated by the next post, and by that one only.
    """
    post_due(ledger, both, MONDAY)
    put(ledger, "2026-11-11 cus_77 new +100000")
    post_due(ledger, both, MONDAY + 7 * DAY)
    post_due(ledger, both, MONDAY + 14 * DAY)
    first, second, third = (json.dumps(message, ensure_ascii=False) for message in slack.messages)
    assert "Changed since posted" not in first + third
    assert "2026-W46 new: +$99.00 is now +$1,099.00 (its history changed since)" in second


def test_a_restatement_names_the_event_that_came_late(ledger, both, slack):
    """What a posted summary said is kept, and the next one says what changed since and why."""
    post_due(ledger, both, MONDAY)
    put(ledger, "2026-11-11 cus_77 new +100000 cause=evt_late reason=Pro_for_10_seats")
    with ledger.write() as connection:
        connection.execute(
            "INSERT INTO events(id, type, created, livemode, body, state, received_at)"
            " VALUES ('evt_late', 'customer.subscription.created', ?, 0, x'', 'applied', ?)",
            (at("2026-11-11"), MONDAY + DAY),
        )
    post_due(ledger, both, MONDAY + 7 * DAY)
    assert "(arrived since: Pro for 10 seats)" in json.dumps(slack.messages[1], ensure_ascii=False)


def test_a_summary_nobody_got_does_not_count_as_said(ledger, both, slack, mail):
    """What was restated only in a post that never got through is restated again."""
    post_due(ledger, both, MONDAY)
    put(ledger, "2026-11-11 cus_77 new +100000")
    slack.answers, mail.after_data = [(404, "no_service", {})], "552 no"
    post_due(ledger, both, MONDAY + 7 * DAY)
    slack.answers, mail.after_data = [(200, "ok", {})], "250 OK"
    post_due(ledger, both, MONDAY + 14 * DAY)
    assert "2026-W46 new: +$99.00 is now +$1,099.00" in json.dumps(slack.messages[1], ensure_ascii=False)


RIVAL = """
import sys
import desks
from pathlib import Path
from upswell.store.ledger import Ledger
from upswell.posting.delivery import post_due
from upswell.configuration.settings import Secret, SlackSettings
path, url, now = sys.argv[1:]
config = desks.config(Path(path), slack=SlackSettings(Secret(url), None, None))
with Ledger(Path(path)) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    print(len(post_due(ledger, config, int(now))))
"""


def test_of_two_processes_exactly_one_posts(ledger, slack, monkeypatch):
    """Two processes that find the same week due at the same time post it once."""
    serving(ledger)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    command = [sys.executable, "-c", RIVAL, str(ledger.path), slack.url, str(MONDAY)]
    rivals = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for rival in rivals:
        assert rival.stdout.readline() == "ready\n"
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    assert sorted(rival.communicate(timeout=60)[0].strip() for rival in rivals) == ["0", "1"]
    assert len(slack.messages) == 1
    assert rows(ledger) == [("slack", "sent", 1)]


def test_a_claim_is_won_once(ledger, both):
    """Two who know of the same earlier attempt cannot both take it over."""
    post_due(ledger, both, MONDAY)
    sent = deliveries.find(ledger, desks.week("2026-W46"), "slack")
    with ledger.write() as connection:
        connection.execute("UPDATE deliveries SET state = 'failed', next_attempt_at = 0")
    with ledger.write() as connection:
        assert deliveries.claim(connection, sent, lease_until=MONDAY + 2, now=MONDAY + 1)
        assert not deliveries.claim(connection, sent, lease_until=MONDAY + 2, now=MONDAY + 1)


def test_a_week_that_was_never_kept_is_an_error(ledger):
    """Who asks for what was posted of a week that was not is told how to post it."""
    with pytest.raises(LedgerError, match="no summary of 2026-W46: `upswell summary --week 2026-W46 --post` keeps one"):
        deliveries.recorded(ledger, desks.week("2026-W46"))


def test_two_rows_for_one_week_and_destination_cannot_be(ledger, both):
    """The table itself refuses a second delivery of a week to a destination."""
    post_due(ledger, both, MONDAY)
    with pytest.raises(sqlite3.IntegrityError), ledger.write() as connection:
        connection.execute("INSERT INTO deliveries SELECT * FROM deliveries LIMIT 1")


def test_many_missed_weeks_are_named_by_the_first_and_the_last(ledger, both, slack):
    """A long outage makes a short sentence."""
    post_due(ledger, both, MONDAY)
    post_due(ledger, both, MONDAY + 42 * DAY)
    assert "when it was time for 2026-W47 to 2026-W51 (5 weeks)." in json.dumps(slack.messages[1])


def test_who_is_slower_sends_nothing(ledger, both, slack, monkeypatch):
    """A process that found the week due, and the delivery to be repeated, just before another did, sends neither."""
    slack.answers = [(503, "", {}), (200, "ok", {})]
    post_due(ledger, both, MONDAY)
    with monkeypatch.context() as stale:
        stale.setattr(deliveries, "periods", lambda *_: {"2026-W45"})
        assert post_due(ledger, both, MONDAY + 1) == []
    found = deliveries.waiting(ledger, "weekly", MONDAY + MINUTE)
    post_due(ledger, both, MONDAY + MINUTE)
    with monkeypatch.context() as stale:
        stale.setattr(deliveries, "waiting", lambda *_: found)
        assert post_due(ledger, both, MONDAY + MINUTE) == []
    assert len(slack.messages) == 1


def test_a_channel_that_is_no_longer_used_is_not_tried_again(ledger, both, slack):
    """What failed for a channel that was taken out of the configuration stays where it is."""
    slack.answers = [(503, "", {})]
    post_due(ledger, both, MONDAY)
    assert post_due(ledger, replace(both, report=replace(both.report, channels=("email",))), MONDAY + MINUTE) == []


def test_a_channel_without_settings_fails_in_words(ledger):
    """A channel that is named and not configured is an outcome with its remedy, not a crash."""
    serving(ledger)
    bare = desks.config(ledger.path, channels=("slack", "email"))
    assert [outcome.text.split(". ")[1] for outcome in post_due(ledger, bare, MONDAY)] == [
        "Slack is not configured any more: fill [slack]",
        "Email is not configured any more: fill [email]",
    ]


def test_a_mail_whose_recipients_all_got_it_is_sent(ledger, both, mail):
    """Where who was refused is taken out of the configuration, there is nobody left, and the week is posted."""
    mail.refused = {"two@example.com": "451 later"}
    post_due(ledger, both, MONDAY)
    fewer = replace(both, email=replace(both.email, to=("one@example.com",)))
    assert said(post_due(ledger, fewer, MONDAY + MINUTE)) == ["email: 2026-W46 is posted."]
    assert len(mail.mails) == 1
