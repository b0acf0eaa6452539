"""The backtest: known histories, replayed with nothing but what was known then."""

import csv
import io
import json
import re

import pytest
from cli.conftest import Terminal, upswell
from core.values import history, price, seats, subscription

from signals.asking import DAY, at, life
from signals.test_command import story
from upswell.core.portfolio import Item
from upswell.core.rules import Rules
from upswell.render import backtest as rendered
from upswell.signals.backtest import ANY, FEWEST, HORIZONS, Backtest, Row, Sample, trail
from upswell.signals.known import Past
from upswell.signals.terms import Terms

__all__ = ["story", "upswell"]

NOW = at(300)
EXTRA = Item("si_2", price(500, name="extra"), 1)
GROWN = subscription(Item("si_1", price(), 8), EXTRA)
QUIET = ((0, seats(5)),)
TOLD = ((0, seats(5)), (60, seats(8)))
EXPANDED = (*TOLD, (100, GROWN))


def trailed(*steps, now=NOW):
    """Return what would have been told of a life, and what followed."""
    return list(trail(Past(history(*life(*steps)), Rules()), now, Terms()))


def told(*steps, **more):
    """Return the days of 2026 on which somebody would have been told of, with the signals and what followed."""
    found = [one for one in trailed(*steps, **more) if one.signals]
    return [((one.at - at(0)) // DAY, sorted(one.signals), one.followed) for one in found]


def test_a_signal_of_the_past_is_seen_in_its_week():
    """Weeks end now: of three seats on day 60, the first whole week before day 300 after it is day 62."""
    assert told(*TOLD) == [(62, ["seats_added"], (False, False, False))]


def test_what_followed_is_looked_for_within_each_horizon():
    """A product added on day 100 is 38 days after the signal of day 62: not within 30, but within 60 and 90."""
    assert told(*EXPANDED)[0] == (62, ["seats_added"], (False, True, True))


def test_what_is_not_over_counts_neither_way():
    """On day 110, the 30 days after a signal of day 61 are over, the 60 are not."""
    assert told(*TOLD, now=at(110)) == [(61, ["seats_added"], (False, None, None))]


def test_nothing_that_came_later_is_known():
    """What is seen at a moment is the same, whatever happened afterwards."""
    for other in (QUIET, TOLD, EXPANDED, (*TOLD, (70, seats(2)), (90, seats(2, cancel_at=at(200))))):
        until = at(300 - 7 * 34)  # day 62
        seen = [(one.at, one.signals) for one in trailed(*other) if one.at <= until]
        then = [step for step in other if at(step[0]) <= until]
        assert seen == [(one.at, one.signals) for one in trailed(*then) if one.at <= until]


def test_others_are_those_who_might_have_been_told_of():
    """In the first 30 days, after a contraction, and while a sign shows, a customer is no one to compare with."""
    assert next((one.at - at(0)) // DAY for one in trailed(*QUIET)) == 34
    shrunk = [(one.at - at(0)) // DAY for one in trailed((0, seats(5)), (60, seats(4)))]
    assert [day for day in shrunk if 60 <= day < 150] == []
    assert [one.at for one in trailed(*TOLD) if at(62) < one.at < at(150)] == []


def ran(*groups):
    """Return the rows by signal and days of a backtest of (how many, life) each."""
    found = Backtest()
    for many, steps in groups:
        for _ in range(many):
            found.add(trailed(*steps))
    return found, {(row.signal, row.days): row for row in found.rows()}


def test_counts_rates_and_lift_of_a_known_history():
    """Of 20 told of, 5 grew within 60 days; of 40 others at the same moment, 4 did: 2.5 times as often."""
    also = ((0, seats(5)), (100, subscription(Item("si_1", price(), 5), EXTRA)))
    found, rows = ran((15, TOLD), (5, EXPANDED), (36, QUIET), (4, also))
    row = rows[ANY, 60]
    assert (row.told, row.others) == (Sample(20, 5), Sample(40, 4))
    assert float(row.lift) == 2.5
    assert rows["seats_added", 60] == Row("seats_added", 60, row.told, row.others)
    assert (found.customers, found.told) == (60, 20)
    assert {name for name, _ in rows} == {ANY, "seats_added"}


def test_no_rate_is_told_on_fewer_than_20():
    """19 are too few for a rate and for a lift, on either side; without any expansion there is nothing to divide by."""
    _, rows = ran((19, TOLD), (40, QUIET))
    assert FEWEST == 20
    assert (rows[ANY, 30].told.rate, rows[ANY, 30].others.rate, rows[ANY, 30].lift) == (None, 0, None)
    _, rows = ran((20, TOLD), (19, QUIET))
    assert (rows[ANY, 30].told.rate, rows[ANY, 30].others.rate, rows[ANY, 30].lift) == (0, None, None)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_too_few_is_said_in_every_format(form):
    """A table says how many they are, programs get the counts and null."""
    found, _ = ran((19, EXPANDED), (25, QUIET))
    out = io.StringIO()
    rendered.FORMATS[form](found, out)
    text = out.getvalue()
    if form == "table":
        first, last = text.splitlines()[1], text.splitlines()[-1]
        assert re.split(r" {2,}", first) == ["any", "30 days", "too few (19)", "0 of 25 (0.0%)", "–"]
        assert last.startswith("44 customers, told of 19 times. This says how often expansion followed, not")
    else:
        row = json.loads(text)[1] if form == "json" else list(csv.DictReader(io.StringIO(text)))[1]
        assert (row["signal"], int(row["told"]), int(row["told_expanded"])) == ("any", 19, 19)
        assert not row["told_rate"]


def test_the_command_replays_the_ledger(upswell, story):
    """It writes nothing, says what it found, and is about everybody."""
    ended = upswell("signals", "--backtest", "--format", "json")
    rows = json.loads(ended.out)
    assert [(row["signal"], row["days"]) for row in rows] == [(ANY, days) for days in HORIZONS]
    assert "told of 1 time" in upswell("signals", "--backtest").out
    assert "told of 1 time" in upswell("signals", "--backtest", screen=Terminal()).out
    assert upswell("signals", "--backtest", "--customer", "cus_1").code == 2
