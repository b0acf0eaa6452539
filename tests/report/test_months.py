"""A month is summed up as a week is: the same figures, between other edges, in its own words."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from booked import at, movements
from charted import charted
from hypothesis import given
from hypothesis import strategies as st
from summaries import BUSY, NAMES, summary

from upswell.core.kinds import KINDS
from upswell.errors import UpswellError
from upswell.render import email, slack, terminal
from upswell.render.drawings import drawings
from upswell.render.page import page
from upswell.report import metrics
from upswell.report.figures import Restated
from upswell.report.summary import as_json

WON = "2025-12-01 cus_1 new +100000\n" + "\n".join(
    f"2026-{month:02d}-0{day} cus_1 seat +{1000 * month + day}" for month in range(1, 11) for day in (2, 9)
)


def faces(told):
    """Return the summary as every face writes it."""
    message = slack.message(told)
    texts = [part["text"] for block in message["blocks"] for part in _texts(block)]
    return terminal.text(told), "\n".join([message["text"], *texts]), email.letter(told).text, email.letter(told).html


def _texts(block):
    return [block["text"]] if "text" in block else [*block.get("elements", ()), *block.get("fields", ())]


def test_a_months_figures_are_those_of_its_days():
    """Opening MRR on the first, the bridge to the last, compared with the month before and the mean of four."""
    told = summary(WON, "2026-10")
    figures = told.figures
    assert (figures.opening_mrr, figures.expansion.total, figures.expansion.count) == (190_099, 20_011, 2)
    assert figures.closing_mrr == 210_110
    assert (figures.previous.expansion, figures.mean.expansion) == (18_011, 15_011)
    assert figures.causes["seat"].previous == 18_011
    assert as_json(told)["four_month_mean"]["expansion"] == 15_011
    assert {"month": "2026-10", "start": "2026-10-01", "end": "2026-11-01"}.items() <= as_json(told).items()


@given(st.lists(st.tuples(st.integers(0, 364), st.integers(1, 900)), max_size=40))
def test_the_months_of_a_year_add_up_to_it(steps):
    """Each month opens where the one before closed, and their bridges together are all that happened."""
    first = date(2025, 12, 15)
    rows = [f"2025-12-15 cus_{who} new +1000" for who in range(3)]
    for number, (day, amount) in enumerate(sorted(steps)):
        when, moved = first + timedelta(days=day), f"seat +{amount}" if amount % 2 else "downgrade -1"
        rows.append(f"{when}T12:00 cus_{number % 3} {moved}")
    text = "\n".join(rows)
    months = [summary(text, f"2026-{month:02d}", now=at("2027-02-01")) for month in range(1, 13)]
    for one, following in pairwise(months):
        assert one.figures.closing_mrr == following.figures.opening_mrr
        assert following.figures.previous.expansion == one.figures.expansion.total
    year = [one for one in movements(text) if at("2025-12-31T23:00") <= one.occurred_at < at("2026-12-31T23:00")]
    assert {kind: sum(one.figures.bridge[kind] for one in months) for kind in KINDS} == metrics.bridge(year)


def test_every_face_speaks_of_months():
    """The title, what it is compared with, and quiet and first months: nowhere is a week."""
    told = charted(BUSY, "2026-11", names=NAMES)
    for face in faces(told):
        assert "Expansion in November" in face
        assert not re.search(r"\bweek", face, re.IGNORECASE)
    assert page(told).columns == ("November", "October", "4-month mean")
    assert "Month by month" in terminal.text(told)
    assert page(summary("2026-11-03 cus_1 new +100", "2026-11")).headline == (
        "The first month: $1.00 a month from new customers"
    )
    assert page(summary(BUSY, "2026-07")).headline == "A quiet month: no existing customer grew, shrank or left"


def test_pictures_show_twelve_months_by_their_names():
    """Each column is a month; the thread's table has the same rows, and the windows of retention end with them."""
    told = charted(WON, "2026-10")
    drawn = {one.name: one for one in drawings(told)}
    names = [point["name"] for point in drawn["causes"].shown["points"]]
    assert names == ["Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct"][-len(names) :]
    assert drawn["causes"].alt.startswith(f"Expansion by cause, {len(names)} months: ")
    details = slack.details(told)
    assert details["text"].startswith("Expansion by month and cause")
    assert told.trend[-1].nrr == told.figures.nrr.d30


def test_an_import_is_told_by_the_four_weeks_before_a_month():
    """A day with many new customers, none of whom came in the weeks before, looks like an import in a month too."""
    text = "2026-08-20 cus_0 new +100\n" + "\n".join(f"2026-11-20 cus_{one} new +100" for one in range(1, 31))
    assert summary(text, "2026-11").notes == ("30 customers are new on 2026-11-20: this looks like an import.",)
    assert summary(text, "2026-12").notes == ()


def test_a_month_that_has_not_begun_is_refused():
    """It is named, and what may be named instead."""
    with pytest.raises(UpswellError, match="2026-12 has not begun: name a month up to the running one"):
        summary(BUSY, "2026-12", now=at("2026-11-30"))


@pytest.mark.parametrize(("name", "option"), [("2026-W46", "--week 2026-W46"), ("2026-11", "--month 2026-11")])
def test_what_is_left_out_is_named_with_where_it_stands(name, option):
    """What is ahead is in the JSON of that very period; what is corrected, in the explanations of who moved."""
    ends = "\n".join(f"2026-12-02 cus_{number} discount +1" for number in range(7))
    told = summary(f"{BUSY}{ends}", name, now=at("2026-11-30T23:00"))
    again = Restated("2026-W44", "seat", 12000, 15000, "arrived since: 10 → 12 seats")
    said = page(replace(told, figures=replace(told.figures, restated=(again,) * 7)))
    assert said.ahead[-1].endswith(f" more: see `upswell summary {option} --format json`")
    assert said.corrections[-1] == "and 2 more: `upswell explain` says of a customer what was told, and what is so"
