"""Section 3 of the rule book: groups of changes, the walk through them, and what is paired with what."""

import pytest

from scenarios.story import Story
from scenarios.streams import Line


@pytest.mark.parametrize(("percent", "plan", "seats"), [(0, 50, 60), (20, 40, 48)])
def test_plan_and_seats_in_one_update(story: Story, percent: int, plan: float, seats: float) -> None:
    """Pro 10 × 5 → Enterprise 20 × 8 in one update: `upgrade` +50, `seat` +60.

    Pro 10 × 5 → Enterprise 20 × 8 under a standing 20 % discount: `upgrade` +40, `seat` +48.

    b: the quantity; `seat` or `downgrade`, driver `seats`.
    """
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    coupons = [story.coupon(percent=percent)] if percent else []
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5, coupons=coupons)
    story.expect("new", plan)
    story.at("2026-02-10 12:00")
    sub.swap(pro, enterprise * 8)
    story.expect("upgrade", plan, price=(pro, enterprise), quantity=(5, ...))
    story.expect("seat", seats, price=(..., enterprise), quantity=(5, 8))
    story.check()


def test_plan_and_add_on_in_one_update(story: Story) -> None:
    """Pro 50 → Enterprise 100, and a Reports item 20 added: `upgrade` +50, `add_on` +20.

    c: positions added and removed; see below.
    """
    pro, enterprise, reports = story.price("Pro", 50), story.price("Enterprise", 100), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.item(pro).hold(enterprise)
        sub.put(reports)
    story.expect("upgrade", 50, price=(pro, enterprise))
    story.expect("add_on", 20, price=(None, reports))
    story.check()


def test_a_discount_of_the_old_plan_alone_ends_with_it(story: Story) -> None:
    """Pro 50 with 50 % on Pro only → Enterprise 100: `upgrade` +25, `discount` +50.

    What those discounts were for (`applies_to`) is kept along with them.

    e: the discounts; `discount`.
    """
    pro, enterprise = story.price("Pro", 50), story.price("Enterprise", 100)
    half = story.coupon(percent=50, products=[pro])
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[half])
    story.expect("new", 25)
    story.at("2026-02-10 12:00")
    sub.swap(pro, enterprise)
    story.expect("upgrade", 25, price=(pro, enterprise))
    story.expect("discount", 50)
    story.check()


def test_a_seat_more_may_cost_less(story: Story) -> None:
    """Volume tiers up to 5 at 5, up to 10 at 4, from 5 to 6 seats: 25 → 24: `downgrade` −1, driver `seats`."""
    pro = story.price("Pro", tiers=[(5, 5), (10, 4), (None, 3)], mode="volume")
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 25)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 6)
    story.expect("downgrade", -1, driver="seats", quantity=(5, 6), price=(pro, pro))
    story.check()


def test_a_flat_plan_swapped_for_seats_is_one_plan_movement(story: Story) -> None:
    """A swap from or to quantity 1, where steps a and b have opposite signs, is one plan movement of their sum.

    Flat 100 × 1 → Team 20 × 10: `upgrade` +100.
    """
    flat, team = story.price("Flat", 100), story.price("Team", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(flat)
    story.expect("new", 100)
    story.at("2026-02-10 12:00")
    sub.swap(flat, team * 10)
    story.expect("upgrade", 100, price=(flat, team), quantity=(1, 10))
    story.at("2026-03-10 12:00")
    sub.swap(team, flat)
    story.expect("downgrade", -100, driver="plan", price=(team, flat), quantity=(10, 1))
    story.check()


def test_from_one_seat_upwards_plan_and_seats_stay_two(story: Story) -> None:
    """A swap from or to quantity 1, where steps a and b have opposite signs, is one plan movement of their sum.

    Where their signs agree they stay two.
    """
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 10)
    story.at("2026-02-10 12:00")
    sub.swap(pro, enterprise * 3)
    story.expect("upgrade", 10, price=(pro, enterprise))
    story.expect("seat", 40, quantity=(1, 3))
    story.check()


def test_opposite_signs_without_quantity_one_stay_two(story: Story) -> None:
    """A swap from or to quantity 1, where steps a and b have opposite signs, is one plan movement of their sum.

    Between other quantities they stay two.
    """
    pro, lite = story.price("Pro", 20), story.price("Lite", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 2)
    story.expect("new", 40)
    story.at("2026-02-10 12:00")
    sub.swap(pro, lite * 6)
    story.expect("downgrade", -20, driver="plan", price=(pro, lite))
    story.expect("seat", 40, quantity=(2, 6))
    story.check()


def test_seats_and_discount_at_once(story: Story) -> None:
    """Through steps a to d a position that stays or was swapped keeps its old discounts, even on a new subscription."""
    pro, half = story.price("Pro", 10), story.coupon(percent=50)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.item(pro).hold(pro * 8)
        sub.grant(half)
    story.expect("seat", 30)
    story.expect("discount", -40)
    story.check()


def test_an_added_item_takes_the_discounts_of_its_subscription(story: Story) -> None:
    """An added position has the discounts that stood on its subscription before."""
    pro, reports, fifth = story.price("Pro", 50), story.price("Reports", 20), story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[fifth])
    story.expect("new", 40)
    story.at("2026-02-10 12:00")
    sub.add(reports)
    story.expect("add_on", 16)
    story.check()


def test_a_new_subscriptions_discount_comes_last(story: Story) -> None:
    """On a subscription that did not exist before none stood: its own and the customer's discounts come in step e."""
    pro, reports, half = story.price("Pro", 50), story.price("Reports", 20), story.coupon(percent=50)
    story.at("2026-01-10 12:00")
    story.subscribe(pro)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    story.subscribe(reports, coupons=[half])
    story.expect("add_on", 20)
    story.expect("discount", -10)
    story.check()


def test_the_customers_discount_on_a_new_subscription_comes_last(story: Story) -> None:
    """On a subscription that did not exist before none stood: its own and the customer's discounts come in step e.

    Reports 20 on a second subscription, under the customer's own 10 %: `add_on` +20, `discount` −2.
    """
    story.favour(story.coupon(percent=10))
    pro, reports = story.price("Pro", 50), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    story.subscribe(pro)
    story.expect("new", 45)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(reports)
    story.expect("add_on", 20, price=(None, reports), subscription=sub.id)
    story.expect("discount", -2, subscription=sub.id)
    story.check()


def test_a_swapped_position_keeps_its_discount_on_a_new_subscription(story: Story) -> None:
    """Through steps a to d a position that stays or was swapped keeps its old discounts, even on a new subscription."""
    pro, enterprise, fifth = story.price("Pro", 50), story.price("Enterprise", 100), story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[fifth])
    story.expect("new", 40)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.at("2026-02-10 12:20")
    story.subscribe(enterprise)
    story.expect("upgrade", 40, price=(pro, enterprise))
    story.expect("discount", 20)
    story.check()


def test_a_discount_moved_along_to_a_new_subscription_is_nothing(story: Story) -> None:
    """A subscription replaced by another is a plan change, and neither churn nor new.

    A discount granted anew on the same terms moves nothing.
    """
    pro, enterprise, fifth = story.price("Pro", 50), story.price("Enterprise", 100), story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, coupons=[fifth])
    story.expect("new", 40)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.at("2026-02-10 12:20")
    story.subscribe(enterprise, coupons=[fifth])
    story.expect("upgrade", 40, price=(pro, enterprise))
    story.check()


def test_a_discount_is_booked_on_each_position(story: Story) -> None:
    """Step e puts the new discounts on, one position after the other.

    Pro 50 and Reports 20, 10 % off both: `discount` −5 on Pro, `discount` −2 on Reports.
    """
    pro, reports, tenth = story.price("Pro", 50), story.price("Reports", 20), story.coupon(percent=10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro, reports)
    story.expect("new", 70)
    story.at("2026-02-10 12:00")
    sub.discount(tenth)
    story.expect("discount", -5, item=sub.items[0].id)
    story.expect("discount", -2, item=sub.items[1].id)
    story.check()


def test_an_amount_off_is_booked_where_it_is_put_on_first(story: Story) -> None:
    """Step e puts the new discounts on, one position after the other.

    Pro 10 and Reports 10, 5.00 off the subscription: `discount` −5 on Pro, whose item id comes first.
    """
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 10), story.price("Reports", 10))
    story.expect("new", 20)
    story.at("2026-02-10 12:00")
    sub.discount(story.coupon(off=5))
    story.expect("discount", -5, item=sub.items[0].id, product=("prod_Pro", "prod_Pro"))
    story.check()


def test_the_steps_come_in_their_order(story: Story) -> None:
    """Between who comes and who goes, Upswell walks from before to after in fixed steps.

    Each step takes one position at a time, by item id.

    After each the customer's whole MRR is computed anew, and the difference is booked on the position changed.
    """
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    reports, insights = story.price("Reports", 5), story.price("Insights", 8)
    support, half = story.price("Support", 40), story.coupon(percent=50)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 2, reports * 2)
    first, second = sub.items
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    with sub.updated():
        first.hold(enterprise * 3)
        second.hold(insights * 4)
        third = sub.put(Line(support, 1, [half]))
    story.expect("upgrade", 20, item=first.id, price=(pro, enterprise))
    story.expect("upgrade", 6, item=second.id, price=(reports, insights))
    story.expect("seat", 20, item=first.id, quantity=(2, 3))
    story.expect("seat", 16, item=second.id, quantity=(2, 4))
    story.expect("add_on", 40, item=third.id, price=(None, support))
    story.expect("discount", -20, item=third.id)
    story.check()


def test_a_discount_moved_between_equals_is_netted(story: Story) -> None:
    """Opposite movements of one driver and product in a group are netted."""
    pro, fifth = story.price("Pro", 50), story.coupon(percent=20)
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(pro, coupons=[fifth]), story.subscribe(pro)
    story.expect("new", 90)
    story.at("2026-02-10 12:00")
    first.undiscount()
    second.discount(fifth)
    story.check()
