"""Lists as Stripe pages and filters them."""

from collections import Counter
from itertools import pairwise

import pytest

from fake_stripe import schemas
from upswell_connectors.fake_stripe import ACACIA, BASIL, ENDIVE, customers
from upswell_connectors.fake_stripe.api import Api, Asked
from upswell_connectors.fake_stripe.catalogue import add_price, add_product, archive_price
from upswell_connectors.fake_stripe.customers import add_customer
from upswell_connectors.fake_stripe.subscriptions import Wanted, subscribe
from upswell_connectors.fake_stripe.views import RETENTION

NAMES = ("products", "prices", "coupons", "customers", "subscriptions", "invoices", "events", "billing/meters")


@pytest.fixture
def api(year):
    """The API of the account after its year."""
    return Api(year)


def got(api, target):
    """Return the body of a GET that is answered with 200."""
    status, body = api.get(target)
    assert status == 200, body
    return body


def ids(page):
    """Return the ids of the objects of a page."""
    return [one["id"] for one in page["data"]]


def walked(api, path, query="", limit=100):
    """Return all ids of a list, page by page."""
    found, after = [], ""
    while True:
        page = got(api, f"{path}?limit={limit}{query}{after}")
        found += ids(page)
        if not page["has_more"]:
            return found
        after = f"&starting_after={page['data'][-1]['id']}"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_ten_objects_newest_first(api, name):
    """Without a limit a page has ten objects, newest first, and says whether there are more and where it is from."""
    page = got(api, f"/v1/{name}")
    assert (page["object"], page["url"]) == ("list", f"/v1/{name}")
    assert page["has_more"] == (len(page["data"]) == 10)
    assert 0 < len(page["data"]) <= 10
    created = [one["created"] for one in page["data"]]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", ["customers", "invoices"])
def test_pages_bring_every_object_once(api, year, name, limit):
    """Followed by `starting_after` to the end, pages of any size bring every object once, in one order."""
    assert walked(api, f"/v1/{name}", limit=limit) == list(getattr(year.store, name))[::-1]


def test_pages_can_be_turned_back(api):
    """`ending_before` gives the page right before an object, in the same order, and whether more lie before that."""
    every = walked(api, "/v1/customers")
    page = got(api, f"/v1/customers?limit=5&ending_before={every[20]}")
    assert (ids(page), page["has_more"]) == (every[15:20], True)
    page = got(api, f"/v1/customers?limit=5&ending_before={every[3]}")
    assert (ids(page), page["has_more"]) == (every[:3], False)


@pytest.mark.parametrize(("limit", "length"), [("0", 1), ("-3", 1), ("101", 100), ("100", 100)])
def test_a_limit_out_of_bounds_is_the_nearest_within(api, limit, length):
    """A limit below 1 or above 100 is taken as 1 or 100, as recorded at Stripe."""
    assert len(got(api, f"/v1/invoices?limit={limit}")["data"]) == length


@pytest.mark.parametrize(
    ("bounds", "first", "last"),
    [
        ("created[gte]={0}", 0, None),
        ("created[gt]={0}", 1, None),
        ("created[lte]={1}", None, 0),
        ("created[lt]={1}", None, -1),
        ("created[gte]={0}&created[lt]={1}", 0, -1),
        ("created[gt]={0}&created[lte]={1}", 1, 0),
        ("created[gte]={0}&created[lte]={0}&created[lt]={1}", 0, "first"),
        ("created={0}", 0, "first"),
    ],
)
def test_creation_can_be_bounded(api, year, bounds, first, last):
    """`created` takes one second or any set of bounds, each with or without its own second; pages stay within them."""
    times = sorted(invoice.created for invoice in year.store.invoices.values())
    low, high = times[100], times[300]
    begin = 0 if first is None else low + first
    end = times[-1] if last is None else low if last == "first" else high + last
    wanted = [one.id for one in year.store.invoices.values() if begin <= one.created <= end]
    assert 0 < len(wanted) < len(times)
    assert walked(api, "/v1/invoices", "&" + bounds.format(low, high)) == wanted[::-1]


def test_windows_of_creation_cover_a_list(api, year):
    """Disjoint windows of creation together bring every object once."""
    times = [invoice.created for invoice in year.store.invoices.values()]
    edges = [min(times), *sorted(times)[50::97], max(times) + 1]
    found = []
    for low, high in pairwise(edges):
        found += walked(api, "/v1/invoices", f"&created[gte]={low}&created[lt]={high}")[::-1]
    assert found == list(year.store.invoices)


def test_cancelled_subscriptions_are_asked_for(api, year):
    """Without a status cancelled subscriptions are left out; `all` brings all, `ended` what ended, others their own."""
    by_status = Counter(one.status for one in year.store.subscriptions.values())
    assert by_status["canceled"]
    assert by_status["active"]
    found = {status: len(walked(api, "/v1/subscriptions", f"&status={status}")) for status in (*by_status, "all")}
    assert found == {**by_status, "all": by_status.total()}
    assert len(walked(api, "/v1/subscriptions")) == by_status.total() - by_status["canceled"]
    assert walked(api, "/v1/subscriptions", "&status=ended") == walked(api, "/v1/subscriptions", "&status=canceled")


def test_prices_show_active_ones_unless_asked(account):
    """A list of prices has the active ones, or with `active=false` the others; inline ones only by id."""
    api, product = Api(account), add_product(account, "Pro")
    new, old, inline = (
        add_price(account, product, currency="usd", unit_amount=str(100 + n), inline=n == 2) for n in range(3)
    )
    archive_price(account, old)
    assert ids(got(api, "/v1/prices")) == ids(got(api, "/v1/prices?active=true")) == [new]
    assert ids(got(api, "/v1/prices?active=false")) == [old]
    assert got(api, f"/v1/prices/{inline}")["id"] == inline


def test_lists_belong_to_one_customer_or_subscription(api, year):
    """`customer` and `subscription` leave the objects of others out, also together, also for ids that are unknown."""
    invoice = list(year.store.invoices.values())[77]
    mine = [one.id for one in year.store.invoices.values() if one.subscription == invoice.subscription][::-1]
    theirs = [one.id for one in year.store.invoices.values() if one.customer == invoice.customer][::-1]
    assert walked(api, "/v1/invoices", f"&subscription={invoice.subscription}", limit=2) == mine
    assert walked(api, "/v1/invoices", f"&customer={invoice.customer}", limit=2) == theirs
    both = f"&customer={invoice.customer}&subscription={invoice.subscription}"
    assert walked(api, "/v1/invoices", both) == mine
    assert walked(api, "/v1/invoices", f"&customer=cus_other&subscription={invoice.subscription}") == []
    assert walked(api, "/v1/subscriptions", f"&status=all&customer={invoice.customer}")
    assert walked(api, "/v1/invoices", "&customer=cus_unknown") == []


def test_subscriptions_can_be_asked_for_by_price(api, year):
    """`price` brings the subscriptions that hold it now, in whatever item."""
    price = next(one.items[-1].price for one in year.store.subscriptions.values() if len(one.items) > 1)
    holders = [
        one.id
        for one in year.store.subscriptions.values()
        if one.status != "canceled" and price in {item.price for item in one.items}
    ]
    assert walked(api, "/v1/subscriptions", f"&price={price}", limit=3) == holders[::-1]


def test_a_list_by_customer_grows_with_the_account(account):
    """What is added after a list was read by customer is on it the next time."""
    api, price = Api(account), add_price(account, add_product(account, "Pro"), currency="usd", unit_amount="100")
    customer = add_customer(account, "Nobody", "nobody@nowhere.example")
    assert ids(got(api, f"/v1/subscriptions?customer={customer}")) == []
    made = [subscribe(account, customer, [Wanted(price)]) for _ in range(2)]
    assert ids(got(api, f"/v1/subscriptions?customer={customer}")) == made[::-1]


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ("type=invoice.*", ("invoice.",)),
        ("type=price.created", ("price.created",)),
        ("types[]=invoice.paid&types[]=customer.created", ("invoice.paid", "customer.created")),
        ("types[0]=invoice.paid&types[1]=customer.created", ("invoice.paid", "customer.created")),
    ],
)
def test_events_can_be_chosen_by_type(api, year, query, begins):
    """`type` takes a name or a wildcard, `types[]` several names."""
    kept = [event for event in year.events if event["created"] >= year.now - RETENTION]
    wanted = [event["id"] for event in kept if event["type"].startswith(begins)]
    assert 0 < len(wanted) < len(kept)
    assert walked(api, "/v1/events", f"&{query}") == wanted[::-1]


def test_events_are_kept_for_thirty_days(api, year):
    """`/v1/events` has what happened in the last thirty days, and an older event is not found by id either."""
    kept = [event["id"] for event in year.events if event["created"] >= year.now - RETENTION]
    assert 0 < len(kept) < len(year.events)
    assert walked(api, "/v1/events") == kept[::-1]
    assert walked(api, "/v1/events", "&created[gte]=0") == kept[::-1]
    assert got(api, f"/v1/events/{kept[0]}") == next(event for event in year.events if event["id"] == kept[0])
    assert api.get(f"/v1/events/{year.events[0]['id']}")[0] == 404


def test_an_event_keeps_the_version_of_its_day(account):
    """An event is shown in the version it was sent in, whatever version a request names."""
    api = Api(account)
    account.version = ACACIA
    price = add_price(account, add_product(account, "Pro"), currency="usd", unit_amount="100")
    subscribe(account, add_customer(account, "Nobody", "nobody@nowhere.example"), [Wanted(price)])
    account.version = ENDIVE
    headers = {"authorization": "Bearer sk_test_fake", "stripe-version": ENDIVE.name}
    assert api.answer(Asked("GET", "/v1/events", headers)).headers["Stripe-Version"] == ENDIVE.name
    event = got(api, "/v1/events?type=customer.subscription.created")["data"][0]
    assert event["api_version"] == ACACIA.name
    assert "current_period_end" in event["data"]["object"]
    shown = got(api, "/v1/subscriptions")["data"][0]
    assert "current_period_end" not in shown
    assert "current_period_end" in shown["items"]["data"][0]


@pytest.fixture
def large(account):
    """A subscription of twelve items, and its invoice of twelve lines."""
    product = add_product(account, "Many")
    prices = [add_price(account, product, currency="usd", unit_amount=str(100 + n)) for n in range(12)]
    customer = add_customer(account, "Nobody", "nobody@nowhere.example")
    made = subscribe(account, customer, [Wanted(price) for price in prices])
    account.advance(account.now)
    return made


def test_nested_lists_are_cut_at_ten(account, large):
    """A subscription and an invoice show ten items or lines and say that there are more; their own lists have all."""
    api = Api(account)
    subscription = got(api, f"/v1/subscriptions/{large}")
    invoice = got(api, f"/v1/invoices/{subscription['latest_invoice']}")
    for nested in (subscription["items"], invoice["lines"]):
        assert (len(nested["data"]), nested["has_more"], nested["total_count"]) == (10, True, 12)
        path = nested["url"].partition("?")[0]
        query = f"&subscription={large}" if "subscription_items" in path else ""
        every = walked(api, path, query, limit=5)
        assert len(set(every)) == 12
        assert every[:10] == ids(nested)
        page = got(api, f"{path}?limit=4&ending_before={every[9]}{query}")
        assert (ids(page), page["has_more"]) == (every[5:9], True)
        status, body = api.get(f"{path}?starting_after=none{query}")
        assert (status, body["error"]["param"]) == (400, "starting_after")


def test_an_item_is_found_by_id(account, large):
    """A subscription's item has an address of its own."""
    item = account.store.subscriptions[large].items[11]
    assert got(Api(account), f"/v1/subscription_items/{item.id}")["price"]["id"] == item.price


def test_what_is_deleted_leaves_the_lists_and_stays_a_cursor(account):
    """A deleted customer is on no list any more, can still be paged from, and by id only says that it is deleted."""
    api = Api(account)
    first, second, third = (add_customer(account, f"No. {n}", f"{n}@nowhere.example") for n in range(3))
    customers.delete(account, second)
    assert ids(got(api, "/v1/customers")) == [third, first]
    assert ids(got(api, f"/v1/customers?starting_after={second}")) == [first]
    assert ids(got(api, f"/v1/customers?ending_before={second}")) == [third]
    assert got(api, f"/v1/customers/{second}") == {"id": second, "object": "customer", "deleted": True}


def test_deleting_a_customer_ends_its_subscriptions(account):
    """With a customer its subscriptions are cancelled at once, and its invoices stay."""
    price = add_price(account, add_product(account, "Pro"), currency="usd", unit_amount="100")
    customer = add_customer(account, "Nobody", "nobody@nowhere.example")
    made = subscribe(account, customer, [Wanted(price)])
    account.advance(account.now)
    customers.delete(account, customer)
    assert [event["type"] for event in account.events[-2:]] == ["customer.subscription.deleted", "customer.deleted"]
    api = Api(account)
    assert got(api, f"/v1/subscriptions/{made}")["status"] == "canceled"
    assert got(api, "/v1/invoices")["data"][0]["customer"] == customer


@pytest.mark.parametrize("version", [ACACIA, BASIL, ENDIVE], ids=lambda version: version.name)
@pytest.mark.parametrize("name", ["products", "prices", "coupons", "customers", "subscriptions", "invoices"])
def test_lists_have_stripes_shape_in_every_version(year, version, name):
    """Each object of each list validates against Stripe's own schemas, adapted to the version that is asked for."""
    headers = {"authorization": "Bearer sk_test_fake", "stripe-version": version.name}
    api = Api(year)
    answer = api.answer(Asked("GET", f"/v1/{name}?limit=100{'&status=all' * (name == 'subscriptions')}", headers))
    assert answer.headers["Stripe-Version"] == version.name
    found = schemas.loads(answer.body)["data"]
    assert found
    assert schemas.wrong(version.name, found) == []
