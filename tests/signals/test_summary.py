"""The three best of those who are ready for more, in every face of the summary."""

import json
from fractions import Fraction

import pytest
from booked import at, put
from receiving import configured
from summaries import BUSY

from upswell.answers.summary import summary_of
from upswell.render import email, slack, terminal
from upswell.report.periods import Week
from upswell.report.summary import as_json
from upswell.signals.raising import decide
from upswell.signals.signs import Look
from upswell.signals.terms import Sign, Terms
from upswell.store.ledger import Ledger
from upswell.store.raised import of_customer, write_signals

WEEK, NOW = "2026-W46", at("2026-11-16T09:00")
SEATS, RENEWAL = (Sign(name, "sub_1", f"{name} is so", Fraction(1)) for name in ("seat_limit", "renewal"))
STEP = "Offer more seats, or the plan that includes them"


@pytest.fixture
def ledger(tmp_path):
    """Give a ledger with four customers who are ready for more, and a fifth who was told of on Monday morning."""
    config = configured(tmp_path)
    with Ledger(config.ledger.path, create=True) as ledger:
        put(ledger, BUSY)
        raise_of(ledger, "cus_1", "2026-11-12", RENEWAL)
        raise_of(ledger, "cus_2", "2026-11-12", SEATS, RENEWAL)
        raise_of(ledger, "cus_3", "2026-11-12", RENEWAL)
        raise_of(ledger, "cus_4", "2026-11-12", SEATS)
        raise_of(ledger, "cus_5", "2026-11-16T08:00", SEATS, RENEWAL)
        yield ledger


def raise_of(ledger, customer, when, *signs, against=None):
    """Look at a customer who shows these signs."""
    with ledger.write() as connection:
        held = of_customer(connection, customer)
        write_signals(connection, decide(customer, Look(signs, against), held, at(when), Terms()))


def told(ledger, week=WEEK, now=NOW):
    """Return the summary of a week."""
    config = configured(ledger.path.parent)
    return summary_of(ledger, config, Week.parse(week, config.report.timezone), now)


def who(ledger, **more):
    """Return the customers that the summary names as ready, with their scores."""
    return [(one.customer, one.score) for one in told(ledger, **more).signals]


def test_the_three_with_the_highest_score_are_named(ledger):
    """Those of the week before Monday's; of the same score, in the order of their ids."""
    assert who(ledger) == [("cus_2", 45), ("cus_4", 30), ("cus_1", 15)]


def test_json_holds_them_beside_who_grew_most(ledger):
    """The key stands where the interface says, with the reason and the next step of the strongest signal."""
    found = as_json(told(ledger))
    keys = list(found)
    assert keys[keys.index("top_customers") : keys.index("scheduled") + 1] == ["top_customers", "signals", "scheduled"]
    first = found["signals"][0]
    assert len(first.pop("signals")) == 2
    assert first == {
        "customer": "cus_2",
        "name": "cus_2",
        "score": 45,
        "reason": "seat_limit is so",
        "next_step": STEP,
    }
    assert as_json(told(ledger, week="2026-W44"))["signals"] == []


def test_every_face_names_them(ledger):
    """Terminal, Slack and both parts of the mail say who, the score, why, and what to do."""
    summary = told(ledger)
    letter = email.letter(summary)
    line = f"cus_2 (45): seat_limit is so. {STEP}"
    for text in (terminal.text(summary, 200), json.dumps(slack.message(summary)), letter.text, letter.html):
        assert "Ready for more" in text
        assert line in text


def test_what_is_over_is_not_told_of(ledger):
    """Who cancels between the end of the week and the summary is left out; an old week still names it."""
    raise_of(ledger, "cus_2", "2026-11-16T08:30", SEATS, against="a cancellation is scheduled")
    assert [customer for customer, _ in who(ledger)] == ["cus_4", "cus_1", "cus_3"]
    raise_of(ledger, "cus_4", "2026-11-24", SEATS, against="a cancellation is scheduled")
    assert [customer for customer, _ in who(ledger, now=at("2026-11-30"))] == ["cus_4", "cus_1", "cus_3"]


def test_nobody_is_ready_where_no_signal_stands(tmp_path):
    """Without signals there is no heading."""
    config = configured(tmp_path)
    with Ledger(config.ledger.path, create=True) as ledger:
        put(ledger, BUSY)
        assert "Ready for more" not in terminal.text(told(ledger))
