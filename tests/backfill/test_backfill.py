"""All of Stripe goes into the ledger: every list, whole, once, whatever goes wrong on the way."""

import json
from pathlib import Path

import pytest
from connectors.sent import coupon, customer, discount, invoice, item, line, price, subscription
from standin import Standin, standing_in

from backfill.conftest import configured, movements, read, rows, run
from upswell.core.rules import Rules
from upswell.errors import Refused
from upswell.intake.applying import apply_pending
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell_connectors.event_types import EVENT_TYPES
from upswell_connectors.fake_stripe.faults import Faults, Tally
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.stripe_api import StripeApi

DAY = 86_400
PLANNED = [(1_790_000_000, 5), (2_000_000_000, 8)]
CREATED = 1_790_000_000
LATELY = 1_792_500_000


def account(**more):
    """Return an account with one customer on one subscription of five seats at 10.00, billed once."""
    lists = {
        "products": [{"id": "prod_1", "object": "product", "name": "Kite", "metadata": {}, "created": CREATED}],
        "prices": [price(), price(id="price_old", active=False)],
        "coupons": [coupon()],
        "customers": [customer(created=CREATED, livemode=False)],
        "subscriptions": [subscription()],
        "subscription_schedules": [],
        "invoices": [invoice(line(quantity=5, amount=5000))],
        "events": [],
    }
    return Standin(**{**lists, **more})


def asked(standin, path):
    """Return the parameters of each request for ``path``."""
    return [query for asked_path, query in standin.asked if asked_path == path]


def event(name, kind, shown, created=CREATED + DAY, **more):
    """Return an event about ``shown``."""
    head = {"id": name, "object": "event", "type": kind, "created": created, "livemode": False}
    return head | {"data": {"object": shown, **more}}


def test_the_account_is_in_the_ledger():
    """One customer, its subscription and its invoice become its history, and the counts say what was read."""
    with read(account()) as done:
        assert done.objects == {
            "account": 0,
            "products": 1,
            "prices": 2,
            "coupons": 1,
            "customers": 1,
            "subscriptions": 1,
            "schedules": 0,
            "invoices": 1,
            "events": 0,
        }
    assert sum(done.requests.values()) == 11
    assert rows("SELECT customer, sum(amount) FROM movements GROUP BY customer") == [("cus_1", 5000)]
    assert done.movements == {"reconstructed": len(movements())}


def test_lists_are_asked_for_whole():
    """Ended subscriptions, archived prices, tiers, discounts and what coupons are for come only when asked for."""
    standin = account()
    with read(standin):
        pass
    assert [query["active"] for query in asked(standin, "/v1/prices")] == [["true"], ["false"]]
    assert asked(standin, "/v1/prices")[0]["expand[]"] == ["data.tiers", "data.currency_options"]
    (subscriptions,) = asked(standin, "/v1/subscriptions")
    assert subscriptions["status"] == ["all"]
    assert subscriptions["expand[]"] == ["data.discounts", "data.items.data.discounts"]
    assert asked(standin, "/v1/coupons")[0]["expand[]"][0] == "data.applies_to"
    assert {query["limit"][0] for path, query in standin.asked if path != "/v1/account"} == {"100"}


def test_events_are_asked_for_by_type_and_last():
    """Only what is read of the 30 days of events is asked for, twenty types at a time, after every list."""
    standin = account()
    with read(standin):
        pass
    found = [query["types[]"] for query in asked(standin, "/v1/events")]
    assert sorted(name for names in found for name in names) == sorted(EVENT_TYPES)
    assert all(len(names) <= 20 for names in found)
    assert {path for path, _ in standin.asked[-len(found) :]} == {"/v1/events"}


def test_what_happens_while_lists_are_read_is_right_in_the_end():
    """An object that changed after its list was read is as the event says, which is read last."""
    standin = account()
    changed = subscription(item(quantity=8))
    before = {"items": {"data": [item()]}}
    told = event("evt_1", "customer.subscription.updated", changed, LATELY, previous_attributes=before)

    def change(_number, path):
        if path == "/v1/invoices":
            standin.lists["/v1/subscriptions"], standin.lists["/v1/events"] = [changed], [told]

    standin.fault = change
    with read(standin) as done:
        assert done.movements["observed"] == 1
    assert rows("SELECT kind, amount, source FROM movements WHERE cause = 'evt_1'") == [("seat", 3000, "observed")]
    assert rows("SELECT state FROM events") == [("applied",)]


def test_long_nested_lists_are_read_to_the_end():
    """The lines of an invoice and the items of a subscription after the tenth are in the ledger too."""
    lines = [line(id=f"il_{number:02}", amount=number) for number in range(25)]
    items = [item(id=f"si_{number:02}", quantity=1) for number in range(12)]
    with read(account(invoices=[invoice(*lines)], subscriptions=[subscription(*items)])) as done:
        assert done.requests["invoices"] == 2
        assert done.requests["subscriptions"] == 2
    assert rows("SELECT count(*) FROM usage WHERE line != ''") == [(25,)]
    ((held,),) = rows("SELECT value FROM snapshots")
    assert len(json.loads(held)["items"]) == 12


def test_prices_that_no_list_shows_are_asked_for_by_id():
    """A price that only invoices name is read by its id, once; one that Stripe forgot is counted as not known."""
    inline, gone = line(id="il_2", price=price(id="price_inline")), line(id="il_3", price=price(id="price_gone"))
    standin = account(invoices=[invoice(line(), inline, gone)])
    shown = price(id="price_inline", active=False, nickname="made for one")

    def list_it(_number, path):
        if path == "/v1/prices/price_inline":
            standin.lists["/v1/prices"].append(shown)

    standin.fault = list_it
    with read(standin) as done:
        assert done.lost == 1
    singles = [path for path, _ in standin.asked if path.startswith("/v1/prices/")]
    assert sorted(singles) == ["/v1/prices/price_gone", "/v1/prices/price_inline"]
    assert rows("SELECT count(*) FROM prices WHERE id = 'price_inline'") == [(1,)]


def test_an_object_that_cannot_be_read_is_told_and_the_rest_goes_in():
    """Whatever one object is like, the others are read, and the end says which was not and why."""
    with read(account(invoices=[invoice(), invoice(id="in_2", currency=5, created=CREATED)])) as done:
        assert done.unread_count == 1
        assert "in_2" in done.unread[0]
        assert "currency" in done.unread[0]
    assert rows("SELECT invoice FROM usage WHERE line = ''") == [("in_1",)]


def test_a_list_that_stripe_does_not_have_is_told():
    """Schedules and events may be missing; a list that history is made of may not."""
    standin = account()
    del standin.lists["/v1/subscription_schedules"]
    with read(standin) as done:
        assert done.absent == ("schedules",)
    del standin.lists["/v1/invoices"]
    with standing_in(standin) as url, pytest.raises(Refused, match="/v1/invoices"):
        run(url, ledger="other.db")


def test_what_an_api_cannot_expand_is_done_without():
    """An API that knows a coupon's products and no other currencies of it is read all the same."""
    standin = account()
    refused = []

    def refuse(_number, path):
        if path == "/v1/coupons" and not refused:
            return refused.append(path) or (400, {})
        return None

    standin.fault = refuse
    with read(standin) as done:
        assert done.objects["coupons"] == 1
    assert [query["expand[]"] for query in asked(standin, "/v1/coupons")][1] == ["data.applies_to"]


def test_a_discount_comes_with_its_subscription():
    """A discount that the list of subscriptions shows is in force, without an event that tells of it."""
    with read(account(subscriptions=[subscription(discounts=[discount(start=CREATED)])])):
        pass
    assert rows("SELECT sum(amount) FROM movements") == [(4000,)]


def test_what_is_planned_comes_with_its_schedule():
    """A schedule that the list shows is in the ledger, and what it plans is scheduled, without an event of it."""
    now, then = ({"start_date": at, "items": [{"price": "price_1", "quantity": many}]} for at, many in PLANNED)
    schedule = {"id": "sub_sched_1", "object": "subscription_schedule", "customer": "cus_1", "subscription": "sub_1"}
    schedule |= {"status": "active", "created": CREATED, "phases": [now | {"end_date": then["start_date"]}, then]}
    with read(account(subscription_schedules=[schedule])) as done:
        assert done.objects["schedules"] == 1
    assert rows("SELECT id FROM schedules") == [("sub_sched_1",)]
    assert rows("SELECT kind, amount FROM scheduled") == [("seat", 3000)]


LATER = ("/v1/customers", "/v1/invoices", "/v1/events")


def test_a_later_run_reads_what_may_have_changed():
    """Soon after a finished run, lists that only grow are read from a week before it; the others again, whole."""
    standin = account()
    with read(standin):
        pass
    first = movements()
    standin.asked.clear()
    with read(standin) as done:
        assert done.movements == {"reconstructed": len(first)}
    assert movements() == first
    assert all("created[gte]" in query for path in LATER for query in asked(standin, path))
    assert all("created[gte]" not in query for path, query in standin.asked if path not in LATER)


def test_a_full_run_reads_all_again():
    """Asked for, everything is read again whole, and says the same."""
    standin = account()
    with read(standin):
        pass
    first = movements()
    standin.asked.clear()
    with read(standin, full=True):
        pass
    assert movements() == first
    assert not any("created[gte]" in query for _, query in standin.asked)


def test_long_after_a_run_all_is_read_again(monkeypatch):
    """Events reach back 30 days: where the last run is older, only the lists can tell what has changed."""
    standin = account()
    with read(standin):
        pass
    standin.asked.clear()
    monkeypatch.setattr("upswell.fetching.preflight.Client.now", lambda _self: 1_900_000_000.0 + 2 * 365 * DAY)
    with read(standin):
        pass
    assert not any("created[gte]" in query for _, query in standin.asked)


@pytest.mark.parametrize("share", [0.0, 0.3], ids=["smoothly", "in a storm"])
def test_storms_change_nothing(kites, share):
    """With 429s, 500s and broken connections, the ledger is the same as without."""
    with serving(kites) as url:
        run(url, ledger="calm.db")
    tally = Tally()
    with serving(kites, faults=Faults(errors=share, drops=share / 2, seed="storm"), tally=tally) as url:
        run(url, ledger="stormy.db")
    assert movements("stormy.db") == movements("calm.db") != []
    assert bool(tally.statuses[500]) == bool(tally.statuses[0]) == bool(share)


def test_too_many_requests_are_waited_for(kites, monkeypatch):
    """A limit that is far below what is asked slows the reading and loses nothing."""
    monkeypatch.setattr("upswell_connectors.client._growing", lambda _attempt: 0.1)
    tally = Tally()
    with serving(kites, faults=Faults(per_endpoint=4, overall=8), tally=tally) as url:
        run(url, ledger="limited.db")
    with serving(kites) as url:
        run(url, ledger="calm.db")
    assert movements("limited.db") == movements("calm.db")
    assert tally.statuses[429]


CLOSING = """
SELECT customer, currency, sum(amount) FROM movements WHERE occurred_at < '2026-11-25'
GROUP BY customer, currency HAVING sum(amount) != 0 ORDER BY customer, currency
"""


def test_lists_alone_end_where_all_events_end(kites):
    """Read from its lists, each customer of the year pays what its whole event stream says, to the cent."""
    with serving(kites) as url:
        run(url)
        with Ledger(Path("told.db"), create=True) as ledger:
            accept(ledger, [envelope(json.dumps(one).encode()) for one in kites.events])
            apply_pending(ledger, Rules(), StripeApi(configured(url).stripe))
    assert rows(CLOSING) == rows(CLOSING, "told.db")
    assert len(rows(CLOSING)) > 50


def test_events_told_before_during_or_after_are_the_same(kites):
    """The events of the account give the same ledger whether webhooks brought them before the run or after it."""
    told = [envelope(json.dumps(one).encode()) for one in kites.events]

    def bring(ledger):
        with Ledger(ledger, create=True) as opened:
            accept(opened, told)
            apply_pending(opened, Rules())

    with serving(kites) as url:
        bring(Path("before.db"))
        run(url, ledger="before.db")
        run(url, ledger="after.db")
        bring(Path("after.db"))
    assert movements("before.db") == movements("after.db")
