"""The jobs in their scheduler."""

import logging
import time
from zoneinfo import ZoneInfo

import desks
import time_machine
from booked import at

from upswell.configuration.times import next_run
from upswell.report.periods import Week
from upswell.serving import schedule
from upswell.store.ledger import Ledger


def settled(read, wanted, seconds=60):
    """Wait until ``read()`` gives what is wanted."""
    deadline = time.perf_counter() + seconds
    while read() != wanted and time.perf_counter() < deadline:
        time.sleep(0.01)
    return read()


def states(path):
    """Return the states of all deliveries."""
    with Ledger(path) as ledger:
        return [state for (state,) in ledger.connection.execute("SELECT state FROM deliveries")]


def test_at_its_start_the_schedule_posts_what_is_due(ledger, slack):
    """A serve that was down at the hour posts when it starts again, and notes its first start."""
    config = desks.config(ledger.path, slack=slack.settings)
    with time_machine.travel(at("2026-11-12T10:00")):
        schedule.start(config).stop()
        assert ledger.job("first_served_at") == at("2026-11-12T10:00")
    with time_machine.travel(at("2026-11-19T10:00")):
        running = schedule.start(config)
        try:
            assert settled(lambda: states(ledger.path), ["sent"]) == ["sent"]
        finally:
            running.stop()
    assert ledger.job("first_served_at") == at("2026-11-12T10:00")
    assert len(slack.messages) == 1


def test_a_ledger_that_cannot_be_read_is_logged_in_one_line(ledger, slack, caplog):
    """What goes wrong is said and tried again a minute later: the scheduler lives on."""
    config = desks.config(ledger.path.with_name("missing.db"), slack=slack.settings)
    with caplog.at_level(logging.WARNING):
        schedule._post(Week, config)
    assert "The weekly summary could not be posted: There is no ledger at" in caplog.text


def test_a_failure_is_logged_without_secrets(ledger, slack, caplog):
    """The log has the outcome of each channel, and no webhook URL."""
    config = desks.config(ledger.path, slack=slack.settings)
    slack.answers = [(404, "no_service", {})]
    with caplog.at_level(logging.INFO), time_machine.travel(at("2026-11-12T10:00")):
        schedule.start(config).stop()
    with caplog.at_level(logging.INFO), time_machine.travel(at("2026-11-16T10:00")):
        schedule._post(Week, config)
    assert "slack: 2026-W46 is not posted. Slack refused the message (no_service)" in caplog.text
    assert "hush-hush" not in caplog.text


def test_the_next_run_is_in_the_reports_zone(tmp_path):
    """What is shown as the next run is the coming Monday at nine, as the zone's clocks will show it."""
    report = desks.config(tmp_path).report
    run = next_run(at("2026-10-24T12:00"), report)
    assert run.isoformat() == "2026-10-26T09:00:00+01:00"
    assert run.tzinfo == ZoneInfo("Europe/Berlin")
