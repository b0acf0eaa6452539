"""Raw events are kept for as long as the configuration says, and figures need them no more."""

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest
from receiving import configured

from intake.told import AT, BROKEN, CREATED, DAY, applied, event, moved, movements, subscribed, tables, taken
from upswell.answers.explanation import why
from upswell.core.rules import Rules
from upswell.errors import UpswellError
from upswell.intake.applying import apply_pending
from upswell.intake.reclassify import reclassify
from upswell.serving import schedule
from upswell.store import arrivals, events
from upswell.store.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path):
    """Give a ledger with applied events of 100 days ago, a dead letter of then, and an event of today."""
    with Ledger(tmp_path / "upswell.db", create=True) as opened:
        applied(opened, subscribed(1), moved(1, 5, 8, AT + DAY), BROKEN)
        with opened.write() as connection:
            connection.execute("UPDATE events SET received_at = received_at - 100 * 86400")
        applied(opened, subscribed(2))
        yield opened


def shed(ledger: Ledger, days: int) -> int:
    """Drop what is older than so many days; return how much that was."""
    return sum(arrivals.shed(ledger, int(time.time()) - days * DAY))


def kept(ledger: Ledger) -> set[str]:
    """Return the ids of the events whose bytes are there."""
    names = [name for (name,) in ledger.connection.execute("SELECT id FROM events")]
    return set(events.bodies(ledger, names))


def test_old_applied_events_lose_their_bytes_and_nothing_else(ledger):
    """Younger ones and dead letters are kept; every row stays, and no other table changes."""
    before = tables(ledger, without=("body",))
    assert shed(ledger, 90) == 2
    assert kept(ledger) == {"evt_broken", "evt_sub_2"}
    assert tables(ledger, without=("body",)) == before
    assert shed(ledger, 90) == 0


def test_many_are_dropped_in_short_commits(ledger):
    """However many there are, each commit drops a hundred at most."""
    with ledger.write() as connection:
        connection.executemany(
            "INSERT INTO events(id, type, created, livemode, body, state, received_at)"
            " VALUES (?, 'x', 1, 0, x'789c030000000001', 'applied', 5)",
            [(f"evt_old_{number}",) for number in range(250)],
        )
    assert list(arrivals.shed(ledger, 10)) == [100, 100, 50]


def test_a_rebuild_needs_no_raw_event(ledger):
    """Reclassified without the bytes, the movements are the same; a repeated event is still known."""
    before = movements(ledger)
    shed(ledger, 0)
    assert all(found.before == found.after for found in reclassify(ledger, Rules()).differences)
    assert movements(ledger) == before
    taken(ledger, subscribed(1))
    assert apply_pending(ledger, Rules()).applied == 0


def test_what_is_to_be_applied_again_and_is_gone_stays_applied(ledger):
    """Where events are set back to be read anew, those without bytes are left as they were read."""
    before = movements(ledger)
    shed(ledger, 90)
    with ledger.write() as connection:
        connection.execute("UPDATE events SET state = 'received' WHERE type = ?", (CREATED,))
    assert apply_pending(ledger, Rules()).failed == 1
    assert event(ledger, "evt_sub_1") == ("applied", None)
    assert movements(ledger) == before


def test_who_asks_for_a_dropped_event_is_told(ledger):
    """Showing it names the setting; explaining a movement goes without the payload."""
    shed(ledger, 90)
    with pytest.raises(UpswellError, match="keep_events_days"):
        arrivals.body(ledger, "evt_sub_1")
    (movement,) = ledger.connection.execute("SELECT id FROM movements WHERE kind = 'seat'").fetchone()
    told = why(ledger, Rules(), movement, AT + 9 * DAY)
    assert [(one.event, one.payload) for one in told.evidence][-1] == (f"evt_moved_1_{AT + DAY}", None)


@pytest.mark.parametrize(("days", "left"), [(None, 4), (90, 2), (200, 4)])
def test_serve_drops_them_once_a_day_where_it_is_told_to(ledger, tmp_path, caplog, days, left):
    """At its start the schedule drops what is too old; without the setting nothing, ever."""
    caplog.set_level(logging.INFO)
    config = configured(tmp_path, "" if days is None else f"keep_events_days = {days}\n")
    running = schedule.start(config)
    deadline = time.monotonic() + 60
    while len(kept(ledger)) != left and time.monotonic() < deadline:
        time.sleep(0.01)
    running.stop()
    assert len(kept(ledger)) == left
    assert ("2 events older than 90 days" in caplog.text) is (days == 90)


def test_a_ledger_that_is_gone_is_logged(tmp_path, caplog):
    """It is tried again the next day, and the scheduler lives on."""
    config = configured(tmp_path, "keep_events_days = 1\n")
    schedule._shed(replace(config))
    assert "Old events could not be dropped: There is no ledger at" in caplog.text
