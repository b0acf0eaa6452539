"""Section 6 of the rule book: who is behind a change."""

import pytest

from scenarios.invoices import bill
from scenarios.story import Story


def test_sales_are_told_by_a_key_of_the_subscription(story: Story) -> None:
    """`sales`: at the change, the subscription or its customer carried one of the metadata keys under `[rules.sales]`."""
    story.settings = '[rules.sales]\nkeys = ["sales_rep"]\n'
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50, origin="customer")
    story.at("2026-02-01 12:00")
    sub.change(metadata={"sales_rep": "7"})
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    story.expect("seat", 30, origin="sales")
    story.at("2026-03-01 12:00")
    sub.change(metadata={})
    story.at("2026-03-10 12:00")
    sub.seats(pro, 10)
    story.expect("seat", 20, origin="customer")
    story.check()


def test_sales_are_told_by_a_key_of_the_customer(story: Story) -> None:
    """`sales`: at the change, the subscription or its customer carried one of the metadata keys under `[rules.sales]`."""
    story.settings = '[rules.sales]\nkeys = ["owner", "sales_rep"]\n'
    pro = story.price("Pro", 10)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro * 5)
    story.expect("new", 50, origin="customer")
    story.at("2026-02-01 12:00")
    story.customer.change(metadata={"sales_rep": "7"})
    story.at("2026-02-10 12:00")
    sub.seats(pro, 8)
    story.expect("seat", 30, origin="sales")
    story.check()


def test_without_a_configured_key_nothing_is_sales(story: Story) -> None:
    """`customer`: the rest."""
    story.at("2026-01-10 12:00")
    story.subscribe(story.price("Pro", 10), metadata={"sales_rep": "7"})
    story.expect("new", 10, origin="customer")
    story.check()


@pytest.mark.parametrize("hours", [0, 1])
def test_an_accepted_quote_is_sales(story: Story, hours: int) -> None:
    """`sales`: it came from an accepted quote (`billing_reason` is `quote_accept`)."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 10) * 5)
    story.expect("new", 50, origin="sales")
    bill(sub, reason="quote_accept", hours=hours)
    story.check()


def test_a_price_change_is_the_merchants(story: Story) -> None:
    """`merchant`: a `price_change`, and with it every migration that is declared."""
    old, new = story.price("Pro", 10), story.price("Pro", 12)
    story.settings = (
        f'[rules.sales]\nkeys = ["sales_rep"]\n[[rules.price_change]]\nfrom = "{old.id}"\nto = "{new.id}"\n'
    )
    story.at("2026-01-10 12:00")
    sub = story.subscribe(old, metadata={"sales_rep": "7"})
    story.expect("new", 10, origin="sales")
    story.at("2026-02-10 12:00")
    sub.swap(old, new)
    story.expect("price_change", 2, origin="merchant")
    story.check()
