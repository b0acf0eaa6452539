"""Tracks: the whole history's figures from them are those of the movements that they are made of."""

import plain
import pytest
from booked import at, movements, put, tracks
from hypothesis import given
from hypothesis import strategies as st
from strides import CUT, STEP, at_day, told

from upswell.report import metrics
from upswell.store import books, tracked
from upswell.store.ledger import Ledger
from upswell.store.track_tables import fill

DAY = 86_400
START = at("2026-01-01")


@given(st.lists(STEP, max_size=40), CUT, CUT)
def test_figures_from_tracks_are_those_of_movements(steps, first, second):
    """Every figure of the whole history is, over any window of any movements, what its plain definition says."""
    booked = movements(told(steps))
    start, end = (at(at_day(day)) for day in sorted((first, second)))
    for code in ("usd", "eur"):
        held = [track for track in tracks(booked) if track.currency == code]
        assert metrics.mrr(held, end) == metrics.stated(held, end) == sum(plain.mrr(booked, code, end).values())
        full, bare = metrics.retention(held, start, end)
        assert (full.nrr, full.grr, bare.nrr, bare.grr) == plain.retention(booked, code, start, end)
        assert metrics.time_to_expansion(held, end) == plain.time_to_expansion(booked, code, end)
        assert metrics.not_yet_expanded(held, end) == plain.not_yet_expanded(booked, code, end)
        begun = {track.customer for track in held if track.since < end}
        assert begun == {one.customer for one in plain.lived(booked, end) if one.currency == code}


@pytest.fixture
def ledger(tmp_path):
    """Give a new ledger."""
    with Ledger(tmp_path / "upswell.db", create=True) as opened:
        yield opened


STORY = """
2026-01-01 cus_1 new +100
2026-01-02 cus_2 new +300 currency=eur
2026-01-03 cus_1 price_change +20
2026-01-04 cus_1 add_on +7 currency=eur
2026-01-05 cus_1 downgrade -50
2026-01-06 cus_2 churn -300 currency=eur
"""


def _by_customer(held):
    return sorted(held, key=lambda track: (track.customer, track.currency))


def test_tracks_are_written_with_the_movements(ledger):
    """What is read back is what the movements make, before and after they change, and nothing once they are gone."""
    put(ledger, STORY)
    assert _by_customer(tracked.tracks(ledger)) == tracks(movements(STORY))
    shorter = "\n".join(STORY.splitlines()[:4])
    put(ledger, shorter)
    assert _by_customer(tracked.tracks(ledger)) == tracks(movements(shorter))
    with ledger.write() as connection:
        for customer in ("cus_1", "cus_2"):
            books.write_movements(connection, customer, [])
    assert tracked.tracks(ledger) == []


def test_a_ledger_of_before_has_its_tracks_made(ledger):
    """The migration makes everybody's tracks from the movements that there are."""
    put(ledger, STORY)
    with ledger.write() as connection:
        connection.execute("DELETE FROM tracks")
        fill(connection)
    assert _by_customer(tracked.tracks(ledger)) == tracks(movements(STORY))


@pytest.mark.parametrize(("first", "second"), [(0, 40), (1, 3), (2, 5), (3, 3)])
def test_a_bridge_is_added_up_without_reading_movements(ledger, first, second):
    """The ledger's sums of a window, kind by kind, are those of its movements."""
    put(ledger, STORY)
    start, end = START + first * DAY, START + second * DAY
    for code in ("usd", "eur"):
        own = [one for one in metrics.window(movements(STORY), start, end) if one.currency == code]
        assert books.bridge(ledger, code, start, end) == metrics.bridge(own)
