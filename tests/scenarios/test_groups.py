"""Section 3 of the rule book: which changes belong together."""

import pytest

from scenarios.story import Story


def test_two_subscriptions_merged_into_one_are_nothing(story: Story) -> None:
    """Two Pro 30 merged into one Pro 30 × 2 within 20 minutes: nothing."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(pro), story.subscribe(pro)
    story.expect("new", 60)
    story.at("2026-02-10 12:00")
    first.cancel()
    story.at("2026-02-10 12:10")
    second.seats(pro, 2)
    story.check()


def test_two_subscriptions_replaced_by_a_third_are_nothing(story: Story) -> None:
    """Two Pro 30 merged into one Pro 30 × 2 within 20 minutes: nothing."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(pro), story.subscribe(pro)
    story.expect("new", 60)
    story.at("2026-02-10 12:00")
    first.cancel()
    story.at("2026-02-10 12:10")
    second.cancel()
    story.at("2026-02-10 12:20")
    story.subscribe(pro * 2)
    story.check()


def test_opposite_movements_are_netted(story: Story) -> None:
    """Opposite movements of one driver and product in a group are netted."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    subs = [story.subscribe(pro) for _ in range(3)]
    story.expect("new", 90)
    story.at("2026-02-10 12:00")
    subs[1].cancel()
    subs[2].cancel()
    story.at("2026-02-10 12:10")
    subs[0].seats(pro, 2)
    story.expect("downgrade", -30, driver="seats", product=("prod_Pro", ...))
    story.check()


def test_seats_back_within_the_hour_are_nothing(story: Story) -> None:
    """Pro 10: 5 → 8 seats 12:00:00, a renewal 12:40, 8 → 5 at 12:59:59: nothing."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:40")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00:00")
    sub.seats(pro, 8)
    story.at("2026-02-10 12:40:00")
    sub.renew()
    story.at("2026-02-10 12:59:59")
    sub.seats(pro, 5)
    story.check()


def test_seats_back_after_the_hour_are_two_movements(story: Story) -> None:
    """Pro 10: 5 → 8 seats 12:00:00, a renewal 12:40, 8 → 5 at 13:00:00: `seat` +30, `downgrade` −30."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:40")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00:00")
    sub.seats(pro, 8)
    story.expect("seat", 30, quantity=(5, 8))
    story.at("2026-02-10 12:40:00")
    sub.renew()
    story.at("2026-02-10 13:00:00")
    sub.seats(pro, 5)
    story.expect("downgrade", -30, driver="seats", quantity=(8, 5))
    story.check()


def test_a_group_counts_from_its_first_change(story: Story) -> None:
    """The first change opens a group, and all changes less than `settle_minutes` (default 60) after it belong to it.

    The next change opens another group.
    """
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 6)
    story.at("2026-02-10 12:50")
    sub.seats(pro, 7)
    story.expect("seat", 20, quantity=(5, 7))
    story.at("2026-02-10 13:05")
    sub.seats(pro, 9)
    story.expect("seat", 20, quantity=(7, 9))
    story.check()


def test_a_renewal_opens_no_group(story: Story) -> None:
    """A change is an instant at which the counted portfolio differs from just before.

    Renewals, retries of payments and metadata are no changes.
    """
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.renew()
    sub.change(metadata={"note": "hello"})
    story.at("2026-02-10 12:30")
    sub.seats(pro, 8)
    story.at("2026-02-10 13:10")
    sub.seats(pro, 5)
    story.check()


@pytest.mark.parametrize(("minutes", "back", "stays"), [(0, "12:00:01", True), (1440, "23:00:00", False)])
def test_how_long_a_group_lasts_is_a_setting(story: Story, minutes: int, back: str, stays: bool) -> None:
    """All changes less than `settle_minutes` (default 60) after the first belong to its group."""
    story.settings = f"[rules]\nsettle_minutes = {minutes}\n"
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    if stays:
        story.expect("seat", 30)
    story.at(f"2026-02-10 {back}")
    sub.seats(pro, 5)
    if stays:
        story.expect("downgrade", -30, driver="seats")
    story.check()


def test_new_takes_the_whole_of_its_group(story: Story) -> None:
    """MRR above zero, with no `new` yet or with `churn` since, is one `new` or `reactivation` of the whole amount."""
    pro, reports = story.price("Pro", 10), story.price("Reports", 20)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro * 5)
    story.at("2026-02-10 12:20")
    sub.seats(pro, 8)
    story.at("2026-02-10 12:40")
    story.subscribe(reports)
    story.expect("new", 100, price=(..., pro), quantity=(..., 8))
    story.check()


def test_bought_and_cancelled_within_the_hour_never_was(story: Story) -> None:
    """Only the states before and after a group exist."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 10))
    story.at("2026-02-10 12:30")
    sub.cancel()
    story.check()


def test_an_upgrade_undone_at_once_is_nothing(story: Story) -> None:
    """An upgrade undone at once is nothing."""
    pro, enterprise = story.price("Pro", 10), story.price("Enterprise", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.swap(pro, enterprise * 5)
    story.at("2026-02-10 12:05")
    sub.swap(enterprise, pro * 5)
    story.check()


def test_a_discounts_end_and_seats_in_one_group(story: Story) -> None:
    """A group's movements carry the time and the cause of its last change."""
    pro, half = story.price("Pro", 10), story.coupon(percent=50, months=1)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5, coupons=[half])
    brought = story.said_at(story.clock)
    story.expect("new", 25)
    story.at("2026-02-10 12:30")
    sub.seats(pro, 8)
    story.expect("seat", 15, quantity=(5, 8))
    story.expect("discount", 40, cause=brought | story.said_at(story.clock))
    story.check()
