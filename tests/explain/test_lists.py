"""Why, where no event told: what lists showed is the evidence."""

import json
from pathlib import Path

import pytest
from cli.conftest import LEDGER, Ended, upswell
from connectors.sent import invoice, item, line, price, subscription

from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.store.ledger import Ledger
from upswell.store.records import write_facts
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
    return _taken(upswell, price(), FIRST, subscription(item(quantity=7)))


def _taken(upswell, *lists) -> list[dict]:
    """Take in what lists show, and return the movements."""
    Path("config.toml").touch()
    with Ledger(LEDGER, create=True) as ledger:
        for shown in lists:
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


def test_what_an_invoice_billed_is_said_in_words(upswell, movements) -> None:
    """Under the invoice that a movement is known from stands what it billed, with the period in the report's zone."""
    Path("config.toml").write_text('[report]\ntimezone = "Pacific/Auckland"\n')
    shown, evidence = explained(upswell, movements[0])
    assert "\n    $50.00 for 2026-09-22 – 2026-10-22\n" in shown.out
    assert evidence["lines"] == [
        {
            "amount": 5000,
            "currency": "usd",
            "period_start": "2026-09-21T14:13:20Z",
            "period_end": "2026-10-21T14:13:20Z",
            "voided": False,
        }
    ]
    shown, evidence = explained(upswell, movements[1])
    assert " for 2026-" not in shown.out
    assert evidence["lines"] == []


def test_a_movement_shows_the_lines_of_its_item(upswell) -> None:
    """Of a change, only what was billed of its item; at most five lines are named; a voided invoice says so."""
    told = [line(**CHARGE, id="il_0", period={"start": BEGUN, "end": BEGUN + MONTH})]
    period = {"start": BEGUN + MONTH, "end": BEGUN + 2 * MONTH}
    steps = [
        line(**CHARGE | {"quantity": quantity, "amount": amount}, id=f"il_{number}", proration=True, period=part)
        for number, (quantity, amount, part) in enumerate(_prorations(), 3)
    ]
    other = line(**CHARGE | {"subscription_item": "si_2", "amount": 900, "quantity": 1}, id="il_1", period=period)
    cycle = line(**CHARGE | {"quantity": 8, "amount": 8000}, id="il_2", period=period)
    second = invoice(other, cycle, *steps, id="in_2", created=BEGUN + MONTH, billing_reason="subscription_cycle")
    first = invoice(*told, created=BEGUN, billing_reason="subscription_create")
    held = subscription(item(quantity=8), item(id="si_2", quantity=1))
    (new, *changes) = _taken(upswell, price(), first, second, held)
    assert len(explained(upswell, new)[1]["lines"]) == 1
    change = next(one for one in changes if one["item"] == "si_1")
    shown, evidence = explained(upswell, change)
    assert [row["amount"] for row in evidence["lines"]] == [-4000, 4800, -3200, 4000, -2000, 3200, 8000]
    assert "\n    −$40.00 for 2026-09-26 – 2026-10-21\n" in shown.out
    assert shown.out.count(" for 2026-") == 5
    assert "\n    and 2 more\n" in shown.out


def _prorations():
    """Yield (quantity, amount, period) of changes to 6, 7 and 8 seats."""
    changes = ((5, 5, -4000, 4800), (6, 10, -3200, 4000), (7, 15, -2000, 3200))
    for before, days, back, rest in changes:
        part = {"start": BEGUN + days * 86_400, "end": BEGUN + MONTH}
        yield before, back, part
        yield before + 1, rest, part


def test_a_voided_invoice_is_said_to_be(upswell) -> None:
    """A pause that is dated by an invoice that it voided shows what that would have billed."""
    begun = BEGUN + MONTH
    second = invoice(
        line(**CHARGE, id="il_2", period={"start": begun, "end": begun + MONTH}),
        id="in_2",
        created=begun,
        billing_reason="subscription_cycle",
        status="void",
    )
    paused = subscription(pause_collection={"behavior": "void", "resumes_at": None})
    (_, churn) = _taken(upswell, price(), FIRST, second, paused)
    shown, evidence = explained(upswell, churn)
    assert (churn["kind"], churn["cause"]) == ("churn", "in_2")
    assert "\n    $50.00 for 2026-10-21 – 2026-11-20, voided\n" in shown.out
    assert [row["voided"] for row in evidence["lines"]] == [True]


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
