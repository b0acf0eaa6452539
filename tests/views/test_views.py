"""The views of the ledger: documented, there, and equal to what the summary says."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from booked import put
from reclassify.conftest import told

from upswell.configuration.config import load
from upswell.core.clocks import utc
from upswell.intake.replay import replay
from upswell.posting.reports import period_summary
from upswell.report import metrics
from upswell.report.periods import Week
from upswell.report.summary import as_json
from upswell.store import books
from upswell.store.ledger import Ledger
from upswell.store.migrations import migrations

LEDGER = Path("upswell.db")
REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
SECTION = REFERENCE.split("\n## Views\n")[1].split("\n## ")[0]
DOCUMENTED = {
    name: re.findall(r"`(\w+)`", columns)
    for name, columns in re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", SECTION, flags=re.MULTILINE)
}
BUSY = """
2025-12-29 cus_1 new +5000
2026-01-04T23:59:59 cus_1 seat +1000
2026-01-05 cus_1 upgrade +2500
2026-01-05T10:00 cus_2 new +3000
2026-01-05T10:00 cus_2 new +900 currency=eur
2026-01-06 cus_2 add_on +300 currency=eur
2026-01-11T23:59:59 cus_2 churn -3000
2026-01-11T23:59:59 cus_3 new +700
2026-01-12 cus_3 overage +70
2026-12-28 cus_3 downgrade -20
2027-01-01 cus_3 seat +40
2027-01-05 cus_1 discount -500
2126-01-05 cus_1 discount +500
"""


_DAYS = """
WITH RECURSIVE days(occurred_at) AS (
    SELECT '2020-01-01T12:00:00Z'
    UNION ALL SELECT strftime('%Y-%m-%dT12:00:00Z', occurred_at, '+1 day') FROM days LIMIT 10958
) SELECT occurred_at, WEEK AS week FROM days
"""


def asked(question: str, *values: object) -> list[dict[str, object]]:
    """Return what SQLite alone, without Upswell, answers."""
    with closing(sqlite3.connect(LEDGER)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(question, values)]


@pytest.fixture
def ledger():
    """Give a ledger of a few customers whose weeks lie around New Year."""
    with Ledger(LEDGER, create=True) as opened:
        put(opened, BUSY)
        yield opened


def test_the_documented_views_are_those_of_the_ledger(ledger) -> None:
    """Each view is documented, and each documented one exists."""
    made = {row["name"] for row in asked("SELECT name FROM sqlite_master WHERE type = 'view'")}
    assert made == set(DOCUMENTED)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_view_has_the_documented_columns(ledger, name: str) -> None:
    """It can be selected from, and its columns are named in the reference in their order."""
    with closing(sqlite3.connect(LEDGER)) as connection:
        columns = [column for column, *_ in _all(connection, name).description]
    assert columns == [word for word in DOCUMENTED[name] if word in columns]
    assert set(columns) <= set(DOCUMENTED[name])


def _all(connection: sqlite3.Connection, name: str) -> sqlite3.Cursor:
    return connection.execute(f"SELECT * FROM {name}")  # noqa: S608  # a name of our own reference


@pytest.mark.parametrize("now", ["2026-01-05T09:00:00", "2026-01-12T00:00:00", "2027-01-04T12:00:00", "2027-01-06"])
def test_mrr_is_the_summarys_closing_mrr(ledger, now: str) -> None:
    """Added up by currency, at any moment; what lies ahead is not in it."""
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    summary = as_json(period_summary(ledger, load(), None, int(moment.timestamp())))
    summed = _at(ledger, moment, "SELECT currency, sum(mrr) FROM mrr_by_customer GROUP BY currency")
    closing_mrr = {"usd": summary["closing_mrr"]}
    closing_mrr |= {code: figures["closing_mrr"] for code, figures in summary["other_currencies"].items()}
    assert dict(summed) == closing_mrr


def _at(ledger: Ledger, moment, question: str) -> list[tuple[object, ...]]:
    """Ask as if it were ``moment``: SQLite's clock cannot be moved, so what is later goes and the rest ages."""
    connection = ledger.connection
    connection.execute("BEGIN")
    try:
        connection.execute("DELETE FROM movements WHERE occurred_at > ?", (utc(int(moment.timestamp())),))
        connection.execute("UPDATE movements SET occurred_at = '20' || '0' || substr(occurred_at, 4)")
        return connection.execute(question).fetchall()
    finally:
        connection.execute("ROLLBACK")


def test_what_lies_ahead_is_in_no_view(ledger) -> None:
    """A scheduled movement counts from its date on."""
    assert asked("SELECT * FROM movements_by_week WHERE week > '2100'") == []
    assert asked("SELECT * FROM movements_by_month WHERE month > '2100'") == []
    (held,) = asked("SELECT mrr, since FROM mrr_by_customer WHERE customer = 'cus_1'")
    assert str(held["since"]) < "2100"


def test_weeks_are_those_of_the_calendar(ledger) -> None:
    """The week of a day is ISO's, also around New Year, for every day of thirty years."""
    days = asked(_DAYS.replace("WEEK", _week_expression()))
    assert len(days) == 10958
    for row in days:
        year, week, _ = datetime.fromisoformat(str(row["occurred_at"])).isocalendar()
        assert row["week"] == f"{year}-W{week:02d}"


def _week_expression() -> str:
    (row,) = asked("SELECT sql FROM sqlite_master WHERE name = 'movements_by_week'")
    return re.search(r"SELECT (.*) AS week", str(row["sql"]))[1]


@pytest.mark.parametrize("name", ["2026-W01", "2026-W02", "2026-W03"])
def test_a_weeks_sums_are_the_summarys(ledger, name: str) -> None:
    """Kind by kind and in each currency, the view's week is the summary's bridge."""
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False):
        summary = as_json(period_summary(ledger, load(), name))
    bridges = {"usd": summary["bridge"]}
    bridges |= {code: figures["bridge"] for code, figures in summary["other_currencies"].items()}
    expected = {(code, kind): sum_ for code, bridge in bridges.items() for kind, sum_ in bridge.items() if sum_}
    rows = asked("SELECT currency, kind, amount FROM movements_by_week WHERE week = ?", name)
    assert {(row["currency"], row["kind"]): row["amount"] for row in rows} == expected


def test_expansion_is_the_summarys(ledger) -> None:
    """A customer's expansion, in all and by kind, is what its movements add up to."""
    week = Week.parse("2026-W46", load().report.timezone)
    for currency in ("usd", "eur"):
        past = [one for one in books.movements(ledger, until=week.end) if one.currency == currency]
        grown = [one for one in past if one.group == "expansion"]
        rows = {
            row["customer"]: row for row in asked("SELECT * FROM expansion_by_customer WHERE currency = ?", currency)
        }
        assert set(rows) == {one.customer for one in grown}
        for customer, row in rows.items():
            own = [one for one in grown if one.customer == customer]
            assert row["expansion"] == sum(one.amount for one in own)
            assert row["movements"] == len(own)
            for kind in ("upgrade", "add_on", "seat", "overage"):
                assert row[kind] == metrics.bridge(own)[kind]
            assert (row["first_at"], row["last_at"]) == (utc(own[0].occurred_at), utc(own[-1].occurred_at))


def test_names_are_those_of_the_summary() -> None:
    """A customer is called by its name as last known, else by its email address, else by its id."""
    story = told()
    story.customer.change(name="Tilt", email="a@example.com")
    story.customer.change(name=None)
    story.at("2026-04-01")
    Path("events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in story.events))
    with Ledger(LEDGER, create=True) as opened:
        replay(opened, load().rules, ["events.jsonl"])
        wanted = books.names(opened, ["cus_1", "cus_2", "cus_3", "cus_4"])
    assert wanted["cus_1"] == "a@example.com"
    assert {row["customer"]: row["name"] for row in asked("SELECT * FROM customer_names")} == wanted
    assert {row["customer"]: row["name"] for row in asked("SELECT * FROM mrr_by_customer")} == wanted


def test_an_older_ledger_is_given_the_views() -> None:
    """A ledger made before there were views gets them when it is brought up to date, and keeps what it holds."""
    with Ledger(LEDGER, create=True) as opened:
        put(opened, BUSY)
        for name in DOCUMENTED:
            opened.connection.execute(f"DROP VIEW {name}")
        opened.connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'create_views'")
    assert len(migrations._migrations) > 1
    with Ledger(LEDGER, create=True) as opened:
        assert len(books.movements(opened)) == 13
    assert len(asked("SELECT * FROM mrr_by_customer")) == 4
