"""Section 3 of the rule book: what is paired with what, and roles."""

import pytest

from scenarios.story import Story


def test_a_pair_of_one_product_across_items(story: Story) -> None:
    """What was held before is paired with what is held after, within one currency and one role, by the first that fits.

    The same product is a pair, also on another subscription.
    """
    pro, dearer = story.price("Pro", 10), story.price("Pro", 12)
    reports = story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5, reports)
    story.expect("new", 70)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.drop(pro)
        sub.drop(reports)
        sub.put(story.price("Enterprise", 100))
        sub.put(dearer * 7)
    story.expect("upgrade", 10, price=(pro, dearer))
    story.expect("upgrade", 80, product=("prod_Reports", "prod_Enterprise"))
    story.expect("seat", 24, quantity=(5, 7), price=(..., dearer))
    story.check(ordered=False)


def test_seats_follow_to_a_new_item_of_the_product(story: Story) -> None:
    """The same product is a pair, also on another subscription.

    An item that ends and another that starts is a swap.
    """
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.replace(pro, pro * 8)
    story.expect("seat", 30, quantity=(5, 8))
    story.check()


def test_the_rest_is_paired_largest_first(story: Story) -> None:
    """What was removed is paired with what was added, the largest MRR before discounts first, ties by item id."""
    small, large = story.price("Small", 10), story.price("Large", 50)
    twenty, hundred = story.price("Twenty", 20), story.price("Hundred", 100)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(small, large)
    story.expect("new", 60)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.drop(small)
        sub.drop(large)
        sub.put(twenty)
        sub.put(hundred)
    story.expect("upgrade", 10, price=(small, twenty))
    story.expect("upgrade", 50, price=(large, hundred))
    story.check(ordered=False)


def test_equal_ones_are_paired_by_item_id(story: Story) -> None:
    """What was removed is paired with what was added, the largest MRR before discounts first, ties by item id."""
    one, two = story.price("One", 10), story.price("Two", 10)
    twenty, thirty = story.price("Twenty", 20), story.price("Thirty", 30)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(one, two)
    story.expect("new", 20)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.drop(one)
        sub.drop(two)
        sub.put(twenty)
        sub.put(thirty)
    story.expect("upgrade", 20, price=(one, thirty))
    story.expect("upgrade", 10, price=(two, twenty))
    story.check(ordered=False)


def test_largest_is_meant_before_discounts(story: Story) -> None:
    """What was removed is paired with what was added, the largest MRR before discounts first, ties by item id.

    What is left over was added or removed.
    """
    forty, fifty, hundred = story.price("Forty", 40), story.price("Fifty", 50), story.price("Hundred", 100)
    most = story.coupon(percent=90, products=[fifty])
    story.at("2026-01-10 12:00")
    sub = story.subscribe(forty, fifty, coupons=[most])
    story.expect("new", 45)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.drop(forty)
        sub.drop(fifty)
        sub.put(hundred)
    story.expect("upgrade", 5, price=(fifty, hundred))
    story.expect("downgrade", -40, driver="add_on", price=(forty, None))
    story.expect("discount", 90)
    story.check()


def test_metered_items_are_paired_last(story: Story) -> None:
    """Metered positions are paired last."""
    pro, calls, enterprise = story.price("Pro", 50), story.price("Calls", 0.01, metered=True), story.price("Ent", 80)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    with sub.updated():
        sub.drop(pro)
        sub.put(calls)
        sub.put(enterprise)
    story.expect("upgrade", 30, price=(pro, enterprise))
    story.check()


def _by_config(story: Story, product: str) -> None:
    story.settings = f'[rules.roles]\n"prod_{product}" = "add_on"\n'


def _by_product(story: Story, product: str) -> None:
    story.products[product].change(metadata={"upswell_role": "add_on"})


@pytest.mark.parametrize("declare", [_by_config, _by_product], ids=["config", "product's metadata, later"])
def test_an_add_on_is_never_paired_with_a_plan(story: Story, declare: object) -> None:
    """An add_on or seat is never paired with a plan.

    Roles and families are as last known, for all history.
    """
    basic, pro, reports = story.price("Basic", 10), story.price("Pro", 50), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(basic, pro)
    story.expect("new", 60)
    story.at("2026-02-10 12:00")
    sub.replace(pro, reports)
    story.expect("downgrade", -50, driver="add_on", price=(pro, None))
    story.expect("add_on", 20, price=(None, reports))
    story.at("2026-05-10 12:00")
    declare(story, "Reports")  # type: ignore[operator]
    story.check()


def test_a_role_may_stand_on_the_price(story: Story) -> None:
    """A price or its product names its role in `metadata.upswell_role`, or `[rules.roles]` does: plan, add_on or seat."""
    basic, pro = story.price("Basic", 10), story.price("Pro", 50)
    reports = story.price("Reports", 20, metadata={"upswell_role": "add_on"})
    story.at("2026-01-10 12:00")
    sub = story.subscribe(basic, pro)
    story.expect("new", 60)
    story.at("2026-02-10 12:00")
    sub.replace(pro, reports)
    story.expect("downgrade", -50, driver="add_on", price=(pro, None))
    story.expect("add_on", 20, price=(None, reports))
    story.check()


def test_without_roles_the_rest_is_a_swap(story: Story) -> None:
    """The configuration goes before metadata, a price before its product, and without a word the role is plan.

    An item that ends and another that starts is a swap.
    """
    basic, pro, reports = story.price("Basic", 10), story.price("Pro", 50), story.price("Reports", 20)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(basic, pro)
    story.expect("new", 60)
    story.at("2026-02-10 12:00")
    sub.replace(pro, reports)
    story.expect("downgrade", -30, driver="plan", price=(pro, reports))
    story.check()


@pytest.mark.parametrize("by", ["config", "product", "price"])
def test_a_product_in_role_seat_is_seats(story: Story, by: str) -> None:
    """A price or its product names its role in `metadata.upswell_role`, or `[rules.roles]` does: plan, add_on or seat.

    Step c: what is added or removed of a product still held, or in role seat, is `seat` or `downgrade`, driver `seats`.
    """
    pro = story.price("Pro", 50)
    role = {"upswell_role": "seat"}
    if by == "product":
        story.product("Extra", **role)
    extra = story.price("Extra", 8, metadata=role if by == "price" else {})
    if by == "config":
        story.settings = f'[rules.roles]\n"{extra.id}" = "seat"\n'
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    sub.add(extra * 3)
    story.expect("seat", 24, price=(None, extra))
    story.at("2026-03-10 12:00")
    sub.seats(extra, 5)
    story.expect("seat", 16, quantity=(3, 5))
    story.at("2026-04-10 12:00")
    sub.remove(extra)
    story.expect("downgrade", -40, driver="seats", price=(extra, None))
    story.check()


def test_currencies_are_never_paired(story: Story) -> None:
    """What was held before is paired with what is held after, within one currency and one role, by the first that fits."""
    pro, reports = story.price("Pro", 30), story.price("Reports", 20)
    insights = story.price("Insights", 25, currency="eur")
    story.at("2026-01-10 12:00")
    story.subscribe(pro)
    sub = story.subscribe(reports)
    story.expect("new", 50)
    story.at("2026-02-10 12:00")
    story.subscribe(insights)
    story.expect("add_on", 25, currency="eur", price=(None, insights))
    story.at("2026-03-10 12:00")
    sub.cancel()
    story.expect("downgrade", -20, driver="add_on", price=(reports, None))
    story.check()


def test_an_item_that_changes_its_role_is_another(story: Story) -> None:
    """What was held before is paired with what is held after, within one currency and one role, by the first that fits."""
    pro, extra = story.price("Pro", 10), story.price("Extra", 3, metadata={"upswell_role": "seat"})
    story.at("2026-01-10 12:00")
    story.subscribe(pro)
    sub = story.subscribe(extra * 2)
    story.expect("new", 16)
    story.at("2026-02-10 12:00")
    sub.swap(extra, story.price("Gold", 30))
    story.expect("downgrade", -6, driver="seats", product=("prod_Extra", ...))
    story.expect("add_on", 30, product=(..., "prod_Gold"))
    story.check(ordered=False)


def test_an_item_may_change_its_role_under_one_id(story: Story) -> None:
    """Pairs, within one currency and role: the same item id; else the same product."""
    pro, extra = story.price("Pro", 10), story.price("Extra", 3, metadata={"upswell_role": "seat"})
    story.at("2026-01-10 12:00")
    first, second = story.subscribe(pro), story.subscribe(extra * 2)
    story.expect("new", 16)
    story.at("2026-02-10 12:00")
    first.replace(pro, pro)
    second.swap(extra, pro)
    story.expect("downgrade", -6, driver="seats", product=("prod_Extra", ...))
    story.expect("seat", 10, product=(..., "prod_Pro"))
    story.check(ordered=False)
