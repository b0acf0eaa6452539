"""upswell reconcile: every subscription is in the ledger as it is at Stripe, or it is said why not."""

import json
import time
from dataclasses import replace

import pytest
from shop import DAY

from reconciling.conftest import unheard
from upswell.store import books, events
from upswell.store.ledger import note_job
from upswell.store.verdicts import verdict
from upswell_connectors.fake_stripe import catalogue, coupons, subscriptions
from upswell_connectors.fake_stripe.faults import Faults
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.fake_stripe.subscriptions import Terms

LAST = ("Stripe", "MRR", "at", "Stripe", "because")


def earned(ledger):
    """Return the MRR of all customers together, minor units a month."""
    rows = ledger.connection.execute("SELECT mrr FROM mrr_by_customer").fetchall()
    return sum(mrr for (mrr,) in rows)


def test_what_is_in_line_is_said_to_be(shop, ledger, reconcile):
    """With all events in, nothing differs; ended subscriptions are looked at too. Exit 0, and the result is kept."""
    for _ in range(3):
        shop.subscribe(2)
    subscriptions.end(shop.account, shop.subscribe())
    ended = reconcile()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("4 subscriptions compared, ")
    assert ended.out.endswith("None differs.\n")
    found = verdict(ledger)
    assert (found.differences, found.looked_at) == (0, 4)
    assert found.at == pytest.approx(time.time(), abs=60)


def test_a_subscription_nobody_told_of_is_healed(shop, ledger, reconcile):
    """Its cause is that it is not known; healed, its MRR is what Stripe shows, by a movement that is marked."""
    with unheard(shop):
        new = shop.subscribe(3)
    told = reconcile("--format", "json").differences[new]
    assert told["cause"] == "not known to the ledger"
    assert (told["mrr"], told["currency"], told["healed"]) == ({"ledger": 0, "stripe": 3000}, "usd", False)
    assert told["differs"] == [{"what": "subscription", "ledger": None, "stripe": "active"}]
    assert earned(ledger) == 0
    healed = reconcile("--heal", "--format", "json")
    assert healed.code == 0
    assert healed.differences[new] == told | {"healed": True, "name": "Customer 0"}
    assert earned(ledger) == 3000
    assert {one.source for one in books.movements(ledger)} == {"reconstructed"}
    assert reconcile().code == 0


def test_a_missed_change_is_named_and_healed(shop, ledger, keep_up, reconcile):
    """What differs, since when something was missed, what both make of it; the movement that closes it is marked."""
    one = shop.subscribe(5)
    keep_up()
    with unheard(shop):
        shop.seats(one, 8)
    (item,) = shop.account.store.subscriptions[one].items
    ended = reconcile("--format", "json")
    told = ended.differences[one]
    assert ended.code == 1
    assert told["differs"] == [{"what": f"quantity of {item.id}", "ledger": "5", "stripe": "8"}]
    assert told["mrr"] == {"ledger": 5000, "stripe": 8000}
    last = [event for event in shop.account.events if event["type"].startswith("customer.subscription")][-1]
    assert told["cause"].startswith("an event was missed after 20")
    assert told["cause"].endswith(f"({last['id']})")
    assert verdict(ledger).differences == 1
    assert reconcile("--heal").code == 0
    (*_, movement) = books.movements(ledger)
    assert (movement.kind, movement.amount, movement.source) == ("seat", 3000, "reconstructed")
    assert earned(ledger) == 8000


def test_the_table_says_it_to_people(shop, keep_up, reconcile):
    """One line a difference, with the customer's name and MRR in its currency, and what to do about it."""
    one = shop.subscribe(5)
    keep_up()
    with unheard(shop):
        shop.seats(one, 8)
    lines = reconcile().out.splitlines()
    assert lines[0].split() == [*("subscription", "customer", "differs", "in", "ledger"), *LAST]
    assert lines[1].startswith(f"{one}  Customer 0  quantity of si_")
    assert "5       8       $50.00     $80.00  an event was missed after " in lines[1]
    assert lines[-1].endswith("1 subscription differs: `upswell reconcile --heal` closes each by a marked movement.")
    healed = reconcile("--heal").out.splitlines()
    assert healed[1].endswith("; healed")
    assert healed[-1].endswith("1 difference healed.")


def test_what_ended_unheard_is_asked_for_by_its_id(shop, ledger, keep_up, reconcile):
    """A subscription that ended is on no list of the living: the ledger's are asked for, and healed it is churn."""
    one, _other = shop.subscribe(5), shop.subscribe(1)
    keep_up()
    store = shop.account.store.subscriptions
    store[one] = replace(store[one], created=shop.now - 90 * DAY)
    shop.later(5)
    with unheard(shop):
        subscriptions.end(shop.account, one)
    told = reconcile("--heal", "--format", "json").differences
    assert set(told) == {one}
    assert told[one]["differs"] == [{"what": "status", "ledger": "active", "stripe": "canceled"}]
    assert earned(ledger) == 1000
    *_, movement = [found for found in books.movements(ledger) if found.subscription == one]
    assert (movement.kind, movement.amount, movement.source) == ("churn", -5000, "reconstructed")


def test_what_stripe_does_not_know_any_more_has_ended(shop, ledger, keep_up, reconcile):
    """Test data that was deleted at Stripe is said to be gone; healed, it counts no more."""
    one = shop.subscribe(5)
    keep_up()
    del shop.account.store.subscriptions[one]
    told = reconcile("--heal", "--format", "json").differences[one]
    assert told["cause"] == "Stripe does not know it any more"
    assert told["mrr"] == {"ledger": 5000, "stripe": 0}
    assert told["healed"]
    assert earned(ledger) == 0


def test_an_event_that_waits_is_the_cause(shop, ledger, reconcile):
    """Where an event of the subscription is in the ledger and could not be applied, it is named with its reason."""
    one = shop.subscribe()
    (made,) = [event for event in shop.account.events if event["type"] == "customer.subscription.created"]
    broken = made | {"data": {"object": made["data"]["object"] | {"items": None}}}
    events.accept(ledger, [events.envelope(json.dumps(broken).encode())])
    told = reconcile("--format", "json").differences[one]
    assert told["cause"].startswith(f"{made['id']} failed: the subscription cannot be read")


def test_a_coupon_nobody_told_of_is_asked_for(shop, ledger, keep_up, reconcile):
    """What a difference needs (customer, coupon, tiers) is asked of Stripe, so that healing ends in Stripe's MRR."""
    with unheard(shop):
        catalogue.add_coupon(shop.account, "HALF", "Half", "forever", percent_off="50")
        one = shop.subscribe(4, Terms(coupon="HALF"))
    told = reconcile("--heal", "--format", "json").differences[one]
    assert (told["mrr"]["stripe"], told["healed"]) == (2000, True)
    assert earned(ledger) == 2000


def test_a_discount_that_ran_out_is_no_difference(shop, keep_up, reconcile):
    """Stripe takes a discount that is over off the subscription; the ledger knows that it is over."""
    shop.account.now -= 40 * DAY
    catalogue.add_coupon(shop.account, "HALF", "Half", "repeating", months=1, percent_off="50")
    one = shop.subscribe(4, Terms(coupon="HALF"))
    keep_up()
    with unheard(shop):
        shop.later(50)
    assert shop.account.store.subscriptions[one].discounts == ()
    assert reconcile().code == 0


def test_a_price_that_costs_another_amount_is_named(shop, keep_up, reconcile):
    """No event can tell of it, for prices do not change at Stripe: it is said with both amounts."""
    one = shop.subscribe(2)
    keep_up()
    store = shop.account.store
    store.prices[shop.price] = replace(store.prices[shop.price], unit_amount="1500")
    told = reconcile("--format", "json").differences[one]
    assert told["cause"] == "the price's amounts differ"
    assert told["differs"] == [{"what": f"price amounts of {shop.price}", "ledger": "2000", "stripe": "3000"}]


@pytest.mark.parametrize("number", range(2, 6))
def test_what_is_on_its_way_is_no_difference(shop, config, ledger, keep_up, reconcile, number):
    """Whenever a change comes in between, it is caught up with before anything is called missing."""
    one = shop.subscribe(5)
    keep_up()

    def change(_account):
        shop.account.now = int(time.time())
        shop.seats(one, 8)

    with serving(shop.account, faults=Faults(meanwhile={number: change})) as url:
        config.path.write_text(config.path.read_text().replace(shop.url, url))
        ended = reconcile()
    assert (ended.code, ended.out.split(".")[1]) == (0, " None differs")
    assert [item.quantity for item in shop.account.store.subscriptions[one].items] == [8]


def test_incomplete_subscriptions_are_nobodys_business(shop, reconcile):
    """What never counted, and was never told of, is no difference."""
    with unheard(shop):
        one = shop.subscribe()
    store = shop.account.store.subscriptions
    store[one] = replace(store[one], status="incomplete")
    assert reconcile().code == 0


def test_without_a_key_or_ledger_nothing_is_compared(shop, config, reconcile, monkeypatch):
    """The sentence says what is missing."""
    monkeypatch.delenv("STRIPE_API_KEY")
    assert "There is no Stripe API key" in reconcile().err
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_1")
    config.ledger.path.unlink()
    assert "There is no ledger at" in reconcile().err


def test_a_key_of_another_account_compares_nothing(config, ledger, reconcile):
    """Another account's subscriptions are no differences."""
    with ledger.write() as connection:
        note_job(connection, "owner", "acct_other")
    ended = reconcile()
    assert ended.code == 1
    assert "The API key is of the account acct_1FakeStripe" in ended.err
    assert verdict(ledger).at is None


def test_several_pages_are_compared(shop, keep_up, reconcile):
    """More subscriptions than a page holds are all looked at, with as few requests as there are pages."""
    for _ in range(250):
        shop.subscribe()
    keep_up()
    reconcile()
    told = json.loads(reconcile("--format", "json").out)
    assert (told["subscriptions"], told["differences"]) == (250, [])
    assert told["requests"] <= 8


def test_comparing_asks_for_no_customer(shop, config, reconcile):
    """An account that nobody has read into the ledger costs no request a subscription, before it is healed."""
    with unheard(shop):
        for _ in range(30):
            shop.subscribe()
    told = json.loads(reconcile("--format", "json").out)
    assert len(told["differences"]) == 30
    assert told["requests"] < 10


def test_what_has_just_changed_is_left_for_the_next_time(shop, keep_up, reconcile):
    """An answer may show what was so a minute ago: nothing that has changed since is called a difference, or healed."""
    one = shop.subscribe(5)
    shop.account.now = int(time.time()) - 10
    shop.seats(one, 8)
    keep_up()
    store = shop.account.store.subscriptions
    (item,) = store[one].items
    store[one] = replace(store[one], items=(replace(item, quantity=5),))
    assert reconcile().code == 0


def test_what_cannot_be_reckoned_is_not_healed(shop, ledger, keep_up, reconcile):
    """A coupon that Stripe does not tell any more leaves no MRR to heal to: it is said, and nothing is changed."""
    one = shop.subscribe(4)
    keep_up()
    with unheard(shop):
        catalogue.add_coupon(shop.account, "HALF", "Half", "forever", percent_off="50")
        coupons.apply(shop.account, "HALF", one)
        catalogue.delete_coupon(shop.account, "HALF")
    ended = reconcile("--heal", "--format", "json")
    told = ended.differences[one]
    assert ended.code == 1
    assert (told["cause"], told["healed"]) == ("waits for HALF, of which Stripe tells nothing", False)
    assert told["mrr"] == {"ledger": 4000, "stripe": None}
    assert earned(ledger) == 4000
    assert events.counts(ledger).failed == 0
