"""Sections 3 and 5 of the rule book: metered positions among the others."""

import pytest

from scenarios.invoices import bill
from scenarios.metering import START, begun, closed
from scenarios.story import Story
from scenarios.streams import instant


def test_several_meters_have_figures_of_their_own(story: Story) -> None:
    """Several meters have figures of their own."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    storage = story.price("Storage", 0.5, metered=True)
    sub = begun(story, base, calls, storage)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30, storage: 7})
    story.expect("new", 30, driver="usage", price=(..., calls))
    story.expect("new", 7, driver="usage", price=(..., storage))
    closed(story, sub, 3, {calls: 20, storage: 9})
    story.expect("downgrade", -10, driver="usage", product=(..., "prod_Calls"))
    story.expect("overage", 2, product=(..., "prod_Storage"))
    story.check()


def test_what_is_no_subscription_is_no_mrr(story: Story) -> None:
    """Tax, one-off invoice items, credit balances and proration amounts never are MRR.

    A proration never says how much a change is worth.
    """
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    sub = begun(story, pro)
    story.expect("new", 10)
    bill(sub, reason="subscription_create", hours=0)
    story.at("2026-01-25 12:00")
    sub.swap(pro, enterprise)
    story.expect("upgrade", 10)
    bill(sub, reason="subscription_update", licensed=False, extra=[(pro, -6.67), (enterprise, 13.34)])
    closed(story, sub, 2, {})
    story.check()


def test_usage_and_seats_of_one_group(story: Story) -> None:
    """d: the usage figure; `overage` or `downgrade`, driver `usage`.

    A group's movements carry the time and the cause of its last change.

    Usage is always shown apart from licensed MRR, under a driver of its own.
    """
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-03-15 12:00")
    sub.renew()
    story.at("2026-03-15 12:10")
    sub.seats(base, 3)
    story.at("2026-03-15 12:00")
    bill(sub, {calls: 45})
    story.clock = instant("2026-03-15 12:30")
    finalized = story.events[-2]
    finalized["created"] = finalized["data"]["object"]["status_transitions"]["finalized_at"] = story.clock
    story.events.pop()
    story.expect("seat", 40, quantity=(1, 3))
    story.expect("overage", 15)
    story.check()


def test_a_meter_alone_is_a_paid_position(story: Story) -> None:
    """It is paid if its MRR before discounts is above zero, or if it is metered at a price that is not all zero."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    story.at("2026-02-01 12:00")
    sub.remove(base)
    story.expect("downgrade", -20, driver="add_on", price=(base, None))
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.expect("churn", 0, price=(calls, ...))
    story.check()


def test_a_meter_that_costs_nothing_is_no_paid_position(story: Story) -> None:
    """It is paid if its MRR before discounts is above zero, or if it is metered at a price that is not all zero."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    story.at("2026-02-01 12:00")
    sub.remove(base)
    story.expect("churn", -20, driver=None, price=(base, ...))
    story.check()


@pytest.mark.parametrize("first", [30, 0])
def test_a_metered_add_on_brings_its_first_figure_as_an_add_on(story: Story, first: float) -> None:
    """An item's first figure takes the kind that brought the item, driver `usage`: later ones are `overage` or `downgrade`."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base)
    story.expect("new", 20)
    story.at("2026-02-15 12:00")
    sub.renew()
    sub.add(calls)
    closed(story, sub, 3, {calls: first})
    if first:
        story.expect("add_on", 30, driver="usage", product=(..., "prod_Calls"))
    closed(story, sub, 4, {calls: 40})
    story.expect("overage", 40 - first)
    story.check()


def test_a_reactivated_customers_first_figure_is_reactivation(story: Story) -> None:
    """An item's first figure takes the kind that brought the item, driver `usage`: later ones are `overage` or `downgrade`."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base)
    story.expect("new", 20)
    story.at("2026-02-01 12:00")
    sub.cancel()
    story.expect("churn", -20)
    story.at("2026-03-15 12:00")
    again = story.subscribe(base, calls)
    story.expect("reactivation", 20)
    closed(story, again, 4, {calls: 30})
    story.expect("reactivation", 30, driver="usage")
    closed(story, again, 5, {calls: 31})
    story.expect("overage", 1)
    story.check()


def test_a_plan_swapped_for_usage(story: Story) -> None:
    """An item's first figure takes the kind that brought the item, driver `usage`: later ones are `overage` or `downgrade`."""
    pro, calls = story.price("Pro", 50), story.price("Calls", 0.01, metered=True)
    sub = begun(story, pro)
    story.expect("new", 50)
    story.at("2026-02-15 12:00")
    sub.renew()
    sub.swap(pro, calls)
    story.expect("downgrade", -50, driver="plan", price=(pro, calls))
    closed(story, sub, 3, {calls: 80})
    story.expect("upgrade", 80, driver="usage")
    closed(story, sub, 4, {calls: 85})
    story.expect("overage", 5)
    story.check()


def test_a_metered_item_is_paired_last_however_much_it_bills(story: Story) -> None:
    """Metered positions are paired last."""
    pro, calls = story.price("Pro", 50), story.price("Calls", 0.01, metered=True)
    enterprise = story.price("Enterprise", 60)
    sub = begun(story, pro, calls)
    story.expect("new", 50)
    closed(story, sub, 2, {calls: 80})
    story.expect("new", 80, driver="usage")
    story.at("2026-02-20 12:00")
    with sub.updated():
        sub.drop(pro)
        sub.drop(calls)
        sub.put(enterprise)
    story.expect("downgrade", -80, driver="add_on", price=(calls, None))
    story.expect("upgrade", 10, price=(pro, enterprise))
    story.check(ordered=False)


def test_usage_may_be_excluded(story: Story) -> None:
    """With `usage = "exclude"` no figure is booked."""
    story.settings = '[rules]\nusage = "exclude"\n'
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    closed(story, sub, 3, {calls: 45})
    story.check()


def test_a_figure_is_before_discounts_and_the_mrr_after_them(story: Story) -> None:
    """A figure is taken before discounts, credits and tax.

    A discount in force counts on a figure as on any position.
    """
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    story.at(START)
    sub = story.subscribe(base, calls, coupons=[story.coupon(percent=50)])
    story.expect("new", 10)
    closed(story, sub, 2, {calls: 30})
    for event in story.events[-2:]:  # 15.00 after the discount, 3.00 of tax, paid by a credit of 18.00
        invoice = event["data"]["object"]
        invoice |= {"total": 1800, "tax": 300, "starting_balance": -1800, "amount_due": 0, "amount_paid": 0}
        invoice["lines"]["data"][-1]["discount_amounts"] = [{"amount": 1500, "discount": sub.discounts[0]}]
    story.expect("new", 15, driver="usage")
    story.check()


def test_a_figure_stands_until_the_next_one(story: Story) -> None:
    """It is booked when the period's last invoice is finalized, and stands until the next one."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-02-20 12:00")
    sub.seats(base, 3)
    story.expect("seat", 40, quantity=(1, 3))
    closed(story, sub, 3, {calls: 31})
    story.expect("overage", 1)
    story.check()


def test_usage_billed_after_its_item_left_moves_nothing(story: Story) -> None:
    """Usage billed after the subscription or the item ended moves nothing."""
    base, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-03-01 12:00")
    sub.remove(calls)
    story.expect("downgrade", -30, driver="add_on", price=(calls, None))
    closed(story, sub, 3, {calls: 12}, period=sub.items_ever[calls].period)
    story.check()


def test_a_meter_that_moves_along_keeps_its_figure(story: Story) -> None:
    """A metered item that takes the place of another keeps its figure until its own first one.

    Its own first one is then an `upgrade` or a `downgrade` by the difference.
    """
    base, calls, ent = story.price("Pro", 20), story.price("Calls", 0.01, metered=True), story.price("Ent", 50)
    sub = begun(story, base, calls)
    story.expect("new", 20)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-03-15 12:00")
    sub.cancel()
    after = story.subscribe(ent, calls)
    story.expect("upgrade", 30, price=(base, ent))
    closed(story, after, 4, {calls: 40})
    story.expect("upgrade", 10, driver="usage")
    closed(story, after, 5, {calls: 45})
    story.expect("overage", 5)
    story.check()
