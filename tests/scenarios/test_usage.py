"""Section 5 of the rule book: billed usage."""

import pytest

from scenarios.invoices import bill, void
from scenarios.metering import START, begun, closed
from scenarios.story import Story
from scenarios.streams import instant, later


def test_the_first_figure_is_new_and_later_ones_overage(story: Story) -> None:
    """Base 20, full periods bill 30, then 45: `new` +20, `new` +30 (driver `usage`), `overage` +15.

    `overage`: expansion; more billed usage than in the period before.
    """
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20, product=(..., "prod_Pro"))
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage", product=(..., "prod_Calls"))
    closed(story, sub, 3, {calls: 45})
    story.expect("overage", 15, product=(..., "prod_Calls"))
    closed(story, sub, 4, {calls: 45})
    closed(story, sub, 5, {calls: 40})
    story.expect("downgrade", -5, driver="usage")
    story.check()


def test_usage_inside_the_included_tier_is_a_figure_of_zero(story: Story) -> None:
    """Base 20, usage inside the included tier bills 0, then 12: `new` +20, `overage` +12."""
    tiers = [(1000, 0), (None, 0.01)]
    base, calls = story.price("Pro", 20), story.price("Calls", metered=True, tiers=tiers, mode="graduated")
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 0})
    closed(story, sub, 3, {calls: [0, 12]})
    story.expect("overage", 12)
    story.check()


def test_usage_only(story: Story) -> None:
    """Usage only, 50, 0, 40, then cancelled: `new` +50, `downgrade` −50, `overage` +40, `churn` −40.

    Their driver is `status`, unless a plan (free ↔ paid), seats, usage or a discount alone did it.

    Between `new` and `churn` MRR may touch zero, by a full discount or a month without usage: that is no churn.
    """
    calls = story.price("Calls", 0.01, metered=True)
    sub = begun(story, calls)
    closed(story, sub, 2, {calls: 50})
    story.expect("new", 50, driver="usage", price=(..., calls))
    closed(story, sub, 3, {calls: 0})
    story.expect("downgrade", -50, driver="usage")
    closed(story, sub, 4, {calls: 40})
    story.expect("overage", 40)
    story.at("2026-04-20 12:00")
    sub.cancel()
    story.expect("churn", -40, price=(calls, ...))
    story.check()


def test_a_closed_period_without_a_line_is_zero(story: Story) -> None:
    """A closed period without a line is 0."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    closed(story, sub, 3, {})
    story.expect("downgrade", -30, driver="usage")
    closed(story, sub, 4, {calls: 10})
    story.expect("overage", 10)
    story.check()


def test_a_month_without_a_line_is_zero_beside_a_yearly_plan_too(story: Story) -> None:
    """A closed period without a line is 0."""
    base, calls = story.price("Pro", 240, "year"), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30}, licensed=False)
    story.expect("new", 30, driver="usage")
    closed(story, sub, 3, {}, licensed=False)
    story.expect("downgrade", -30, driver="usage")
    closed(story, sub, 4, {}, licensed=False)
    closed(story, sub, 5, {calls: 10}, licensed=False)
    story.expect("overage", 10)
    story.check()


def test_a_stub_sets_nothing(story: Story) -> None:
    """A period shorter than the interval (a stub) sets nothing."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    story.at(START)
    sub = story.subscribe(base, calls, until="2026-02-01 12:00")
    story.expect("new", 20)
    for month, billed in ((2, 10), (3, 30)):
        story.at(f"2026-{month:02}-01 12:00")
        sub.renew()
        bill(sub, {calls: billed})
    story.expect("new", 30, driver="usage")
    story.check()


def test_lines_of_one_item_and_period_are_summed(story: Story) -> None:
    """A metered item's figure is the sum of its invoice lines for one closed period."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: [5, 10, 15]})
    story.expect("new", 30, driver="usage")
    story.check()


def test_a_meter_whose_price_changes_in_its_period_has_one_figure(story: Story) -> None:
    """Lines of one item and period are summed, tier by tier, and also where its price changed on the way."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    tiers = [(1000, 0.02), (None, 0.01)]
    dearer = story.price("Calls", metered=True, tiers=tiers, mode="graduated")
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    start, change, end = (instant(f"2026-{day} 12:00") for day in ("02-15", "02-25", "03-15"))
    story.at("2026-02-25 12:00")
    sub.swap(calls, dearer)
    closed(story, sub, 3, {calls: 10, dearer: [20, 15]}, period={calls: (start, change), dearer: (change, end)})
    story.expect("overage", 15)
    story.check()


def test_a_yearly_plan_and_a_monthly_meter(story: Story) -> None:
    """Items of different intervals in one subscription add up.

    It is booked when the period's last invoice is finalized, and stands until the next one.
    """
    base, calls = story.price("Pro", 240, "year"), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30}, licensed=False)
    story.expect("new", 30, driver="usage")
    closed(story, sub, 3, {calls: 45}, licensed=False)
    story.expect("overage", 15)
    story.check()


@pytest.mark.parametrize("end", ["2026-02-01 12:00", "2026-02-15 12:00"])
def test_a_threshold_invoice_is_part_of_its_period(story: Story, end: str) -> None:
    """Finalized invoices count, threshold invoices included, whether they are paid or not; voided ones do not."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    story.at("2026-02-01 12:00")
    bill(sub, {calls: 60}, reason="subscription_threshold", period=(instant(START), instant(end)), licensed=False)
    closed(story, sub, 2, {calls: 15})
    story.expect("new", 75, driver="usage")
    story.check()


def test_a_voided_invoice_does_not_count(story: Story) -> None:
    """Finalized invoices count, threshold invoices included, whether they are paid or not; voided ones do not."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    wrong = closed(story, sub, 2, {calls: 500})
    story.at("2026-02-16 09:00")
    void(wrong)
    bill(sub, {calls: 30}, reason="manual", licensed=False)
    story.expect("new", 30, driver="usage")
    closed(story, sub, 3, {calls: 35})
    story.expect("overage", 5)
    story.check()


def test_a_period_is_booked_with_its_last_invoice(story: Story) -> None:
    """It is booked when the period's last invoice is finalized, and stands until the next one.

    billed usage: when the invoice was finalized.
    """
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 15})
    story.at("2026-02-17 12:00")
    bill(sub, {calls: 10}, reason="manual", licensed=False)
    story.expect("new", 25, driver="usage")
    story.check()


def test_an_uncollectible_invoice_still_counts(story: Story) -> None:
    """Finalized invoices count, threshold invoices included, whether they are paid or not; voided ones do not."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    invoice = closed(story, sub, 2, {calls: 15})
    story.expect("new", 15, driver="usage")
    story.events.pop()
    story.at("2026-03-01 12:00")
    invoice.fields["status"] = "uncollectible"
    invoice.tell("marked_uncollectible")
    story.check()


def test_a_paid_invoice_tells_when_it_was_finalized(story: Story) -> None:
    """A figure is booked when the period's last invoice is *finalized*, whichever event tells of it."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    cause = story.said_at(story.clock) | story.said_at(story.clock + 60)
    story.events = [event for event in story.events if event["type"] != "invoice.finalized"]
    story.expect("new", 30, driver="usage", cause=cause)
    story.check()


def test_a_longer_interval_is_divided(story: Story) -> None:
    """It is divided by the months of the price's interval, never by days.

    usage only, by the quarter, 90, then 100: `new` +30, `overage` +3.33.
    """
    calls = story.price("Calls", 0.01, "3 month", metered=True)
    sub = begun(story, calls)
    closed(story, sub, 4, {calls: 90})
    story.expect("new", 30, driver="usage")
    closed(story, sub, 7, {calls: 100})
    story.expect("overage", 3.33)
    story.check()


def test_usage_billed_after_the_end_moves_nothing(story: Story) -> None:
    """Usage billed after the subscription or the item ended moves nothing."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-03-15 12:00")
    sub.cancel()
    story.expect("churn", -50)
    bill(sub, {calls: 44}, licensed=False, period=(instant("2026-02-15 12:00"), instant("2026-03-15 12:00")))
    story.check()


def test_the_month_is_as_long_as_the_calendar_says(story: Story) -> None:
    """Months differ by three days: a period up to three days short of its month or year is a whole one."""
    calls = story.price("Calls", 0.01, metered=True)
    story.at("2026-01-31 12:00")
    sub = story.subscribe(calls)
    assert sub.items[0].period[1] == later(story.clock, 1, "month") == instant("2026-02-28 12:00")
    story.at("2026-02-28 12:00")
    with sub.updated():
        item = sub.items[0]
        item.past, item.period = item.period, (item.period[1], instant("2026-03-31 12:00"))
    bill(sub, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.check()
