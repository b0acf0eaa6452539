"""Section 4 of the rule book: a price increase is not expansion."""

from typing import Any

import pytest

from scenarios.story import Story
from scenarios.streams import Price
from scenarios.subscriptions import Subscription


def moved(story: Story, old: Price, new: Price, kind: str, units: float, **more: Any) -> None:
    """Let a customer hold five of ``old``, then of ``new``, and check that this is one movement of that kind."""
    sub = begun(story, old)
    change(story, sub, old, new, kind, units, **more)
    story.check()


def begun(story: Story, old: Price) -> Subscription:
    """Let a customer hold five of ``old``."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(old * 5)
    interval = {"month": 1, "year": 12}[old.fields["recurring"]["interval"]]
    story.expect("new", old.fields["unit_amount"] * 5 / interval / 100)
    return sub


def change(story: Story, sub: Subscription, old: Price, new: Price, kind: str, units: float, **more: Any) -> None:
    """Let the customer hold five of ``new`` instead."""
    story.at("2026-03-10 12:00")
    sub.swap(old, new * 5)
    story.expect(kind, units, price=(old, new), **more)


@pytest.mark.parametrize("amount", [12, 8])
def test_a_declared_change_is_a_price_change(story: Story, amount: float) -> None:
    """A pair declared in `[[rules.price_change]]`, from one price to the other, is a `price_change`.

    `price_change`: price; the merchant changed the price of what was held already, up or down: never expansion.
    """
    old, new = story.price("Pro", 10), story.price("Pro", amount)
    story.settings = f'[[rules.price_change]]\nfrom = "{old.id}"\nto = "{new.id}"\n'
    moved(story, old, new, "price_change", (amount - 10) * 5)


def test_a_declared_change_goes_before_families(story: Story) -> None:
    """The difference between two prices of one pair is named by the first of these that fits."""
    old, new = story.price("Pro", 10), story.price("Enterprise", 12)
    story.settings = f'[[rules.price_change]]\nfrom = "{old.id}"\nto = "{new.id}"\n'
    story.settings += '[rules.families]\nprod_Pro = "pro"\nprod_Enterprise = "enterprise"\n'
    moved(story, old, new, "price_change", 10)


def test_a_declared_change_is_one_way(story: Story) -> None:
    """A pair declared in `[[rules.price_change]]`, from one price to the other, is a `price_change`."""
    old, new = story.price("Pro", 12), story.price("Pro", 10)
    story.settings = f'[[rules.price_change]]\nfrom = "{new.id}"\nto = "{old.id}"\n'
    moved(story, old, new, "downgrade", -10, driver="plan")


def test_price_change_and_seats_in_one_update(story: Story) -> None:
    """a: the price of what stays or was swapped, at the old quantity; section 4 names it."""
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    story.settings = f'[[rules.price_change]]\nfrom = "{old.id}"\nto = "{new.id}"\n'
    story.at("2026-02-10 12:00")
    sub = story.subscribe(old * 5)
    story.expect("new", 50)
    story.at("2026-03-10 12:00")
    sub.swap(old, new * 8)
    story.expect("price_change", 10, price=(old, new))
    story.expect("seat", 36, quantity=(5, 8))
    story.check()


def test_a_migration_to_a_new_subscription_is_a_price_change(story: Story) -> None:
    """Where both have a plan family, the same family and interval is a `price_change`.

    A pair may span subscriptions.
    """
    old, new = story.price("Pro", 10), story.price("Pro-2027", 12)
    story.settings = '[rules.families]\nprod_Pro = "pro"\nprod_Pro-2027 = "pro"\n'
    story.at("2026-02-10 12:00")
    sub = story.subscribe(old * 5)
    story.expect("new", 50)
    story.at("2026-03-10 12:00")
    sub.cancel()
    story.at("2026-03-10 12:30")
    story.subscribe(new * 5)
    story.expect("price_change", 10, price=(old, new))
    story.check()


@pytest.mark.parametrize("by", ["products", "prices", "config, products", "config, prices", "products, later"])
def test_the_same_family_and_interval_is_a_price_change(story: Story, by: str) -> None:
    """Where both have a plan family, the same family and interval is a `price_change`.

    A price or its product names its plan family in `metadata.upswell_plan`, or `[rules.families]` does.

    Roles and families are as last known, for all history.
    """
    family = {"upswell_plan": "pro"}
    for name in ("Pro", "Pro-2027"):
        story.product(name, **(family if by == "products" else {}))
    metadata = family if by == "prices" else {}
    old, new = story.price("Pro", 10, metadata=metadata), story.price("Pro-2027", 12, metadata=metadata)
    if by.startswith("config"):
        names = (old.id, new.id) if by.endswith("prices") else ("prod_Pro", "prod_Pro-2027")
        story.settings = "[rules.families]\n" + "".join(f'"{name}" = "pro"\n' for name in names)
    if by == "products, later":
        story.at("2026-05-01 12:00")
        for product in story.products.values():
            product.change(metadata=family)
    moved(story, old, new, "price_change", 10)


def test_the_same_family_by_another_interval_is_a_term_change(story: Story) -> None:
    """The same family at another interval is a `term_change`."""
    story.settings = '[rules.families]\nprod_Pro = "pro"\nprod_Pro-yearly = "pro"\n'
    moved(story, story.price("Pro", 12), story.price("Pro-yearly", 120, "year"), "term_change", -10)


def test_another_family_is_a_plan_even_within_one_product(story: Story) -> None:
    """Another family is a plan change, even within one product."""
    old = story.price("Pro", 10, metadata={"upswell_plan": "basic"})
    new = story.price("Pro", 240, "year", metadata={"upswell_plan": "gold"})
    moved(story, old, new, "upgrade", 50)


def test_one_family_alone_decides_nothing(story: Story) -> None:
    """Without families on both sides, the same product at another interval is a `term_change`."""
    old = story.price("Pro", 10, metadata={"upswell_plan": "basic"})
    moved(story, old, story.price("Pro", 144, "year"), "term_change", 10)


def test_the_same_product_by_another_interval_is_a_term_change(story: Story) -> None:
    """Without families on both sides, the same product at another interval is a `term_change`."""
    moved(story, story.price("Pro", 12), story.price("Pro", 33, "3 month"), "term_change", -5)


@pytest.mark.parametrize("amount", [12, 8])
@pytest.mark.parametrize("archived", ["2026-03-01", "2026-03-10 12:00"])
def test_the_successor_of_an_archived_price_is_a_price_change(story: Story, amount: float, archived: str) -> None:
    """The same product and interval is a `price_change` where the old price was archived in favour of the new one.

    Only what events said at or before the change decides whether a price was archived.
    """
    old, new = story.price("Pro", 10), story.price("Pro", amount)
    sub = begun(story, old)
    story.at(archived)
    old.change(active=False)
    change(story, sub, old, new, "price_change", (amount - 10) * 5)
    story.check()


def test_a_price_archived_after_the_change_does_not_count(story: Story) -> None:
    """Only what events said at or before the change decides whether a price was archived.

    A price whose archiving nobody told of counts as active.
    """
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    sub = begun(story, old)
    change(story, sub, old, new, "upgrade", 10)
    story.at("2026-03-10 13:00")
    old.change(active=False)
    story.check()


def test_another_active_price_makes_it_a_plan(story: Story) -> None:
    """In favour of the new one means: it is the product's only active price of that interval and currency."""
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    story.price("Pro", 15)
    sub = begun(story, old)
    story.at("2026-03-01")
    old.change(active=False)
    change(story, sub, old, new, "upgrade", 10)
    story.check()


@pytest.mark.parametrize("other", [{"every": "year"}, {"currency": "eur"}, {"every": "3 month"}])
def test_active_prices_of_another_interval_or_currency_do_not_matter(story: Story, other: dict[str, Any]) -> None:
    """In favour of the new one means: it is the product's only active price of that interval and currency."""
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    story.price("Pro", 100, **other)
    sub = begun(story, old)
    story.at("2026-03-01")
    old.change(active=False)
    change(story, sub, old, new, "price_change", 10)
    story.check()


def test_other_archived_prices_do_not_matter(story: Story) -> None:
    """(d) the new one is the product's only *active* one of that interval and currency."""
    older, old, new = story.price("Pro", 8), story.price("Pro", 10), story.price("Pro", 12)
    sub = begun(story, old)
    story.at("2026-03-01")
    older.change(active=False)
    old.change(active=False)
    change(story, sub, old, new, "price_change", 10)
    story.check()


def test_a_price_made_after_the_change_does_not_matter(story: Story) -> None:
    """(d) by events at or before the change."""
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    sub = begun(story, old)
    story.at("2026-03-01")
    old.change(active=False)
    change(story, sub, old, new, "price_change", 10)
    story.at("2026-03-20")
    story.price("Pro", 15)
    story.check()


def test_the_successor_by_lookup_key_is_a_price_change(story: Story) -> None:
    """Taking over the old price's `lookup_key` means the same, whatever other prices are active."""
    old = story.price("Pro", 10, lookup_key="pro_monthly")
    story.price("Pro", 15)
    sub = begun(story, old)
    story.at("2026-03-01")
    old.change(lookup_key=None)
    new = story.price("Pro", 12, lookup_key="pro_monthly")
    old.change(active=False)
    change(story, sub, old, new, "price_change", 10)
    story.check()


def test_a_lookup_key_alone_is_no_price_change(story: Story) -> None:
    """The old price must be archived in either case."""
    old = story.price("Pro", 10, lookup_key="pro_monthly")
    sub = begun(story, old)
    story.at("2026-03-01")
    old.change(lookup_key=None)
    new = story.price("Pro", 12, lookup_key="pro_monthly")
    change(story, sub, old, new, "upgrade", 10)
    story.check()


def test_two_prices_of_one_product_are_plans(story: Story) -> None:
    """Everything else is a plan change: `upgrade` or `downgrade`.

    A price whose archiving nobody told of counts as active.
    """
    moved(story, story.price("Pro", 10), story.price("Pro", 12), "upgrade", 10)


def test_many_upgrades_alike_stay_upgrades(story: Story) -> None:
    """Upswell never reclassifies by itself."""
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    customers = [story.customer, *(story.join(f"cus_{number}") for number in range(2, 13))]
    story.at("2026-02-10 12:00")
    subs = [story.subscribe(old, customer=one) for one in customers]
    for one in sorted(customers, key=lambda one: one.id):
        story.expect("new", 10, customer=one.id)
    story.at("2026-03-10 12:00")
    for sub in subs:
        sub.swap(old, new)
    for one in sorted(customers, key=lambda one: one.id):
        story.expect("upgrade", 2, customer=one.id, price=(old, new))
    story.check()


def test_a_successor_known_from_subscriptions_alone(story: Story) -> None:
    """(d) the new one is the product's only active one, as far as anything told of the product's prices."""
    old, new = story.price("Pro", 10, quiet=True), story.price("Pro", 12, quiet=True)
    sub = begun(story, old)
    story.at("2026-03-01")
    old.change(active=False)
    change(story, sub, old, new, "price_change", 10)
    story.check()


def test_a_catalogue_event_rebuilds_every_customer_it_touches(story: Story) -> None:
    """An event of the catalogue (prices, products, coupons) rebuilds every customer it touches."""
    old, new, other = story.price("Pro", 10), story.price("Pro-2027", 12), story.join("cus_2")
    story.at("2026-02-10 12:00")
    first, second = story.subscribe(old), story.subscribe(old, customer=other)
    story.expect("new", 10)
    story.expect("new", 10, customer="cus_2")
    story.at("2026-03-10 12:00")
    for sub in (first, second):
        sub.swap(old, new)
    story.expect("price_change", 2)
    story.expect("price_change", 2, customer="cus_2")
    story.at("2026-05-01 12:00")
    for product in story.products.values():
        product.change(metadata={"upswell_plan": "pro"})
    story.check()
