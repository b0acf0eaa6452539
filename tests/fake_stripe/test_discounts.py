"""Coupons on items, subscriptions and customers, on the invoices they take off."""

import pytest

from upswell_connectors.fake_stripe import billing, changes, coupons
from upswell_connectors.fake_stripe.api import Api
from upswell_connectors.fake_stripe.catalogue import add_coupon, add_price, add_product, delete_coupon
from upswell_connectors.fake_stripe.changes import Change
from upswell_connectors.fake_stripe.customers import add_customer
from upswell_connectors.fake_stripe.subscriptions import Terms, Wanted, subscribe

DAY = billing.DAY


@pytest.fixture
def shop(account):
    """Two prices of 20.00 and 100.00, a customer, and a coupon of each duration."""
    add_coupon(account, "HALF", "Half", "forever", percent_off="50")
    add_coupon(account, "TWICE", "A tenth, twice", "repeating", months=2, percent_off="10")
    add_coupon(account, "ONCE", "Five off, once", "once", amount_off=500, currency="usd")
    return {
        "pro": add_price(account, add_product(account, "Pro"), currency="usd", unit_amount="2000"),
        "big": add_price(account, add_product(account, "Big"), currency="usd", unit_amount="10000"),
        "customer": add_customer(account, "Nobody", "nobody@nowhere.example"),
    }


def invoices(account):
    """Return all invoices as the list has them, oldest first."""
    return Api(account).get("/v1/invoices?limit=100")[1]["data"][::-1]


def off(shape):
    """Return what each discount takes off an invoice or a line."""
    amounts = shape.get("discount_amounts", shape.get("total_discount_amounts"))
    return {one["discount"]: one["amount"] for one in amounts}


def test_an_items_discount_comes_off_its_lines_first(account, shop):
    """First the item's own discount, off its line only, then the subscription's, off what is left everywhere."""
    made = subscribe(
        account, shop["customer"], [Wanted(shop["pro"], coupon="ONCE"), Wanted(shop["big"])], Terms(coupon="HALF")
    )
    account.advance(account.now)
    (invoice,) = invoices(account)
    pro, big = invoice["lines"]["data"]
    (own,), (whole,) = pro["discounts"], invoice["discounts"]
    assert account.store.discounts[own].coupon == "ONCE"
    assert (off(pro), off(big)) == ({own: 500, whole: 750}, {whole: 5_000})
    assert off(invoice) == {own: 500, whole: 5_750}
    assert (invoice["subtotal"], invoice["total"], big["discounts"]) == (12_000, 5_750, [])
    assert account.store.subscriptions[made].items[0].discounts == ()
    account.advance(account.now + 40 * DAY)
    assert off(invoices(account)[-1]) == {whole: 6_000}


def test_an_items_discount_runs_out_and_can_be_taken_away(account, shop):
    """A repeating discount of an item is deleted when its time is over, one that is for ever when somebody does."""
    made = subscribe(account, shop["customer"], [Wanted(shop["pro"])])
    account.advance(account.now)
    item = account.store.subscriptions[made].items[0].id
    first = coupons.apply_to_item(account, "TWICE", made, item)
    second = coupons.apply_to_item(account, "HALF", made, item)
    account.advance(account.now + 40 * DAY)
    assert off(invoices(account)[-1]) == {first: 200, second: 900}
    coupons.remove(account, second)
    account.advance(account.now + 80 * DAY)
    assert account.store.subscriptions[made].items[0].discounts == ()
    deleted = [event for event in account.events if event["type"] == "customer.discount.deleted"]
    assert [event["data"]["object"]["id"] for event in deleted] == [second, first]
    assert [event["data"]["object"]["subscription_item"] for event in deleted] == [item, item]
    assert invoices(account)[-1]["total"] == 2_000


def test_an_added_item_may_have_a_coupon(account, shop):
    """An item that is added with a coupon has its discount in the same update, and the items before keep theirs."""
    made = subscribe(account, shop["customer"], [Wanted(shop["pro"], coupon="HALF")])
    changes.change(account, made, add=[Wanted(shop["big"], coupon="TWICE")], prorate="none")
    held = account.store.subscriptions[made].items
    assert [[account.store.discounts[id_].coupon for id_ in item.discounts] for item in held] == [["HALF"], ["TWICE"]]
    told = [event for event in account.events if event["type"] == "customer.subscription.updated"][-1]
    assert len(told["data"]["previous_attributes"]["items"]["data"]) == 1


def test_prorations_name_no_discounts(account, shop):
    """Nothing is taken off proration lines, which say that they are not discountable."""
    made = subscribe(account, shop["customer"], [Wanted(shop["pro"], coupon="HALF")], Terms(coupon="HALF"))
    account.advance(account.now + 10 * DAY)
    item = account.store.subscriptions[made].items[0].id
    changes.change(account, made, [Change(item, quantity=4)], prorate="always_invoice")
    lines = invoices(account)[-1]["lines"]["data"]
    assert [(line["discountable"], line["discounts"], line["discount_amounts"]) for line in lines] == [
        (False, [], [])
    ] * 2


def test_a_deleted_coupon_lives_on_in_its_discounts(account, shop):
    """A deleted coupon is on no list and not found any more, and its discounts go on taking off."""
    subscribe(account, shop["customer"], [Wanted(shop["pro"])], Terms(coupon="HALF"))
    delete_coupon(account, "HALF")
    account.advance(account.now + 40 * DAY)
    api = Api(account)
    assert "HALF" not in {one["id"] for one in api.get("/v1/coupons")[1]["data"]}
    assert api.get("/v1/coupons/HALF")[0] == 404
    assert [invoice["total"] for invoice in invoices(account)] == [1_000, 1_000]
    assert account.events[-1]["type"] == "invoice.paid"
    assert [event["data"]["object"]["id"] for event in account.events if event["type"] == "coupon.deleted"] == ["HALF"]
