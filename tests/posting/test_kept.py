"""What was posted stays as posted, and each change of it is told once."""

import re

import desks
import pytest
from booked import at, put

from upswell.posting.delivery import note_serving, post_by_hand, post_due
from upswell.report.periods import Week
from upswell.store.books import write_movements

MONDAY = at("2026-11-16T08:00")
WEEK = 7 * 86_400


@pytest.fixture
def config(ledger, slack, mail):
    """Give a configuration that posts to Slack and by email."""
    note_serving(ledger, at("2026-11-12"))
    return desks.config(ledger.path, slack=slack.settings, email=mail.settings())


def kept(ledger):
    """Return all that the ledger keeps of what was posted, by period."""
    summaries = ledger.connection.execute("SELECT * FROM summaries ORDER BY id").fetchall()
    posted = ledger.connection.execute("SELECT * FROM deliveries ORDER BY period, destination").fetchall()
    return summaries, posted


def told(message):
    """Return what a message says was changed since: the week, the kind, what it was and is."""
    text = "\n".join(block["text"]["text"] for block in message["blocks"] if "text" in block)
    return re.findall(r"(2026-W\d\d) (\w+): (\S+) is now ([^\s(]+)", text)


def test_each_change_of_a_posted_week_is_told_once_from_what_was_said_last(ledger, config, slack):
    """Late, later, and taken back: each post says what changed since the one before it, and then no more is said."""
    post_due(ledger, config, MONDAY)
    put(ledger, "2026-11-11 cus_77 new +100000")
    post_due(ledger, config, MONDAY + WEEK)
    put(ledger, "2026-11-11 cus_78 new +50000")
    post_due(ledger, config, MONDAY + 2 * WEEK)
    with ledger.write() as connection:
        write_movements(connection, "cus_77", [])
        write_movements(connection, "cus_78", [])
    post_due(ledger, config, MONDAY + 3 * WEEK)
    post_due(ledger, config, MONDAY + 4 * WEEK)
    assert [told(message) for message in slack.messages] == [
        [],
        [("2026-W46", "new", "+$99.00", "+$1,099.00")],
        [("2026-W46", "new", "+$1,099.00", "+$1,599.00")],
        [("2026-W46", "new", "+$1,599.00", "+$99.00")],
        [],
    ]


def test_nothing_that_comes_later_rewrites_what_was_posted(ledger, config, slack):
    """Late events, movements that are gone, later posts, restarts and posts by hand leave every kept row as it was."""
    post_due(ledger, config, MONDAY)
    first = kept(ledger)
    put(ledger, "2026-11-11 cus_77 new +100000")
    with ledger.write() as connection:
        write_movements(connection, "cus_1", [])
    note_serving(ledger, MONDAY + 60)
    post_due(ledger, config, MONDAY + 3600)
    post_by_hand(ledger, config, Week.parse("2026-W46", desks.BERLIN), MONDAY + 7200)
    assert kept(ledger) == first
    post_due(ledger, config, MONDAY + WEEK)
    summaries, posted = kept(ledger)
    assert (summaries[:1], posted[:2]) == first
    assert len(slack.messages) == 2
