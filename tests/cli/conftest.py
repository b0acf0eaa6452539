"""The command, run inside the test: what it ended with, printed and said."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from booked import put

from upswell.commands.cli import run
from upswell.store.ledger import Ledger

LEDGER = Path("upswell.db")


class Ended(NamedTuple):
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """Standard output, or input, as a terminal would be."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@pytest.fixture
def upswell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Give a function that runs the command with its arguments; on a terminal where it is given a ``screen``."""

    def command(*arguments: str, screen: Terminal | None = None) -> Ended:
        with monkeypatch.context() as patch:
            if screen:
                patch.setattr(sys, "stdout", screen)
                patch.setenv("COLUMNS", "100")
                patch.setenv("TERM", "xterm-256color")
            code = run(arguments)
        printed = capsys.readouterr()
        return Ended(code, screen.getvalue() if screen else printed.out, printed.err)

    return command


@pytest.fixture
def ledger() -> Path:
    """Give a ledger with four movements of two customers."""
    with Ledger(LEDGER, create=True) as opened:
        put(
            opened,
            """
            2026-01-05T10:00 cus_1 new +5000
            2026-01-06T23:30 cus_1 seat +3000 reason=5_→_8_seats
            2026-01-07T10:00 cus_2 new +2000
            2126-01-08T10:00 cus_2 discount -500
            """,
        )
    return LEDGER


def event(name: str, created: int = 1767225600, **subscription: object) -> dict[str, object]:
    """Return the event that a subscription to one seat at 10.00 a month was created."""
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    price = {
        "id": "price_1",
        "product": "prod_1",
        "currency": "usd",
        "active": True,
        "billing_scheme": "per_unit",
        "unit_amount": 1000,
        "unit_amount_decimal": "1000",
        "recurring": recurring,
    }
    items = {"object": "list", "has_more": False, "data": [{"id": f"si_{name}", "quantity": 1, "price": price}]}
    held = {
        "id": f"sub_{name}",
        "object": "subscription",
        "customer": f"cus_{name}",
        "status": "active",
        "currency": "usd",
        "created": created,
        "start_date": created,
        "discounts": [],
        "metadata": {},
        "items": items,
    }
    return {
        "id": f"evt_{name}",
        "object": "event",
        "type": "customer.subscription.created",
        "created": created,
        "livemode": False,
        "data": {"object": held | subscription},
    }


def lines(*documents: object) -> str:
    """Write ``documents`` as JSON lines."""
    return "".join(f"{json.dumps(document)}\n" for document in documents)


def damage(path: Path) -> None:
    """Write over a page of the ledger at ``path``, as a failing disk may."""
    with Ledger(path) as ledger:
        (size,) = ledger.connection.execute("PRAGMA page_size").fetchone()
        (page,) = ledger.connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
