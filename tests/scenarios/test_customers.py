"""Section 1 of the rule book: customers, and how they leave."""

import pytest

from scenarios.story import Story


@pytest.mark.parametrize("asked", ["cancel_at_period_end", "cancel_at"])
def test_a_cancellation_counts_when_the_subscription_ends(story: Story, asked: str) -> None:
    """A subscription set to cancel, by `cancel_at_period_end` or by `cancel_at` alone, counts until it ends."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    end = sub.items[0].period[1]
    wanted = {"cancel_at": end, "cancel_at_period_end": asked == "cancel_at_period_end"}
    sub.change(**wanted, canceled_at=story.clock)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.expect("churn", -30)
    story.check()


@pytest.mark.parametrize("asked", ["cancel_at_period_end", "cancel_at"])
def test_a_cancellation_may_count_when_it_is_requested(story: Story, asked: str) -> None:
    """With `churn_at = "request"`, it counts until the cancellation is requested."""
    story.settings = '[rules]\nchurn_at = "request"\n'
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    end = sub.items[0].period[1]
    wanted = {"cancel_at": end, "cancel_at_period_end": asked == "cancel_at_period_end"}
    sub.change(**wanted, canceled_at=story.clock)
    story.expect("churn", -30)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.check()


def test_a_cancellation_that_is_withdrawn_is_reactivation(story: Story) -> None:
    """A cancellation that was counted at its request, and is withdrawn, is `reactivation`."""
    story.settings = '[rules]\nchurn_at = "request"\n'
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.change(cancel_at=sub.items[0].period[1], cancel_at_period_end=True, canceled_at=story.clock)
    story.expect("churn", -30)
    story.at("2026-02-03 12:00")
    sub.change(cancel_at=None, cancel_at_period_end=False, canceled_at=None)
    story.expect("reactivation", 30)
    story.check()


def test_a_deleted_customer_keeps_its_history(story: Story) -> None:
    """A customer that is deleted keeps its history."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.cancel()
    story.expect("churn", -30)
    story.customer.tell("deleted")
    story.check()


def test_customers_that_share_a_key_are_one(story: Story) -> None:
    """`customer_key` names a metadata key such as `metadata.account_id`: all customers that share its value are one."""
    story.settings = '[rules]\ncustomer_key = "metadata.account_id"\n'
    east, west = story.join("cus_east", account_id="acct-7"), story.join("cus_west", account_id="acct-7")
    pro, reports = story.price("Pro", 30), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    story.subscribe(pro, customer=east)
    story.expect("new", 30, customer=...)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(reports, customer=west)
    story.expect("add_on", 20, customer=..., price=(None, reports))
    story.at("2026-03-10 12:00")
    sub.cancel()
    story.expect("downgrade", -20, customer=..., driver="add_on")
    story.check()


def test_customers_are_apart_without_a_key(story: Story) -> None:
    """The customer is the Stripe customer, unless `[rules] customer_key` is set."""
    pro = story.price("Pro", 30)
    east, west = story.join("cus_east", account_id="acct-7"), story.join("cus_west", account_id="acct-7")
    story.at("2026-01-10 12:00")
    story.subscribe(pro, customer=east)
    story.expect("new", 30, customer="cus_east")
    story.at("2026-02-10 12:00")
    story.subscribe(pro, customer=west)
    story.expect("new", 30, customer="cus_west")
    story.check()


def test_what_is_said_of_a_customer_in_its_first_second_is_heard(story: Story) -> None:
    """Within one second `created` comes first and `deleted` last.

    So it is for customers, products, prices and coupons: what is said last of an object is what it is.
    """
    story.settings = '[rules]\ncustomer_key = "metadata.account_id"\n'
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    several = [story.join(f"cus_{number}") for number in range(2, 8)]
    for one in several:
        one.change(metadata={"account_id": "acct-7"})
    for number, one in enumerate(several):
        story.at(f"2026-01-1{number} 14:00")
        story.subscribe(pro, customer=one)
        story.expect("seat" if number else "new", 10, customer="acct-7")
    story.check()
