"""In what a subscription is another in the ledger than Stripe shows it."""

from dataclasses import replace

import pytest
from core.values import metered, price, subscription

from upswell.core.catalogue import Catalogue, Version
from upswell.core.discounts import Coupon, Discount
from upswell.core.portfolio import Item
from upswell.core.prices import Amounts, Tier
from upswell.report.discrepancies import Unlike, unlike

AT = 1_000_000
PRO = price()
TEAM = price(2000, name="team")
HELD = subscription(Item("si_1", PRO, 5))


def with_item(**changed):
    """Return the subscription with its item changed."""
    return replace(HELD, items=(replace(HELD.items[0], **changed),))


def found(held, shown, catalogue=None):
    """Return what differs: what, in the ledger, at Stripe."""
    parts = unlike(held, shown, AT, catalogue or Catalogue())
    return [(one.what, one.ledger, one.stripe) for one in parts]


@pytest.mark.parametrize(
    ("shown", "parts"),
    [
        (HELD, []),
        (replace(HELD, status="past_due"), [("status", "active", "past_due")]),
        (replace(HELD, pause="void"), [("collection paused", None, "void")]),
        (replace(HELD, cancel_at=AT + 1), [("set to end", None, "yes")]),
        (replace(HELD, cancel_at_period_end=True), [("set to end", None, "yes")]),
        (replace(HELD, currency="eur"), [("currency", "usd", "eur")]),
        (replace(HELD, discounts=("di_1", "di_2")), [("discounts", None, "di_1, di_2")]),
        (with_item(quantity=8), [("quantity of si_1", "5", "8")]),
        (with_item(price=TEAM), [("price of si_1", "price_pro", "price_team")]),
        (with_item(discounts=("di_1",)), [("discounts of si_1", None, "di_1")]),
        (replace(HELD, items=()), [("item si_1", "price_pro × 5", None)]),
        (
            replace(HELD, items=(*HELD.items, Item("si_2", metered(name="calls")))),
            [("item si_2", None, "price_calls")],
        ),
    ],
)
def test_each_part_is_named_with_both_sides(shown, parts):
    """What is in the ledger stands beside what is at Stripe; equal subscriptions differ in nothing."""
    assert found(HELD, shown) == parts
    assert found(shown, HELD) == [(what, stripe, ledger) for what, ledger, stripe in parts]


def test_all_that_differs_is_told():
    """Several parts are several entries, the subscription's own first, then its items' by id."""
    shown = replace(with_item(quantity=8, price=TEAM), status="trialing")
    assert [what for what, *_ in found(HELD, shown)] == ["status", "price of si_1", "quantity of si_1"]


def test_nothing_differs_where_both_have_ended():
    """How a subscription looked when it ended says nothing about today."""
    over = replace(HELD, status="canceled", items=())
    assert found(over, replace(HELD, status="incomplete_expired")) == []
    assert found(HELD, over) != []


def test_a_discount_that_is_over_is_none():
    """Stripe takes it off the subscription, often without a word; the ledger knows its end."""
    until = {name: Discount(name, Coupon("C", "repeating"), 0, end) for name, end in (("di_1", AT), ("di_2", AT + 1))}
    catalogue = Catalogue(discounts={name: [Version(0, "", one)] for name, one in until.items()})
    held = replace(HELD, discounts=("di_1", "di_2"))
    assert found(held, HELD, catalogue) == [("discounts", "di_2", None)]
    own = with_item(discounts=("di_1",))
    assert found(own, HELD, catalogue) == []


def test_metered_items_have_no_quantity():
    """None and 0 are the same: Stripe leaves the quantity of a metered item out."""
    held = subscription(Item("si_1", metered()))
    assert found(held, subscription(Item("si_1", metered(), 0))) == []


def test_a_price_that_costs_another_amount():
    """It is compared for the quantity held, where both amounts are known: lists leave tiers out."""
    dearer = replace(PRO, amounts=Amounts("1500"))
    assert found(HELD, with_item(price=dearer)) == [("price amounts of price_pro", "5000", "7500")]
    silent = replace(PRO, mode="volume", amounts=Amounts())
    tiers = replace(silent, amounts=Amounts(tiers=(Tier(None, "900", "0"),)))
    assert found(with_item(price=tiers), with_item(price=silent)) == []
    told = Catalogue(prices={PRO.id: [Version(0, "", replace(PRO, amounts=Amounts("1500")))]})
    assert found(with_item(price=silent), with_item(price=dearer), told) == []


def test_the_value_is_plain():
    """What differs is a value of three texts."""
    assert unlike(HELD, with_item(quantity=6), AT, Catalogue()) == (Unlike("quantity of si_1", "5", "6"),)
