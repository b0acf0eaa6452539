"""Sections 2 and 3 of the rule book: the kinds of movement, and the customer's life from `new` to `churn`."""

import json

import pytest

from scenarios.metering import begun, closed
from scenarios.runner import replayed
from scenarios.story import Story


def test_new_is_the_first_mrr_ever(story: Story) -> None:
    """`new` is the customer's first MRR above zero, on its largest position."""
    pro, reports = story.price("Pro", 10), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5, reports)
    story.expect("new", 70, price=(None, pro), quantity=(..., 5), subscription=sub.id, item=sub.items[0].id)
    story.check()


def test_an_upgrade_is_a_dearer_plan(story: Story) -> None:
    """`upgrade`: expansion; a plan swapped for one that costs more, at the quantity held before.

    `reason` is one line a person can read: "Pro → Enterprise for 5 seats: 5 × (20.00 − 10.00)".
    """
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.swap(pro, enterprise * 5)
    reason = "Pro → Enterprise for 5 seats: 5 × (20.00 − 10.00)"
    booked = {"item": sub.items[0].id, "subscription": sub.id, "reason": reason}
    story.expect("upgrade", 50, price=(pro, enterprise), quantity=(5, 5), **booked)
    story.check()


def test_new_is_all_that_a_customer_begins_with(story: Story) -> None:
    """`new`: new; the customer's first MRR above zero, ever (a converted trial included), and its first usage figure."""
    pro, calls = story.price("Pro", 20), story.price("Calls", 0.01, metered=True)
    story.at("2026-01-01 12:00")
    sub = story.subscribe(pro, calls, status="trialing", until="2026-01-15 12:00")
    story.at("2026-01-15 12:00")
    sub.renew()
    sub.change(status="active")
    story.expect("new", 20, price=(None, pro))
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage", price=(..., calls))
    story.at("2026-02-20 12:00")
    sub.cancel()
    story.expect("churn", -50)
    story.at("2026-03-20 12:00")
    story.subscribe(pro)
    story.expect("reactivation", 20)
    story.check()


def test_a_downgrade_says_by_its_driver_what_became_less(story: Story) -> None:
    """`downgrade`: contraction; any of those, the other way: `driver` says which."""
    enterprise, pro, reports = story.price("Enterprise", 20), story.price("Pro", 10), story.price("Reports", 8)
    calls = story.price("Calls", 0.01, metered=True)
    sub = begun(story, enterprise * 5, reports, calls)
    story.expect("new", 108)
    closed(story, sub, 2, {calls: 30})
    story.expect("new", 30, driver="usage")
    story.at("2026-02-20 12:00")
    sub.swap(enterprise, pro * 5)
    story.expect("downgrade", -50, driver="plan", price=(enterprise, pro), quantity=(5, 5))
    story.at("2026-02-21 12:00")
    sub.remove(reports)
    story.expect("downgrade", -8, driver="add_on", price=(reports, None))
    story.at("2026-02-22 12:00")
    sub.seats(pro, 3)
    story.expect("downgrade", -20, driver="seats", quantity=(5, 3))
    closed(story, sub, 3, {calls: 12})
    story.expect("downgrade", -18, driver="usage", product=(..., "prod_Calls"))
    story.check()


def test_a_downgrade_is_a_cheaper_plan(story: Story) -> None:
    """A plan swapped for one that costs less is a `downgrade`, driver `plan`."""
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(enterprise * 5)
    story.expect("new", 100)
    story.at("2026-02-10 12:00")
    sub.swap(enterprise, pro * 5)
    story.expect("downgrade", -50, driver="plan", price=(enterprise, pro), quantity=(5, 5))
    story.check()


def test_an_add_on_is_a_product_more(story: Story) -> None:
    """`add_on`: expansion; a product the customer did not hold is added, on the same or another subscription (cross-sell).

    Step c: any other product is `add_on` or `downgrade`, driver `add_on`.
    """
    pro, reports = story.price("Pro", 50), story.price("Reports", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.add(reports * 2)
    story.expect("add_on", 20, price=(None, reports), quantity=(..., 2), item=sub.items[1].id)
    story.at("2026-03-10 12:00")
    sub.remove(reports)
    story.expect("downgrade", -20, driver="add_on", price=(reports, None), quantity=(2, ...))
    story.check()


def test_an_add_on_may_be_a_subscription_of_its_own(story: Story) -> None:
    """`add_on`: expansion; a product the customer did not hold is added, on the same or another subscription (cross-sell).

    Step c: any other product is `add_on` or `downgrade`, driver `add_on`.
    """
    reports = story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 50))
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(reports)
    story.expect("add_on", 20, price=(None, reports), subscription=sub.id)
    story.at("2026-03-10 12:00")
    sub.cancel()
    story.expect("downgrade", -20, driver="add_on", price=(reports, None), subscription=sub.id)
    story.check()


def test_seats_are_more_of_what_was_held(story: Story) -> None:
    """`seat`: expansion; more units of what was held."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    story.expect("seat", 30, price=(pro, pro), quantity=(5, 8))
    story.at("2026-03-10 12:00")
    sub.seats(pro, 6)
    story.expect("downgrade", -20, driver="seats", price=(pro, pro), quantity=(8, 6))
    story.check()


def test_more_of_the_same_product_on_another_subscription_is_seats(story: Story) -> None:
    """Step c: what is added or removed of a product still held, or in role seat, is `seat` or `downgrade`, driver `seats`."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    second = story.subscribe(pro * 2)
    story.expect("seat", 60, product=(..., "prod_Pro"))
    story.at("2026-03-10 12:00")
    second.cancel()
    story.expect("downgrade", -60, driver="seats", product=("prod_Pro", ...))
    story.check()


def test_churn_is_the_last_paid_position_gone(story: Story) -> None:
    """`churn`: churn; the last paid position goes.

    Silver 50 cancelled, beside Gold 30 on a subscription of its own: `downgrade` −50, driver `add_on`.

    Gold 30 cancelled after that: `churn` −30.
    """
    gold, silver = story.price("Gold", 30), story.price("Silver", 50)
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(gold), story.subscribe(silver)
    story.expect("new", 80, price=(..., silver), subscription=second.id)
    story.at("2026-02-10 12:00")
    second.cancel()
    story.expect("downgrade", -50, driver="add_on", price=(silver, None))
    story.at("2026-03-10 12:00")
    first.cancel()
    story.expect("churn", -30, price=(gold, None), subscription=first.id)
    story.check()


def test_churn_names_the_largest_position_and_lists_all(story: Story) -> None:
    """`new`, `churn` and `reactivation` are booked on the largest position, by MRR before discounts, ties by item id.

    Their reason lists all positions.
    """
    gold, silver = story.price("Gold", 30), story.price("Silver", 50)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(gold, silver)
    story.expect("new", 80, price=(..., silver), item=sub.items[1].id)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.expect("churn", -80, price=(silver, ...), item=sub.items[1].id)
    story.check()
    for line in replayed([story.events]):
        assert "Gold" in json.loads(line)["reason"]
        assert "Silver" in json.loads(line)["reason"]


def test_largest_is_meant_before_discounts(story: Story) -> None:
    """`new`, `churn` and `reactivation` are booked on the largest position, by MRR before discounts, ties by item id."""
    gold, silver = story.price("Gold", 30), story.price("Silver", 50)
    most = story.coupon(percent=90, products=[silver])
    story.at("2026-01-10 12:00")
    sub = story.subscribe(gold, silver, coupons=[most])
    story.expect("new", 35, price=(None, silver), item=sub.items[1].id)
    story.at("2026-02-10 12:00")
    sub.change(status="unpaid")
    story.expect("churn", -35, price=(silver, None), item=sub.items[1].id)
    story.at("2026-02-20 12:00")
    sub.change(status="active")
    story.expect("reactivation", 35, price=(None, silver), item=sub.items[1].id)
    story.check()


def test_equal_positions_are_named_by_item_id(story: Story) -> None:
    """`new`, `churn` and `reactivation` are booked on the largest position, by MRR before discounts, ties by item id."""
    gold, silver = story.price("Gold", 30), story.price("Silver", 30)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(gold, silver)
    sub.items.reverse()
    story.events.pop()
    sub.tell("created")
    story.expect("new", 60, price=(..., gold))
    story.check()


@pytest.mark.parametrize("new_price", [240, 60])
def test_a_term_change_is_the_same_product_by_another_interval(story: Story, new_price: float) -> None:
    """`term_change`: price; the same product moved between monthly, yearly and so on: no choice for more or less."""
    monthly, yearly = story.price("Pro", 12), story.price("Pro", new_price, "year")
    story.at("2026-01-10 12:00")
    sub = story.subscribe(monthly)
    story.expect("new", 12)
    story.at("2026-02-10 12:00")
    sub.swap(monthly, yearly)
    story.expect("term_change", new_price / 12 - 12, price=(monthly, yearly))
    story.check()


def test_term_and_plan_are_told_apart(story: Story) -> None:
    """Pro at 120 a year → Pro at 12 a month: `term_change` +2.

    Pro at 12 a month → Enterprise at 240 a year: `upgrade` +8, driver `plan`.
    """
    yearly, monthly = story.price("Pro", 120, "year"), story.price("Pro", 12)
    enterprise = story.price("Enterprise", 240, "year")
    story.at("2026-01-10 12:00")
    sub = story.subscribe(yearly)
    story.expect("new", 10)
    story.at("2026-02-10 12:00")
    sub.swap(yearly, monthly)
    story.expect("term_change", 2, price=(yearly, monthly))
    story.at("2026-03-10 12:00")
    sub.swap(monthly, enterprise)
    story.expect("upgrade", 8, price=(monthly, enterprise))
    story.check()
