"""What an event waits for, what lets it go on, and what Stripe is asked."""

from itertools import permutations

import pytest
from connectors.sent import body, coupon, discount, invoice, item, line, price, subscription

from intake.told import (
    AT,
    BROKEN,
    OUR_CLOCK,
    Book,
    applied,
    event,
    granted,
    made,
    moved,
    movements,
    priced,
    subscribed,
    tables,
)
from upswell.core.facts import Facts
from upswell.core.rules import Rules
from upswell.errors import Unreachable, UpswellError
from upswell.intake.applying import apply_pending, retry
from upswell.store.events import counts
from upswell_connectors.shapes import coupon_of, discount_of, facts_of, price_of

DISCOUNTED = subscribed(1, discounts=["di_1"])
TIERED = {"billing_scheme": "tiered", "tiers_mode": "volume", "unit_amount": None, "unit_amount_decimal": None}
IN_TIERS = subscribed(1, item(quantity=6, price=price(**TIERED)))
TIERS = [{"up_to": 5, "unit_amount": 700}, {"up_to": None, "unit_amount": 600}]


def test_an_event_waits_for_a_discount_nobody_told_of(ledger):
    """An event whose discount is unknown is kept pending with its reason; nothing is booked of it."""
    done = applied(ledger, DISCOUNTED)
    reason = "waits for di_1: no event told of it yet"
    assert (done.applied, done.waiting, done.failed) == (0, 1, 0)
    assert done.reasons == (f"evt_sub_1: {reason}",)
    assert event(ledger, "evt_sub_1") == ("received", reason)
    assert (counts(ledger).pending, movements(ledger)) == (1, [])


def test_a_discount_waits_for_a_coupon_nobody_told_of(ledger):
    """Since clover a discount names its coupon by id, and waits for the event that tells of it."""
    applied(ledger, DISCOUNTED, granted())
    assert event(ledger, "evt_di_1") == ("received", "waits for coupon_1: no event told of it yet")
    assert applied(ledger, made()).waiting == 0
    assert movements(ledger) == [("cus_1", "new", 4000)]


def test_what_was_waited_for_lets_the_event_go_on(ledger):
    """Once its coupon has come, an event is applied and its reason is gone."""
    applied(ledger, DISCOUNTED, granted())
    done = applied(ledger, made())
    assert (done.applied, done.waiting, done.reasons) == (3, 0, ())
    assert {event(ledger, name) for name in ("evt_sub_1", "evt_di_1", "evt_coupon")} == {("applied", None)}


@pytest.mark.parametrize("together", [True, False], ids=["together", "one by one"])
def test_the_order_of_what_is_waited_for_does_not_matter(fresh, together):
    """Subscription, discount and coupon come in any order, together or one by one: the same ledger."""
    ledgers = []
    for order in permutations([DISCOUNTED, granted(), made(), moved(1, 5, 8, AT + 9)]):
        ledgers.append(fresh())
        for batch in [order] if together else [[one] for one in order]:
            applied(ledgers[-1], *batch)
    first, *others = [tables(one, without=OUR_CLOCK) for one in ledgers]
    assert all(other == first for other in others)


def test_an_event_waits_for_tiers(ledger):
    """Tiers come only when expanded: a subscription waits until any event of its price carried them."""
    assert applied(ledger, IN_TIERS, priced(**TIERED)).waiting == 1
    assert event(ledger, "evt_sub_1") == ("received", "waits for price_1: no event told of it yet")
    applied(ledger, priced(**TIERED, tiers=TIERS, name="evt_tiers", at=AT + 5))
    assert movements(ledger) == [("cus_1", "new", 3600)]


def test_a_metered_price_needs_no_amount(ledger):
    """A metered item is worth what invoices bill: its event waits for no tiers."""
    metered = {**TIERED, "recurring": {"interval": "month", "usage_type": "metered"}}
    done = applied(ledger, subscribed(1, item(quantity=..., price=price(**metered))))
    assert (done.applied, done.waiting) == (1, 0)


def test_an_amount_in_another_currency_is_waited_for(ledger):
    """A subscription in another currency waits for the price's amount in that currency."""
    applied(ledger, subscribed(1, currency="eur"), priced())
    assert event(ledger, "evt_sub_1")[0] == "received"
    applied(ledger, priced(currency_options={"eur": {"unit_amount": 900}}, name="evt_options", at=AT + 5))
    assert movements(ledger) == [("cus_1", "new", 4500)]


def test_what_waits_stops_nobody_else(ledger):
    """An event that waits or fails stops no other event, of its customer or of another."""
    done = applied(ledger, DISCOUNTED, BROKEN, subscribed(2), moved(1, 5, 8, AT + 9))
    assert (done.applied, done.waiting, done.failed) == (2, 1, 1)
    assert movements(ledger) == [("cus_1", "new", 5000), ("cus_2", "new", 5000), ("cus_1", "seat", 3000)]


def test_a_broken_event_is_kept_with_its_reason(ledger):
    """An event that cannot be read stays, with the reason, and is counted."""
    done = applied(ledger, BROKEN)
    state, reason = event(ledger, "evt_broken")
    assert state == "failed"
    assert reason == "the subscription cannot be read: Object missing required field `customer`"
    assert done.reasons == (f"evt_broken: {reason}",)
    assert (counts(ledger).failed, counts(ledger).pending) == (1, 0)
    again = apply_pending(ledger, Rules())
    assert (again.applied, again.failed) == (0, 1)


def test_retry_reads_a_failed_event_again(ledger, monkeypatch):
    """``retry`` applies what failed once the cause is gone, and keeps what still fails."""
    with monkeypatch.context() as patched:
        patched.setattr("upswell.intake.applying.facts_of", lambda _: facts_of(BROKEN))
        applied(ledger, subscribed())
    assert event(ledger, "evt_sub_1")[0] == "failed"
    applied(ledger, BROKEN)
    done = retry(ledger, Rules())
    assert (done.applied, done.failed) == (1, 1)
    assert event(ledger, "evt_sub_1") == ("applied", None)
    assert event(ledger, "evt_broken")[0] == "failed"
    assert movements(ledger) == [("cus_1", "new", 5000)]


FOUND = {
    "di_1": Facts(told=(discount_of(discount(start=AT, customer="cus_1", subscription="sub_1")),)),
    "coupon_1": Facts(told=(coupon_of(coupon()),)),
    "price_1": Facts(told=(price_of(price(**TIERED, tiers=TIERS)),)),
}


def test_stripe_is_asked_for_what_no_event_told(ledger):
    """With an API key, Upswell asks Stripe for them."""
    lookup = Book(**FOUND)
    done = applied(ledger, subscribed(1, item(quantity=6, price=price(**TIERED)), discounts=["di_1"]), lookup=lookup)
    assert (done.applied, done.waiting) == (1, 0)
    assert sorted(lookup.asked) == ["di_1", "price_1"]
    assert movements(ledger) == [("cus_1", "new", 2880)]


def test_nobody_is_asked_for_what_an_event_of_the_batch_tells(ledger):
    """What the batch itself tells later is not asked for."""
    lookup = Book()
    applied(ledger, DISCOUNTED, granted(at=AT + 5), made(at=AT + 9), lookup=lookup)
    assert lookup.asked == []
    assert movements(ledger) == [("cus_1", "new", 4000)]


def test_each_reference_is_asked_for_once(ledger):
    """However many events wait for it, Stripe is asked for one thing once a run, found or not."""
    waiting = [subscribed(number, item(id=f"si_{number}", price=price(**TIERED))) for number in (1, 2, 3)]
    lookup = Book(price_1=UpswellError("Stripe does not know it any more"))
    assert applied(ledger, *waiting, lookup=lookup).waiting == 3
    assert lookup.asked == ["price_1"]
    apply_pending(ledger, Rules(), lookup)
    assert lookup.asked == ["price_1", "price_1"]
    lookup.found = FOUND
    assert apply_pending(ledger, Rules(), lookup).applied == 3


def test_what_stripe_says_is_the_reason(ledger):
    """Where Stripe has no answer, its sentence is the event's reason, and the next run asks again."""
    lookup = Book(di_1=UpswellError("Stripe does not show the discount di_1 on sub_1 any more"))
    applied(ledger, DISCOUNTED, lookup=lookup)
    reason = "waits for di_1: Stripe does not show the discount di_1 on sub_1 any more"
    assert event(ledger, "evt_sub_1") == ("received", reason)
    lookup.found = FOUND
    assert retry(ledger, Rules(), lookup).applied == 1
    assert movements(ledger) == [("cus_1", "new", 4000)]


def test_a_silent_stripe_is_asked_once(ledger):
    """Where nobody answers, nobody is asked for the rest: one wait for all, and the reason is kept."""
    lookup = Book(di_1=Unreachable("there is no connection to Stripe"), di_2=Unreachable("nor now"))
    applied(ledger, DISCOUNTED, subscribed(2, discounts=["di_2"]), subscribed(3), lookup=lookup)
    assert lookup.asked == ["di_1"]
    assert event(ledger, "evt_sub_1") == ("received", "waits for di_1: there is no connection to Stripe")
    assert event(ledger, "evt_sub_2") == ("received", "waits for di_2: no event told of it yet")
    assert movements(ledger) == [("cus_3", "new", 5000)]


def test_what_stripe_was_asked_is_asked_no_more(ledger):
    """What Stripe answered once is known for all later events."""
    lookup = Book(**FOUND)
    applied(ledger, IN_TIERS, lookup=lookup)
    applied(ledger, subscribed(2, item(id="si_2", quantity=5, price=price(**TIERED))), lookup=lookup)
    assert lookup.asked == ["price_1"]
    assert movements(ledger) == [("cus_1", "new", 3600), ("cus_2", "new", 3500)]


LONG = {"items": {"object": "list", "data": [item(id="si_1", quantity=5)], "has_more": True}}
WHOLE = subscribed(1, item(id="si_1", quantity=5), item(id="si_2", quantity=1))


def test_a_list_that_goes_on_is_waited_for(ledger):
    """A subscription of more items than fit into an event waits until the rest can be read."""
    assert applied(ledger, subscribed(**LONG)).waiting == 1
    assert event(ledger, "evt_sub_1") == ("received", "waits for sub_1: its list goes on at Stripe")
    lookup = Book(sub_1=facts_of(WHOLE))
    done = apply_pending(ledger, Rules(), lookup)
    assert (done.applied, done.waiting) == (1, 0)
    assert movements(ledger) == [("cus_1", "new", 6000)]


def test_each_event_has_its_own_rest(ledger):
    """Two events whose lists go on are each completed, though both name the same subscription."""
    later = body(subscription(**LONG), "customer.subscription.updated", id="evt_later", created=AT + 9)
    lookup = Book(sub_1=facts_of(WHOLE))
    applied(ledger, subscribed(**LONG), later, lookup=lookup)
    assert lookup.asked == ["sub_1", "sub_1"]


def test_an_invoice_that_goes_on_is_waited_for(ledger):
    """An invoice of more lines than fit into an event waits until the rest can be read."""
    cut = {"object": "list", "data": [line()], "has_more": True}
    given = body(invoice(lines=cut), "invoice.finalized", id="evt_invoice")
    assert applied(ledger, given).waiting == 1
    whole = facts_of(body(invoice(line(), line(id="il_2")), "invoice.finalized", id="evt_invoice"))
    apply_pending(ledger, Rules(), Book(in_1=whole))
    found = ledger.connection.execute("SELECT line FROM usage ORDER BY line").fetchall()
    assert found == [("",), ("il_1",), ("il_2",)]


@pytest.mark.parametrize("kind", ["customer.subscription.created", "customer.subscription.updated"])
def test_a_completed_list_may_wait_for_more(ledger, kind):
    """A list that was completed may need a discount as well: both are asked for in one run."""
    given = body(subscription(**LONG, discounts=["di_1"]), kind, id="evt_sub_1", created=AT)
    whole = body(subscription(item(id="si_1"), item(id="si_2"), discounts=["di_1"]), kind, id="evt_sub_1", created=AT)
    lookup = Book(sub_1=facts_of(whole), di_1=FOUND["di_1"])
    done = applied(ledger, given, lookup=lookup)
    assert (done.applied, done.waiting) == (1, 0)


ONE_PRODUCT = Facts(told=(coupon_of(coupon(percent_off=50.0, applies_to={"products": ["prod_2"]})),))
GIVEN = (granted(), made(percent_off=50.0), DISCOUNTED)


def test_a_coupon_is_asked_for_once_since_events_leave_out_its_products(ledger):
    """Events never say which products a coupon is for: with an API key, Stripe is asked once for each coupon in use."""
    book = Book(coupon=ONE_PRODUCT)
    applied(ledger, *GIVEN, lookup=book)
    assert movements(ledger) == [("cus_1", "new", 5000)]
    applied(ledger, granted(2), moved(1, 5, 6, AT + 1), lookup=book)
    assert book.coupons == ["coupon_1"]


def test_without_a_key_a_coupon_counts_as_its_events_say_it(ledger):
    """Without an API key, such a coupon comes off every product until there is one."""
    applied(ledger, *GIVEN)
    assert movements(ledger) == [("cus_1", "new", 2500)]
    apply_pending(ledger, Rules(), Book(coupon=ONE_PRODUCT))
    assert movements(ledger) == [("cus_1", "new", 5000)]


def test_a_coupon_that_stripe_does_not_know_any_more_is_asked_for_once(ledger):
    """A deleted coupon counts as its events say it, and Stripe is not asked for it again and again."""
    book = Book()
    applied(ledger, *GIVEN, lookup=book)
    apply_pending(ledger, Rules(), book)
    assert (movements(ledger), book.coupons) == ([("cus_1", "new", 2500)], ["coupon_1"])


def test_a_coupon_is_asked_for_again_where_nobody_answered(ledger):
    """Where Stripe cannot be reached, the coupon is asked for the next time."""
    book = Book(coupon=Unreachable("nobody answers"))
    applied(ledger, *GIVEN, lookup=book)
    book.found["coupon"] = ONE_PRODUCT
    apply_pending(ledger, Rules(), book)
    assert (movements(ledger), book.coupons) == ([("cus_1", "new", 5000)], ["coupon_1", "coupon_1"])
