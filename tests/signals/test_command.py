"""upswell signals: who, score, why, next step."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
import time_machine
from booked import at
from cli.conftest import Terminal, upswell
from scenarios.story import Story

from upswell.render.ready import COLUMNS

__all__ = ["upswell"]


@pytest.fixture
def story(upswell):
    """Take in the story of a customer who went from 5 to 8 seats in March, and of one who began in April."""
    story = Story("endive")
    story.customer.change(name="Tiny Telescopes")
    pro = story.price("Pro", 10)
    story.at("2026-01-01 00:00")
    sub = story.subscribe(pro * 5)
    story.at("2026-03-01 00:00")
    sub.seats(pro, 8)
    Path("events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in story.events))
    assert upswell("replay", "events.jsonl").code == 0
    with time_machine.travel(at("2026-03-20"), tick=False):
        yield story


WHY = "5 → 8 seats of Pro since 1 March: +30.00 a month"


def test_a_table_says_who_how_much_why_and_what_next(upswell, story):
    """Piped, each signal is a line; the customer's name and score stand beside the first."""
    ended = upswell("signals")
    heading, line = ended.out.splitlines()
    assert ended.code == 0
    assert heading.split() == ["Score", "Customer", "Points", "Signal", "Why", "and", "next", "step"]
    assert re.split(r" {2,}", line.strip()) == ["16", "Tiny Telescopes", "16", "seats_added", f"{WHY}. {STEP}"]


STEP = "Ask how the team grows, and offer a plan for its size"


def test_on_a_terminal_it_is_drawn(upswell, story):
    """A person sees the same in a table that wraps."""
    shown = re.sub(r"\x1b\[[0-9;]*m", "", upswell("signals", screen=Terminal()).out)
    assert "Tiny Telescopes" in shown
    assert "5 → 8 seats of Pro" in shown


def test_json_holds_each_customer_with_its_signals(upswell, story):
    """The parts of the score stand beside it and add up to it."""
    (told,) = json.loads(upswell("signals", "--format", "json").out)
    (one,) = told.pop("signals")
    assert told == {"customer": story.customer.id, "name": "Tiny Telescopes", "score": 16}
    assert one.pop("id").startswith("sig_")
    assert one == {
        "signal": "seats_added",
        "points": 16,
        "evidence": WHY,
        "next_step": STEP,
        "raised_at": "2026-03-20T00:00:00Z",
    }


def test_csv_has_a_line_a_signal(upswell, story):
    """Programs get every column, with a header."""
    (row,) = csv.DictReader(io.StringIO(upswell("signals", "--format", "csv").out))
    assert tuple(row) == COLUMNS
    assert (row["signal"], row["evidence"], row["score"]) == ("seats_added", WHY, "16")


def test_one_customer_can_be_asked_for(upswell, story):
    """Where it has no signal, standard error says why; an unknown id is an error."""
    assert WHY in upswell("signals", "--customer", story.customer.id).out
    with time_machine.travel(at("2026-07-20"), tick=False):
        ended = upswell("signals", "--customer", story.customer.id)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"{story.customer.id} shows no sign of being ready for more\n"
    unknown = upswell("signals", "--customer", "cus_nobody")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)


def test_asking_again_tells_the_same(upswell, story):
    """The list is what was raised: asking changes nothing, the day after neither."""
    first = upswell("signals", "--format", "csv").out
    with time_machine.travel(at("2026-03-21"), tick=False):
        assert upswell("signals", "--format", "csv").out == first
