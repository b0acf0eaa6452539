"""upswell forget, at the command line."""

import json
import sys
from pathlib import Path

import pytest
from cli.conftest import Terminal, event, lines


@pytest.fixture
def known(upswell) -> None:
    """Give a ledger with a subscriber whose name is known."""
    who = {"id": "cus_a", "object": "customer", "name": "Fernandez", "email": None, "metadata": {}}
    told = event("n") | {"type": "customer.created", "data": {"object": who}}
    Path("a.jsonl").write_text(lines(event("a"), told))
    assert upswell("replay", "a.jsonl").code == 0


@pytest.mark.usefixtures("known")
def test_a_customer_is_forgotten_and_its_movements_stay(upswell) -> None:
    """The command says who is forgotten and what the pseudonym is, which the table shows from then on."""
    before = upswell("movements", "--format", "jsonl").out
    assert "Fernandez" in upswell("movements").out
    ended = upswell("forget", "cus_a", "--yes")
    assert (ended.code, ended.err) == (0, "")
    pseudonym = ended.out.split(" is ")[1].split()[0]
    assert ended.out.startswith("cus_a is forgotten-")
    assert "backups are as they were" in ended.out
    assert upswell("movements", "--format", "jsonl").out == before
    assert pseudonym in upswell("movements").out
    assert b"Fernandez" not in Path("upswell.db").read_bytes()
    assert "ok   movements       1 customers add up; 1 rebuilt, and the same" in upswell("doctor").out
    shown = json.loads(upswell("events", "evt_n").out)
    assert shown["data"]["object"]["name"] == pseudonym


@pytest.mark.usefixtures("known")
def test_nobody_is_forgotten_without_a_yes(upswell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal --yes is needed; on one it is asked, with the ids."""
    ended = upswell("forget", "cus_a")
    assert (ended.code, "metadata of cus_a? This cannot be undone. Say so with --yes" in ended.err) == (2, True)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert upswell("forget", "cus_a").code == 130
    assert "Fernandez" in upswell("movements").out


@pytest.mark.usefixtures("known")
def test_an_unknown_customer_is_named(upswell) -> None:
    """One sentence, exit 1."""
    ended = upswell("forget", "cus_none", "--yes")
    assert (ended.code, "knows no customer cus_none" in ended.err) == (1, True)
