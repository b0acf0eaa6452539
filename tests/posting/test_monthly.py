"""The monthly summary: beside the weekly one, and held up by nothing that happens to it."""

import json
import logging
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import desks
import pytest
import time_machine
from booked import at, put
from posting.test_served import MOVED
from serving import Served, until

from upswell.configuration.config import load
from upswell.configuration.settings import ReportSettings
from upswell.configuration.times import due, next_run, post_at
from upswell.doctor.examination import findings
from upswell.errors import InvariantError, UpswellError
from upswell.posting import delivery
from upswell.posting.delivery import note_serving, post_by_hand, post_due
from upswell.report.periods import Month, Week
from upswell.serving import schedule
from upswell.store import deliveries
from upswell.store.ledger import Ledger

FIRST = at("2026-12-01T08:00")  # nine in Berlin
NOVEMBER = Month.parse("2026-11", desks.BERLIN)
MINUTE, DAY = 60, 86_400


def monthly(config, **more):
    """Return the configuration with the monthly summary, and what else of its report."""
    return replace(config, report=replace(config.report, monthly=True, **more))


@pytest.fixture
def both(ledger, slack, mail):
    """Give a configuration that posts weeks and months to Slack and by email, served since the middle of November."""
    config = monthly(desks.config(ledger.path, slack=slack.settings, email=mail.settings()))
    note_serving(ledger, at("2026-11-12"), config.report.posted)
    return config


def said(outcomes):
    """Return what is told of each destination."""
    return [outcome.text for outcome in outcomes]


def titles(slack):
    """Return of each message what it is of."""
    return [message["text"].split(":")[0] for message in slack.messages]


def test_on_the_first_the_month_goes_everywhere_once(ledger, both, slack, mail):
    """At its time the month before is posted to every channel, and not again, whatever restarts."""
    assert post_due(ledger, both, FIRST - 1, Month) == []
    assert said(post_due(ledger, both, FIRST, Month)) == ["slack: 2026-11 is posted.", "email: 2026-11 is posted."]
    with Ledger(ledger.path) as restarted:
        note_serving(restarted, FIRST + MINUTE, both.report.posted)
        assert post_due(restarted, both, FIRST + MINUTE, Month) == []
    assert titles(slack) == ["Expansion in November"]
    (letter,) = mail.mails
    assert b" Expansion in November: Existing customers now pay" in letter.content
    assert b"Message-ID: <upswell.2026-11." in letter.content


def test_weeks_and_months_are_posted_each_at_its_time(ledger, both, slack):
    """A server that asks of both each hour posts four weeks and a month from mid-November to mid-December."""
    for now in range(at("2026-11-16"), at("2026-12-14"), 3600):
        for kind in both.report.posted:
            post_due(ledger, both, now, kind)
    weeks = [f"Expansion in week {number}" for number in (46, 47, 48, 49)]
    assert titles(slack) == [*weeks[:3], "Expansion in November", weeks[3]]


@pytest.mark.parametrize(
    ("month", "zone", "clock", "moment"),
    [
        ("2026-02", "Europe/Berlin", "09:00", "2026-03-01T09:00:00+01:00"),
        ("2026-03", "Europe/Berlin", "09:00", "2026-04-01T09:00:00+02:00"),
        ("2026-12", "UTC", "23:59", "2027-01-01T23:59:00+00:00"),
        ("2026-10", "America/New_York", "01:30", "2026-11-01T01:30:00-04:00"),
        ("2020-02", "America/New_York", "02:30", "2020-03-01T02:30:00-05:00"),
        ("2018-10", "America/Sao_Paulo", "00:30", "2018-11-01T00:30:00-03:00"),
    ],
)
def test_a_month_is_due_on_the_first_on_the_zones_clocks(month, zone, clock, moment):
    """Whatever the day of the weekly summary is; a first of a month on which the clocks go back has one post."""
    report = ReportSettings(ZoneInfo(zone), "friday", time.fromisoformat(clock), "usd", (), monthly=True)
    named = Month.parse(month, report.timezone)
    assert post_at(named, report).isoformat() == moment
    now, before = int(datetime.fromisoformat(moment).timestamp()), {named.shift(-1).name}
    assert due(now - 1, 0, before, report, Month) is None
    assert due(now, 0, before, report, Month).period == named
    assert due(now + 3600, 0, {*before, named.name}, report, Month) is None
    assert next_run(now - 1, report, Month).isoformat() == moment
    assert next_run(now, report, Month) == post_at(named.shift(1), report)


def test_without_the_setting_no_month_is_posted(ledger, slack):
    """Months are off until they are asked for."""
    config = desks.config(ledger.path, slack=slack.settings)
    note_serving(ledger, at("2026-11-12"), config.report.posted)
    assert post_due(ledger, config, FIRST, Month) == []


def test_months_from_before_it_was_asked_for_are_neither_posted_nor_missed(ledger, both, slack):
    """Switched on after months of serving, or off and on again, it begins with the month that ends next."""
    off = replace(both, report=replace(both.report, monthly=False))
    note_serving(ledger, at("2027-01-10"), off.report.posted)
    note_serving(ledger, at("2027-03-10"), both.report.posted)
    assert post_due(ledger, both, at("2027-03-10T01:00"), Month) == []
    assert said(post_due(ledger, both, at("2027-04-01T07:00"), Month))[0] == "slack: 2027-03 is posted."
    assert "Upswell was not running" not in json.dumps(slack.messages)


def test_a_missed_month_is_posted_late_and_earlier_ones_are_named(ledger, both, slack):
    """Nobody served from mid-November to February: January comes, late, and names the two before it."""
    assert len(post_due(ledger, both, at("2027-02-03T12:00"), Month)) == 2
    text = json.dumps(slack.messages[0], ensure_ascii=False)
    assert "Upswell was not running when it was time for 2026-11, 2026-12." in text
    assert "Posted late: it was due on Mon, Feb 1, 09:00." in text


def test_a_week_that_does_not_add_up_holds_up_no_month(ledger, both, slack, monkeypatch, caplog):
    """What is wrong with one report is said, and the other one is posted."""
    whole = delivery.summary_of

    def of(opened, config, period, now):
        if isinstance(period, Week):
            raise InvariantError("The movements of week 48 do not add up")
        return whole(opened, config, period, now)

    monkeypatch.setattr(delivery, "summary_of", of)
    with caplog.at_level(logging.WARNING), time_machine.travel(FIRST, tick=True):
        running = schedule.start(both)
        try:
            until(lambda: titles(slack) == ["Expansion in November"])
            until(lambda: "The weekly summary could not be posted: The movements of week 48" in caplog.text)
        finally:
            running.stop()


def test_a_failing_channel_is_tried_again_for_the_month_alone(ledger, both, slack):
    """A week's repeat and a month's are each their own; a later month takes the place of one that never arrived."""
    slack.answers = [(503, "", {})]
    post_due(ledger, both, FIRST, Month)
    assert post_due(ledger, both, FIRST + MINUTE) == [] or titles(slack) == []
    assert [one.period for one in deliveries.waiting(ledger, "monthly", FIRST + MINUTE)] == ["2026-11"]
    post_due(ledger, both, FIRST + 7 * DAY)
    assert deliveries.find(ledger, NOVEMBER, "slack").state == "failed"
    slack.answers = [(200, "ok", {})]
    post_due(ledger, both, at("2027-01-01T08:00"), Month)
    assert "Could not be posted here: 2026-11." in json.dumps(slack.messages[-1])
    assert deliveries.find(ledger, NOVEMBER, "slack").error.endswith("(superseded by 2026-12)")


def test_a_restart_tries_once_more_what_was_given_up_of_both(ledger, both, slack):
    """A revoked webhook gives up the week and the month; the next start tries the last of each."""
    slack.answers = [(404, "no_service", {})]
    post_due(ledger, both, at("2026-11-30T08:00"))
    post_due(ledger, both, FIRST, Month)
    slack.answers = [(200, "ok", {})]
    note_serving(ledger, FIRST + DAY, both.report.posted)
    for kind in both.report.posted:
        post_due(ledger, both, FIRST + DAY, kind)
    assert titles(slack) == ["Expansion in week 48", "Expansion in November"]


def test_a_month_corrects_months_and_a_week_weeks(ledger, both, slack):
    """What changed since is told by the next report on the same kind of period, from what that one said."""
    for now, kind in ((at("2026-11-16T08:00"), Week), (FIRST, Month)):
        post_due(ledger, both, now, kind)
    put(ledger, "2026-11-11 cus_77 new +100000")
    post_due(ledger, both, at("2026-12-07T08:00"))
    post_due(ledger, both, at("2027-01-01T08:00"), Month)
    week, month = (json.dumps(message, ensure_ascii=False) for message in slack.messages[-2:])
    assert "2026-W46 new: +$99.00 is now +$1,099.00" in week
    assert "2026-11 new" not in week
    assert "2026-11 new: +$99.00 is now +$1,099.00" in month
    assert "W46" not in month


def test_a_kept_month_is_read_back_as_it_was(ledger, both):
    """The ledger keeps the month's JSON under the month's keys, and gives the summary that was posted."""
    post_due(ledger, both, FIRST, Month)
    (text,) = ledger.connection.execute("SELECT figures FROM summaries WHERE report = 'monthly'").fetchone()
    assert {"month", "previous_month", "four_month_mean"} < json.loads(text).keys()
    assert "week" not in text
    kept, made = deliveries.recorded(ledger, NOVEMBER), delivery.summary_of(ledger, both, NOVEMBER, FIRST)
    assert (kept.period, kept.figures, kept.names) == (NOVEMBER, made.figures, made.names)
    assert [point.first for point in kept.trend][-2:] == ["2026-10-01", "2026-11-01"]


def test_a_summary_kept_under_the_former_names_is_read(ledger, both):
    """A trend whose weeks said ``monday`` is that of today."""
    post_due(ledger, both, at("2026-11-16T08:00"))
    kept = deliveries.recorded(ledger, desks.week("2026-W46"))
    with ledger.write() as connection:
        connection.execute("""UPDATE summaries SET figures = replace(figures, '"first": ', '"monday": ')""")
    assert deliveries.recorded(ledger, desks.week("2026-W46")) == kept


def test_by_hand_a_month_is_posted_once_it_is_over(ledger, both, slack):
    """The same path: not before its end, everywhere it was not yet, and then not by the server."""
    with pytest.raises(UpswellError, match="2026-11 is not over: it can be posted from Tue, Dec 1, 00:00"):
        post_by_hand(ledger, both, NOVEMBER, FIRST - 10 * 3600)
    assert said(post_by_hand(ledger, both, NOVEMBER, FIRST - 3600))[0] == "slack: 2026-11 is posted."
    assert post_due(ledger, both, FIRST, Month) == []
    again = said(post_by_hand(ledger, both, NOVEMBER, FIRST))
    assert again[0] == "slack: 2026-11 was posted on Tue, Dec 1, 08:00 and is not sent again."
    assert titles(slack) == ["Expansion in November"]


@pytest.mark.parametrize("served", [at("2026-12-02"), None])
def test_what_was_never_due_is_not_late(ledger, slack, served):
    """A month from before months were posted, or with them off: tried again by hand, nothing says it was due."""
    config = monthly(desks.config(ledger.path, slack=slack.settings))
    if served:
        note_serving(ledger, served, config.report.posted)
    slack.answers = [(500, "server_error", {}), (200, "ok", {})]
    assert not post_by_hand(ledger, config, NOVEMBER, at("2026-12-03"))[0].ok
    assert said(post_by_hand(ledger, config, NOVEMBER, at("2026-12-03T01:00"))) == ["slack: 2026-11 is posted."]
    assert "Posted late" not in json.dumps(slack.messages)


def test_a_quiet_month_is_one_short_message_or_none(ledger, both, slack):
    """``[report] quiet`` holds for months as for weeks."""
    silent = monthly(both, quiet="silent")
    assert said(post_by_hand(ledger, silent, Month.parse("2026-08", desks.BERLIN), FIRST)) == [
        '2026-08 was quiet: it is recorded and sent nowhere ([report] quiet = "silent").'
    ]
    post_by_hand(ledger, both, Month.parse("2026-09", desks.BERLIN), FIRST)
    assert slack.messages[0]["blocks"][0]["text"]["text"] == (
        "A quiet month: no existing customer grew, shrank or left"
    )


def test_doctor_says_when_each_report_comes(ledger, both):
    """The next summary is the week's; where months are posted, the next one of these stands beside it."""
    config = replace(monthly(both, quiet="silent"), places=load(env={}).places)
    found = {one.subject: one.text for one in findings(config, at("2026-11-25"))}
    assert found["next summary"] == "Monday 2026-11-30 09:00 CET; of the month Tuesday 2026-12-01 09:00 CET"
    assert found["channels"] == "slack, email; quiet weeks and months are sent nowhere"


def test_a_server_posts_the_month_on_the_first_at_nine(ledger, slack):
    """A real server whose clock is moved: asleep on the last of the month, up on the first, and once."""
    folder = ledger.path.parent
    (folder / "moved.py").write_text(MOVED)
    report = '[report]\ntimezone = "Europe/Berlin"\nmonthly = true\nday = "friday"\n'

    def serve(moment):
        program = (str(folder / "moved.py"), moment)
        return Served(folder, more=report, program=program, SLACK_WEBHOOK_URL=slack.url).ready()

    asleep = serve("2026-11-30T23:00+01:00")
    assert "the weekly summary on Friday and the monthly one on the first at 09:00" in asleep.said()
    asleep.stop()
    up = serve("2026-12-01T09:00:01+01:00")
    try:
        until(lambda: "slack: 2026-11 is posted." in up.said())
    finally:
        up.stop()
    serve("2026-12-01T09:05+01:00").stop()
    assert titles(slack) == ["Expansion in November"]
