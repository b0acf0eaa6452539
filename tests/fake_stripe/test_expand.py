"""`expand[]`: what it opens, and how deep."""

import pytest

from fake_stripe import schemas
from upswell_connectors.fake_stripe import ACACIA, ENDIVE, coupons, customers
from upswell_connectors.fake_stripe.api import Api, Asked
from upswell_connectors.fake_stripe.catalogue import add_coupon, add_price, add_product
from upswell_connectors.fake_stripe.customers import add_customer
from upswell_connectors.fake_stripe.subscriptions import Terms, Wanted, subscribe
from upswell_connectors.fake_stripe.values import Tier


@pytest.fixture
def sold(account):
    """A subscription with a coupon of its own and one on its item, at a price in two currencies; ids by name."""
    product = add_product(account, "Pro")
    price = add_price(account, product, currency="usd", unit_amount="2000", currency_options={"eur": "1850.5"})
    tiers = (Tier(5, "700", 100), Tier(None, "600"))
    tiered = add_price(account, product, currency="usd", tiers=tiers, tiers_mode="volume")
    add_coupon(account, "HALF", "Half", "forever", percent_off="50", products=(product,))
    add_coupon(account, "TEN", "Ten off", "repeating", months=3, amount_off=1_000, currency="usd")
    customer = add_customer(account, "Nobody", "nobody@nowhere.example")
    made = subscribe(account, customer, [Wanted(price, coupon="TEN")], Terms(coupon="HALF"))
    account.advance(account.now)
    return {"product": product, "price": price, "tiered": tiered, "customer": customer, "subscription": made}


def got(account, target, version=ENDIVE):
    """Return the body of a GET that is answered with 200."""
    headers = {"authorization": "Bearer sk_test_fake", "stripe-version": version.name}
    answer = Api(account).answer(Asked("GET", target, headers))
    assert answer.status == 200, answer.body
    return schemas.loads(answer.body)


def test_tiers_and_currencies_come_only_when_asked_for(account, sold):
    """`data.tiers` and `data.currency_options` open a price's tiers and currencies; without, neither is there."""
    page = got(account, "/v1/prices?expand[]=data.tiers&expand[]=data.currency_options")
    tiered, price = page["data"]
    assert [(tier["up_to"], tier["unit_amount"], tier["flat_amount"]) for tier in tiered["tiers"]] == [
        (5, 700, 100),
        (None, 600, None),
    ]
    assert "tiers" not in price
    options = {currency: option["unit_amount_decimal"] for currency, option in price["currency_options"].items()}
    assert options == {"usd": "2000", "eur": "1850.5"}
    assert price["currency_options"]["eur"]["unit_amount"] is None
    assert schemas.wrong(ENDIVE.name, page["data"]) == []
    assert all({"tiers", "currency_options"}.isdisjoint(one) for one in got(account, "/v1/prices")["data"])


def test_a_coupon_says_what_it_applies_to_when_asked(account, sold):
    """`data.applies_to` names a coupon's products; one for all products has nothing to say."""
    ten, half = got(account, "/v1/coupons?expand[]=data.applies_to")["data"]
    assert half["applies_to"] == {"products": [sold["product"]]}
    assert "applies_to" not in ten
    assert schemas.wrong(ENDIVE.name, [half, ten]) == []


@pytest.mark.parametrize("version", [ACACIA, ENDIVE], ids=lambda version: version.name)
def test_discounts_of_subscriptions_and_items_open(account, sold, version):
    """Discounts of a subscription, and of its items, are ids and open into objects, on the list and on the object."""
    paths = ("discounts", "items.data.discounts")
    listed = got(account, "/v1/subscriptions?" + "&".join(f"expand[]=data.{path}" for path in paths), version)
    single = got(
        account, f"/v1/subscriptions/{sold['subscription']}?" + "&".join(f"expand[]={path}" for path in paths), version
    )
    plain = got(account, f"/v1/subscriptions/{sold['subscription']}", version)
    assert listed["data"] == [single]
    for found, told, coupon in (
        (single["discounts"], plain["discounts"], "HALF"),
        (single["items"]["data"][0]["discounts"], plain["items"]["data"][0]["discounts"], "TEN"),
    ):
        assert [one["id"] for one in found] == told
        assert schemas.wrong(version.name, found) == []
        assert [one["source"]["coupon"] if version is ENDIVE else one["coupon"]["id"] for one in found] == [coupon]
    assert single["items"]["data"][0]["discounts"][0]["subscription_item"] == single["items"]["data"][0]["id"]


def test_discounts_of_invoices_and_lines_open(account, sold):
    """An invoice's discounts and those of its lines open, and amounts by discount stay ids until asked for."""
    paths = "expand[]=data.discounts&expand[]=data.lines.data.discounts&expand[]=data.total_discount_amounts.discount"
    invoice = got(account, f"/v1/invoices?{paths}")["data"][0]
    line = invoice["lines"]["data"][0]
    assert [one["source"]["coupon"] for one in invoice["discounts"]] == ["HALF"]
    assert [one["source"]["coupon"] for one in line["discounts"]] == ["TEN"]
    assert {one["discount"]["id"] for one in invoice["total_discount_amounts"]} == {
        one["discount"] for one in line["discount_amounts"]
    }


def test_references_open_in_a_row(account, sold):
    """A path opens each object on its way: invoice, customer, product, default price."""
    subscription = got(account, f"/v1/subscriptions/{sold['subscription']}?expand[]=latest_invoice.customer")
    assert subscription["latest_invoice"]["customer"]["id"] == sold["customer"]
    assert subscription["customer"] == sold["customer"]
    price = got(account, f"/v1/prices/{sold['price']}?expand[]=product.default_price")
    assert price["product"]["default_price"]["id"] == sold["price"]
    line = got(account, f"/v1/invoices/{subscription['latest_invoice']['id']}/lines?expand[]=data.discounts")["data"][0]
    assert line["discounts"][0]["object"] == "discount"
    items = got(account, f"/v1/subscription_items?subscription={sold['subscription']}&expand[]=data.price.product")
    assert items["data"][0]["price"]["product"]["id"] == sold["product"]


def test_a_deleted_customer_opens_as_deleted(account, sold):
    """Expanded, a deleted customer is said to be deleted, and nothing else."""
    coupons.apply_to_customer(account, "HALF", sold["customer"])
    assert got(account, "/v1/customers?expand[]=data.discount")["data"][0]["discount"]["object"] == "discount"
    customers.delete(account, sold["customer"])
    shown = got(account, "/v1/subscriptions?status=all&expand[]=data.customer")["data"][0]["customer"]
    assert shown == {"id": sold["customer"], "object": "customer", "deleted": True}


@pytest.mark.parametrize(
    ("target", "message", "code"),
    [
        (
            "/v1/subscriptions?expand[]=data.items.data.price.tiers",
            "You cannot expand more than 4 levels of a property. Property: data.items.data.price.tiers",
            "property_expansion_max_depth",
        ),
        (
            "/v1/subscriptions/{subscription}?expand[]=items.data.price.product.default_price",
            "You cannot expand more than 4 levels of a property. Property: items.data.price.product.default_price",
            "property_expansion_max_depth",
        ),
        (
            "/v1/prices?expand[]=tiers",
            "This property cannot be expanded (tiers). You may want to try expanding 'data.tiers' instead.",
            None,
        ),
        ("/v1/prices?expand[]=data.metadata", "This property cannot be expanded (metadata).", None),
        ("/v1/prices?expand[]=data", "This property cannot be expanded (data).", None),
        ("/v1/events?expand[]=data.request", "This property cannot be expanded (request).", None),
        ("/v1/customers/{customer}?expand[]=nothing", "This property cannot be expanded (nothing).", None),
    ],
)
def test_what_cannot_be_expanded_is_refused(account, sold, target, message, code):
    """More than four levels, `data.` counted, and properties that are no references are answered with 400."""
    status, body = Api(account).get(target.format(**sold))
    assert (status, body["error"]["message"], body["error"].get("code")) == (400, message, code)
