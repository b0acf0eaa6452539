"""What is planned is shown as scheduled, explained as a real movement is, and never counted."""

import json

import pytest

from scenarios.invoices import bill
from scenarios.runner import looked_at
from scenarios.schedules import Schedule, pend, phase
from scenarios.story import Story
from scenarios.streams import Price
from scenarios.subscriptions import Subscription


@pytest.mark.parametrize("asked", [{"cancel_at_period_end": True}, {"cancel_at": 1773144000}], ids=["flag", "date"])
def test_a_subscription_that_is_to_end_is_scheduled_churn(story: Story, asked: dict[str, object]) -> None:
    """A subscription set to end is scheduled to end at its `cancel_at`, else with its current period."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    sub.change(**asked)
    story.foresee("churn", -30, "2026-03-10 12:00", reason="Gone: Pro: 30.00 a month", mrr_before=3000, mrr_after=0)
    story.check()


def test_a_downgrade_that_a_schedule_plans_is_told_as_a_real_one(story: Story) -> None:
    """Planned states are laid after the last known ones, and all rules above name the movements between them."""
    pro, basic = story.price("Pro", 30), story.price("Basic", 10)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro * 2)
    story.expect("new", 60)
    story.at("2026-02-20 12:00")
    now = phase("2026-02-10 12:00", "2026-03-10 12:00", pro * 2)
    Schedule(story, sub, now, phase("2026-03-10 12:00", "2026-04-10 12:00", basic * 3))
    reason = "Pro → Basic for 2 seats: 2 × (10.00 − 30.00)"
    story.foresee("downgrade", -40, "2026-03-10 12:00", reason=reason, driver="plan", price_from=pro.id)
    story.foresee("seat", 10, "2026-03-10 12:00", mrr_before=2000, mrr_after=3000)
    story.check()


def test_a_pending_update_says_that_it_waits(story: Story) -> None:
    """A `pending_update` is scheduled for the moment it expires, and its reason says that it waits for a payment."""
    pro, enterprise = story.price("Pro", 30), story.price("Enterprise", 80)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    pend(sub, sub.item(pro), enterprise * 1, story.clock + 82_800)
    reason = "Pro → Enterprise: 80.00 − 30.00 (waits for payment until 2026-02-21 11:00 UTC)"
    story.foresee("upgrade", 50, "2026-02-21 11:00", reason=reason)
    story.check()


@pytest.mark.parametrize("asked", [{"cancel_at_period_end": True}, {"cancel_at": 1773144000}], ids=["flag", "date"])
def test_a_cancellation_that_is_taken_back_is_scheduled_no_more(story: Story, asked: dict[str, object]) -> None:
    """What is taken back, released, applied or expired is scheduled no more."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    sub.change(**asked)
    story.at("2026-02-22 12:00")
    sub.change(**dict.fromkeys(asked, False if "cancel_at_period_end" in asked else None))
    story.check()


def test_what_has_ended_is_counted_and_scheduled_no_more(story: Story) -> None:
    """A cancellation is churn when the subscription ends."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.at("2026-03-10 12:00")
    sub.cancel()
    story.expect("churn", -30)
    story.check()


def test_a_cancellation_counted_when_asked_for_is_not_scheduled(story: Story) -> None:
    """With `churn_at = "request"` that is counted already, and nothing is scheduled."""
    story.settings = '[rules]\nchurn_at = "request"\n'
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.expect("churn", -30)
    story.check()


@pytest.mark.parametrize("status", ["trialing", "unpaid", "incomplete"])
def test_the_end_of_what_does_not_count_is_no_movement(story: Story, status: str) -> None:
    """A planned end is told like a real one: where nothing is counted, nothing is lost."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status=status)
    story.subscribe(story.price("Gold", 50))
    story.expect("new", 50)
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.check()


def test_the_end_of_one_of_several_subscriptions_is_no_churn(story: Story) -> None:
    """Planned movements are those that the rule book makes of the planned states, the other subscriptions included."""
    story.at("2026-02-10 12:00")
    gold, silver = story.price("Gold", 30), story.price("Silver", 50)
    first, second = story.subscribe(gold), story.subscribe(silver)
    story.expect("new", 80)
    story.at("2026-02-20 12:00")
    second.change(cancel_at_period_end=True)
    first.change(cancel_at=story.clock + 40 * 86_400)
    story.foresee("downgrade", -50, "2026-03-10 12:00", driver="add_on", mrr_before=8000)
    story.foresee("churn", -30, "2026-04-01 12:00", mrr_before=3000)
    story.check()


def test_intervals_of_several_lengths_end_with_the_shortest(story: Story) -> None:
    """cancel_at_period_end resolves to the earliest end of an item's period."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Seat", 30), story.price("Base", 120, "year"))
    story.expect("new", 40)
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.foresee("churn", -40, "2026-03-10 12:00")
    story.check()


def test_a_discount_that_ends_after_the_subscription_does_not_end_any_more(story: Story) -> None:
    """A known end of a discount for which plans leave no room is not shown as scheduled. It stays booked."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), coupons=[story.coupon(percent=50, months=3)])
    story.expect("new", 15)
    story.expect("discount", 15, at="2026-05-10 12:00", cause=story.said_at(story.clock))
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.foresee("churn", -15, "2026-03-10 12:00")
    story.check()
    (_, *overtaken) = looked_at([story.events])[1]
    assert overtaken == [json.loads(line)["id"] for line in looked_at([story.events])[0][1:]]


def test_a_discount_that_ends_before_stays_what_it_is(story: Story) -> None:
    """A known end of a discount before everything planned is booked once, and not scheduled again."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), coupons=[story.coupon(percent=50, months=3)])
    story.expect("new", 15)
    story.expect("discount", 15, at="2026-05-10 12:00", cause=story.said_at(story.clock))
    story.at("2026-02-20 12:00")
    sub.change(cancel_at=story.clock + 100 * 86_400)
    story.foresee("churn", -30, "2026-05-31 12:00", mrr_before=3000)
    story.check()
    assert len(looked_at([story.events])[1]) == 1


def test_usage_goes_with_the_subscription(story: Story) -> None:
    """What is planned begins where the known history ends: with the billed usage that stands then."""
    calls = story.price("Calls", 0.01, metered=True)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), calls)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.renew()
    bill(sub, {calls: 12})
    story.expect("new", 12, driver="usage")
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.foresee("churn", -42, "2026-03-10 12:00")
    story.check()


def test_a_plan_whose_time_has_passed_says_nothing(story: Story) -> None:
    """Plans lie after all that is known of a customer; what should have happened before it is not told as ahead."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    other = story.subscribe(story.price("Gold", 50))
    story.expect("new", 80)
    story.at("2026-02-20 12:00")
    sub.change(cancel_at_period_end=True)
    story.at("2026-03-11 12:00")
    other.seats(other.items[0].price, 2)
    story.expect("seat", 50)
    story.check()


def test_a_price_change_that_is_planned_is_no_expansion(story: Story) -> None:
    """A planned change is named by the same rules as a real one."""
    old, new = story.price("Pro", 30), story.price("Pro", 36)
    story.settings = f'[[rules.price_change]]\nfrom = "{old.id}"\nto = "{new.id}"\n'
    story.at("2026-02-10 12:00")
    sub = story.subscribe(old)
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    now = phase("2026-02-10 12:00", "2026-03-10 12:00", old)
    Schedule(story, sub, now, phase("2026-03-10 12:00", "2026-04-10 12:00", new))
    story.foresee("price_change", 6, "2026-03-10 12:00", origin="merchant")
    story.check()


def test_metadata_of_a_phase_count_from_its_beginning(story: Story) -> None:
    """A phase's metadata are the subscription's once it begins: sales may have planned it."""
    story.settings = '[rules.sales]\nkeys = ["sales_rep"]\n'
    pro, enterprise = story.price("Pro", 30), story.price("Enterprise", 80)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    metadata = {"sales_rep": "Ada", "upswell_since": "2020-01-01"}
    now = phase("2026-02-10 12:00", "2026-03-10 12:00", pro)
    Schedule(story, sub, now, phase("2026-03-10 12:00", "2026-04-10 12:00", enterprise, metadata=metadata))
    story.foresee("upgrade", 50, "2026-03-10 12:00", origin="sales")
    story.check()
    assert len(looked_at([story.events], story.settings)[1]) == 1


def test_items_keep_their_ids_where_their_price_stays(story: Story) -> None:
    """A phase names no items: a price that stays goes on with its item, else a product with its own."""
    pro, extra, more = story.price("Pro", 30), story.price("Extra", 5), story.price("Pro", 40)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro, extra * 2)
    story.expect("new", 40)
    story.at("2026-02-20 12:00")
    now = phase("2026-02-10 12:00", "2026-03-10 12:00", pro, extra * 2)
    Schedule(story, sub, now, phase("2026-03-10 12:00", "2026-04-10 12:00", extra * 3, more))
    first, second = (item.id for item in sub.items)
    story.foresee("upgrade", 10, "2026-03-10 12:00", item=first)
    story.foresee("seat", 5, "2026-03-10 12:00", item=second)
    story.check()


def waiting(story: Story) -> tuple[Subscription, Price]:
    """Give a subscription of two items, one of which waits to become Enterprise, and that price."""
    pro, enterprise = story.price("Pro", 30), story.price("Enterprise", 80)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro, story.price("Extra", 5))
    story.expect("new", 35)
    story.at("2026-02-20 12:00")
    pend(sub, sub.item(pro), enterprise * 1, story.clock + 82_800)
    return sub, enterprise


def test_what_a_pending_update_does_not_name_stays(story: Story) -> None:
    """The other items of the subscription are as they were."""
    waiting(story)
    story.foresee("upgrade", 50, "2026-02-21 11:00", mrr_before=3500, mrr_after=8500)
    story.check()


def test_a_pending_update_that_is_applied_is_counted(story: Story) -> None:
    """Paid for, it is in force, and scheduled no more."""
    sub, enterprise = waiting(story)
    story.at("2026-02-20 20:00")
    with sub.updated(pending_update=None):
        sub.items[0].hold(enterprise)
    sub.tell("pending_update_applied")
    story.expect("upgrade", 50)
    story.check()


def test_a_pending_update_that_expires_is_gone(story: Story) -> None:
    """customer.subscription.pending_update_expired takes it away, or an update does."""
    sub, _ = waiting(story)
    story.at("2026-02-21 11:00")
    sub.change(pending_update=None)
    sub.tell("pending_update_expired")
    story.check()


def test_a_pending_update_is_told_by_the_event_that_brought_it(story: Story) -> None:
    """Its cause is the event since which it waits, whatever else is told of the subscription."""
    sub, _ = waiting(story)
    story.at("2026-02-20 13:00")
    sub.change(metadata={"note": "later"})
    story.foresee("upgrade", 50, "2026-02-21 11:00", cause=story.events[-2]["id"])
    story.check()


def test_a_pending_update_stands_apart_from_what_is_sure(story: Story) -> None:
    """Nothing else that is planned counts on a pending update. Nor does it count on what is planned."""
    sub, _ = waiting(story)
    sub.change(cancel_at_period_end=True)
    story.foresee("upgrade", 50, "2026-02-21 11:00", mrr_after=8500)
    story.foresee("churn", -35, "2026-03-10 12:00")
    story.check()


def test_a_pending_update_dies_with_the_subscription(story: Story) -> None:
    """Where the subscription ends before the update expires, it does not come."""
    sub, _ = waiting(story)
    sub.change(cancel_at=story.clock + 3600)
    story.foresee("churn", -35, "2026-02-20 13:00")
    story.check()


def test_a_pending_end_of_a_trial_begins_what_counts(story: Story) -> None:
    """A trial that ends once it is paid for is active then."""
    story.at("2026-02-10 12:00")
    pro = story.price("Pro", 30)
    sub = story.subscribe(pro, status="trialing", trial_end=story.clock + 30 * 86_400)
    story.at("2026-02-20 12:00")
    pend(sub, sub.item(pro), pro * 2, story.clock + 82_800, trial_end=story.clock)
    story.foresee("new", 60, "2026-02-21 11:00")
    story.check()


def test_a_pending_update_may_change_discounts(story: Story) -> None:
    """Those that it lists are the subscription's then, the customer's own apart, which stands by itself."""
    story.at("2026-02-10 12:00")
    pro = story.price("Pro", 30)
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    story.favour(story.coupon(percent=50))
    story.expect("discount", -15)
    tenth = story.grant(story.coupon(percent=10), customer=story.customer.id, subscription=sub.id)
    mine = story.customer.fields["discount"]["id"]
    sub.change(pending_update={"expires_at": story.clock + 82_800, "discounts": [tenth, mine]})
    story.foresee("discount", 12, "2026-02-21 11:00")
    story.check()


def test_a_pending_update_that_names_what_nobody_told_of_is_not_shown(story: Story) -> None:
    """Rather than show a wrong amount; and no event waits for it."""
    story.at("2026-02-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    sub.change(pending_update={"expires_at": story.clock + 82_800, "discounts": ["di_unheard_of"]})
    story.check()


PRICES = (("Pro", 30), ("Enterprise", 50), ("Extra", 5), ("Reports", 20))
SAME = ("occurred_at", "kind", "driver", "amount", "currency", "mrr_before", "mrr_after", "product_from", "product_to")
SAME += ("price_from", "price_to", "quantity_from", "quantity_to", "origin", "reason")


def test_a_plan_that_is_kept_comes_as_it_was_told(story: Story) -> None:
    """A plan that is kept comes as it was scheduled: kind, amounts and reason. So do its prices and quantities."""
    pro, enterprise, extra, reports = (story.price(name, units) for name, units in PRICES)
    fifth = story.coupon(percent=20)
    story.at("2026-02-10 12:00")
    sub = story.subscribe(pro * 5, reports, coupons=[story.coupon(percent=50, months=3)])
    story.at("2026-02-20 12:00")
    now = phase("2026-02-10 12:00", "2026-03-10 12:00", pro * 5, reports)
    after = phase("2026-03-10 12:00", "2026-04-10 12:00", enterprise * 8, extra * 2, coupons=[fifth])
    made = Schedule(story, sub, now, after, end_behavior="cancel")
    _, ahead = looked_at([story.events])
    planned = [json.loads(line) for line in ahead if line.startswith("{")]
    story.at("2026-03-10 12:00")
    with sub.updated():
        sub.drop(pro)
        sub.drop(reports)
        sub.put(enterprise * 8)
        sub.put(extra * 2)
        sub.discounts = []
        sub.grant(fifth)
    story.at("2026-04-10 12:00")
    sub.cancel()
    made.fields["status"] = "completed"
    made.tell("completed")
    counted, left = looked_at([story.events])
    real = [json.loads(line) for line in counted][1:]
    assert len(planned) > 4
    assert [[one[key] for key in SAME] for one in real] == [[one[key] for key in SAME] for one in planned]
    assert left == ()
