"""Targets: how much of what is to be won in a month or quarter has been won, beside how much of it has passed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import desks
import pytest
from booked import at, movements, put
from core.values import calm
from hypothesis import given
from hypothesis import strategies as st
from summaries import BERLIN, QUIET, summary

from upswell.posting import reports
from upswell.render import email, slack, terminal
from upswell.render.page import page
from upswell.report.breakdowns import brought_together
from upswell.report.periods import Month, Week
from upswell.report.summary import as_json
from upswell.report.targets import Target, Won, due, progress
from upswell.store.ledger import Ledger

MONTH, QUARTER = Target("month", 500_000), Target("quarter", 1_500_000)
OWNER = "customer.metadata.owner"
NOVEMBER = Month(date(2026, 11, 1), BERLIN)
WON = """
2026-01-01 cus_1 new +1000
2026-01-01 cus_2 new +9000
2026-10-31T22:59:59 cus_1 seat +7
2026-10-31T23:00:00 cus_1 seat +100000
2026-11-09 cus_1 upgrade +220000
2026-11-10 cus_2 price_change +999
2026-11-10 cus_2 downgrade -5000
2026-11-16T11:59:59 cus_2 overage +50
2026-11-16T12:00:00 cus_2 overage +600
"""


def won(text=WON, rates=None, traits=None):
    """Return what ``text`` tells of, in dollars."""
    return Won(movements(text), traits or {}, "usd", rates or {})


def names(monday, cut, *targets):
    """Return the periods that are told of in the week of ``monday``, as far as ``cut``."""
    week = Week.containing(at(monday), BERLIN)
    return [period.name for _, period in due(targets or (MONTH,), week, at(cut))]


def test_what_counts_is_expansion_within_the_period_up_to_now():
    """Expansion alone counts, from the period's first second in the report's zone to before the moment reported on."""
    found = progress(MONTH, NOVEMBER, won(), at("2026-11-16T12:00"))
    assert (found.period, found.start, found.end) == ("2026-11", "2026-11-01", "2026-12-01")
    assert (found.target, found.reached, found.share) == (500_000, 320_050, 0.6401)
    assert found.elapsed == round((15 + 13 / 24) / 30, 6)
    assert found.uncounted == ()


def test_a_period_is_told_until_it_is_over():
    """The period that the week ends in is told, and before it the one that ended within the week."""
    assert names("2026-11-09", "2026-11-15T23:00") == ["2026-11"]
    assert names("2026-11-23", "2026-11-29T23:00") == ["2026-11"]
    assert names("2026-11-30", "2026-12-06T23:00") == ["2026-11", "2026-12"]
    assert names("2026-11-30", "2026-11-30T12:00") == ["2026-11"]
    assert names("2026-12-28", "2027-01-03T23:00", MONTH, QUARTER) == ["2026-12", "2027-01", "2026-Q4", "2027-Q1"]


def test_a_period_that_is_over_counts_all_of_it():
    """Once it is over, a period's share of time is 1, and what came after it does not count."""
    found = progress(MONTH, NOVEMBER, won(WON + "2026-12-01 cus_1 seat +9"), at("2026-12-06T23:00"))
    assert (found.elapsed, found.reached) == (1.0, 320_650)


@pytest.mark.parametrize(
    ("day", "month", "quarter"),
    [
        ("2026-01-15", ("2026-01", "2026-01-01", "2026-02-01"), ("2026-Q1", "2026-01-01", "2026-04-01")),
        ("2026-06-30", ("2026-06", "2026-06-01", "2026-07-01"), ("2026-Q2", "2026-04-01", "2026-07-01")),
        ("2026-11-01", ("2026-11", "2026-11-01", "2026-12-01"), ("2026-Q4", "2026-10-01", "2027-01-01")),
        ("2026-12-31", ("2026-12", "2026-12-01", "2027-01-01"), ("2026-Q4", "2026-10-01", "2027-01-01")),
    ],
)
def test_months_and_quarters_are_the_calendars(day, month, quarter):
    """A month and a quarter begin on the first of a calendar month."""
    week = Week.containing(at(day), BERLIN)
    found = [period for _, period in due([MONTH, QUARTER], week, at(f"{day}T12:00"))]
    held = [(one.name, one.first.isoformat(), one.shift(1).first.isoformat()) for one in found]
    assert month in held
    assert quarter in held


def test_currencies_with_a_rate_count_and_others_are_named():
    """What is won in another currency counts at its rate, rounded once; without a rate the currency is named."""
    text = "2026-11-10 a seat +101 currency=eur\n2026-11-10 b seat +7 currency=jpy\n2026-11-10 c seat +100"
    found = progress(MONTH, NOVEMBER, won(text, {"eur": Decimal("1.085")}), at("2026-11-16"))
    assert (found.reached, found.uncounted) == (100 + round(Fraction("109.585")), ("jpy",))


STEPS = st.lists(st.tuples(st.integers(1, 30), st.sampled_from("abc"), st.integers(-(10**9), 10**9)), max_size=24)


@calm
@given(STEPS, st.lists(st.sampled_from("xyz"), min_size=24, max_size=24), st.integers(1, 30))
def test_what_owners_won_adds_up_to_what_all_won(steps, owners, passed):
    """The parts of all values of a segment add up to the whole, at every moment of the month."""
    lines = [f"2026-11-{day:02d}T{n:02d}:00 {who} seat {amount}" for n, (day, who, amount) in enumerate(steps)]
    booked = movements("\n".join(lines))
    traits = {one.id: {OWNER: owner} for one, owner in zip(booked, owners, strict=False)}
    held, cut = Won(booked, traits, "usd", {}), at(f"2026-11-{passed:02d}")
    parts = [progress(Target("month", 1, OWNER, owner), NOVEMBER, held, cut).reached for owner in "xyz"]
    assert sum(parts) == progress(MONTH, NOVEMBER, held, cut).reached
    assert 0 <= progress(MONTH, NOVEMBER, held, cut).elapsed <= 1


def told(**more):
    """Return a summary with a target, some of it changed."""
    found = progress(MONTH, NOVEMBER, won(), at("2026-11-16T12:00"))
    return replace(summary(WON), targets=(replace(found, **more),))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "$3,200.50 of $5,000.00 for November, 64%; 51% of the month has passed."),
        ({"share": 0.99999}, "$3,200.50 of $5,000.00 for November, 99%; 51% of the month has passed."),
        ({"share": 1.0, "elapsed": 1.0}, "$3,200.50 of $5,000.00 for November, 100%; the month is over."),
        (
            {"period": "2026-Q4", "start": "2026-10-01", "elapsed": 0.5},
            "$3,200.50 of $5,000.00 for Q4, 64%; 50% of the quarter has passed.",
        ),
        (
            {"segment": OWNER, "value": "emea <b>"},
            "owner emea <b>: $3,200.50 of $5,000.00 for November, 64%; 51% of the month has passed.",
        ),
        (
            {"uncounted": ("eur", "jpy")},
            "$3,200.50 of $5,000.00 for November, 64% (without EUR and JPY); 51% of the month has passed.",
        ),
    ],
)
def test_people_read_how_far_it_has_come(more, sentence):
    """Each face says reached, target, share, and how much of the period has passed; 100% only once it is reached."""
    one = told(**more)
    assert page(one).targets == (sentence,)
    escaped = sentence.replace("<b>", "&lt;b&gt;")
    assert sentence in " ".join(terminal.text(one, 200).split())
    assert sentence in email.letter(one).text
    assert escaped in email.letter(one).html
    assert any(escaped in block["text"]["text"] for block in slack.message(one)["blocks"] if "text" in block)


def test_a_quiet_week_tells_its_targets_too():
    """In a week without expansion the month goes on."""
    one = replace(summary(QUIET), targets=told().targets)
    assert "of $5,000.00 for November" in str(slack.message(one))
    assert "of $5,000.00 for November" in email.letter(one).text


def test_without_targets_there_is_nothing_to_tell():
    """Whoever has set none sees no empty section."""
    assert as_json(summary(WON))["targets"] == []
    assert "Targets" not in terminal.text(summary(WON))


def test_the_ledger_tells_how_far_each_target_has_come(tmp_path):
    """Targets of the configuration are measured over their whole period, owners by their customers' metadata."""
    with Ledger(tmp_path / "u.db", create=True) as ledger:
        put(ledger, WON)
        with ledger.write() as connection:
            owned = '{"id": "cus_1", "metadata": {"owner": "emea"}}'
            connection.execute("INSERT INTO customers VALUES ('cus_1', 1, NULL, ?)", (owned,))
        targets = (MONTH, QUARTER, Target("month", 200_000, OWNER, "emea"))
        config = replace(desks.config(ledger.path), targets=targets)
        made = as_json(reports.period_summary(ledger, config, "2026-W46", at("2026-11-18")))
    held = [(one["period"], one["value"], one["target"], one["reached"]) for one in made["targets"]]
    assert held == [
        ("2026-11", None, 500_000, 320_000),
        ("2026-Q4", None, 1_500_000, 320_007),
        ("2026-11", "emea", 200_000, 320_000),
    ]
    assert made["targets"][0]["elapsed"] == 0.5


def test_a_month_comes_to_what_its_currencies_come_to_together():
    """Kinds are converted and rounded as in the figures of all currencies, so that one message never tells two sums."""
    rates = {"eur": Decimal("1.5")}
    text = "\n".join(f"2026-11-1{n} a {kind} +1 currency=eur" for n, kind in enumerate(("seat", "upgrade", "add_on")))
    told = brought_together(
        summary(f"2026-01-01 a new +9 currency=eur\n{text}", "2026-11", now=at("2026-12-01")), rates
    )
    found = progress(MONTH, NOVEMBER, won(text, rates), at("2026-12-01"))
    assert found.reached == told.together.expansion == 6
