"""Subscription schedules: what they change, when, and how they end."""

import pytest

from fake_stripe import schemas
from upswell_connectors.fake_stripe import ACACIA, BASIL, ENDIVE, schedules
from upswell_connectors.fake_stripe.api import Api
from upswell_connectors.fake_stripe.catalogue import add_price, add_product
from upswell_connectors.fake_stripe.customers import add_customer
from upswell_connectors.fake_stripe.subscriptions import Wanted, subscribe
from upswell_connectors.fake_stripe.values import Phase

DAY = 86_400


@pytest.fixture
def shop(account):
    """Two monthly prices and a customer."""
    product = add_product(account, "Pro")
    return {
        "small": add_price(account, product, currency="usd", unit_amount="2000"),
        "large": add_price(account, product, currency="usd", unit_amount="5000"),
        "customer": add_customer(account, "Nobody", "nobody@nowhere.example"),
    }


def told(account, kind="subscription_schedule"):
    """Return the last parts of the types of the events about one kind of object."""
    return [event["type"].removeprefix(f"{kind}.") for event in account.events if event["type"].startswith(f"{kind}.")]


def held(account, subscription):
    """Return the prices and quantities a subscription holds."""
    return [(item.price, item.quantity) for item in account.store.subscriptions[subscription].items]


def two_phases(account, shop, **fields):
    """Begin a subscription that is scheduled to grow after ten days, for ten days, and return both ids."""
    made = subscribe(account, shop["customer"], [Wanted(shop["small"])])
    account.advance(account.now)
    phases = [
        Phase(account.now, account.now + 10 * DAY, ((shop["small"], 1),)),
        Phase(account.now + 10 * DAY, account.now + 20 * DAY, ((shop["large"], 3), (shop["small"], 2)), "none"),
    ]
    return made, schedules.schedule(account, shop["customer"], phases, subscription=made, **fields)


def test_a_phase_changes_what_is_held(account, shop):
    """At a phase's beginning the subscription becomes what the phase holds; both events say who did it: nobody."""
    made, scheduled = two_phases(account, shop)
    assert account.store.subscriptions[made].schedule == scheduled
    account.advance(account.now + 11 * DAY)
    assert held(account, made) == [(shop["large"], 3), (shop["small"], 2)]
    assert told(account) == ["created", "updated"]
    changed = [event for event in account.events if event["type"] == "customer.subscription.updated"][-1]
    assert changed["request"]["id"] is None
    shown = Api(account).get(f"/v1/subscription_schedules/{scheduled}")[1]
    assert shown["current_phase"]["start_date"] == changed["created"]
    assert [phase["items"][0]["price"] for phase in shown["phases"]] == [shop["small"], shop["large"]]


@pytest.mark.parametrize(
    ("behavior", "status", "runs", "last"),
    [("release", "released", "active", "released"), ("cancel", "completed", "canceled", "completed")],
)
def test_a_schedule_ends_as_it_says(account, shop, behavior, status, runs, last):
    """After the last phase the subscription goes on without its schedule, or ends."""
    made, scheduled = two_phases(account, shop, end_behavior=behavior)
    account.advance(account.now + 21 * DAY)
    assert account.store.schedules[scheduled].status == status
    assert account.store.subscriptions[made].status == runs
    assert (account.store.subscriptions[made].schedule is None) == (runs == "active")
    assert told(account)[-1] == last


@pytest.mark.parametrize(
    ("how", "status", "runs"), [("release", "released", "active"), ("cancel", "canceled", "canceled")]
)
def test_what_is_taken_back_does_not_happen(account, shop, how, status, runs):
    """A released or cancelled schedule changes nothing any more; with a cancelled one the subscription ends."""
    made, scheduled = two_phases(account, shop)
    getattr(schedules, how)(account, scheduled)
    account.advance(account.now + 30 * DAY)
    assert account.store.schedules[scheduled].status == status
    assert account.store.subscriptions[made].status == runs
    assert held(account, made) == [(shop["small"], 1)]


def test_a_schedule_may_begin_a_subscription(account, shop):
    """A schedule without a subscription waits for its first phase, and begins one then; items can also go."""
    start = account.now + 5 * DAY
    phases = [
        Phase(start, start + 10 * DAY, ((shop["small"], 1), (shop["large"], 1))),
        Phase(start + 10 * DAY, start + 20 * DAY, ((shop["small"], 1),)),
    ]
    scheduled = schedules.schedule(account, shop["customer"], phases)
    waiting = Api(account).get("/v1/subscription_schedules?scheduled=true")[1]["data"]
    assert [(one["id"], one["status"], one["subscription"]) for one in waiting] == [(scheduled, "not_started", None)]
    account.advance(start + DAY)
    made = account.store.schedules[scheduled].subscription
    assert held(account, made) == [(shop["small"], 1), (shop["large"], 1)]
    account.advance(start + 11 * DAY)
    assert held(account, made) == [(shop["small"], 1)]
    assert Api(account).get("/v1/subscription_schedules?scheduled=true")[1]["data"] == []
    other = schedules.schedule(
        account, shop["customer"], [Phase(account.now + DAY, account.now + 2 * DAY, phases[0].items)]
    )
    schedules.release(account, other)
    account.advance(account.now + 5 * DAY)
    assert account.store.schedules[other].subscription is None


@pytest.mark.parametrize("version", [ACACIA, BASIL, ENDIVE], ids=lambda version: version.name)
def test_schedules_have_stripes_shape(account, shop, version):
    """A schedule, in its list and in its events, validates against Stripe's own schema."""
    account.version = version
    two_phases(account, shop)
    account.advance(account.now + 30 * DAY)
    listed = Api(account).get(f"/v1/subscription_schedules?customer={shop['customer']}")[1]["data"]
    sent = [event["data"]["object"] for event in account.events if event["type"].startswith("subscription_schedule")]
    assert len(sent) == 3
    assert listed == sent[-1:]
    assert schemas.wrong(version.name, sent) == []
