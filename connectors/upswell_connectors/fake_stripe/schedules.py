"""Subscription schedules: phases that a subscription goes through by itself."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from upswell_connectors.fake_stripe import changes, subscriptions
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.changes import Change
from upswell_connectors.fake_stripe.subscriptions import Wanted
from upswell_connectors.fake_stripe.values import Phase, Schedule


def schedule(
    account: Account,
    customer: str,
    phases: Sequence[Phase],
    *,
    subscription: str | None = None,
    end_behavior: str = "release",
) -> str:
    """Create a schedule and return its id.

    It takes a running ``subscription`` over, whose items are the first phase's; without one, it begins a subscription
    when its first phase does. ``end_behavior`` is release or cancel.
    """
    made = Schedule(
        id=account.ids.make("sub_sched"),
        customer=customer,
        created=account.now,
        phases=tuple(phases),
        subscription=subscription,
        end_behavior=end_behavior,
        status="active" if subscription else "not_started",
        current=0 if subscription else None,
    )
    account.add(made)
    if subscription is not None:
        account.update(replace(account.store.subscriptions[subscription], schedule=made.id))
    for place, phase in enumerate(phases):
        if place or subscription is None:
            account.at(phase.start, partial(_enter, account, made.id, place))
    account.at(phases[-1].end, partial(_finish, account, made.id))
    return made.id


def _enter(account: Account, id_: str, place: int) -> None:
    """Begin a phase: with a new subscription, or by changing the one that there is to what the phase holds."""
    found = account.store.schedules[id_]
    if found.status not in ("not_started", "active"):
        return
    phase, held = found.phases[place], found.subscription
    if held is None:
        wanted = [Wanted(price, quantity) for price, quantity in phase.items]
        held = subscriptions.subscribe(account, found.customer, wanted)
        account.update(replace(account.store.subscriptions[held], schedule=id_))
    else:
        _become(account, held, phase)
    account.update(replace(found, status="active", current=place, subscription=held))


def _become(account: Account, subscription: str, phase: Phase) -> None:
    """Change a subscription's items, in their order, to those of a phase."""
    items = account.store.subscriptions[subscription].items
    kept = zip(items, phase.items, strict=False)
    changed = [Change(item.id, price, quantity) for item, (price, quantity) in kept]
    dropped = [Change(item.id, deleted=True) for item in items[len(phase.items) :]]
    added = [Wanted(price, quantity) for price, quantity in phase.items[len(items) :]]
    changes.change(account, subscription, [*changed, *dropped], add=added, prorate=phase.prorate)


def _finish(account: Account, id_: str) -> None:
    """End the last phase as the schedule has it: the subscription goes on by itself, or ends."""
    found = account.store.schedules[id_]
    if found.status != "active" or found.subscription is None:
        return
    if found.end_behavior == "release":
        release(account, id_)
        return
    subscriptions.end(account, found.subscription)
    _close(account, replace(found, status="completed", current=None, completed_at=account.now), "completed")


def release(account: Account, id_: str) -> None:
    """Let the subscription go on as it is, without what was scheduled."""
    found = account.store.schedules[id_]
    if found.subscription is not None:
        account.update(replace(account.store.subscriptions[found.subscription], schedule=None))
    _close(account, replace(found, status="released", current=None, released_at=account.now), "released")


def cancel(account: Account, id_: str) -> None:
    """End the schedule, and its subscription with it."""
    found = account.store.schedules[id_]
    if found.subscription is not None:
        subscriptions.end(account, found.subscription)
    _close(account, replace(found, status="canceled", current=None, canceled_at=account.now), "canceled")


def _close(account: Account, ended: Schedule, how: str) -> None:
    account.update(ended, silent=True)
    account.emit(f"subscription_schedule.{how}", ended)
