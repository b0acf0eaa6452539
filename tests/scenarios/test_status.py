"""Section 1 of the rule book: which states of a subscription count."""

import re

import pytest
from rulebook import cases

from scenarios.story import Story


@pytest.mark.parametrize(
    ("state", "counted"), cases("A subscription counts by its status and by what pauses its collection.")
)
def test_a_subscription_counts_by_its_state(story: Story, state: str, counted: str) -> None:
    """A subscription counts by its status and by what pauses its collection."""
    status, _, more = state.partition(", ")
    before = "active" if "laid over" in more else status
    pause = re.match("collection paused with (.+)", more)
    paused = {"behavior": pause[1], "resumes_at": None} if pause else None
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status=before, pause_collection=paused)
    if counted == "yes":
        story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.change(status=status)
    story.check()


@pytest.mark.parametrize("status", ["unpaid", "paused"])
def test_leaving_the_counted_states_is_churn_and_coming_back_reactivation(story: Story, status: str) -> None:
    """`unpaid` and `paused` do not count: the last paid position goes, and MRR is above zero again after churn."""
    pro = story.price("Pro", 30)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.change(status=status)
    story.expect("churn", -30, price=(pro, ...))
    story.at("2026-02-20 12:00")
    sub.change(status="active")
    story.expect("reactivation", 30, price=(..., pro))
    story.check()


def test_paused_and_resumed_come_as_events_of_their_own(story: Story) -> None:
    """A subscription whose trial ended without a way to pay is `paused`, and counts once it is resumed."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status="trialing")
    story.at("2026-01-24 12:00")
    sub.change(status="paused")
    sub.tell("paused")
    story.at("2026-02-01 12:00")
    sub.change(status="active")
    sub.tell("resumed")
    story.expect("new", 30)
    story.check()


def test_a_pause_told_by_its_own_event_alone_is_heard(story: Story) -> None:
    """An object inside an event is that moment's snapshot and counts as such: it is never "the latest"."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-01-24 12:00")
    sub.fields["status"] = "paused"
    sub.tell("paused")
    story.expect("churn", -30)
    story.at("2026-02-01 12:00")
    sub.fields["status"] = "active"
    sub.tell("resumed")
    story.expect("reactivation", 30)
    story.check()


def test_a_late_payment_moves_nothing(story: Story) -> None:
    """Renewals, retries of payments and metadata are no changes."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.renew()
    sub.change(status="past_due")
    story.at("2026-02-13 12:00")
    sub.change(status="active", metadata={"note": "paid at last"})
    story.check()


def test_past_due_may_be_excluded(story: Story) -> None:
    """With `past_due = "exclude"`, a subscription whose payment failed does not count until it is paid."""
    story.settings = '[rules]\npast_due = "exclude"\n'
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-10 12:00")
    sub.change(status="past_due")
    story.expect("churn", -30)
    story.at("2026-02-13 12:00")
    sub.change(status="active")
    story.expect("reactivation", 30)
    story.check()


def test_an_incomplete_subscription_counts_from_its_payment(story: Story) -> None:
    """`incomplete` does not count, `active` does."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status="incomplete")
    story.at("2026-01-10 20:00")
    sub.change(status="active")
    story.expect("new", 30)
    story.check()


def test_an_incomplete_subscription_that_expires_never_was(story: Story) -> None:
    """`incomplete_expired` does not count."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status="incomplete")
    story.at("2026-01-11 11:00")
    sub.change(status="incomplete_expired")
    story.check()


@pytest.mark.parametrize("behavior", ["void", "mark_uncollectible"])
def test_a_collection_pause_that_bills_nothing_does_not_count(story: Story, behavior: str) -> None:
    """`pause_collection` with `void` or `mark_uncollectible` does not count."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.change(pause_collection={"behavior": behavior, "resumes_at": None})
    story.expect("churn", -30)
    story.at("2026-03-01 12:00")
    sub.change(pause_collection=None)
    story.expect("reactivation", 30)
    story.check()


def test_a_collection_pause_that_keeps_drafts_counts(story: Story) -> None:
    """`pause_collection` with `keep_as_draft` counts."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30))
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    sub.change(pause_collection={"behavior": "keep_as_draft", "resumes_at": None})
    story.at("2026-03-01 12:00")
    sub.change(pause_collection=None)
    story.check()


@pytest.mark.parametrize(
    "away",
    [{"status": "unpaid"}, {"status": "paused"}, {"pause_collection": {"behavior": "void", "resumes_at": None}}],
    ids=["unpaid", "paused", "collection pause"],
)
def test_one_of_two_subscriptions_may_be_away_for_a_while(story: Story, away: dict[str, object]) -> None:
    """Silver 50 unpaid, beside Gold 30, and paid days later: `downgrade` −50, `reactivation` +50, driver `status`.

    Step c: gone to unpaid, paused or a collection pause is `downgrade`, back from it `reactivation`, driver `status`.

    `reactivation`: reactivation; MRR above zero again after `churn`; or a subscription back while others stayed (step c).
    """
    gold, silver = story.price("Gold", 30), story.price("Silver", 50)
    story.at("2026-01-10 12:00")
    story.subscribe(gold)
    sub = story.subscribe(silver)
    story.expect("new", 80, product=(None, "prod_Silver"))
    story.at("2026-02-10 12:00")
    sub.change(**away)
    story.expect("downgrade", -50, driver="status", price=(silver, ...))
    story.at("2026-02-14 12:00")
    sub.change(**{name: "active" if name == "status" else None for name in away})
    story.expect("reactivation", 50, driver="status", price=(..., silver))
    story.check()


def test_a_pending_update_is_not_in_force(story: Story) -> None:
    """A pending update is not in force until Stripe applies it."""
    pro, enterprise = story.price("Pro", 30), story.price("Enterprise", 80)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(pro)
    story.expect("new", 30)
    story.at("2026-02-01 12:00")
    wanted = {"id": sub.items[0].id, "object": "subscription_item", "price": enterprise.render(), "quantity": 1}
    sub.change(pending_update={"expires_at": story.clock + 82_800, "subscription_items": [wanted]})
    story.at("2026-02-01 20:00")
    sub.item(pro).hold(enterprise)
    sub.fields["pending_update"] = None
    sub.tell("pending_update_applied")
    story.expect("upgrade", 50, price=(pro, enterprise))
    story.check()


@pytest.mark.parametrize("alone", [True, False])
def test_what_was_unpaid_already_ends_without_a_movement(story: Story, alone: bool) -> None:
    """A change is an instant at which the counted portfolio differs from just before."""
    silver = story.price("Silver", 50)
    story.at("2026-01-10 12:00")
    sub = story.subscribe(silver)
    if not alone:
        story.subscribe(story.price("Gold", 30))
    story.expect("new", 50 if alone else 80)
    story.at("2026-02-10 12:00")
    sub.change(status="unpaid")
    story.expect("churn" if alone else "downgrade", -50, driver="status")
    story.at("2026-03-10 12:00")
    sub.cancel()
    story.check()


def test_events_of_other_kinds_change_nothing(story: Story) -> None:
    """A change is an instant at which the counted portfolio differs from just before."""
    story.at("2026-01-10 12:00")
    sub = story.subscribe(story.price("Pro", 30), status="trialing")
    story.at("2026-01-21 12:00")
    sub.tell("trial_will_end")
    story.emit("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent", "customer": "cus_1"})
    story.emit("subscription_schedule.created", {"id": "sub_sched_1", "object": "subscription_schedule"})
    story.emit("something.nobody_knows", {"id": "x_1", "object": "something"})
    story.at("2026-01-24 12:00")
    sub.change(status="active")
    story.expect("new", 30)
    story.check()
