"""Invoices and their lines: what any API version says becomes the same rows."""

import pytest

from connectors.reading import NOW
from connectors.sent import (
    body,
    details,
    invoice,
    line,
    of_basil,
    plan,
)
from upswell.core.facts import Facts
from upswell_connectors.shapes import facts_of


def rows_of(what, kind="invoice.finalized"):
    """Return the rows of the invoice that an event tells."""
    facts = facts_of(body(what, kind))
    return facts.invoice.rows if facts.invoice else None


INVOICES = [
    ("until acacia", invoice()),
    ("since basil", invoice(line(**details()), **of_basil())),
    ("an expanded subscription", invoice(subscription={"id": "sub_1", "object": "subscription"})),
    ("an expanded subscription, since basil", invoice(line(**details()), **of_basil({"id": "sub_1"}))),
    ("an expanded customer", invoice(customer={"id": "cus_1", "object": "customer"})),
    ("a plan on the line", invoice(line(price=..., plan=plan()))),
]


@pytest.mark.parametrize("given", [row[1] for row in INVOICES], ids=[row[0] for row in INVOICES])
def test_an_invoice_is_the_same_in_every_version(given):
    """Subscription, item and proration of an invoice are read in the places they had and in those they have."""
    found = facts_of(body(given, "invoice.finalized")).invoice
    assert found is not None
    whole, of_line = found.rows
    assert (found.customer, whole.subscription) == ("cus_1", "sub_1")
    assert (whole.invoice, whole.line, whole.item) == ("in_1", "", "")
    assert (of_line.line, of_line.item, of_line.amount, of_line.currency) == ("il_1", "si_1", 4321, "usd")
    assert (of_line.period_start, of_line.period_end) == (1_790_000_000, 1_792_000_000)
    assert (of_line.invoiced_at, of_line.finalized_at, of_line.voided) == (1_792_000_000, 1_792_003_600, False)
    assert of_line.billing_reason == "subscription_cycle"

    assert (of_line.price, of_line.quantity, of_line.proration) == ("price_1", 7, False)


ONE_OFF = [
    ("until acacia", line(subscription_item=..., type="invoiceitem")),
    ("since basil", line(**details("invoice_item_details"))),
]


@pytest.mark.parametrize("given", [row[1] for row in ONE_OFF], ids=[row[0] for row in ONE_OFF])
def test_one_off_items_are_no_rows(given):
    """One-off invoice items never are MRR."""
    assert len(rows_of(invoice(given))) == 1


PRORATIONS = [
    ("until acacia", line(proration=True), "si_1"),
    ("since basil", line(**details(proration=True)), "si_1"),
    ("of an invoice item, since basil", line(**details("invoice_item_details", proration=True)), ""),
]


@pytest.mark.parametrize(("given", "item"), [row[1:] for row in PRORATIONS], ids=[row[0] for row in PRORATIONS])
def test_a_proration_is_a_row_that_says_so(given, item):
    """A proration says when something changed: it is read, with the item where it names one, and marked."""
    _, found = rows_of(invoice(given))
    assert (found.item, found.proration, found.price, found.quantity) == (item, True, "price_1", 7)


def test_an_invoice_and_its_lines_name_their_discounts():
    """Discounts are read as the invoice and its lines carry them: by id, expanded, or the single one of old."""
    of_line = line(discounts=["di_item", {"id": "di_whole", "coupon": "coupon_1"}])
    whole, found = rows_of(invoice(of_line, discounts=["di_1"], discount={"id": "di_2", "coupon": "coupon_1"}))
    assert (whole.discounts, found.discounts) == (("di_1", "di_2"), ("di_item", "di_whole"))


NO_INVOICE = [
    ("a draft", invoice(status="draft")),
    ("without a status", invoice(status=None)),
    ("of no subscription", invoice(subscription=None)),
    ("of a quote", invoice(subscription=..., parent={"type": "quote_details", "subscription_details": None})),
    ("of no customer", invoice(customer=None)),
    ("upcoming", invoice(id=...)),
]


@pytest.mark.parametrize("given", [row[1] for row in NO_INVOICE], ids=[row[0] for row in NO_INVOICE])
def test_drafts_and_invoices_of_no_subscription_say_nothing(given):
    """Only finalized invoices of subscriptions count."""
    assert facts_of(body(given, "invoice.updated")) == Facts()


@pytest.mark.parametrize(
    ("status", "voided"), [("open", False), ("paid", False), ("uncollectible", False), ("void", True)]
)
def test_a_void_invoice_is_voided(status, voided):
    """Finalized, unvoided invoices count: open, paid and uncollectible ones do, a void one does not."""
    assert {row.voided for row in rows_of(invoice(status=status))} == {voided}


@pytest.mark.parametrize(
    ("more", "finalized"),
    [
        ({}, 1_792_003_600),
        ({"status_transitions": {"finalized_at": None}}, 1_792_000_000),
        ({"status_transitions": ...}, 1_792_000_000),
        ({"status_transitions": None, "created": ...}, NOW),
    ],
    ids=["it says", "null", "left out", "nothing said"],
)
def test_an_invoice_was_finalized_when_it_says(more, finalized):
    """An invoice says when it was finalized; else when it was created, else when it was told of."""
    assert rows_of(invoice(**more))[0].finalized_at == finalized


def test_an_invoice_without_lines_has_a_row_of_its_own():
    """An invoice whose lines did not come is an invoice all the same."""
    assert [row.line for row in rows_of(invoice(lines=None))] == [""]
