"""Sections 2 and 3 of the rule book: a customer's life from `new` to `churn` and back."""

from scenarios.story import Story


def test_reactivation_is_mrr_again_after_churn(story: Story) -> None:
    """`reactivation`: reactivation; MRR above zero again after `churn`; or a subscription back while others stayed (step c).

    MRR above zero, with no `new` yet or with `churn` since, is one `new` or `reactivation` of the whole amount.
    """
    pro, basic = story.price("Pro", 30), story.price("Basic", 10)
    story.at("2024-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2024-03-10 12:00")
    sub.cancel()
    story.expect("churn", -30)
    story.at("2026-02-10 12:00")
    again = story.subscribe(basic)
    story.expect("reactivation", 10, price=(..., basic), subscription=again.id)
    story.at("2026-03-10 12:00")
    again.swap(basic, pro)
    story.expect("upgrade", 20, price=(basic, pro))
    story.check()


def test_cancelled_and_back_within_the_hour_is_no_churn(story: Story) -> None:
    """A subscription replaced by another is a plan change, and neither churn nor new.

    Pro 30 cancelled 12:00, Pro-2027 (another product) 45 on a new subscription 12:20: `upgrade` +15.
    """
    pro, successor = story.price("Pro", 30), story.price("Pro-2027", 45)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.at("2026-02-10 12:20")
    after = story.subscribe(successor)
    story.expect("upgrade", 15, price=(pro, successor), subscription=after.id, item=after.items[0].id)
    story.check()


def test_cancelled_and_back_at_the_same_worth_is_nothing(story: Story) -> None:
    """Pro 30 cancelled 12:00, Pro-2027 at 30 on a new subscription 12:20: nothing."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    successor = story.price("Pro-2027", 30)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.at("2026-02-10 12:20")
    story.subscribe(successor)
    story.check()


def test_cancelled_and_back_after_the_hour_is_churn_and_reactivation(story: Story) -> None:
    """The next change opens another group.

    When the last paid position is gone, that is one `churn` of the whole amount.
    """
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    successor = story.price("Pro-2027", 45)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.expect("churn", -30)
    story.at("2026-02-10 13:00")
    story.subscribe(successor)
    story.expect("reactivation", 45)
    story.check()


def test_paid_to_free_is_churn_and_back_is_reactivation(story: Story) -> None:
    """Pro 30 → a free plan: `churn` −30, driver `plan`.

    Their driver is `status`, unless a plan (free ↔ paid), seats, usage or a discount alone did it.
    """
    pro, free = story.price("Pro", 30), story.price("Free", 0)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.swap(pro, free)
    story.expect("churn", -30, driver="plan", product=("prod_Pro", ...))
    story.at("2026-03-10 12:00")
    sub.swap(free, pro)
    story.expect("reactivation", 30, driver="plan", product=(..., "prod_Pro"))
    story.check()


def test_free_to_paid_is_new_by_plan(story: Story) -> None:
    """Their driver is `status`, unless a plan (free ↔ paid), seats, usage or a discount alone did it."""
    pro, free = story.price("Pro", 30), story.price("Free", 0)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(free)
    story.at("2026-02-10 12:00")
    sub.swap(free, pro)
    story.expect("new", 30, driver="plan", product=(..., "prod_Pro"))
    story.check()


def test_the_last_seat_given_up_is_churn_by_seats(story: Story) -> None:
    """Their driver is `status`, unless a plan (free ↔ paid), seats, usage or a discount alone did it."""
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.seats(pro, 0)
    story.expect("churn", -50, driver="seats", product=("prod_Pro", ...))
    story.at("2026-03-10 12:00")
    sub.seats(pro, 4)
    story.expect("reactivation", 40, driver="seats", product=(..., "prod_Pro"))
    story.check()


def test_a_full_discount_is_no_churn(story: Story) -> None:
    """Pro 20, a 100 % coupon for two months: `discount` −20, then `discount` +20.

    Between `new` and `churn` MRR may touch zero, by a full discount or a month without usage: that is no churn.
    """
    pro, gift = story.price("Pro", 20), story.coupon(percent=100, months=2)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 20)
    story.at("2026-02-10 12:00")
    sub.discount(gift)
    story.expect("discount", -20)
    story.expect("discount", 20, at="2026-04-10 12:00", cause=story.said_at(story.clock))
    story.check()


def test_cancelled_under_a_full_discount_is_churn_of_nothing(story: Story) -> None:
    """Pro 20 cancelled under a 100 % coupon: `churn` 0.

    Pro 20 back after that: `reactivation` +20.

    Only a `churn` may have the amount 0: that of a customer who leaves under a full discount.
    """
    pro, gift = story.price("Pro", 20), story.coupon(percent=100, months=2)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 20)
    story.at("2026-02-10 12:00")
    sub.discount(gift)
    story.expect("discount", -20)
    story.at("2026-03-01 12:00")
    sub.cancel()
    story.expect("churn", 0, product=("prod_Pro", ...))
    story.at("2026-06-01 12:00")
    story.subscribe(pro)
    story.expect("reactivation", 20)
    story.check()


def test_begun_under_a_full_discount_is_new_when_it_ends(story: Story) -> None:
    """Pro 20 that begins under 100 % for three months: nothing, then `new` +20, driver `discount`.

    Their driver is `status`, unless a plan (free ↔ paid), seats, usage or a discount alone did it.
    """
    pro, gift = story.price("Pro", 20), story.coupon(percent=100, months=3)
    story.at("2026-01-10 12:00")
    story.subscribe(pro, coupons=[gift])
    story.expect("new", 20, driver="discount", at="2026-04-10 12:00", cause=story.said_at(story.clock))
    story.check()


def test_what_ends_before_it_paid_anything_never_was(story: Story) -> None:
    """Who leaves before paying anything was never new."""
    gift = story.coupon(percent=100, months=3)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 20), coupons=[gift])
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.check()


def test_a_discount_ends_after_the_subscription_and_moves_nothing(story: Story) -> None:
    """A known end of a discount is booked at its date only where the position is still held."""
    half = story.coupon(percent=50, months=3)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 20), coupons=[half])
    story.expect("new", 10)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.expect("churn", -10)
    story.check()


def test_life_is_the_customers_over_all_currencies(story: Story) -> None:
    """Life (`new`, `churn`, `reactivation`) is the customer's over all currencies; amounts are per currency."""
    pro, reports = story.price("Pro", 30), story.price("Reports", 20, currency="eur")
    story.at("2026-01-10 12:00")
    first = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    second = story.subscribe(reports)
    story.expect("add_on", 20, currency="eur", price=(None, reports))
    story.at("2026-03-10 12:00")
    first.cancel()
    story.expect("downgrade", -30, driver="add_on", price=(pro, None))
    story.at("2026-04-10 12:00")
    second.cancel()
    story.expect("churn", -20, currency="eur", price=(reports, None))
    story.check()


def test_a_switch_of_currency_is_two_term_changes(story: Story) -> None:
    """A switch of currency inside one group is two `term_change` movements.

    Pro 30 paid in USD → Pro 27 paid in EUR within the hour: `term_change` −30 in USD, `term_change` +27 in EUR.
    """
    dollars, euros = story.price("Pro", 30), story.price("Pro", 27, currency="eur")
    story.at("2026-01-10 12:00")
    sub = story.subscribe(dollars)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.cancel()
    story.at("2026-02-10 12:10")
    story.subscribe(euros)
    story.expect("term_change", -30)
    story.expect("term_change", 27, currency="eur")
    story.check(ordered=False)
