"""What happens to subscriptions: begun, renewed, paused, scheduled to end, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from upswell_connectors.fake_stripe import billing, coupons
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.lines import period_lines, usage_lines
from upswell_connectors.fake_stripe.periods import period
from upswell_connectors.fake_stripe.values import (
    Cancellation,
    Item,
    Pause,
    Subscription,
)

_CARD_SECONDS = 9  # from filling in the checkout page to the payment's answer


@dataclass(frozen=True, slots=True)
class Wanted:
    """A price to begin with, how many units of it (None for a metered one), and a coupon for it alone."""

    price: str
    quantity: int | None = 1
    coupon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a subscription begins.

    ``trial_days`` before the first payment; a ``coupon``; ``since`` (unix seconds) backdates an import, which bills
    nothing before its next period; ``checkout`` leaves it incomplete until the card has answered; ``quote``: it
    comes from an accepted quote.
    """

    trial_days: int = 0
    coupon: str | None = None
    since: int | None = None
    checkout: bool = False
    quote: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


def subscribe(account: Account, customer: str, wanted: Sequence[Wanted], terms: Terms | None = None) -> str:
    """Begin a subscription and return its id."""
    terms = terms or Terms()
    subscription = _begun(account, customer, wanted, terms)
    _remember_currency(account, subscription)
    if terms.coupon:
        discount = coupons.redeem(account, terms.coupon, customer, subscription=subscription.id)
        subscription = replace(subscription, discounts=(discount,))
    subscription = coupons.redeem_for_items(account, subscription, [want.coupon for want in wanted])
    lines = () if terms.since else period_lines(account, subscription, subscription.items)
    if lines:
        reason = "quote_accept" if terms.quote else "subscription_create"
        first = billing.draft(account, subscription, reason, lines)
        subscription = replace(subscription, latest_invoice=first.id)
    account.add(subscription)
    if subscription.latest_invoice:
        wait = _CARD_SECONDS if terms.checkout else 0
        account.at(account.now + wait, partial(billing.finalize, account, subscription.latest_invoice), asked=True)
    if subscription.trial_end:
        account.at(subscription.trial_end - 3 * billing.DAY, partial(_trial_will_end, account, subscription.id))
    plan_renewal(account, subscription)
    return subscription.id


def _begun(account: Account, customer: str, wanted: Sequence[Wanted], terms: Terms) -> Subscription:
    trial_end = account.now + terms.trial_days * billing.DAY if terms.trial_days else None
    anchor = trial_end or terms.since or account.now
    return Subscription(
        id=account.ids.make("sub"),
        customer=customer,
        currency=account.store.prices[wanted[0].price].currency,
        created=account.now,
        start_date=terms.since or account.now,
        anchor=anchor,
        items=tuple(new_item(account, want, anchor) for want in wanted),
        status="trialing" if trial_end else "incomplete" if terms.checkout else "active",
        flexible=account.version.discount_source,
        trial_start=account.now if trial_end else None,
        trial_end=trial_end,
        metadata=terms.metadata,
    )


def new_item(account: Account, want: Wanted, anchor: int) -> Item:
    """Return an item in its current period; before ``anchor``, which is a trial's end, the period is the trial."""
    price = account.store.prices[want.price]
    start, end = (account.now, anchor) if anchor > account.now else period(anchor, price, account.now)
    return Item(
        id=account.ids.make("si"),
        price=want.price,
        quantity=None if price.meter else want.quantity,
        created=account.now,
        start=start,
        end=end,
    )


def _remember_currency(account: Account, subscription: Subscription) -> None:
    customer = account.store.customers[subscription.customer]
    if customer.currency is None:
        account.update(replace(customer, currency=subscription.currency))


def _trial_will_end(account: Account, subscription: str) -> None:
    found = account.store.subscriptions[subscription]
    if found.status == "trialing":
        account.emit("customer.subscription.trial_will_end", found)


def plan_renewal(account: Account, subscription: Subscription) -> None:
    """Let the subscription renew when the first of its items' periods is over."""
    due = min(item.end for item in subscription.items)
    account.at(due, partial(_renew, account, subscription.id, due))


def _renew(account: Account, id_: str, due: int) -> None:
    found = account.store.subscriptions[id_]
    if found.ended_at is not None or min(item.end for item in found.items) != due:
        return
    if found.cancel_at is not None and found.cancel_at <= due:
        end(account, id_)
        return
    over = [item for item in found.items if item.end == due]
    used = usage_lines(account, found, over)
    status = "active" if found.status == "trialing" else found.status
    renewed = replace(
        found, status=status, items=tuple(_next_period(account, found, item, due) for item in found.items)
    )
    charged = period_lines(account, renewed, [item for item in renewed.items if item.start == due])
    invoice = billing.draft(account, renewed, "subscription_cycle", (*used, *charged))
    account.update(replace(renewed, latest_invoice=invoice.id))
    account.at(due + billing.HOUR, partial(billing.finalize, account, invoice.id))
    plan_renewal(account, renewed)


def _next_period(account: Account, subscription: Subscription, item: Item, due: int) -> Item:
    if item.end != due:
        return item
    start, end_ = period(subscription.anchor, account.store.prices[item.price], due)
    return replace(item, start=start, end=end_)


def use(account: Account, item: str, units: int) -> None:
    """Report ``units`` used on a metered item in its current period."""
    account.store.usage[item] = account.store.usage.get(item, 0) + units


def cancel_at_period_end(account: Account, subscription: str, feedback: str | None = None) -> None:
    """Let the customer cancel for the end of the period: under flexible billing only ``cancel_at`` says so."""
    found = account.store.subscriptions[subscription]
    account.update(
        replace(
            found,
            cancel_at=min(item.end for item in found.items),
            cancel_at_period_end=not found.flexible,
            canceled_at=account.now,
            cancellation=Cancellation("cancellation_requested", feedback),
        )
    )


def keep(account: Account, subscription: str) -> None:
    """Take a scheduled cancellation back."""
    found = account.store.subscriptions[subscription]
    account.update(
        replace(found, cancel_at=None, cancel_at_period_end=False, canceled_at=None, cancellation=Cancellation())
    )


def end(account: Account, subscription: str, reason: str = "cancellation_requested") -> None:
    """End a subscription now; what its metered items used is billed an hour later."""
    found = account.store.subscriptions[subscription]
    ended = replace(
        found,
        status="canceled",
        canceled_at=found.canceled_at or account.now,
        ended_at=account.now,
        cancellation=found.cancellation if found.canceled_at else Cancellation(reason),
    )
    used = usage_lines(account, found, [item for item in found.items if account.store.usage.get(item.id)])
    if used:
        last = billing.draft(account, ended, "subscription_cycle", used)
        ended = replace(ended, latest_invoice=last.id)
        account.at(account.now + billing.HOUR, partial(billing.finalize, account, last.id))
    account.update(ended, silent=True)
    account.emit("customer.subscription.deleted", ended)


def pause_collection(account: Account, subscription: str, behavior: str, resumes_at: int | None = None) -> None:
    """Stop collecting: ``behavior`` is void, mark_uncollectible or keep_as_draft; until ``resumes_at``, if given."""
    found = account.store.subscriptions[subscription]
    account.update(replace(found, pause=Pause(behavior, resumes_at)))
    if resumes_at is not None:
        account.at(resumes_at, partial(resume_collection, account, subscription))


def resume_collection(account: Account, subscription: str) -> None:
    """Collect again."""
    account.update(replace(account.store.subscriptions[subscription], pause=None))
