"""Subscription schedules: which of their phases are ahead, what they hold, and when they say nothing any more."""

import pytest

from scenarios.runner import looked_at
from scenarios.schedules import Schedule, phase
from scenarios.story import Story
from scenarios.streams import Json, Line, Price
from scenarios.subscriptions import Subscription

NOW = ("2026-02-10 12:00", "2026-03-10 12:00")
NEXT = ("2026-03-10 12:00", "2026-04-10 12:00")
LAST = ("2026-04-10 12:00", "2026-05-10 12:00")


@pytest.fixture
def pro(story: Story) -> Price:
    """Give the price that is held."""
    return story.price("Pro", 30)


@pytest.fixture
def enterprise(story: Story) -> Price:
    """Give the price that is planned."""
    return story.price("Enterprise", 80)


@pytest.fixture
def sub(story: Story, pro: Price) -> Subscription:
    """Give a subscription of 30 that is ten days old."""
    story.at("2026-02-10 12:00")
    made = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-20 12:00")
    return made


@pytest.mark.parametrize("behavior", ["release", "cancel"])
def test_a_schedule_ends_by_letting_go_or_by_cancelling(
    story: Story, sub: Subscription, pro: Price, behavior: str
) -> None:
    """A schedule whose `end_behavior` is `cancel` ends the subscription with its last phase.

    Released, it goes on as that phase left it.
    """
    Schedule(story, sub, phase(*NOW, pro), end_behavior=behavior)
    if behavior == "cancel":
        story.foresee("churn", -30, "2026-03-10 12:00")
    story.check()


def test_phases_follow_each_other(story: Story, sub: Subscription, pro: Price, enterprise: Price) -> None:
    """The future phases of a subscription schedule are scheduled, with their prices, quantities, discounts and trials."""
    phases = (phase(*NOW, pro), phase(*NEXT, enterprise), phase(*LAST, pro))
    Schedule(story, sub, *phases, end_behavior="cancel")
    story.foresee("upgrade", 50, "2026-03-10 12:00", mrr_after=8000)
    story.foresee("downgrade", -50, "2026-04-10 12:00", mrr_before=8000)
    story.foresee("churn", -30, "2026-05-10 12:00")
    story.check()


def test_the_last_word_of_a_schedule_counts(story: Story, sub: Subscription, pro: Price, enterprise: Price) -> None:
    """Schedules are kept as versions; of those of one second, an update is the word after what it replaced."""
    made = Schedule(story, sub, phase(*NOW, pro))
    made.plan(phase(*NOW, pro), phase(*NEXT, enterprise * 3))
    made.plan(phase(*NOW, pro), phase(*NEXT, enterprise))
    made.change(metadata={"note": "b"})
    made.change(metadata={"note": "a"})
    story.foresee("upgrade", 50, "2026-03-10 12:00", cause=story.events[-3]["id"])
    story.check()


@pytest.mark.parametrize("verb", ["released", "canceled", "completed", "aborted"])
def test_a_schedule_that_is_over_says_nothing(
    story: Story, sub: Subscription, pro: Price, enterprise: Price, verb: str
) -> None:
    """A schedule that is released, canceled or completed plans nothing. What it planned disappears by itself."""
    made = Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise))
    if verb == "released":
        made.release()
    else:
        made.fields["status"] = {"aborted": "canceled"}.get(verb, verb)
        made.tell(verb)
    story.check()


def test_a_schedule_that_is_expiring_still_plans(
    story: Story, sub: Subscription, pro: Price, enterprise: Price
) -> None:
    """subscription_schedule.expiring is a reminder."""
    made = Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise), end_behavior="cancel")
    story.at("2026-02-25 12:00")
    made.tell("expiring")
    story.foresee("upgrade", 50, "2026-03-10 12:00", cause=story.events[-2]["id"])
    story.foresee("churn", -80, "2026-04-10 12:00")
    story.check()


def test_a_phase_that_has_begun_is_the_subscriptions_own_business(
    story: Story, sub: Subscription, pro: Price, enterprise: Price
) -> None:
    """Once the events of a phase are there it is counted, and scheduled no more."""
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise))
    story.at("2026-03-10 12:00")
    sub.swap(pro, enterprise)
    story.expect("upgrade", 50)
    story.check()


def test_the_schedule_of_an_ended_subscription_says_nothing(
    story: Story, sub: Subscription, pro: Price, enterprise: Price
) -> None:
    """Nothing is planned for a subscription that is not live."""
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise))
    story.at("2026-03-01 12:00")
    sub.cancel()
    story.expect("churn", -30)
    story.check()


def test_the_schedule_of_an_unknown_subscription_says_nothing(story: Story, pro: Price, enterprise: Price) -> None:
    """What a subscription is to become cannot be told where nobody told what it is."""
    story.at("2026-02-20 12:00")
    made = Schedule(story, None, phase(*NOW, pro), phase(*NEXT, enterprise))
    made.change(status="active", subscription="sub_unheard_of")
    story.check()


def test_a_subscription_that_is_to_begin_is_scheduled(story: Story, pro: Price) -> None:
    """A schedule that has not started begins a subscription with its first phase."""
    story.at("2026-02-20 12:00")
    Schedule(story, None, phase(*NEXT, pro * 2), end_behavior="cancel")
    begins = story.events[-1]["data"]["object"]["id"]
    story.foresee("new", 60, "2026-03-10 12:00", subscription=begins, source="observed")
    story.foresee("churn", -60, "2026-04-10 12:00")
    story.check()


def test_a_subscription_that_should_have_begun_is_not_told_twice(story: Story, pro: Price) -> None:
    """Where the subscription's own events came and the schedule's were missed, nothing is scheduled."""
    story.at("2026-02-20 12:00")
    Schedule(story, None, phase(*NEXT, pro), phase(*LAST, pro * 2))
    story.at("2026-03-10 12:00")
    story.subscribe(pro)
    story.expect("new", 30)
    story.check()


def test_a_trial_at_the_beginning_delays_the_first_mrr(story: Story, pro: Price) -> None:
    """A phase's trial counts nothing before the subscription's first counted state."""
    story.at("2026-02-20 12:00")
    trial = phase(*NEXT, pro, trial_end=int(phase(*LAST, pro)["start_date"]) - 86_400)
    Schedule(story, None, trial, phase(*LAST, pro * 2))
    story.foresee("new", 30, "2026-04-09 12:00")
    story.foresee("seat", 30, "2026-04-10 12:00")
    story.check()


def test_a_trial_laid_over_what_counted_moves_nothing(story: Story, sub: Subscription, pro: Price) -> None:
    """A trial laid over a subscription that already counted moves nothing."""
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, pro, trial_end=phase(*LAST, pro)["start_date"]))
    story.check()


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "id"])
def test_a_price_may_come_whole_or_by_its_id(story: Story, sub: Subscription, pro: Price, whole: bool) -> None:
    """phases[].items[].price may be an id or an object; of an id alone, the catalogue knows the price."""
    tiers = story.price("Team", tiers=[(5, 7), (None, 6)], mode="volume")
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, tiers * 6, whole=whole))
    story.foresee("upgrade", 6, "2026-03-10 12:00", price_to=tiers.id)
    story.check()


def test_a_price_nobody_told_of_leaves_its_phase_out(story: Story, sub: Subscription, pro: Price) -> None:
    """A phase that names a price, a coupon or a discount nobody told of is left out, and no event waits for it."""
    unheard = story.price("Secret", 99, quiet=True)
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, unheard), phase(*LAST, pro * 2))
    story.foresee("seat", 30, "2026-04-10 12:00")
    story.check()


def test_a_price_that_is_told_later_completes_the_plan(story: Story, sub: Subscription, pro: Price) -> None:
    """An event of a price rebuilds every customer whose plans name it, and one of its product too."""
    late = story.price("Late", 99, quiet=True)
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, late))
    story.at("2026-02-21 12:00")
    late.tell("updated", {"nickname": None})
    story.at("2026-02-22 12:00")
    story.product("Late")
    story.foresee("upgrade", 69, "2026-03-10 12:00", reason="Pro → Late: 99.00 − 30.00")
    story.check()


def test_a_schedule_without_a_customer_changes_nothing(story: Story) -> None:
    """A payload that names nobody says nothing, and does not fail."""
    story.emit("subscription_schedule.created", {"id": "sub_sched_1", "object": "subscription_schedule"})
    story.check()


def offered(**given: str) -> Json:
    """Return a discount as a phase lists it."""
    return {"coupon": None, "discount": None, "promotion_code": None} | given


def test_a_phase_may_give_a_discount_for_some_months(story: Story, sub: Subscription, pro: Price) -> None:
    """A coupon of a phase is a discount from its beginning, for as long as the coupon lasts."""
    half = story.coupon(percent=50, months=2)
    Schedule(story, sub, phase(*NOW, pro), phase("2026-03-10 12:00", "2027-03-10 12:00", pro, coupons=[half]))
    story.foresee("discount", -15, "2026-03-10 12:00", reason="Pro: no discount → 50 % off: 30.00 → 15.00 a month")
    story.foresee("discount", 15, "2026-05-10 12:00")
    story.check()


def test_a_phase_may_give_a_discount_on_an_item(story: Story, sub: Subscription, pro: Price) -> None:
    """The items of a phase have discounts of their own."""
    tenth = story.coupon(percent=10)
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, Line(pro, 2, [tenth])))
    story.foresee("seat", 30, "2026-03-10 12:00")
    story.foresee("discount", -6, "2026-03-10 12:00")
    story.check()


@pytest.mark.parametrize("named", ["coupon", "discount"])
def test_a_discount_that_goes_on_does_not_begin_again(story: Story, sub: Subscription, pro: Price, named: str) -> None:
    """A phase that names the discount there is, or its coupon, keeps it, with the end it has."""
    half = story.coupon(percent=50, months=3)
    sub.discount(half)
    story.expect("discount", -15)
    story.expect("discount", 15, at="2026-05-20 12:00", cause=story.said_at(story.clock))
    same = offered(**{named: half.id if named == "coupon" else sub.discounts[0]})
    Schedule(story, sub, phase(*NOW, pro, discounts=[same]), phase(*NEXT, pro * 2, discounts=[same]))
    story.foresee("seat", 15, "2026-03-10 12:00")
    story.foresee("discount", 30, "2026-05-20 12:00")
    story.check()


def test_a_phase_without_the_discount_ends_it(story: Story, sub: Subscription, pro: Price) -> None:
    """The discounts of a phase are all the subscription has then; the end that was known before is overtaken."""
    sub.discount(story.coupon(percent=50, months=3))
    story.expect("discount", -15)
    story.expect("discount", 15, at="2026-05-20 12:00", cause=story.said_at(story.clock))
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, pro))
    story.foresee("discount", 15, "2026-03-10 12:00")
    story.check()


def test_a_plan_without_a_movement_can_overtake_one(story: Story, sub: Subscription, pro: Price) -> None:
    """A discount that a phase gives for ever leaves no room for the end of the one before it."""
    sub.discount(story.coupon(percent=50, months=3))
    story.expect("discount", -15)
    story.expect("discount", 15, at="2026-05-20 12:00", cause=story.said_at(story.clock))
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, pro, coupons=[story.coupon(percent=50)]))
    story.check()
    (overtaken,) = looked_at([story.events])[1]
    assert overtaken.startswith("mov_")


def test_the_customers_own_discount_stands_by_itself(story: Story, sub: Subscription, pro: Price) -> None:
    """A phase that names the customer's discount does not take it away from before."""
    story.favour(story.coupon(percent=10))
    story.expect("discount", -3)
    mine = offered(discount=story.customer.fields["discount"]["id"])
    Schedule(story, sub, phase(*NOW, pro, discounts=[mine]), phase(*NEXT, pro * 2, discounts=[mine]))
    story.foresee("seat", 27, "2026-03-10 12:00")
    story.check()


@pytest.mark.parametrize(
    "named", [{"coupon": "coupon_unheard_of"}, {"discount": "di_unheard_of"}, {"promotion_code": "promo_1"}]
)
def test_a_discount_nobody_told_of_leaves_its_phase_out(
    story: Story, sub: Subscription, pro: Price, named: dict[str, str]
) -> None:
    """Rather than show a wrong amount, the plan is shown without that phase."""
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, pro * 2, discounts=[offered(**named)]))
    story.check()


def test_the_end_of_a_phase_shown_as_cancel_at_is_no_end(
    story: Story, sub: Subscription, pro: Price, enterprise: Price
) -> None:
    """Under a schedule Stripe may show a phase's end as cancel_at: it only marks when the next one begins."""
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise))
    sub.change(cancel_at=phase(*NEXT, pro)["start_date"])
    story.foresee("upgrade", 50, "2026-03-10 12:00")
    story.check()


def test_the_end_of_a_schedule_shown_as_cancel_at_is_one_end(story: Story, sub: Subscription, pro: Price) -> None:
    """Where the schedule cancels at its end, cancel_at says the same."""
    Schedule(story, sub, phase(*NOW, pro), end_behavior="cancel")
    sub.change(cancel_at=phase(*NEXT, pro)["start_date"])
    story.foresee("churn", -30, "2026-03-10 12:00")
    story.check()


def test_nothing_is_planned_after_the_end(story: Story, sub: Subscription, pro: Price, enterprise: Price) -> None:
    """Of several ends the first one comes, and no phase after it."""
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise), end_behavior="cancel")
    sub.change(cancel_at=story.clock + 86_400)
    story.foresee("churn", -30, "2026-02-21 12:00", cause=story.events[-1]["id"])
    story.check()


def test_what_is_unpaid_stays_so_in_the_next_phase(
    story: Story, sub: Subscription, pro: Price, enterprise: Price
) -> None:
    """A phase changes what is subscribed to, not whether it is paid."""
    story.subscribe(story.price("Gold", 5))
    story.expect("add_on", 5)
    story.at("2026-02-22 12:00")
    sub.change(status="unpaid")
    story.expect("downgrade", -30, driver="status")
    Schedule(story, sub, phase(*NOW, pro), phase(*NEXT, enterprise))
    story.check()


def test_accounts_share_their_plans(story: Story, pro: Price) -> None:
    """All Stripe customers that customer_key joins are one, in what is planned too."""
    story.settings = '[rules]\ncustomer_key = "metadata.account_id"\n'
    other = story.join("cus_2", account_id="x")
    story.customer.change(metadata={"account_id": "x"})
    story.at("2026-02-10 12:00")
    story.subscribe(pro)
    story.expect("new", 30, customer="x")
    story.at("2026-02-20 12:00")
    Schedule(story, None, phase(*NEXT, pro), customer=other.id)
    story.foresee("seat", 30, "2026-03-10 12:00", customer="x")
    story.check()
