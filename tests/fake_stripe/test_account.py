"""How one account behaves: subscriptions, their invoices, and the events about them."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fake_stripe import past, schemas
from upswell_connectors.fake_stripe import ACACIA, BASIL, ENDIVE, billing, changes, coupons, subscriptions
from upswell_connectors.fake_stripe.api import Api
from upswell_connectors.fake_stripe.catalogue import (
    add_coupon,
    add_meter,
    add_price,
    add_product,
    archive_price,
    replace_price,
)
from upswell_connectors.fake_stripe.changes import Change
from upswell_connectors.fake_stripe.customers import add_customer, note
from upswell_connectors.fake_stripe.subscriptions import Terms, Wanted, subscribe
from upswell_connectors.fake_stripe.values import Tier

DAY = billing.DAY


@pytest.fixture
def shop(account):
    """Two products with a monthly price each, a yearly and a metered one, and a customer."""
    pro, big = add_product(account, "Pro"), add_product(account, "Big")
    return {
        "pro": add_price(account, pro, currency="usd", unit_amount="2000"),
        "pro_yearly": add_price(account, pro, currency="usd", unit_amount="20000", interval="year"),
        "big": add_price(account, big, currency="usd", unit_amount="60000"),
        "calls": add_price(account, big, currency="usd", unit_amount="2.5", meter="mtr_1"),
        "customer": add_customer(account, "Nobody", "nobody@nowhere.example"),
    }


def begin(account, shop, *wanted, **terms):
    """Subscribe the shop's customer, let the first payment happen, and return the subscription's id."""
    held = [Wanted(shop[one]) for one in wanted or ["pro"]]
    made = subscribe(account, shop["customer"], held, Terms(**terms))
    account.advance(account.now)
    return made


def sent(account, kind):
    """Return the objects of the events of one type."""
    return [event["data"]["object"] for event in account.events if event["type"] == kind]


def last(account, kind="customer.subscription.updated"):
    """Return the last event of a type."""
    return [event for event in account.events if event["type"] == kind][-1]


def day(moment):
    """Return a moment's date."""
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def test_a_subscription_begins_paid(account, shop):
    """Creating a subscription sends it active with its invoice, then the invoice finalized and paid."""
    made = begin(account, shop)
    assert [event["type"] for event in account.events[-3:]] == [
        "customer.subscription.created",
        "invoice.finalized",
        "invoice.paid",
    ]
    subscription, invoice = sent(account, "customer.subscription.created")[0], sent(account, "invoice.paid")[0]
    assert (subscription["id"], subscription["status"]) == (made, "active")
    assert subscription["latest_invoice"] == invoice["id"]
    assert (invoice["billing_reason"], invoice["total"], invoice["amount_paid"]) == ("subscription_create", 2000, 2000)


def test_checkout_leaves_it_incomplete_until_the_card_answers(account, shop):
    """A subscription made at checkout is created incomplete, and becomes active when its invoice is paid."""
    made = begin(account, shop, checkout=True)
    assert account.store.subscriptions[made].status == "incomplete"
    account.advance(account.now + 60)
    assert last(account)["data"]["previous_attributes"] == {"status": "incomplete"}
    assert account.store.subscriptions[made].status == "active"


def test_a_trial_costs_nothing_and_then_converts(account, shop):
    """A trial bills a line of zero, is announced three days before its end, and then bills the first period."""
    began = account.now
    begin(account, shop, trial_days=14)
    account.advance(began + 15 * DAY)
    first, cycle = sent(account, "invoice.paid")
    assert (first["total"], cycle["total"]) == (0, 2000)
    assert last(account, "customer.subscription.trial_will_end")["created"] == began + 11 * DAY
    assert last(account)["data"]["previous_attributes"]["status"] == "trialing"
    assert last(account)["created"] == began + 14 * DAY


def test_it_renews_on_the_same_day_of_the_month(account, shop):
    """A monthly subscription begun on the 31st renews on the last day of shorter months."""
    account.advance(account.now + 16 * DAY)
    made = begin(account, shop)
    ends = []
    for _ in range(4):
        ends.append(account.store.subscriptions[made].items[0].end)
        account.advance(ends[-1] + 2 * billing.HOUR)
    assert [day(end) for end in ends] == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
    assert [invoice["billing_reason"] for invoice in sent(account, "invoice.paid")[1:]] == 4 * ["subscription_cycle"]


def test_what_stripe_does_by_itself_has_no_request(account, shop):
    """`request.id` is null for renewals, and set for what an API request did."""
    begin(account, shop)
    account.at(account.now + DAY, lambda: note(account, shop["customer"], {"a": "1"}), asked=True)
    account.advance(account.now + 40 * DAY)
    assert last(account)["request"] == {"id": None, "idempotency_key": None}
    asked = last(account, "customer.updated")
    assert asked["request"]["id"].startswith("req_")
    assert asked["data"]["previous_attributes"] == {"metadata": {"a": None}}


def test_plan_and_quantity_change_in_one_event(account, shop):
    """A change of price and quantity sends one update that holds the old items whole."""
    made = begin(account, shop)
    item = account.store.subscriptions[made].items[0]
    account.advance(account.now + 3 * DAY)
    changes.change(account, made, [Change(item.id, shop["big"], 3)])
    event = last(account)
    before, now = (found["items"]["data"] for found in (past.before(event), event["data"]["object"]))
    assert [(one["id"], one["price"]["id"], one["quantity"]) for one in before] == [(item.id, shop["pro"], 1)]
    assert [(one["id"], one["price"]["id"], one["quantity"]) for one in now] == [(item.id, shop["big"], 3)]
    assert event["data"]["previous_attributes"]["quantity"] == 1
    assert "customer" not in event["data"]["previous_attributes"]


def test_prorations_come_in_pairs_as_recorded_at_stripe(account, shop):
    """With a third of the period left, 20.00 → 600.00 gives back 6.67 and charges 200.00, at once."""
    made = begin(account, shop)
    item = account.store.subscriptions[made].items[0]
    account.advance(item.end - (item.end - item.start) // 3)
    changes.change(account, made, [Change(item.id, shop["big"])], prorate="always_invoice")
    invoice = last(account, "invoice.paid")["data"]["object"]
    back, rest = invoice["lines"]["data"]
    assert (back["amount"], rest["amount"], invoice["total"]) == (-667, 20_000, 19_333)
    assert invoice["billing_reason"] == "subscription_update"
    assert [line["discountable"] for line in (back, rest)] == [False, False]
    assert [line["parent"]["subscription_item_details"]["proration"] for line in (back, rest)] == [True, True]
    assert back["parent"]["subscription_item_details"]["proration_details"]["credited_items"] is not None
    assert [line["pricing"]["price_details"]["price"] for line in (back, rest)] == [shop["pro"], shop["big"]]
    assert back["description"] == "Unused time on Pro after 05 Feb 2026"


def test_prorations_wait_for_the_next_invoice(account, shop):
    """By default prorations are billed with the next period, the quantity of each line being the subscription's."""
    made = begin(account, shop)
    item = account.store.subscriptions[made].items[0]
    account.advance(account.now + 10 * DAY)
    changes.change(account, made, [Change(item.id, quantity=4)])
    assert len(sent(account, "invoice.paid")) == 1
    account.advance(item.end + 2 * billing.HOUR)
    lines = sent(account, "invoice.paid")[-1]["lines"]["data"]
    assert sorted((line["quantity"], line["amount"] > 0) for line in lines) == [(1, False), (4, True), (4, True)]


def test_without_proration_only_the_next_invoice_shows_a_change(account, shop):
    """With `proration_behavior` none no proration is ever billed."""
    made = begin(account, shop)
    item = account.store.subscriptions[made].items[0]
    changes.change(account, made, [Change(item.id, quantity=4)], prorate="none")
    account.advance(item.end + 2 * billing.HOUR)
    assert [line["amount"] for line in sent(account, "invoice.paid")[-1]["lines"]["data"]] == [8000]


def test_items_come_and_go(account, shop):
    """An added item shows beside the old one, whose id stays; taken away again it is gone."""
    made = begin(account, shop)
    changes.change(account, made, add=[Wanted(shop["big"], 2)])
    event = last(account)
    assert len(past.before(event)["items"]["data"]) == 1
    first, second = event["data"]["object"]["items"]["data"]
    assert (event["data"]["object"]["plan"], event["data"]["object"]["quantity"]) == (None, None)
    changes.change(account, made, [Change(second["id"], deleted=True)])
    assert [one["id"] for one in last(account)["data"]["object"]["items"]["data"]] == [first["id"]]


def test_another_interval_begins_a_new_period_now(account, shop):
    """From a month to a year: the rest is given back, the year is charged, and it renews a year from now."""
    made = begin(account, shop)
    account.advance(account.now + 10 * DAY)
    switched = account.now
    changes.change(account, made, [Change(account.store.subscriptions[made].items[0].id, shop["pro_yearly"])])
    back, year = last(account, "invoice.paid")["data"]["object"]["lines"]["data"]
    assert back["amount"] < 0 < year["amount"] == 20_000
    found = account.store.subscriptions[made]
    assert (found.anchor, day(found.items[0].end)) == (switched, "2027-01-25")
    account.advance(switched + 360 * DAY)
    assert Counter(invoice["billing_reason"] for invoice in sent(account, "invoice.paid"))["subscription_cycle"] == 0


def test_metered_lines_bill_the_period_before(account, shop):
    """What was used is billed at the renewal, with the period it was used in; without use the line is zero."""
    made = begin(account, shop, "pro", "calls")
    calls = account.store.subscriptions[made].items[1]
    account.advance(account.now + DAY)
    subscriptions.use(account, calls.id, 1_000)
    account.advance(calls.end + 40 * DAY)
    first, second = (invoice["lines"]["data"] for invoice in sent(account, "invoice.paid")[1:])
    used = [line for line in first if line["parent"]["subscription_item_details"]["subscription_item"] == calls.id]
    assert [(line["amount"], line["quantity"], line["period"]) for line in used] == [
        (2_500, 1_000, {"start": calls.start, "end": calls.end})
    ]
    assert [line["amount"] for line in second if line["pricing"]["price_details"]["price"] == shop["calls"]] == [0]
    assert "quantity" not in last(account)["data"]["object"]["items"]["data"][1]


def test_graduated_usage_has_a_line_for_each_tier(account, shop):
    """Usage at a graduated price comes as one line per tier reached."""
    tiers = (Tier(1_000, "0"), Tier(None, "2"))
    product = account.store.prices[shop["big"]].product
    shop["tiered"] = add_price(account, product, currency="usd", tiers=tiers, tiers_mode="graduated", meter="mtr_1")
    made = begin(account, shop, "tiered")
    item = account.store.subscriptions[made].items[0]
    subscriptions.use(account, item.id, 1_600)
    account.advance(item.end + 2 * billing.HOUR)
    lines = sent(account, "invoice.paid")[-1]["lines"]["data"]
    assert [(line["quantity"], line["amount"]) for line in lines] == [(1_000, 0), (600, 1_200)]


@pytest.mark.parametrize(("version", "at_period_end"), [(ACACIA, True), (BASIL, True), (ENDIVE, False)])
def test_a_scheduled_end_is_asked_for_before_it_comes(account, shop, version, at_period_end):
    """`canceled_at` is when it was asked for, `ended_at` the end; flexible billing says so with `cancel_at` alone."""
    account.version = version
    made = begin(account, shop)
    end = account.store.subscriptions[made].items[0].end
    account.advance(account.now + 5 * DAY)
    asked = account.now
    subscriptions.cancel_at_period_end(account, made, "unused")
    scheduled = last(account)["data"]["object"]
    assert (scheduled["cancel_at"], scheduled["cancel_at_period_end"]) == (end, at_period_end)
    account.advance(end + DAY)
    event = last(account, "customer.subscription.deleted")
    found = event["data"]["object"]
    assert (found["status"], found["canceled_at"], found["ended_at"], event["created"]) == ("canceled", asked, end, end)
    assert found["cancellation_details"]["feedback"] == "unused"
    assert "previous_attributes" not in event["data"]


def test_a_scheduled_end_can_be_taken_back(account, shop):
    """After the cancellation was taken back the subscription renews as if nothing had been."""
    made = begin(account, shop)
    subscriptions.cancel_at_period_end(account, made)
    subscriptions.keep(account, made)
    account.advance(account.now + 40 * DAY)
    assert account.store.subscriptions[made].status == "active"
    assert sent(account, "customer.subscription.deleted") == []


def test_what_was_used_is_billed_after_the_end(account, shop):
    """A metered subscription that ends is billed once more for what it used."""
    made = begin(account, shop, "calls")
    subscriptions.use(account, account.store.subscriptions[made].items[0].id, 400)
    subscriptions.end(account, made)
    account.advance(account.now + DAY)
    assert [invoice["total"] for invoice in sent(account, "invoice.paid")] == [1_000]
    assert account.store.subscriptions[made].status == "canceled"


def test_a_declined_card_ends_in_unpaid_and_can_come_back(account, shop):
    """A failing renewal makes it past due, after three more tries unpaid, and paying the open invoice active again."""
    made = begin(account, shop)
    billing.decline(account, shop["customer"])
    account.advance(account.now + 50 * DAY)
    assert Counter(event["type"] for event in account.events)["invoice.payment_failed"] == 4
    assert account.store.subscriptions[made].status == "unpaid"
    billing.accept(account, shop["customer"])
    states = [
        event["data"]["previous_attributes"]["status"]
        for event in account.events
        if event["type"] == "customer.subscription.updated" and "status" in event["data"]["previous_attributes"]
    ]
    assert states == ["active", "past_due", "unpaid"]
    assert account.store.subscriptions[made].status == "active"


@pytest.mark.parametrize(
    ("behavior", "kind"),
    [("void", "invoice.voided"), ("mark_uncollectible", "invoice.marked_uncollectible"), ("keep_as_draft", None)],
)
def test_a_collection_pause_drops_its_invoices(account, shop, behavior, kind):
    """While collection is paused, renewals go on and their invoices are voided, written off or left as drafts."""
    made = begin(account, shop)
    subscriptions.pause_collection(account, made, behavior, account.now + 45 * DAY)
    assert last(account)["data"]["previous_attributes"] == {"pause_collection": None}
    account.advance(account.now + 40 * DAY)
    assert len(sent(account, "invoice.paid")) == 1
    assert len(sent(account, kind)) == 1 if kind else len(sent(account, "invoice.finalized")) == 1
    account.advance(account.now + 10 * DAY)
    assert account.store.subscriptions[made].pause is None
    assert last(account)["data"]["previous_attributes"]["pause_collection"]["behavior"] == behavior


def test_a_repeating_coupon_runs_out(account, shop):
    """A coupon for two months takes off two invoices; then the discount is deleted and the subscription updated."""
    add_coupon(account, "HALF", "Half", "repeating", months=2, percent_off="50")
    begin(account, shop, coupon="HALF")
    began = account.now
    account.advance(began + 70 * DAY)
    assert [invoice["total"] for invoice in sent(account, "invoice.paid")] == [1_000, 1_000, 2_000]
    deleted = last(account, "customer.discount.deleted")
    assert day(deleted["created"]) == "2026-03-15"
    assert deleted["data"]["object"]["end"] == deleted["created"]
    assert {"discounts": [deleted["data"]["object"]["id"]]} in [
        event["data"].get("previous_attributes") for event in account.events if event["created"] == deleted["created"]
    ]


def test_a_coupon_may_hold_for_some_products_only(account, shop):
    """A coupon of one product leaves the others' lines as they are; only the expanded coupon says which product."""
    only = account.store.prices[shop["pro"]].product
    add_coupon(account, "PRO", "Half of Pro", "forever", percent_off="50", products=(only,))
    begin(account, shop, "pro", "big", coupon="PRO")
    assert [invoice["total"] for invoice in sent(account, "invoice.paid")] == [61_000]
    assert "applies_to" not in sent(account, "coupon.created")[0]
    _, expanded = Api(account).get("/v1/coupons/PRO?expand[]=applies_to")
    assert expanded["applies_to"] == {"products": [only]}


def test_a_coupon_for_once_is_gone_after_one_invoice(account, shop):
    """A coupon of duration once takes off one invoice and is deleted with it."""
    add_coupon(account, "ONCE", "Once", "once", amount_off=500, currency="usd")
    begin(account, shop, coupon="ONCE")
    account.advance(account.now + 40 * DAY)
    assert [invoice["total"] for invoice in sent(account, "invoice.paid")] == [1_500, 2_000]
    assert len(sent(account, "customer.discount.deleted")) == 1


def test_a_customers_coupon_holds_for_all_without_their_own(account, shop):
    """A customer's discount takes off every subscription that has none of its own, until it is removed."""
    add_coupon(account, "FIFTH", "A fifth", "forever", percent_off="20")
    discount = coupons.apply_to_customer(account, "FIFTH", shop["customer"])
    assert last(account, "customer.updated")["data"]["previous_attributes"] == {"discount": None}
    begin(account, shop)
    coupons.remove(account, discount)
    coupons.remove(account, discount)
    begin(account, shop)
    assert [invoice["total"] for invoice in sent(account, "invoice.paid")] == [1_600, 2_000]
    assert len(sent(account, "customer.discount.deleted")) == 1


@pytest.mark.parametrize("version", [ACACIA, BASIL, ENDIVE])
def test_a_subscription_names_its_discounts_by_id(account, shop, version):
    """Discounts are ids everywhere; their coupon is inside until basil, and an id under `source` since."""
    account.version = version
    add_coupon(account, "HALF", "Half", "forever", percent_off="50")
    made = begin(account, shop, coupon="HALF")
    discount = sent(account, "customer.discount.created")[0]
    subscription = sent(account, "customer.subscription.created")[0]
    assert subscription["discounts"] == [discount["id"]]
    assert discount["subscription"] == made
    if version is ENDIVE:
        assert discount["source"] == {"coupon": "HALF", "type": "coupon"}
    else:
        assert discount["coupon"]["percent_off"] == 50
    if version is ACACIA:
        assert subscription["discount"]["id"] == discount["id"]
    else:
        assert "discount" not in subscription


def test_a_price_is_replaced_and_archived(account, shop):
    """A replaced price loses its lookup key to the new one and is archived, and its holders are moved by update."""
    product = add_product(account, "Keyed")
    shop["keyed"] = add_price(account, product, currency="usd", unit_amount="100", lookup_key="keyed")
    made = begin(account, shop, "keyed")
    new = replace_price(account, shop["keyed"], "130")
    archive_price(account, shop["keyed"])
    told = [event["data"] for event in account.events if event["type"] == "price.updated"]
    assert [data["previous_attributes"] for data in told] == [{"lookup_key": "keyed"}, {"active": True}]
    assert account.store.products[product].default_price == new
    assert changes.holders(account, shop["keyed"]) == [made]
    changes.move(account, made, shop["keyed"], new)
    assert changes.holders(account, new) == [made]
    subscriptions.end(account, made)
    changes.move(account, made, new, shop["keyed"])
    assert account.store.subscriptions[made].items[0].price == new


def test_an_import_keeps_its_old_date(account, shop):
    """A backdated subscription starts when it did elsewhere, and is first billed at its next period."""
    since = account.now - 100 * DAY
    made = begin(account, shop, since=since)
    found = sent(account, "customer.subscription.created")[0]
    assert (found["start_date"], found["created"], found["latest_invoice"]) == (since, account.now, None)
    account.advance(account.store.subscriptions[made].items[0].end + 2 * billing.HOUR)
    assert [invoice["billing_reason"] for invoice in sent(account, "invoice.paid")] == ["subscription_cycle"]


def test_an_archived_price_changes_nothing_else(account, shop):
    """Archiving a price sends one update that says it was active."""
    archive_price(account, shop["big"])
    assert last(account, "price.updated")["data"]["previous_attributes"] == {"active": True}
    archive_price(account, shop["big"])
    assert len(sent(account, "price.updated")) == 1


def test_a_price_in_packages_and_an_open_draft(account, shop):
    """An invoice of more than ten lines shows the first ten and says that there are more."""
    product = account.store.prices[shop["pro"]].product
    many = [add_price(account, product, currency="usd", unit_amount=str(100 + n)) for n in range(12)]
    subscribe(account, shop["customer"], [Wanted(price) for price in many])
    account.advance(account.now)
    lines = last(account, "invoice.paid")["data"]["object"]["lines"]
    assert (len(lines["data"]), lines["has_more"], lines["total_count"]) == (10, True, 12)


def test_values_are_never_changed_in_place(account, shop):
    """What was stored once stays as it was: a change stores another value."""
    made = begin(account, shop)
    before = account.store.subscriptions[made]
    copy = replace(before)
    changes.change(account, made, [Change(before.items[0].id, quantity=9)])
    assert before == copy != account.store.subscriptions[made]


def test_a_first_payment_that_fails_expires(account, shop):
    """A declined card at checkout leaves the subscription incomplete, and a day later expired, its invoice void."""
    billing.decline(account, shop["customer"])
    made = begin(account, shop, checkout=True)
    account.advance(account.now + billing.HOUR)
    assert account.store.subscriptions[made].status == "incomplete"
    account.advance(account.now + 60 * DAY)
    assert account.store.subscriptions[made].status == "incomplete_expired"
    assert [invoice.status for invoice in account.store.invoices.values()] == ["void"]
    assert last(account)["data"]["previous_attributes"]["status"] == "incomplete"


def test_a_first_payment_may_come_late(account, shop):
    """A card that is accepted within the day makes the subscription active after all."""
    billing.decline(account, shop["customer"])
    made = begin(account, shop, checkout=True)
    account.advance(account.now + billing.HOUR)
    billing.accept(account, shop["customer"])
    account.advance(account.now + 2 * DAY)
    assert account.store.subscriptions[made].status == "active"


def test_open_invoices_are_voided_or_written_off(account, shop):
    """An invoice that nobody pays can be voided or written off, and says when."""
    made = begin(account, shop)
    billing.decline(account, shop["customer"])
    account.advance(account.store.subscriptions[made].items[0].end + 2 * billing.HOUR)
    opened = account.store.subscriptions[made].latest_invoice
    billing.write_off(account, opened)
    written = sent(account, "invoice.marked_uncollectible")[0]
    assert (written["status"], written["status_transitions"]["marked_uncollectible_at"]) == (
        "uncollectible",
        account.now,
    )
    billing.void(account, opened)
    voided = sent(account, "invoice.voided")[0]
    assert (voided["id"], voided["status"], voided["status_transitions"]["voided_at"]) == (opened, "void", account.now)


@pytest.mark.parametrize(("prorate", "amounts"), [("none", [0]), ("create_prorations", [-1_355, 0])])
def test_a_running_subscription_can_be_put_on_trial(account, shop, prorate, amounts):
    """A trial laid over a paid period moves the billing date; what was paid is given back where asked."""
    made = begin(account, shop)
    account.advance(account.now + 10 * DAY)
    until = account.now + 20 * DAY
    changes.put_on_trial(account, made, until, prorate=prorate)
    assert [line["amount"] for line in sent(account, "invoice.paid")[-1]["lines"]["data"]] == amounts
    assert last(account)["data"]["previous_attributes"]["status"] == "active"
    account.advance(until + 2 * billing.HOUR)
    found = account.store.subscriptions[made]
    assert (found.status, found.items[0].start, day(found.items[0].end)) == ("active", until, "2026-03-14")
    assert sent(account, "invoice.paid")[-1]["total"] == 2_000


def test_a_meter_is_told_of(account):
    """A new meter sends its event, unless it stands for one that was there before."""
    add_meter(account, "Calls", "call")
    add_meter(account, "Old calls", "old_call", id_="mtr_old")
    assert [found["event_name"] for found in sent(account, "billing.meter.created")] == ["call"]
    assert list(account.store.meters)[1] == "mtr_old"
    listed = Api(account).get("/v1/billing/meters?status=active")[1]["data"]
    assert [found["event_name"] for found in listed] == ["old_call", "call"]
    assert Api(account).get("/v1/billing/meters/mtr_old")[1]["display_name"] == "Old calls"
    assert schemas.wrong(ENDIVE.name, listed) == []


def test_a_meter_says_what_was_used(account):
    """The summary of the running period holds what was reported in it; the time must lie on minutes, and be whole."""
    meter = add_meter(account, "Calls", "call")
    calls = add_price(account, add_product(account, "Calls"), currency="usd", unit_amount="2", meter=meter)
    customer = add_customer(account, "Fern", "fern@example.com")
    made = subscribe(account, customer, [Wanted(calls, None)])
    (item,) = account.store.subscriptions[made].items
    api, url = Api(account), f"/v1/billing/meters/{meter}/event_summaries"
    start = item.start - item.start % 60
    asked = f"{url}?customer={customer}&start_time={start}&end_time={start + 3600}"
    assert api.get(asked)[1]["data"] == []
    subscriptions.use(account, item.id, 850)
    page = api.get(asked)[1]
    assert (page["url"], [one["aggregated_value"] for one in page["data"]]) == (url, [850])
    assert schemas.wrong(ENDIVE.name, page["data"]) == []
    for wrong in (
        "",
        f"&customer={customer}&start_time={start}",
        f"&customer=x&start_time={start}&end_time={start + 60}",
    ):
        assert api.get(f"{url}?limit=1{wrong}")[0] == 400 if "=x" not in wrong else 404
    assert api.get(f"{asked[:-1]}1")[1]["error"]["param"] == "end_time"
    assert (
        api.get(f"{url}?customer={customer}&start_time={start}&end_time={start}")[1]["error"]["param"] == "start_time"
    )
