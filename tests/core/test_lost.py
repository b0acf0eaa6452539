"""Discounts and prices whose terms are gone: what invoices took off and charged tells them."""

from dataclasses import replace

import pytest

from core.billed import AT, MONTH, PRO, TEAM, bill, charge, known, lived, rest
from core.values import STAIRS, coupon, discount, metered, price, said, seats, tiered
from upswell.core.history import History
from upswell.core.lost import recovered
from upswell.core.movements import movements
from upswell.core.rules import Rules


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
    ("nearly a share", [(1000, 200), (2000, 401)], (None, (("usd", 401),))),
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


LEGACY = price(1280, name="legacy")
GONE = LEGACY.id


def derived(rows, catalogue=None, forgotten=(GONE,)):
    """Return (unit, interval, count) of the price that Stripe has forgotten; None where nothing tells."""
    versions = recovered(catalogue or known(), rows, forgotten).prices.get(GONE)
    return versions and (versions[0].value.amounts.unit, versions[0].value.interval, versions[0].value.interval_count)


def test_a_price_that_stripe_has_forgotten_is_what_its_lines_charge():
    """Amount by quantity, in the line's currency, for its period; the price's id stands for the product."""
    rows = bill("in_1", 0, charge(5, LEGACY), currency="eur")
    found = recovered(known(), rows, {GONE}).prices[GONE][0].value
    assert (found.amounts.unit, found.currency, found.interval, found.usage) == ("1280", "eur", "month", "licensed")
    assert found.product == GONE


def test_its_customer_has_a_history_again():
    """What was held at a forgotten price is movements like any other; the discounts on it are recovered too."""
    swap = bill("in_1", MONTH, charge(5))
    taken = off(charge(5, LEGACY), ("di_1", 640))
    rows = [*bill("in_0", 0, taken, discounts=("di_1",)), *swap]
    seen = lived(seats(5, created=AT)).snapshots
    catalogue = recovered(known(), rows, {GONE})
    found = movements(History("cus_1", [], rows, catalogue, seen), Rules(discounts="all"))
    assert [(one.kind, one.amount) for one in found] == [("new", 5760), ("downgrade", -1260), ("discount", 500)]


LENGTHS = [
    (days, interval, count)
    for spans, interval, count in (
        ((28, 29, 30, 31), "month", 1),
        ((59, 62), "month", 2),
        ((89, 92), "month", 3),
        ((181, 184), "month", 6),
        ((365, 366), "year", 1),
        ((730, 731), "year", 2),
        ((7,), "week", 1),
        ((14,), "week", 2),
        ((1,), "day", 1),
        ((10,), "day", 10),
    )
    for days in spans
]


@pytest.mark.parametrize(("days", "interval", "count"), LENGTHS)
def test_the_length_of_a_period_is_the_interval(days, interval, count):
    """28 to 31 days are a month, 365 or 366 a year, 7 a week, 1 a day; multiples are counted."""
    assert derived(bill("in_1", 0, charge(1, LEGACY, span=(0, days)))) == ("1280", interval, count)


UNITS = [
    ("several units", [charge(3, LEGACY)], "1280"),
    ("a fraction of a cent", [charge(3, LEGACY, amount=100)], "33.333333333333"),
    ("no quantity: one", [charge(None, LEGACY, amount=700)], "700"),
    ("tiers: what a unit comes to", [charge(5, LEGACY, amount=2500), charge(7, LEGACY, amount=2300)], "400"),
    ("a trial and a charge: the charge", [charge(5, LEGACY, amount=0, span=(0, 14)), charge(5, LEGACY)], "1280"),
    ("nothing was ever charged: free", [charge(5, LEGACY, amount=0)], "0"),
]


@pytest.mark.parametrize(("lines", "unit"), [pytest.param(*row[1:], id=row[0]) for row in UNITS])
def test_what_a_unit_costs_is_what_whole_lines_charge_for_it(lines, unit):
    """A unit costs a whole line's amount by its quantity, before discounts."""
    rows = [row for day, line in enumerate(lines) for row in bill("in_1", 0, line | {"item": "si_1"})[day > 0 :]]
    assert derived(rows)[0] == unit


def test_tiers_are_worth_what_was_charged_for_all_of_them():
    """Of a tiered price the sum of the last period's lines is what the customer paid, whatever the quantity before."""
    stairs = tiered("graduated", *STAIRS, name="legacy")
    first = bill("in_0", 0, charge(5, stairs, amount=3500))
    last = bill("in_1", MONTH, charge(5, stairs, amount=3500), charge(7, stairs, amount=4500))
    rows = [*first, *last]
    found = recovered(known(), rows, {GONE})
    left = bill("in_2", 2 * MONTH, charge(5))
    told = movements(History("cus_1", [], [*rows, *left], found, lived(seats(5, created=AT)).snapshots), Rules())
    assert told[1].mrr_after == 8000


def test_what_was_billed_after_its_period_is_usage():
    """A forgotten price whose periods had ended when they were billed is a metered one."""
    calls = metered(name="legacy")
    rows = bill("in_1", MONTH, charge(700, calls, "si_2", (0, MONTH), amount=1400))
    assert recovered(known(), rows, {GONE}).prices[GONE][0].value.metered


SILENT = [
    ("prorations alone", rest(10, 5, LEGACY), {}),
    ("a voided invoice", charge(5, LEGACY), {"voided": True}),
    ("a threshold", charge(5, LEGACY), {"billing_reason": "subscription_threshold"}),
    ("a moment", charge(5, LEGACY, span=(0, 0)), {}),
]


@pytest.mark.parametrize(("line", "more"), [pytest.param(*row[1:], id=row[0]) for row in SILENT])
def test_what_is_no_whole_period_tells_no_price(line, more):
    """Prorations, voided invoices, thresholds and one-off lines tell no price: its customer waits."""
    assert derived(bill("in_1", 0, line, **more)) is None


def test_a_price_that_is_told_or_was_not_asked_for_is_not_guessed():
    """Only what Stripe was asked for and does not know is derived; what anything shows counts as shown."""
    rows = bill("in_1", 0, charge(5, LEGACY, amount=100))
    assert derived(rows, forgotten=()) is None
    assert derived(rows, known(LEGACY))[0] == LEGACY.amounts.unit
    assert derived(rows, known(shown={GONE: LEGACY})) is None
