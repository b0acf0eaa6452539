"""Billed usage: which figure a metered item has, and since when."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from core.values import metered, price
from upswell.core.portfolio import Item
from upswell.core.usage import Billed, figures

HOUR, DAY = 3_600, 86_400


def day(text):
    """Return unix seconds of a date."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def line(amount, start, end, invoice="in_1", **more):
    """Return a line of the metered item, billed an hour after its period's end."""
    at = more.pop("at", day(end))
    given = {"line": f"il_{invoice}_{amount}_{start}", "item": "si_api", "billing_reason": "subscription_cycle"}
    given |= {"invoiced_at": at, "finalized_at": at + HOUR, "voided": False, "currency": "usd", "subscription": "sub_1"}
    return Billed(invoice=invoice, period_start=day(start), period_end=day(end), amount=amount, **given | more)


def invoice(at, name="in_1", **more):
    """Return an invoice itself, without a line of its own."""
    given = {"line": "", "item": "", "subscription": "sub_1", "billing_reason": "subscription_cycle", "currency": "usd"}
    given |= {"invoiced_at": day(at), "finalized_at": day(at) + HOUR, "voided": False}
    return Billed(invoice=name, period_start=day(at), period_end=day(at), amount=0, **given | more)


API = metered(name="api")


def told(*rows, held=API, since="2026-01-01", until="2099-01-01", more=()):
    """Return (item, date, amount a month, invoice) of each figure that ``rows`` set for the item ``held``."""

    def items(_, at):
        mine = (Item("si_api", held),) if day(since) <= at < day(until) else ()
        return (*mine, *more)

    return [
        (one.item, datetime.fromtimestamp(one.at, UTC).strftime("%m-%d %H"), one.monthly, one.invoice)
        for one in figures(rows, items)
    ]


JANUARY = line(3000, "2026-01-01", "2026-02-01")
FEBRUARY = line(4500, "2026-02-01", "2026-03-01", "in_2")


def test_each_closed_period_sets_a_figure():
    """A figure is the amount of one closed period; it stands until the next one."""
    expected = [("si_api", "02-01 01", 3000, "in_1"), ("si_api", "03-01 01", 4500, "in_2")]
    assert told(JANUARY, FEBRUARY) == expected
    assert told(FEBRUARY, JANUARY) == expected


def test_a_figure_is_the_sum_of_its_lines():
    """Lines of one period are added up, tiers and credits alike."""
    assert told(JANUARY, replace(JANUARY, line="il_2", amount=250), replace(JANUARY, line="il_3", amount=-50)) == [
        ("si_api", "02-01 01", 3200, "in_1")
    ]


INTERVALS = [
    ("a quarter", metered(name="api", interval_count=3), line(9000, "2026-01-01", "2026-04-01"), 3000),
    ("a year", metered(name="api", every="year"), line(12000, "2026-01-01", "2027-01-01"), 1000),
    ("a week", metered(name="api", every="week"), line(1200, "2026-01-05", "2026-01-12"), 5200),
    ("a day", metered(name="api", every="day"), line(12, "2026-01-05", "2026-01-06"), 365),
]


@pytest.mark.parametrize(("held", "row", "monthly"), [pytest.param(*row[1:], id=row[0]) for row in INTERVALS])
def test_a_figure_is_divided_by_the_price_s_interval(held, row, monthly):
    """Divided by the price's interval, never by days."""
    assert [amount for _, _, amount, _ in told(row, held=held)] == [Fraction(monthly)]


PERIODS = [
    ("a stub", "2026-01-15", "2026-02-01", API, False),
    ("four days short", "2026-01-05", "2026-02-01", API, False),
    ("a short month", "2026-02-01", "2026-03-01", API, True),
    ("from a month's last day", "2026-01-31", "2026-02-28", API, True),
    ("to a month's last day", "2026-02-28", "2026-03-28", API, True),
    ("six days of a week", "2026-01-05", "2026-01-11", metered(name="api", every="week"), False),
    ("most of a year", "2026-01-05", "2026-12-31", metered(name="api", every="year"), False),
    ("a leap year", "2028-01-01", "2029-01-01", metered(name="api", every="year"), True),
    ("from a leap day", "2028-02-29", "2029-02-28", metered(name="api", every="year"), True),
]


@pytest.mark.parametrize(("start", "end", "held", "whole"), [pytest.param(*row[1:], id=row[0]) for row in PERIODS])
def test_a_period_shorter_than_the_interval_sets_nothing(start, end, held, whole):
    """A stub sets nothing; months differ by three days, and each of them is whole."""
    assert bool(told(line(100, start, end), held=held)) is whole


THRESHOLD = line(
    2000, "2026-01-01", "2026-02-01", "in_0", at=day("2026-01-20"), billing_reason="subscription_threshold"
)


def test_threshold_invoices_are_part_of_their_period():
    """Threshold invoices are included, and the figure is booked when the period's last invoice is finalized."""
    expected = [("si_api", "02-01 01", 5000, "in_1")]
    assert told(THRESHOLD, JANUARY) == expected
    assert told(JANUARY, THRESHOLD) == expected


def test_of_two_invoices_of_one_second_the_id_decides():
    """A figure is booked by the last invoice of its period; of two finalized in one second, by the later id."""
    rows = [replace(THRESHOLD, finalized_at=JANUARY.finalized_at), JANUARY]
    assert told(*rows) == told(*reversed(rows)) == [("si_api", "02-01 01", 5000, "in_1")]


def test_a_threshold_invoice_alone_closes_no_period():
    """Until the cycle's invoice comes, a threshold invoice sets nothing."""
    assert told(THRESHOLD) == []


def test_a_threshold_invoice_belongs_to_its_own_period_only():
    """What a threshold invoice billed counts once, in the period it lies in."""
    second = line(
        700, "2026-02-01", "2026-03-01", "in_3", at=day("2026-02-20"), billing_reason="subscription_threshold"
    )
    assert [amount for _, _, amount, _ in told(THRESHOLD, JANUARY, second, FEBRUARY)] == [5000, 5200]


def test_a_voided_invoice_counts_nothing():
    """Only unvoided invoices count: a period whose invoice was voided is 0, another beside it stands."""
    assert told(replace(JANUARY, voided=True)) == [("si_api", "02-01 01", 0, "in_1")]
    corrected = replace(JANUARY, invoice="in_1b", amount=2500, finalized_at=JANUARY.finalized_at + DAY)
    assert told(replace(JANUARY, voided=True), corrected) == [("si_api", "02-02 01", 2500, "in_1b")]


def test_the_first_invoice_bills_no_usage():
    """A line of the invoice that begins a subscription is of no closed period."""
    assert told(line(0, "2026-01-01", "2026-02-01", billing_reason="subscription_create")) == []


def test_a_period_that_is_not_over_is_not_closed():
    """A line whose period ends after its invoice was finalized is of no closed period."""
    assert told(line(3000, "2026-01-01", "2026-02-01", at=day("2026-01-10"))) == []


def test_a_licensed_item_has_no_figure():
    """Lines of licensed items are no usage."""
    assert told(JANUARY, held=price(name="api")) == []


def test_an_item_that_was_gone_has_no_figure():
    """Lines of an item that the subscription did not hold in that period set nothing."""
    assert told(JANUARY, since="2026-02-01") == []
    assert told(JANUARY, until="2026-01-20") == []


def test_items_have_figures_of_their_own():
    """Each item has its figure, and one moment's are told by item."""
    other = replace(JANUARY, item="si_2", line="il_2", amount=100)
    found = told(other, JANUARY, more=(Item("si_2", metered(name="other")),))
    assert [(item, amount) for item, _, amount, _ in found] == [("si_2", 100), ("si_api", 3000)]


def test_a_closed_period_without_a_line_is_nothing():
    """A cycle's invoice that has no line of a metered item closes its period at 0."""
    assert told(JANUARY, invoice("2026-03-01", "in_2")) == [
        ("si_api", "02-01 01", 3000, "in_1"),
        ("si_api", "03-01 01", 0, "in_2"),
    ]


def test_what_another_item_billed_is_none_of_its_own():
    """An invoice whose lines are of another item closes the period of the item without one at 0."""
    other = replace(JANUARY, item="si_2", line="il_2")
    found = told(other, invoice("2026-02-01"), more=(Item("si_2", metered(name="other")),))
    assert [(item, amount) for item, _, amount, _ in found] == [("si_2", 3000), ("si_api", 0)]


def test_an_item_is_held_through_a_period_if_it_was_there_when_it_began():
    """A cycle closes the one period before it, for what was held as that began."""
    assert told(invoice("2026-03-01"), since="2026-01-30") == [("si_api", "03-01 01", 0, "in_1")]
    assert told(invoice("2026-03-01"), since="2026-02-05") == []


SILENT = [
    ("no cycle", {"billing_reason": "subscription_update"}, {}),
    ("its beginning", {}, {"since": "2026-02-15"}),
    ("the item is gone", {}, {"until": "2026-02-20"}),
    ("several intervals", {}, {"more": (Item("si_2", price(name="y", every="year"), 1),)}),
    ("a licensed item", {}, {"held": price(name="api")}),
]


@pytest.mark.parametrize(("more", "around"), [pytest.param(*row[1:], id=row[0]) for row in SILENT])
def test_an_invoice_without_a_line_may_close_nothing(more, around):
    """Only a whole cycle of an item that was held through it is closed without a line."""
    assert told(invoice("2026-03-01", **more), **around) == []


YEARLY = (Item("si_2", price(name="y", every="year"), 1),)


def test_among_several_intervals_a_cycle_is_of_what_ended_one_interval_before():
    """A cycle closes the period of an item whose last one ended an interval earlier; another item's cycle does not."""
    expected = [
        ("si_api", "02-01 01", 3000, "in_1"),
        ("si_api", "03-01 01", 0, "in_2"),
        ("si_api", "04-01 01", 0, "in_3"),
    ]
    silent = [invoice("2026-04-01", "in_3"), invoice("2026-03-01", "in_2")]
    assert told(*silent, JANUARY, more=YEARLY) == expected
    assert told(invoice("2026-02-20", "in_2"), JANUARY, more=YEARLY) == expected[:1]


def test_a_line_of_the_invoice_is_its_word_on_the_item():
    """An invoice that has a line of the item closes no other period of it."""
    assert told(invoice("2026-02-01"), JANUARY) == [("si_api", "02-01 01", 3000, "in_1")]
    assert told(invoice("2026-02-01"), line(100, "2026-01-15", "2026-02-01")) == []


def test_a_line_of_no_time_is_in_no_period():
    """A line that ends where it begins, as an item that goes at once may leave, sets no figure and harms none."""
    nothing = line(0, "2026-02-01", "2026-02-01", "in_0")
    assert told(nothing) == []
    assert told(JANUARY, nothing, FEBRUARY) == told(JANUARY, FEBRUARY)
