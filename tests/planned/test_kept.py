"""What is scheduled in the ledger: rewritten with the movements, compared by doctor, there for other tools."""

import sqlite3
from contextlib import closing

import pytest
from planned.conftest import LEDGER, feed
from scenarios.story import Story
from sqlite_utils import Database

from upswell.answers.audit import audit
from upswell.core import plans
from upswell.core.rules import Rules
from upswell.intake.rebuild import rebuild
from upswell.store.ledger import Ledger
from upswell.store.migrations import migrations

TABLES = ("scheduled", "overtaken")


def held() -> list[tuple[object, ...]]:
    """Return all that the ledger has scheduled, and what is overtaken."""
    with closing(sqlite3.connect(LEDGER)) as connection:
        return [row for name in TABLES for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1")]  # noqa: S608


def change(*statements: str) -> None:
    """Change the ledger behind Upswell's back."""
    with Ledger(LEDGER) as ledger, ledger.write() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.usefixtures("story")
def test_the_table_holds_what_is_planned() -> None:
    """One row a scheduled movement, with the columns of `movements`; what plans overtake is named beside it."""
    with closing(sqlite3.connect(LEDGER)) as connection:
        columns = [
            [row[1:3] for row in connection.execute(f"PRAGMA table_info({name})")]
            for name in ("scheduled", "movements")
        ]
        found = connection.execute(
            "SELECT occurred_at, customer, step, kind, amount FROM scheduled ORDER BY 1"
        ).fetchall()
        overtaken = connection.execute("SELECT kind FROM movements JOIN overtaken ON movement = id").fetchall()
    assert columns[0] == columns[1]
    assert found == [
        ("2026-02-21T11:00:00Z", "cus_3", 0, "upgrade", 5000),
        ("2026-03-03T12:00:00Z", "cus_2", 0, "churn", -6000),
        ("2026-03-10T12:00:00Z", "cus_1", 0, "downgrade", -500),
        ("2026-04-10T12:00:00Z", "cus_1", 1, "churn", -1000),
    ]
    assert overtaken == [("discount",)]


@pytest.mark.usefixtures("story")
def test_the_view_holds_all_that_lies_ahead() -> None:
    """Plans and known ends of discounts, unless plans leave no room for them; what has passed is not in it."""
    change("UPDATE scheduled SET occurred_at = replace(occurred_at, '2026-0', '2126-0')")
    change("UPDATE movements SET occurred_at = replace(occurred_at, '2026-05', '2126-05')")
    asked = "SELECT substr(at, 1, 10), name, kind, amount, currency FROM ahead"
    with closing(sqlite3.connect(LEDGER)) as connection:
        everything = [
            ("2126-02-21", "cus_3", "upgrade", 5000, "usd"),
            ("2126-03-03", "cus_2", "churn", -6000, "usd"),
            ("2126-03-10", "Tiny Telescopes", "downgrade", -500, "usd"),
            ("2126-04-10", "Tiny Telescopes", "churn", -1000, "usd"),
        ]
        assert connection.execute(asked).fetchall() == everything
    change("DELETE FROM overtaken", "UPDATE scheduled SET occurred_at = replace(occurred_at, '2126-0', '2025-0')")
    with closing(sqlite3.connect(LEDGER)) as connection:
        assert connection.execute(asked).fetchall() == [("2126-05-10", "Tiny Telescopes", "discount", 1500, "usd")]


@pytest.mark.usefixtures("story")
def test_a_rebuild_gives_the_same_schedule(upswell) -> None:
    """What is scheduled may be computed again at any time, with the same result, byte for byte."""
    before = held()
    assert upswell("reclassify").code == 0
    assert held() == before


@pytest.mark.usefixtures("story")
def test_a_dry_run_schedules_nothing(upswell) -> None:
    """`reclassify --dry-run` compares what is counted; what is scheduled is neither in it nor touched."""
    LEDGER.with_name("config.toml").write_text('[rules]\nchurn_at = "request"\n')
    before = held()
    shown = upswell("reclassify", "--dry-run").out
    assert "churn" in shown
    assert held() == before
    assert upswell("reclassify").code == 0
    customers = {row[2] for row in held() if str(row[0]).startswith("sch_")}
    assert customers == {"cus_1", "cus_3"}


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scheduled SET reason = 'none' WHERE customer = 'cus_1' AND step = 0",
        "DELETE FROM scheduled WHERE customer = 'cus_1'",
        "DELETE FROM overtaken",
    ],
)
def test_the_audit_compares_what_is_scheduled(upswell, statement: str) -> None:
    """`doctor` says whose schedule is not what a rebuild gives; `reclassify` mends it."""
    change(statement)
    with Ledger(LEDGER) as ledger:
        found = audit(ledger, Rules(), None, lambda _done, _whole: None)
    assert found.faults == ("cus_1: a rebuild gives other scheduled movements",)
    assert upswell("reclassify").code == 0
    with Ledger(LEDGER) as ledger:
        assert audit(ledger, Rules(), None, lambda _done, _whole: None).faults == ()


@pytest.mark.usefixtures("story")
def test_what_nobody_planned_is_a_fault() -> None:
    """A row of a customer that the ledger knows nothing of is not passed over."""
    change("UPDATE scheduled SET customer = 'cus_9' WHERE customer = 'cus_2'")
    with Ledger(LEDGER) as ledger:
        found = audit(ledger, Rules(), None, lambda _done, _whole: None)
    assert [fault[:5] for fault in found.faults] == ["cus_2", "cus_9"]


def test_who_plans_nothing_costs_nothing(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no plan is in force, no history is put in order a second time, and nothing is written."""
    story = Story("endive")
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    sub.change(cancel_at_period_end=True)
    story.at("2026-01-11 12:00")
    sub.change(cancel_at_period_end=False)
    other = story.subscribe(story.price("Gold", 30))
    other.change(cancel_at=story.clock + 86_400)
    story.at("2026-01-12 12:00")
    other.cancel()
    monkeypatch.delattr(plans, "entries")
    feed(upswell, story)
    assert held() == []


@pytest.mark.usefixtures("story")
def test_an_older_ledger_learns_what_is_planned(upswell) -> None:
    """Brought up to date, it applies the events of schedules it had kept, and rebuilds who had asked to end."""
    before = held()
    change("UPDATE history SET after = json_remove(after, '$.pending')")
    with Ledger(LEDGER) as ledger, ledger.write() as connection:
        for name in ("scheduled", "overtaken", "schedules"):
            connection.execute(f"DROP TABLE {name}")
        connection.execute("DROP VIEW ahead")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'create_plans'")
    database = Database(LEDGER)
    assert [migration.name for migration in migrations.pending(database)] == ["create_plans"]
    database.close()
    with Ledger(LEDGER, create=True) as ledger:
        assert ledger.connection.execute("SELECT account FROM stale").fetchall() == [("cus_2",)]
    assert upswell("retry").code == 0
    assert held() == [row for row in before if "cus_3" not in row]


@pytest.mark.usefixtures("story")
def test_what_is_scheduled_moves_with_the_account() -> None:
    """A Stripe customer that becomes part of another account takes its plans along."""
    with Ledger(LEDGER) as ledger:
        with ledger.write() as connection:
            connection.execute("UPDATE accounts SET account = 'x' WHERE customer = 'cus_2'")
            connection.execute("INSERT INTO stale(account) VALUES ('cus_2'), ('x')")
        rebuild(ledger, Rules(), lambda _done, _whole: None)
    assert {row[2] for row in held() if str(row[0]).startswith("sch_")} == {"cus_1", "cus_3", "x"}
