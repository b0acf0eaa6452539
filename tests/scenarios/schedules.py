"""Subscription schedules: what a merchant plans, and the events it gives."""

from typing import Any

from scenarios.streams import Account, Json, Line, Price, Record, instant
from scenarios.subscriptions import Item, Subscription


def phase(start: str, end: str, *lines: Price | Line, **more: Any) -> Json:
    """Return a phase from ``start`` to ``end`` that holds ``lines``; ``coupons`` are given to the subscription.

    ``whole``: prices come expanded. The rest are fields of the phase.
    """
    return phase_of(instant(start), instant(end), *lines, **more)


def phase_of(start: int, end: int, *lines: Price | Line, **more: Any) -> Json:
    """Return a phase as ``phase`` does, between two moments in unix seconds UTC."""
    coupons, whole = more.pop("coupons", ()), more.pop("whole", False)
    wanted = [line * 1 if isinstance(line, Price) else line for line in lines]
    body: Json = {
        "start_date": start,
        "end_date": end,
        "currency": wanted[0].price.fields["currency"],
    }
    body |= {"add_invoice_items": [], "metadata": {}, "proration_behavior": "create_prorations", "trial_end": None}
    body["discounts"] = [{"coupon": one.id, "discount": None, "promotion_code": None} for one in coupons]
    body["items"] = [_item(line, whole=whole) for line in wanted]
    return body | more


def _item(line: Line, *, whole: bool) -> Json:
    given = line.price.told() if whole else line.price.id
    body: Json = {"price": given, "plan": line.price.id, "metadata": {}, "tax_rates": [], "billing_thresholds": None}
    body["discounts"] = [{"coupon": one.id, "discount": None, "promotion_code": None} for one in line.coupons]
    return body | ({} if line.quantity is None else {"quantity": line.quantity})


class Schedule(Record):
    """A schedule of a subscription, or of one that is to begin."""

    def __init__(self, account: Account, subscription: Subscription | None, *phases: Json, **more: Any) -> None:
        fields = {"id": f"sub_sched_{account.number():03}", "object": "subscription_schedule", "created": account.clock}
        fields |= {"customer": account.customer.id, "subscription": subscription.id if subscription else None}
        fields |= {"status": "active" if subscription else "not_started", "end_behavior": "release", "livemode": False}
        fields |= {"canceled_at": None, "completed_at": None, "released_at": None, "released_subscription": None}
        self.sub = fields["subscription"]
        super().__init__(account, {**fields, "metadata": {}, "phases": list(phases), **more})
        self.tell("created")

    def plan(self, *phases: Json, **more: Any) -> None:
        """Plan other phases."""
        self.change(phases=list(phases), **more)

    def release(self) -> None:
        """Let the subscription go on without the schedule."""
        released = self.fields["subscription"]
        with self.updated(status="released", released_at=self.account.clock, released_subscription=released):
            self.fields["subscription"] = None
        self.tell("released")


def pend(sub: Subscription, item: Item, line: Line, until: int, **more: Any) -> None:
    """Let a change of ``item`` wait for a payment until ``until``."""
    held = (item.price, item.quantity)
    item.price, item.quantity = line.price, line.quantity
    wanted = item.render()
    item.price, item.quantity = held
    sub.change(pending_update={"expires_at": until, "subscription_items": [wanted], "trial_end": None, **more})
