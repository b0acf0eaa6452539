"""Asking Stripe for what no event told: politely, a bounded number of times, and in words that hold no secret."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connectors.sent import body, coupon, details, discount, invoice, item, line, of_basil, price, subscription
from upswell.configuration.settings import Secret, StripeSettings
from upswell.core.discounts import Coupon
from upswell.core.facts import Told
from upswell.core.prices import Amounts, Tier
from upswell.errors import Unreachable, UpswellError
from upswell_connectors.client import API_VERSION
from upswell_connectors.stripe_api import StripeApi

KEY = "sk_test_secret_of_the_test"
BASE = "https://api.stripe.com"
CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"


@pytest.fixture
def answers():
    """What Stripe answers; nothing else is asked."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture(autouse=True)
def waits(clock):
    """The seconds that were waited, without waiting them."""
    return clock.pauses


@pytest.fixture
def api():
    """A reader of an account."""
    return StripeApi(StripeSettings(Secret(KEY), (), None, 20, webhooks=True))


def asked(answers):
    """Return the path and parameters of each request."""
    found = [urlsplit(call.request.url) for call in answers.calls]
    return [(one.path, parse_qs(one.query)) for one in found]


TIERS = [
    {"up_to": 5, "unit_amount": 700, "flat_amount": None},
    {"up_to": None, "unit_amount": 600, "flat_amount": None},
]


def test_tiers_are_asked_of_the_price(answers, api):
    """A price whose tiers did not come is asked with its tiers and other currencies."""
    shown = price(billing_scheme="tiered", tiers_mode="volume", unit_amount=None, unit_amount_decimal=None)
    answers.get(f"{BASE}/v1/prices/price_1", json=shown | {"tiers": TIERS})
    (told,) = api.find("price_1", body(subscription(item(price=shown)), CREATED)).told
    assert (told.at, told.value.id) == (0, "price_1")
    assert told.value.amounts == Amounts(tiers=(Tier(5, "700"), Tier(None, "600")))
    assert asked(answers) == [("/v1/prices/price_1", {"expand[]": ["tiers", "currency_options"]})]


def test_requests_carry_the_key_and_a_version(answers, api):
    """Requests are authorised by the key and answered in one version, whatever the account's own is."""
    answers.get(f"{BASE}/v1/prices/price_1", json=price())
    api.find("price_1", body(subscription(), CREATED))
    sent = answers.calls[0].request.headers
    assert (sent["Authorization"], sent["Stripe-Version"]) == (f"Bearer {KEY}", API_VERSION)


def test_a_stand_in_is_asked_where_one_is_configured(answers):
    """``api_base`` names a stand-in that is asked in Stripe's place."""
    answers.get("http://127.0.0.1:9/v1/prices/price_1", json=price())
    api = StripeApi(StripeSettings(Secret(KEY), (), "http://127.0.0.1:9", 20, webhooks=True))
    assert api.find("price_1", body(subscription(), CREATED)).told


def test_a_coupon_is_asked_with_the_products_it_is_for(answers, api):
    """A coupon that a discount names is asked with ``applies_to`` and its amounts in other currencies."""
    named = discount(coupon=..., source={"type": "coupon", "coupon": "WINTER 50%"})
    answers.get(f"{BASE}/v1/coupons/WINTER%2050%25", json=coupon(id="WINTER 50%", applies_to={"products": ["prod_1"]}))
    found = api.find("WINTER 50%", body(named, "customer.discount.created"))
    expected = Coupon("WINTER 50%", "forever", "20.0", products=("prod_1",), created=1_700_000_000)
    assert found.told == (Told(0, expected),)
    assert asked(answers)[0][1] == {"expand[]": ["applies_to", "currency_options"]}


def test_a_discount_is_asked_of_its_subscription(answers, api):
    """Discounts have no address of their own: the subscription shows its own and its items', expanded."""
    on_item = discount(id="di_2", subscription_item="si_1")
    shown = subscription(item(discounts=[on_item]), discounts=[discount(), "di_3"])
    answers.get(f"{BASE}/v1/subscriptions/sub_1", json=shown)
    found = api.find("di_1", body(subscription(discounts=["di_1"]), CREATED))
    assert [told.value.id for told in found.told] == ["di_1", "di_2"]
    assert asked(answers)[0][1] == {"expand[]": ["discounts", "items.data.discounts"]}


def test_a_discount_that_is_gone_is_told(answers, api):
    """A discount that its subscription no longer shows is told in a sentence that names both."""
    answers.get(f"{BASE}/v1/subscriptions/sub_1", json=subscription(discounts=[]))
    with pytest.raises(UpswellError, match="di_1 on sub_1"):
        api.find("di_1", body(subscription(discounts=["di_1"]), CREATED))


def listed(*things, more=False):
    """Return a page of a list."""
    return {"object": "list", "data": list(things), "has_more": more, "url": "/v1/things"}


def test_an_invoice_is_completed_page_by_page(answers, api):
    """Lines go on after the first ten: they are read a hundred at a time, whole, in the order of the pages."""
    first, second, third = (line(id=f"il_{number}", amount=number, **details()) for number in (1, 2, 3))
    url = f"{BASE}/v1/invoices/in_1/lines"
    answers.get(
        url, json=listed(first, second, more=True), match=[responses.matchers.query_param_matcher({"limit": 100})]
    )
    rest = {"limit": 100, "starting_after": "il_2"}
    answers.get(url, json=listed(third), match=[responses.matchers.query_param_matcher(rest)])
    given = body(invoice(lines=listed(first, more=True), **of_basil()), "invoice.finalized")
    found = api.find("in_1", given)
    assert found.cut_off is None
    assert [row.amount for row in found.invoice.rows] == [0, 1, 2, 3]


def test_a_subscription_is_completed_with_the_items_of_its_time(answers, api):
    """Items go on after the first ten: later ones are left out, and what the event shows stays as it shows it."""
    shown = item(id="si_1", quantity=5)
    later = item(id="si_3", created=1_800_000_001)
    answers.get(f"{BASE}/v1/subscription_items", json=listed(item(id="si_1", quantity=99), item(id="si_2"), later))
    before = {"items": listed(item(id="si_1", quantity=4), more=True)}
    found = api.find("sub_1", body(subscription(items=listed(shown, more=True)), UPDATED, before))
    assert found.cut_off is None
    assert [(one.id, one.quantity) for one in found.state.after.items] == [("si_1", 5), ("si_2", 5)]
    assert [(one.id, one.quantity) for one in found.state.before.items] == [("si_1", 4), ("si_2", 5)]
    assert asked(answers) == [("/v1/subscription_items", {"limit": ["100"], "subscription": ["sub_1"]})]


def test_a_subscription_is_completed_where_nothing_else_changed(answers, api):
    """An event whose items are as before completes its past as well."""
    answers.get(f"{BASE}/v1/subscription_items", json=listed(item(id="si_1"), item(id="si_2")))
    given = body(subscription(items=listed(item(), more=True)), UPDATED, {"status": "trialing"})
    found = api.find("sub_1", given)
    assert [one.id for one in found.state.before.items] == ["si_1", "si_2"]


EVENT = body(subscription(), CREATED)
ERROR = {"error": {"type": "invalid_request_error", "message": f"No such price for key {KEY}"}}
FINAL = [
    (401, "/v1/prices/price_1 cannot be read from Stripe: the API key is refused.*api_key_env"),
    (403, "the API key may not read it: give the restricted key read access"),
    (404, "Stripe does not know it any more"),
    (400, "Stripe answered with status 400"),
]


@pytest.mark.parametrize(("status", "words"), FINAL, ids=[str(status) for status, _ in FINAL])
def test_an_answer_that_stays_is_told_at_once(answers, api, waits, status, words):
    """A refused key, a missing right, an unknown object: one request, one sentence, without key or body."""
    answers.get(f"{BASE}/v1/prices/price_1", json=ERROR, status=status)
    with pytest.raises(UpswellError, match=words) as caught:
        api.find("price_1", EVENT)
    assert not isinstance(caught.value, Unreachable)
    assert (len(answers.calls), waits) == (1, [])
    assert_discreet(caught.value)


def assert_discreet(error):
    """Check that an error is one sentence that holds neither the key nor what Stripe answered."""
    said = str(error)
    assert "\n" not in said
    assert len(said) < 200
    assert not any(secret in said for secret in (KEY, "No such price", "<html>", "Bearer"))
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503])
def test_a_passing_trouble_is_tried_again_a_few_times(answers, api, waits, status):
    """What may pass is tried again with growing pauses, and then told as unreachable."""
    answers.get(f"{BASE}/v1/prices/price_1", json=ERROR, status=status)
    with pytest.raises(Unreachable, match=f"/v1/prices/price_1 cannot be read from Stripe: .*{status}") as caught:
        api.find("price_1", EVENT)
    assert (len(answers.calls), len(waits)) == (4, 3)
    assert all(0.25 * 2**number <= pause <= 0.5 * 2**number for number, pause in enumerate(waits))
    assert_discreet(caught.value)


def test_no_connection_is_tried_again_a_few_times(answers, api, waits):
    """Where nobody answers, a few more tries, and then one sentence."""
    answers.get(f"{BASE}/v1/prices/price_1", body=requests.ConnectionError(f"refused {KEY}"))
    with pytest.raises(Unreachable, match="there is no connection to Stripe") as caught:
        api.find("price_1", EVENT)
    assert (len(answers.calls), len(waits)) == (4, 3)
    assert_discreet(caught.value)


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 429}, {"body": requests.Timeout()}], ids=str)
def test_a_trouble_that_passes_is_forgotten(answers, api, waits, trouble):
    """An answer that comes at last is taken."""
    answers.get(f"{BASE}/v1/prices/price_1", **trouble)
    answers.get(f"{BASE}/v1/prices/price_1", json=price())
    assert api.find("price_1", EVENT).told
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("7", 7, 7), ("0", 0.25, 0.5), ("900", 30, 30), ("soon", 0.25, 0.5), ("-5", 0.25, 0.5), ("1.5", 0.25, 1.5)],
)
def test_retry_after_is_honoured_within_reason(answers, api, waits, header, least, most):
    """Stripe's ``Retry-After`` is waited for, half a minute at most; what is no number is no wish."""
    answers.get(f"{BASE}/v1/prices/price_1", status=429, json=ERROR, headers={"Retry-After": header})
    answers.get(f"{BASE}/v1/prices/price_1", json=price())
    api.find("price_1", EVENT)
    (pause,) = waits
    assert least <= pause <= most


STRANGE = [
    ("no JSON", {"body": "<html>not JSON</html>"}),
    ("nothing", {"body": ""}),
    ("cut off", {"body": json.dumps(price())[:50]}),
    ("a list", {"json": []}),
    ("null", {"json": None}),
    ("another object", {"json": {"object": "charge", "id": "ch_1"}}),
    ("a price of another shape", {"json": price(currency=None)}),
]


@pytest.mark.parametrize("answer", [row[1] for row in STRANGE], ids=[row[0] for row in STRANGE])
def test_an_answer_that_cannot_be_read_is_told(answers, api, answer):
    """Whatever Stripe or a proxy before it answers: one sentence, without what it answered."""
    answers.get(f"{BASE}/v1/prices/price_1", **answer)
    with pytest.raises(UpswellError) as caught:
        api.find("price_1", EVENT)
    said = str(caught.value)
    assert "\n" not in said
    assert not any(secret in said for secret in (KEY, "<html>"))


LINES, ITEMS = listed(line(), more=True), listed(item(), more=True)
SHAPELESS = [
    ("a subscription of nothing", "di_1", body(subscription(discounts=["di_1"]), CREATED), "/v1/subscriptions/sub_1"),
    ("lines of nothing", "in_1", body(invoice(lines=LINES), "invoice.paid"), "/v1/invoices/in_1/lines"),
    ("items of nothing", "sub_1", body(subscription(items=ITEMS), CREATED), "/v1/subscription_items"),
]
STRANGERS = {}, {"items": None}, {"data": None}, {"data": [{}], "has_more": True}, {"data": [None]}


@pytest.mark.parametrize("answer", STRANGERS, ids=str)
@pytest.mark.parametrize(("reference", "event", "path"), [pytest.param(*row[1:], id=row[0]) for row in SHAPELESS])
def test_an_answer_of_another_shape_is_told(answers, api, reference, event, path, answer):
    """A list or subscription that is not as Stripe's are is told in a sentence, and never anything else."""
    answers.get(f"{BASE}{path}", json=answer)
    with pytest.raises(UpswellError):
        api.find(reference, event)


def test_no_key_is_told_with_the_remedy():
    """Without an API key, nobody can be asked, and the sentence says what to set."""
    with pytest.raises(UpswellError, match="api_key_env"):
        StripeApi(StripeSettings(None, (), None, 20, webhooks=True))
