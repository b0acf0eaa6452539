"""A whole Monday, and the weeks after it, through a real ``upswell serve`` whose clock is moved."""

import json

import pytest
from desks import week
from serving import Served, until

from upswell.store import deliveries

MOVED = """
import sys
import time_machine

if __name__ == "__main__":
    time_machine.travel(sys.argv.pop(1), tick=True).start()
    from upswell.__main__ import main

    main()
"""
REPORT = """
[report]
timezone = "Europe/Berlin"
"""


@pytest.fixture
def serve(ledger, slack):
    """Give a function that starts a server at a moment of Berlin's clocks; none is left when the test ends."""
    folder = ledger.path.parent
    program = folder / "moved.py"
    program.write_text(MOVED)
    running = []

    def start(moment):
        served = Served(folder, more=REPORT, program=(str(program), moment), SLACK_WEBHOOK_URL=slack.url)
        running.append(served)
        return served.ready()

    yield start
    for served in running:
        served.kill()


def came(slack):
    """Return of each message the week it is of, and which remarks on its delivery it has."""
    texts = [json.dumps(message, ensure_ascii=False) for message in slack.messages]
    remarks = ("Posted late: it was due on", "Upswell was not running", "This may be a repeat")
    return [
        (message["text"][:20], *(said for said in remarks if said in text))
        for message, text in zip(slack.messages, texts, strict=True)
    ]


def test_a_server_posts_on_monday_at_nine_and_once_whatever_restarts(serve, slack, ledger):
    """Started before the hour it sends nothing; at the hour it posts; started again, on Thursday too, it does not."""
    for moment in ("2026-11-15T23:59+01:00", "2026-11-16T08:45+01:00"):
        serve(moment).stop()
        assert slack.messages == []
    monday = serve("2026-11-16T09:00:01+01:00")
    until(lambda: "slack: 2026-W46 is posted." in monday.said())
    monday.stop()
    for moment in ("2026-11-16T09:01+01:00", "2026-11-19T09:00+01:00"):
        serve(moment).stop()
    assert came(slack) == [("Expansion in week 46",)]
    assert deliveries.find(ledger, week("2026-W46"), "slack").state == "sent"


def test_a_server_that_was_down_for_three_days_posts_late_and_says_so(serve, slack):
    """Down from Sunday to Wednesday, up at noon: Monday's post comes then, with a note, and the next on its Monday."""
    serve("2026-11-15T12:00+01:00").stop()
    wednesday = serve("2026-11-18T12:00+01:00")
    until(lambda: "slack: 2026-W46 is posted." in wednesday.said())
    wednesday.stop()
    monday = serve("2026-11-23T09:00:01+01:00")
    until(lambda: "slack: 2026-W47 is posted." in monday.said())
    assert came(slack) == [("Expansion in week 46", "Posted late: it was due on"), ("Expansion in week 47",)]


@pytest.mark.parametrize(
    ("before", "at"),
    [
        ("2026-03-29T23:00+02:00", "2026-03-30T09:00:01+02:00"),
        ("2026-10-25T23:00+01:00", "2026-10-26T09:00:01+01:00"),
    ],
)
def test_a_server_posts_at_nine_on_the_clocks_on_the_monday_after_each_switch(serve, slack, before, at):
    """An hour earlier or later in UTC than the week before, it is nine all the same."""
    serve(before).stop()
    serve(at.replace("09:00:01", "08:45:00")).stop()
    assert slack.messages == []
    served = serve(at)
    until(lambda: "is posted." in served.said())
    assert len(slack.messages) == 1
    assert "Posted late" not in json.dumps(slack.messages[0])
