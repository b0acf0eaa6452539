"""Payloads of a version from before subscriptions could hold several discounts, and payloads that say little."""

from typing import Any

import pytest

from scenarios.invoices import bill
from scenarios.story import Story
from scenarios.streams import OLD, Json

NEEDED = {
    *("id", "object", "customer", "status", "currency", "created", "start_date", "items", "data", "price", "product"),
    *("unit_amount", "recurring", "interval", "interval_count", "usage_type", "quantity", "discounts", "percent_off"),
    *(
        "duration",
        "coupon",
        "source",
        "type",
        "subscription",
        "start",
        "end",
        "current_period_start",
        "ended_at",
        "name",
    ),
}


def thinned(value: Any) -> Any:
    """Return what an event tells without what no movement hangs on."""
    if isinstance(value, list):
        return [thinned(one) for one in value]
    if isinstance(value, dict):
        return {key: thinned(one) for key, one in value.items() if key in NEEDED}
    return value


@pytest.fixture
def older() -> Story:
    """Return an account whose events are rendered in the version of August 2020."""
    return Story(OLD)


def test_plans_and_seats_of_an_older_version(older: Story) -> None:
    """What an event says is read by what is present in it, never by the name of its API version."""
    pro, enterprise, reports = older.price("Pro", 10), older.price("Enterprise", 20), older.price("Reports", 20)
    older.at("2026-01-10 12:00")
    sub = older.subscribe(pro * 5)
    older.expect("new", 50)
    older.at("2026-02-10 12:00")
    sub.renew()
    with sub.updated():
        sub.item(pro).hold(enterprise * 8)
        sub.put(reports)
    older.expect("upgrade", 50, price=(pro, enterprise))
    older.expect("seat", 60, quantity=(5, 8))
    older.expect("add_on", 20, price=(None, reports))
    older.at("2026-03-10 12:00")
    sub.cancel()
    older.expect("churn", -180)
    older.check()


def test_the_one_discount_of_an_older_version(older: Story) -> None:
    """Before basil a subscription holds its `discount` whole."""
    pro, fifth, half = older.price("Pro", 100), older.coupon(percent=20), older.coupon(percent=50, months=1)
    older.at("2026-01-10 12:00")
    sub = older.subscribe(pro, coupons=[fifth])
    older.expect("new", 80)
    older.at("2026-02-10 12:00")
    with sub.updated():
        older.discounts[sub.discounts.pop()].tell("deleted")
        sub.grant(half)
    older.expect("discount", -30)
    older.expect("discount", 50, at="2026-03-10 12:00", cause=older.said_at(older.clock))
    older.check()


def test_a_customers_discount_of_an_older_version(older: Story) -> None:
    """A subscription with none of its own takes the customer's."""
    older.favour(older.coupon(percent=10))
    older.at("2026-01-10 12:00")
    older.subscribe(older.price("Pro", 100))
    older.expect("new", 90)
    older.at("2026-02-10 12:00")
    older.favour(None)
    older.expect("discount", 10)
    older.check()


def test_usage_of_an_older_version(older: Story) -> None:
    """Before basil a line names its subscription item and price itself."""
    base, calls = older.price("Pro", 20), older.price("Calls", 0.01, metered=True)
    older.at("2026-01-15 12:00")
    sub = older.subscribe(base, calls)
    older.expect("new", 20)
    for month, billed in ((2, 30), (3, 45)):
        older.at(f"2026-{month:02}-15 12:00")
        sub.renew()
        bill(sub, {calls: billed})
        older.expect("new" if month == 2 else "overage", 30 if month == 2 else 15, driver="usage")
    older.check()


def test_payloads_that_say_little_say_enough(story: Story) -> None:
    """What an event says is read by what is present in it, never by the name of its API version."""
    pro, enterprise, fifth = story.price("Pro", 10), story.price("Enterprise", 20), story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.discount(fifth)
    story.expect("discount", -10)
    story.at("2026-03-10 12:00")
    sub.swap(pro, enterprise * 8)
    story.expect("upgrade", 40, price=(pro, enterprise))
    story.expect("seat", 48, quantity=(5, 8))
    story.at("2026-04-10 12:00")
    sub.cancel()
    story.expect("churn", -128)
    for event in story.events:
        data: Json = event["data"]
        event["data"] = {name: thinned(told) for name, told in data.items()}
    story.check()
