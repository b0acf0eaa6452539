"""Section 1 of the rule book: discounts, on items, subscriptions and customers."""

import pytest
from rulebook import cases

from scenarios.story import Story
from scenarios.streams import Line


def test_a_standing_discount_is_part_of_new(story: Story) -> None:
    """`forever` and `repeating` count while in force."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 100), coupons=[story.coupon(percent=20)])
    story.expect("new", 80)
    story.check()


def test_a_discount_begins_and_ends(story: Story) -> None:
    """`discount`: price; a discount began, changed or ended: never expansion."""
    pro, coupon = story.price("Pro", 100), story.coupon(percent=25)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 100)
    story.at("2026-02-10 12:00")
    sub.discount(coupon)
    story.expect("discount", -25)
    story.at("2026-03-10 12:00")
    sub.undiscount()
    story.expect("discount", 25)
    story.check()


def test_a_discount_changes(story: Story) -> None:
    """`discount`: price; a discount began, changed or ended: never expansion."""
    pro, quarter, half = story.price("Pro", 100), story.coupon(percent=25), story.coupon(percent=50)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[quarter])
    story.expect("new", 75)
    story.at("2026-02-10 12:00")
    with sub.updated():
        story.discounts[sub.discounts.pop()].tell("deleted")
        sub.grant(half)
    story.expect("discount", -25)
    story.check()


def test_an_items_discount_comes_before_the_subscriptions(story: Story) -> None:
    """An item's own discounts come first, then its subscription's, in the order in which Stripe lists them.

    Pro 100 with 50 % off the item, and 10.00 off the subscription: 40.
    """
    half, ten = story.coupon(percent=50), story.coupon(off=10)
    story.at("2026-01-10 12:00")
    story.subscribe(Line(story.price("Pro", 100), 1, [half]), coupons=[ten])
    story.expect("new", 40)
    story.check()


def test_an_items_discount_is_the_items_alone(story: Story) -> None:
    """Discounts: the item's are on the item."""
    story.at("2026-01-10 12:00")
    half = story.coupon(percent=50)
    story.subscribe(Line(story.price("Pro", 100), 1, [half]), story.price("Reports", 20))
    story.expect("new", 70)
    story.check()


@pytest.mark.parametrize(("first", "worth"), [("percent", 40), ("off", 45)])
def test_discounts_apply_in_array_order(story: Story, first: str, worth: float) -> None:
    """Pro 100 with 50 % off, then 10.00 off: 40.

    Pro 100 with 10.00 off, then 50 % off: 45.

    A percentage takes its share of what the discounts before it left.
    """
    coupons = [story.coupon(percent=50), story.coupon(off=10)]
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 100), coupons=coupons if first == "percent" else coupons[::-1])
    story.expect("new", worth)
    story.check()


def test_a_subscription_without_a_discount_takes_the_customers(story: Story) -> None:
    """A subscription with no discount of its own in force takes its customer's, the newest that is in force."""
    pro, coupon = story.price("Pro", 100), story.coupon(percent=10)
    story.at("2026-01-10 12:00")
    story.subscribe(pro)
    story.expect("new", 100)
    story.at("2026-02-10 12:00")
    story.favour(coupon)
    story.expect("discount", -10)
    story.at("2026-03-10 12:00")
    story.favour(None)
    story.expect("discount", 10)
    story.check()


def test_a_customers_discount_stands_before_the_subscription(story: Story) -> None:
    """A subscription with none of its own takes the customer's."""
    story.favour(story.coupon(percent=10))
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 100))
    story.expect("new", 90)
    story.check()


def test_a_subscription_with_a_discount_leaves_the_customers(story: Story) -> None:
    """A subscription with no discount of its own in force takes its customer's, the newest that is in force."""
    story.favour(story.coupon(percent=10))
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 100), coupons=[story.coupon(percent=25)])
    story.expect("new", 75)
    story.at("2026-02-10 12:00")
    sub.undiscount()
    story.expect("discount", 15)
    story.check()


def test_a_repeating_discount_ends_without_an_event(story: Story) -> None:
    """A `repeating` discount ends at its `end`, event or not."""
    pro, coupon = story.price("Pro", 20), story.coupon(percent=50, months=2)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 20)
    story.at("2026-02-10 12:00")
    sub.discount(coupon)
    story.expect("discount", -10)
    story.expect("discount", 10, at="2026-04-10 12:00", cause=story.said_at(story.clock))
    story.check()


def test_a_repeating_discount_that_is_removed_after_its_end_ends_once(story: Story) -> None:
    """A `repeating` discount ends at its `end`, event or not.

    a discount that runs out: at its `end`.
    """
    pro, coupon = story.price("Pro", 20), story.coupon(percent=50, months=2)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[coupon])
    story.expect("new", 10)
    story.expect("discount", 10, at="2026-03-10 12:00", cause=story.said_at(story.clock))
    for month in (2, 3):
        story.at(f"2026-0{month}-10 13:30")
        sub.renew()
    sub.undiscount()
    story.check()


def test_a_repeating_discount_may_end_early(story: Story) -> None:
    """A discount counts while in force, no longer."""
    pro, coupon = story.price("Pro", 20), story.coupon(percent=50, months=12)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[coupon])
    story.expect("new", 10)
    story.at("2026-03-01 12:00")
    sub.undiscount()
    story.expect("discount", 10)
    story.check()


def test_a_customers_repeating_discount_ends_by_itself(story: Story) -> None:
    """A `repeating` discount ends at its `end`, event or not.

    The customer's own does, too.
    """
    story.at("2026-01-05 12:00")
    story.favour(story.coupon(percent=50, months=3))
    given = story.said_at(story.clock)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 20))
    story.expect("new", 10)
    story.expect("discount", 10, at="2026-04-05 12:00", cause=given | story.said_at(story.clock))
    story.check()


def test_an_items_repeating_discount_ends_by_itself(story: Story) -> None:
    """A `repeating` discount ends at its `end`, event or not.

    An item's own does, too.
    """
    story.at("2026-01-10 12:00")
    half = story.coupon(percent=50, months=1)
    story.subscribe(Line(story.price("Pro", 100), 1, [half]), story.price("Reports", 20))
    story.expect("new", 70)
    story.expect("discount", 50, at="2026-02-10 12:00", cause=story.said_at(story.clock))
    story.check()


def test_a_once_discount_never_counts(story: Story) -> None:
    """`once` never counts."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 100), coupons=[story.coupon(percent=50, duration="once")])
    story.expect("new", 100)
    story.at("2026-02-10 12:00")
    sub.renew()
    sub.undiscount()
    story.check()


@pytest.mark.parametrize("row", cases("The setting discounts says which coupons count."), ids=lambda row: row[0])
def test_which_durations_count_is_a_setting(story: Story, row: tuple[str, ...]) -> None:
    """The setting `discounts` says which coupons count.

    Discounts with a `forever` or a `repeating` coupon count while they are in force, those with a `once` coupon never.

    A known end of a discount is booked at its date, even if that lies ahead.
    """
    setting, *counted = row
    story.settings = f"[rules]\ndiscounts = {setting.removesuffix(' (default)')}\n" if "default" not in setting else ""
    forever, repeating, once = (word == "yes" for word in counted)
    coupons = [
        story.coupon(percent=20),
        story.coupon(percent=25, months=600),
        story.coupon(percent=50, duration="once"),
    ]
    others = 100 * (0.8 if forever else 1) * (0.5 if once else 1)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 100), coupons=coupons)
    story.expect("new", others * (0.75 if repeating else 1))
    if repeating:
        story.expect("discount", others * 0.25, at="2076-01-10 12:00", cause=story.said_at(story.clock))
    story.check()


def test_a_discount_on_some_products_leaves_the_others(story: Story) -> None:
    """A discount whose coupon names products (`applies_to`) comes off those products alone.

    Pro 100 and Reports 20, with 50 % off Reports: 110.
    """
    pro, reports = story.price("Pro", 100), story.price("Reports", 20)
    coupon = story.coupon(percent=50, products=[reports])
    story.at("2026-01-10 12:00")
    story.subscribe(pro, reports, coupons=[coupon])
    story.expect("new", 110)
    story.check()


@pytest.mark.parametrize("lag", [3, 7200])
def test_the_discounts_event_may_come_later(story: Story, lag: int) -> None:
    """Discounts and coupons may be bare ids inside the subscription's event and arrive in events of their own."""
    pro, coupon = story.price("Pro", 100), story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 100)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.grant(coupon, lag=lag)
    story.expect("discount", -20, cause=story.said_at(story.clock) | story.said_at(story.clock + lag))
    story.check()


def test_a_coupon_may_be_known_only_later(story: Story) -> None:
    """An event that needs a discount, a coupon or tiers nobody told of waits for them, and then counts as of its time."""
    story.at("2026-01-10 12:00")
    coupon = story.coupon(percent=20)
    story.events.pop()
    story.subscribe(story.price("Pro", 100), coupons=[coupon])
    story.expect("new", 80)
    story.at("2026-01-20 12:00")
    coupon.change(name="A fifth off")
    story.check()


def test_a_discount_may_be_known_only_when_it_ends(story: Story) -> None:
    """An event that tells of a discount later tells it for the time it was in force."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 100), coupons=[story.coupon(percent=20)])
    story.expect("new", 80)
    story.events = [event for event in story.events if event["type"] != "customer.discount.created"]
    story.at("2026-02-10 12:00")
    sub.undiscount()
    story.expect("discount", 20)
    story.check()


def test_a_deleted_coupon_keeps_its_discounts(story: Story) -> None:
    """Deleting a coupon ends no discount that was given."""
    coupon = story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 100), coupons=[coupon])
    story.expect("new", 80)
    story.at("2026-02-10 12:00")
    coupon.tell("deleted")
    story.check()


def test_a_percentage_may_be_fractional(story: Story) -> None:
    """`percent_off` may be a fraction of a percent."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 99.99), coupons=[story.coupon(percent=33.33)])
    story.expect("new", 66.66)  # 9999 × 0.6667 = 6666.3333
    story.check()


def test_the_customers_discount_follows_the_subscriptions(story: Story) -> None:
    """A subscription with no discount of its own in force takes its customer's, the newest that is in force."""
    story.favour(story.coupon(percent=10))
    given = story.said_at(story.clock)
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 100), coupons=[story.coupon(percent=25, months=2)])
    story.expect("new", 75)
    story.expect("discount", 15, at="2026-03-10 12:00", cause=given | story.said_at(story.clock))
    story.check()


def test_a_discount_that_runs_out_at_the_renewal(story: Story) -> None:
    """`cause` is the id of the event or invoice that told of it: for a discount that ran out, of the event that brought it."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 20), coupons=[story.coupon(percent=50, months=1)])
    story.expect("new", 10)
    brought = story.said_at(story.clock)
    story.at("2026-02-10 12:00")
    sub.renew()
    story.expect("discount", 10, cause=brought)
    story.check()
