"""Stripe's own library against the fake."""

import pytest
import stripe

from upswell_connectors.fake_stripe.faults import Faults, Tally
from upswell_connectors.fake_stripe.server import serving


def client(base, key="sk_test_fake", **options):
    """Return Stripe's client of the fake."""
    return stripe.StripeClient(key, base_addresses={"api": base}, **options)


@pytest.fixture
def base(year):
    """The URL of the account after its year."""
    with serving(year) as url:
        yield url


def test_the_library_pages_through_a_list(base, year):
    """Automatic paging brings every subscription once, with its discounts opened, and bounds of creation hold."""
    asked = {"status": "all", "limit": 7, "expand": ["data.discounts", "data.items.data.discounts"]}
    found = list(client(base).v1.subscriptions.list(asked).auto_paging_iter())
    assert [one.id for one in found] == list(year.store.subscriptions)[::-1]
    assert {discount.object for one in found for discount in one.discounts} == {"discount"}
    newest = found[0].created
    page = client(base).v1.subscriptions.list({"status": "all", "created": {"gte": newest, "lte": newest + 1}})
    assert [one.id for one in page.data] == [one.id for one in found if one.created == newest]


def test_the_library_chooses_events(base):
    """An array of types reaches the fake as Stripe's library writes it."""
    page = client(base).v1.events.list({"types": ["invoice.paid", "customer.created"], "limit": 50})
    assert {event.type for event in page.data} <= {"invoice.paid", "customer.created"}
    assert page.data


def test_the_library_writes_webhook_endpoints(base):
    """An endpoint is created, changed and deleted through Stripe's library."""
    endpoints = client(base).v1.webhook_endpoints
    made = endpoints.create({"url": "https://a.example/", "enabled_events": ["price.created", "price.updated"]})
    assert made.secret.startswith("whsec_")
    assert made.enabled_events == ["price.created", "price.updated"]
    assert endpoints.update(made.id, {"disabled": True, "metadata": {"by": "test"}}).status == "disabled"
    assert [one.id for one in endpoints.list().data] == [made.id]
    assert endpoints.delete(made.id).deleted
    assert endpoints.list().data == []


@pytest.mark.parametrize(
    ("key", "faults", "error"),
    [
        ("sk_test_fake", Faults(errors=1.0), stripe.APIError),
        ("sk_test_fake", Faults(drops=1.0), stripe.APIConnectionError),
        ("sk_test_fake", Faults(per_endpoint=0.001), stripe.RateLimitError),
        ("nonsense", Faults(), stripe.AuthenticationError),
        ("sk_test_fake", Faults(), stripe.InvalidRequestError),
    ],
)
def test_the_library_knows_the_errors(year, key, faults, error):
    """What the fake refuses is, to Stripe's library, the error it should be."""
    with serving(year, faults=faults) as url, pytest.raises(error):
        client(url, key).v1.prices.list({"expand": ["data.product.default_price.product.default_price"]})


def test_the_library_is_told_whether_to_try_again(year):
    """A 429 that says to try again is tried again by Stripe's library, which then is answered."""
    tally = Tally()
    with serving(year, faults=Faults(per_endpoint=2, should_retry=True), tally=tally) as url:
        prices = client(url, max_network_retries=9).v1.prices
        assert [len(prices.list({"limit": 1}).data) for _ in range(3)] == [1, 1, 1]
    assert tally.statuses[200] == 3
    assert tally.statuses[429] == tally.total - 3 > 0
