"""Discounts whose terms are gone: what invoices took off tells them."""

from dataclasses import replace

import pytest

from core.billed import AT, MONTH, PRO, TEAM, bill, charge, known, lived
from core.values import coupon, discount, said, seats
from upswell.history import History
from upswell.lost import recovered
from upswell.movements import movements
from upswell.rules import Rules


def off(line, *amounts):
    """Return a line that discounts took these amounts off: (name, amount)."""
    return {**line, "off": amounts}


def months(*lines):
    """Return the rows of one invoice a month, each of one line or of several."""
    bills = [bill(f"in_{n}", n * MONTH, *(one if isinstance(one, list) else [one])) for n, one in enumerate(lines)]
    return [row for rows in bills for row in rows]


def moved(rows, quantity, catalogue=None, rules=None):
    """Return (days after the start, kind, amount) of each movement, the terms recovered as the ledger does."""
    told = lived(seats(quantity, created=AT))
    found = recovered(catalogue or known(), rows)
    history = replace(History("cus_1", [], rows, snapshots=told.snapshots), catalogue=found)
    return [((one.occurred_at - AT) // 86_400, one.kind, one.amount) for one in movements(history, rules or Rules())]


FIFTH = [off(charge(5), ("di_1", 1000)), off(charge(5), ("di_1", 1000)), charge(5)]


def test_a_deleted_coupon_is_in_force_while_consecutive_invoices_carry_it():
    """A deleted coupon known only from lines is in force while consecutive invoices carry it."""
    rows = [
        replace(row, discounts=("di_1",)) if not row.line and row.invoice != "in_2" else row for row in months(*FIFTH)
    ]
    assert moved(rows, 5) == [(0, "new", 4000), (2 * MONTH, "discount", 1000)]


def test_on_one_invoice_only_it_was_once():
    """On one invoice only, a deleted coupon was `once`: it never counts, unless the rules count such."""
    rows = months(off(charge(5), ("di_1", 1000)), charge(5))
    rows = [replace(row, discounts=("di_1",)) if (row.line, row.invoice) == ("", "in_0") else row for row in rows]
    assert moved(rows, 5) == [(0, "new", 5000)]
    assert moved(rows, 5, rules=Rules(discounts="all")) == [(0, "new", 4000), (MONTH, "discount", 1000)]


def terms(rows, catalogue=None):
    """Return (percent, amounts, products) of what the discount took off."""
    found = recovered(catalogue or known(), rows)
    told = found.coupon(found.discounts["di_1"][-1].value)
    return told.percent_off, told.amounts_off, told.products


TERMS = [
    ("the same share of every line", [(5000, 1000), (8000, 1600)], ("20.0", ())),
    ("a share that is rounded", [(333, 50), (1000, 150)], ("15.0", ())),
    ("a share in tenths", [(10000, 1250), (5000, 625)], ("12.5", ())),
    ("an amount", [(5000, 700), (8000, 700)], (None, (("usd", 700),))),
]


@pytest.mark.parametrize(("lines", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TERMS])
def test_what_was_taken_off_tells_the_terms(lines, expected):
    """What takes the same share off every line is a percentage; anything else an amount."""
    rows = months(*(off(charge(1, amount=amount), ("di_1", taken)) for amount, taken in lines))
    assert terms(rows)[:2] == expected


def test_a_later_discount_works_on_what_earlier_ones_left():
    """Where several discounts share a line, each is measured by what those before it left."""
    rows = months(*(off(charge(5), ("di_0", 1000), ("di_1", 2000)) for _ in range(2)))
    assert terms(rows)[0] == "50.0"


def test_products_that_were_left_alone_were_not_meant():
    """A discount that spared a product on its own invoice is for the others."""
    rows = months(*([off(charge(5), ("di_1", 1000)), charge(1, TEAM, "si_2")] for _ in range(2)))
    assert terms(rows)[2] == (PRO.product,)


def test_a_known_discount_of_a_deleted_coupon_keeps_its_own_dates():
    """Where the discount is known and its coupon is not, only the coupon is recovered."""
    rows = months(*FIFTH)
    catalogue = known(discounts={"di_1": said(discount("di_1", "gone", AT, end=AT + 99))})
    found = recovered(catalogue, rows)
    assert found.discounts == catalogue.discounts
    assert found.coupons["gone"][0].value.percent_off == "20.0"


def test_what_is_known_is_not_guessed():
    """A discount whose terms are told is left as it is; so is one that no line says anything of; so are void ones."""
    catalogue = known(discounts={"di_1": said(discount("di_1", coupon(percent_off="20"), AT))})
    assert recovered(catalogue, months(*FIFTH)) is catalogue
    silent = [replace(row, discounts=("di_2",)) for row in months(charge(5))]
    assert recovered(catalogue, silent).discounts == catalogue.discounts
    void = [replace(row, voided=True) for row in months(*FIFTH)]
    assert recovered(known(), void).discounts == {}
