"""Why, where no event told: what lists showed is the evidence."""

import json
from pathlib import Path

import pytest
from cli.conftest import LEDGER, Ended, upswell
from connectors.sent import invoice, item, line, price, subscription

from upswell.intake import apply_pending
from upswell.ledger import Ledger
from upswell.records import write_facts
from upswell.rules import Rules
from upswell_connectors.shapes import facts_of_object

__all__ = ["upswell"]

BEGUN, MONTH, SEEN = 1_790_000_000, 2_592_000, 1_795_000_000
CHARGE = {"subscription_item": "si_1", "quantity": 5, "amount": 5000, "price": price()}
FIRST = invoice(
    line(**CHARGE, period={"start": BEGUN, "end": BEGUN + MONTH}),
    created=BEGUN,
    billing_reason="subscription_create",
)


@pytest.fixture
def movements(upswell) -> list[dict]:
    """Give the movements of a subscription of five that a list shows as one of seven."""
    Path("config.toml").touch()
    with Ledger(LEDGER, create=True) as ledger:
        for shown in (price(), FIRST, subscription(item(quantity=7))):
            with ledger.write() as connection:
                write_facts(connection, None, facts_of_object(shown, SEEN), Rules())
        apply_pending(ledger, Rules())
    printed = upswell("movements", "--format", "jsonl", "--until", "2100-01-01").out
    return [json.loads(row) for row in printed.splitlines()]


def explained(upswell, movement: dict) -> tuple[Ended, dict]:
    """Return what `explain` prints of a movement, and its evidence."""
    (evidence,) = json.loads(upswell("explain", movement["id"], "--format", "json").out)["evidence"]
    return upswell("explain", movement["id"]), evidence


def test_an_invoice_is_shown_as_the_ledger_keeps_it(upswell, movements) -> None:
    """A movement that an invoice tells shows that invoice's lines, and that Stripe was asked for them."""
    shown, evidence = explained(upswell, movements[0])
    assert "in_1  asked of Stripe: invoice, 2026-09-21" in shown.out
    assert (evidence["type"], evidence["event"]) == ("invoice", "")
    assert [(row["line"], row["quantity"]) for row in evidence["payload"]] == [("", None), ("il_1", 5)]


def test_a_subscription_is_shown_as_the_list_did(upswell, movements) -> None:
    """A movement that closes what only a list shows says so, and shows the subscription as it was then."""
    shown, evidence = explained(upswell, movements[1])
    assert "sub_1  asked of Stripe: subscription, 2026-11-18" in shown.out
    assert movements[1]["reason"].endswith("(inferred: nothing tells when)")
    assert evidence["payload"]["items"][0]["quantity"] == 7


def test_a_subscription_that_no_list_showed_is_told_by_its_first_event(upswell) -> None:
    """Where the subscription itself is the cause, and no list showed it, its first event is the evidence."""
    Path("config.toml").touch()
    held = subscription(item(quantity=7), start_date=BEGUN - MONTH)
    event = {"id": "evt_1", "object": "event", "type": "customer.subscription.updated", "created": SEEN}
    event |= {"data": {"object": held, "previous_attributes": {"metadata": {"a": "1"}}}, "livemode": False}
    late = {"id": "evt_2", "object": "event", "type": "invoice.finalized", "created": SEEN, "livemode": False}
    bill = invoice(line(**CHARGE | {"quantity": 7}, period={"start": BEGUN, "end": BEGUN + MONTH}), created=BEGUN)
    told = [event, late | {"data": {"object": bill}}]
    Path("events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in told))
    assert upswell("replay", "events.jsonl").code == 0
    (new,) = [json.loads(row) for row in upswell("movements", "--format", "jsonl").out.splitlines()]
    assert (new["cause"], new["source"]) == ("sub_1", "reconstructed")
    shown, evidence = explained(upswell, new)
    assert "sub_1  told by evt_1  customer.subscription.updated" in shown.out
    assert evidence["event"] == "evt_1"
