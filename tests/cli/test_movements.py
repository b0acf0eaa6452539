"""upswell movements: the list of what happened, for people and for programs."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from booked import put
from cli.conftest import Terminal, event, lines

from upswell.store.ledger import Ledger

FIELDS = (
    "id occurred_at customer subscription item kind driver amount currency mrr_before mrr_after "
    "product_from product_to price_from price_to quantity_from quantity_to source cause origin reason"
)


@pytest.mark.usefixtures("ledger")
def test_json_lines_have_exactly_the_documented_fields(upswell) -> None:
    """One object a line, oldest first, with the names and the order that the design gives."""
    told = [json.loads(line) for line in upswell("movements", "--format", "jsonl").out.splitlines()]
    assert [list(movement) for movement in told] == [FIELDS.split()] * 3
    assert told[1] | {"id": ""} == {
        "id": "",
        "occurred_at": "2026-01-06T23:30:00Z",
        "customer": "cus_1",
        "subscription": "sub_cus_1",
        "item": "si_cus_1",
        "kind": "seat",
        "driver": "seats",
        "amount": 3000,
        "currency": "usd",
        "mrr_before": 5000,
        "mrr_after": 8000,
        "product_from": None,
        "product_to": None,
        "price_from": None,
        "price_to": None,
        "quantity_from": None,
        "quantity_to": None,
        "source": "observed",
        "cause": "evt_1",
        "origin": "customer",
        "reason": "5 → 8 seats",
    }


@pytest.mark.usefixtures("ledger")
def test_csv_has_the_same_columns(upswell) -> None:
    """The header names the fields, and what is absent is empty."""
    rows = list(csv.DictReader(upswell("movements", "--format", "csv").out.splitlines()))
    assert list(rows[0]) == FIELDS.split()
    assert [(row["kind"], row["amount"], row["price_to"]) for row in rows] == [
        ("new", "5000", ""),
        ("seat", "3000", ""),
        ("new", "2000", ""),
    ]


@pytest.mark.usefixtures("ledger")
def test_piped_the_table_is_plain_text(upswell) -> None:
    """A movement is one line, amounts are in whole units, and there is no colour."""
    assert upswell("movements").out.splitlines() == [
        "When              Customer  Kind   Amount  MRR after  Why",
        "2026-01-05 10:00  cus_1     new   +$50.00     $50.00  new of cus_1",
        "2026-01-06 23:30  cus_1     seat  +$30.00     $80.00  5 → 8 seats",
        "2026-01-07 10:00  cus_2     new   +$20.00     $20.00  new of cus_2",
    ]


@pytest.mark.usefixtures("ledger")
def test_on_a_terminal_the_table_has_colour(upswell) -> None:
    """Expansion is green, in lines no longer than the terminal."""
    shown = upswell("movements", screen=Terminal()).out
    assert "\x1b[32m2026-01-06 23:30" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 100


@pytest.mark.usefixtures("ledger")
def test_no_color_is_heeded(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR set, a terminal gets none."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in upswell("movements", screen=Terminal()).out


@pytest.mark.usefixtures("ledger")
def test_since_is_inclusive_and_until_exclusive(upswell) -> None:
    """Days are whole days of the report's time zone: half past eleven at night in UTC is the next day in Berlin."""

    def kinds(*arguments: str) -> list[str]:
        return [line.split()[3] for line in upswell("movements", *arguments).out.splitlines()[1:]]

    assert kinds("--since", "2026-01-06", "--until", "2026-01-07") == ["seat"]
    Path("config.toml").write_text('[report]\ntimezone = "Europe/Berlin"\n')
    assert kinds("--since", "2026-01-06", "--until", "2026-01-07") == []
    assert kinds("--since", "2026-01-07", "--until", "2026-01-08") == ["seat", "new"]


@pytest.mark.usefixtures("ledger")
def test_without_until_the_future_is_left_out(upswell) -> None:
    """What is booked ahead is shown to whoever asks for later days."""
    assert "discount" not in upswell("movements").out
    assert "discount" in upswell("movements", "--until", "2127-01-01").out


@pytest.mark.usefixtures("ledger")
def test_one_customer_and_one_kind_can_be_asked_for(upswell) -> None:
    """The filters work alone and together; nothing found is no error."""
    assert upswell("movements", "--customer", "cus_1", "--format", "csv").out.count("\n") == 3
    assert upswell("movements", "--kind", "new", "--format", "csv").out.count("\n") == 3
    assert upswell("movements", "--customer", "cus_1", "--kind", "churn") == (0, "", "")


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("driver", "seats", ["seat"]),
        ("origin", "sales", ["upgrade"]),
        ("currency", "eur", ["new"]),
        ("currency", "EUR", ["new"]),
        ("currency", "gbp", []),
    ],
)
def test_driver_origin_and_currency_can_be_asked_for(upswell, ledger: Path, option: str, value: str, found) -> None:
    """Each filter keeps what has that value, and nothing else."""
    with Ledger(ledger) as opened:
        put(opened, "2026-01-08 cus_3 new +900 currency=eur\n2026-01-09 cus_4 upgrade +100 origin=sales")
    printed = upswell("movements", f"--{option}", value, "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["kind"] for line in printed] == found


def test_what_is_no_driver_is_a_usage_error(upswell, ledger: Path) -> None:
    """What cannot be is told by the allowed values, exit 2."""
    ended = upswell("movements", "--driver", "seat")
    assert ended.code == 2
    assert "'seats'" in ended.err


def test_an_unknown_customer_is_an_error(upswell, ledger: Path) -> None:
    """A customer without any movement is told by name, exit 1."""
    ended = upswell("movements", "--customer", "cus_9")
    assert ended == (1, "", "The ledger upswell.db has no movement of a customer cus_9: check the id\n")


def test_names_from_outside_cannot_drive_the_terminal(upswell) -> None:
    """Control characters in a customer's name do not reach the table."""
    customer = {"id": "cus_a", "object": "customer", "name": "Tilt\x1b[2J\nInc", "email": None, "metadata": {}}
    told = {**event("c"), "id": "evt_c", "type": "customer.created", "data": {"object": customer}}
    Path("events.jsonl").write_text(lines(told, event("a")))
    assert upswell("replay", "events.jsonl").code == 0
    assert "Tilt [2J Inc" in upswell("movements").out


@pytest.mark.usefixtures("ledger")
def test_what_is_pending_is_said_beside_the_figures(upswell) -> None:
    """A reading command tells on standard error how many events are not in its figures, and why."""
    waiting = event("w", discounts=["di_1"])
    Path("events.jsonl").write_text(lines(waiting, event("f", items=None)))
    upswell("replay", "events.jsonl")
    for command in ("movements", "summary"):
        said = upswell(command).err
        assert "1 yet to be applied (waiting: 1 for di_1) and 1 failed (evt_f: " in said
        assert said.endswith("`upswell retry` tries again.\n")
        assert said.count("\n") == 1


def test_a_ledger_is_read_as_it_is(upswell, ledger: Path) -> None:
    """Reading changes nothing."""
    with Ledger(ledger) as opened:
        before = opened.connection.execute("SELECT count(*), max(id) FROM movements").fetchone()
        upswell("movements")
        assert opened.connection.execute("SELECT count(*), max(id) FROM movements").fetchone() == before
        assert opened.connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


@pytest.mark.usefixtures("ledger")
def test_a_terminal_without_unicode_still_gets_valid_json() -> None:
    """What its encoding lacks is written as JSON escapes it."""
    told = subprocess.run(
        [sys.executable, "-m", "upswell", "movements", "--kind", "seat", "--format", "jsonl"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert json.loads(told.stdout.decode("ascii"))["reason"] == "5 → 8 seats"
