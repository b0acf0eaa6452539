"""upswell doctor looks into the ledger: what must hold of movements holds, and a rebuild gives the same ones."""

import re
from pathlib import Path

import pytest
from booked import put
from cli.conftest import event, lines
from reclassify.conftest import LEDGER

from upswell.answers import audit as auditing
from upswell.answers.audit import audit
from upswell.configuration.config import load
from upswell.core.rules import Rules
from upswell.store.ledger import Ledger
from upswell.store.records import history_of

REMEDY = "Run `upswell reclassify`, which rebuilds all"


def movements_line(shown: str) -> str:
    """Return what doctor says of the movements, its mark included."""
    return re.search(r"^.{5}movements {7}.*$", shown, flags=re.MULTILINE)[0]


def tampered(statement: str) -> None:
    """Change the ledger behind Upswell's back."""
    with Ledger(LEDGER) as ledger, ledger.write() as connection:
        assert connection.execute(statement).rowcount


def audited(rules: Rules | None = None, most: int | None = None) -> auditing.Audit:
    """Return the audit of the ledger."""
    with Ledger(LEDGER) as ledger:
        return audit(ledger, rules or load().rules, most, lambda _done, _whole: None)


@pytest.fixture
def well(upswell, changed) -> None:
    """Give a ledger that is as it should be."""
    assert upswell("reclassify").code == 0


@pytest.mark.usefixtures("well")
def test_a_ledger_that_is_well_says_how_much_was_checked(upswell) -> None:
    """Every customer's movements add up, and those that were rebuilt are the same."""
    assert movements_line(upswell("doctor").out) == "ok   movements       4 customers add up; 4 rebuilt, and the same"
    assert upswell("doctor", "--thorough").out == upswell("doctor").out


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE movements SET mrr_before = 1, mrr_after = 1 + amount WHERE customer = 'cus_2' AND step = 1", "begins"),
        ("UPDATE movements SET kind = 'downgrade' WHERE customer = 'cus_2' AND kind = 'new'", "is a downgrade of 5000"),
        ("UPDATE movements SET cause = '' WHERE customer = 'cus_2' AND step = 0", "no cause"),
        (
            "UPDATE movements SET reason = 'none' WHERE customer = 'cus_2' AND step = 0",
            "a rebuild gives other movements",
        ),
        ("DELETE FROM movements WHERE customer = 'cus_2'", "its items add up to 6000 usd, its movements to 0"),
        (
            "UPDATE tracks SET held = sums, prices = sums WHERE customer = 'cus_2'",
            "its tracks are not those of its movements",
        ),
        ("DELETE FROM tracks WHERE customer = 'cus_2'", "its tracks are not those of its movements"),
        (
            (
                "INSERT INTO tracks SELECT customer, 'gbp', since, began, grew, grew_here, times, groups, alive, sums,"
                " prices, held FROM tracks WHERE customer = 'cus_2'"
            ),
            "its tracks are not those of its movements",
        ),
        (
            "UPDATE movements SET amount = amount + 7, mrr_after = mrr_after + 7 WHERE customer = 'cus_2' AND step = 1",
            "its items add up to 6000 usd, its movements to 6007",
        ),
    ],
)
def test_what_does_not_hold_names_customer_and_remedy(upswell, statement: str, fault: str) -> None:
    """A fault is one sentence with the customer and what to do, exit 1; having done it, all is well."""
    tampered(statement)
    ended = upswell("doctor")
    said = movements_line(ended.out)
    assert ended.code == 1
    assert said.startswith("FIX  movements       cus_2: ")
    assert fault in said
    assert said.endswith(REMEDY)
    assert upswell("reclassify").code == 0
    assert movements_line(upswell("doctor").out).startswith("ok ")


@pytest.mark.usefixtures("well")
def test_many_faults_are_counted(upswell) -> None:
    """Three are named, of the others how many customers they concern."""
    tampered("UPDATE movements SET reason = 'none'")
    said = movements_line(upswell("doctor").out)
    assert re.findall(r"cus_\d", said) == ["cus_1", "cus_2", "cus_3"]
    assert "; and 1 more. Run" in said


@pytest.mark.usefixtures("well")
def test_a_sample_is_spread_over_all_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most so many are rebuilt, first to last; every customer's movements are added up all the same."""
    asked = []
    monkeypatch.setattr(auditing, "history_of", lambda *given: asked.append(given[1]) or history_of(*given))
    found = audited(most=2)
    assert (found.added_up, found.rebuilt, found.faults) == (4, 2, ())
    assert asked == ["cus_1", "cus_3"]
    tampered("UPDATE movements SET cause = '' WHERE customer = 'cus_2' AND step = 0")
    assert [fault[:6] for fault in audited(most=2).faults] == ["cus_2:"]


@pytest.mark.usefixtures("changed")
def test_movements_of_other_rules_are_a_finding(upswell) -> None:
    """Where the configuration's rules are not those of the ledger, that is the finding, and not each customer."""
    ended = upswell("doctor")
    assert ended.code == 1
    assert movements_line(ended.out) == (
        "FIX  movements       they were made under other rules than the configuration's: "
        "run `upswell reclassify --dry-run` to see what changes, then `upswell reclassify`"
    )


@pytest.mark.usefixtures("well")
def test_who_waits_to_be_rebuilt_is_not_compared() -> None:
    """That is told by what is pending already."""
    tampered("INSERT INTO stale(account) VALUES ('cus_2')")
    tampered("DELETE FROM movements WHERE customer = 'cus_2'")
    found = audited()
    assert (found.rebuilt, found.faults) == (3, ())


@pytest.mark.usefixtures("well")
def test_who_cannot_be_rebuilt_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason; the others are compared all the same."""

    def broken(connection, account, *shared):
        if account == "cus_3":
            raise LookupError("price_9")
        return history_of(connection, account, *shared)

    monkeypatch.setattr(auditing, "history_of", broken)
    assert audited().faults == ("cus_3: cannot be rebuilt (price_9 is needed, and nobody told of it)",)


def test_movements_without_a_history_are_a_fault() -> None:
    """What no event accounts for is not passed over."""
    with Ledger(LEDGER, create=True) as ledger:
        put(ledger, "2026-01-05 cus_1 new +5000")
    assert audited(Rules()).faults == ("cus_1: its items add up to 0 usd, its movements to 5000",)


def test_an_empty_ledger_is_well(upswell) -> None:
    """Nothing to check is no fault."""
    Ledger(LEDGER, create=True).close()
    assert movements_line(upswell("doctor").out) == "ok   movements       0 customers add up; 0 rebuilt, and the same"


@pytest.mark.usefixtures("well")
def test_an_audit_writes_nothing(upswell) -> None:
    """It works beside whoever holds the write lock, and leaves the file as it was."""
    before = LEDGER.read_bytes()
    with Ledger(LEDGER) as other, other.write():
        assert movements_line(upswell("doctor", "--thorough").out).startswith("ok ")
    assert LEDGER.read_bytes() == before


@pytest.mark.usefixtures("well")
def test_progress_reaches_the_end() -> None:
    """Each check is told, up to all of them."""
    seen: list[tuple[int, int]] = []
    with Ledger(LEDGER) as ledger:
        audit(ledger, load().rules, None, lambda done, whole: seen.append((done, whole)))
    assert seen == [(done, 8) for done in range(1, 9)]


@pytest.mark.usefixtures("well")
def test_what_lies_ahead_is_compared_too(upswell) -> None:
    """A scheduled end of a discount is among the movements that a rebuild gives."""
    discount = {"id": "di_1", "object": "discount", "customer": "cus_a", "start": 1767225600, "end": 4102444800}
    discount |= {"coupon": {"id": "half", "object": "coupon", "duration": "repeating", "percent_off": 50}}
    told = {**event("d"), "id": "evt_d", "type": "customer.discount.created", "data": {"object": discount}}
    Path("more.jsonl").write_text(lines(told, event("a", discounts=["di_1"])))
    assert upswell("replay", "more.jsonl").code == 0
    assert movements_line(upswell("doctor").out) == "ok   movements       5 customers add up; 5 rebuilt, and the same"
