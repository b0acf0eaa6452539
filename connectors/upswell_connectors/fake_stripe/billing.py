"""Invoices: drafted, finalized, paid or not."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from upswell_connectors.fake_stripe import coupons
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.amounts import taken_off
from upswell_connectors.fake_stripe.values import Coupon, Discount, Invoice, Line, Subscription

HOUR, DAY = 3_600, 86_400
_EXPIRY = 23 * HOUR
_RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
_PAUSED = {"void": "void", "mark_uncollectible": "uncollectible"}


def draft(account: Account, subscription: Subscription, reason: str, lines: Sequence[Line]) -> Invoice:
    """Store a draft of ``lines`` and what waited for the next invoice, less discounts; nothing is emitted."""
    found = _discounts(account, subscription)
    invoice = Invoice(
        id=account.ids.make("in"),
        customer=subscription.customer,
        subscription=subscription.id,
        currency=subscription.currency,
        created=account.now,
        reason=reason,
        period_start=min((item.start for item in subscription.items), default=account.now),
        period_end=account.now,
        lines=_discounted(account, subscription, (*lines, *account.store.prorations.pop(subscription.id, ())), found),
        discounts=tuple(discount.id for discount in found),
        metadata=subscription.metadata,
    )
    account.add(invoice, silent=True)
    for line in invoice.lines:
        if not line.proration:
            account.store.billed[line.item] = (invoice.id, line.id)
    return invoice


def _discounts(account: Account, subscription: Subscription) -> list[Discount]:
    """Return what is in force: the subscription's own, else the customer's."""
    of_customer = account.store.customers[subscription.customer].discount
    ids = subscription.discounts or ((of_customer,) if of_customer else ())
    return [account.store.discounts[id_] for id_ in ids]


def _discounted(
    account: Account, subscription: Subscription, lines: Sequence[Line], found: Sequence[Discount]
) -> tuple[Line, ...]:
    """Take off each item's own discounts, then those of the whole invoice, in their order; prorations have none."""
    done = [_with_own(line, subscription) for line in lines]
    left = [0 if line.proration else line.amount for line in lines]
    for discount in (*_of_items(account, done), *found):
        coupon = account.store.coupons.known(discount.coupon)
        places = [place for place, line in enumerate(done) if _holds(account, discount, coupon, line)]
        off = taken_off(coupon, [left[place] for place in places])
        for place, amount in zip(places, off, strict=True):
            left[place] -= amount
            if amount:
                done[place] = replace(done[place], discounts=(*done[place].discounts, (discount.id, amount)))
    return tuple(done)


def _with_own(line: Line, subscription: Subscription) -> Line:
    """Return a line with the discounts of its item; a proration's are in its amount already."""
    own = next((item.discounts for item in subscription.items if item.id == line.item), ())
    return replace(line, own_discounts=own) if own and not line.proration else line


def _of_items(account: Account, lines: Sequence[Line]) -> list[Discount]:
    ids = dict.fromkeys(discount for line in lines for discount in line.own_discounts)
    return [account.store.discounts[id_] for id_ in ids]


def _holds(account: Account, discount: Discount, coupon: Coupon, line: Line) -> bool:
    """Say whether a discount takes something off a line."""
    if discount.item is not None and discount.id not in line.own_discounts:
        return False
    return not coupon.products or account.store.prices[line.price].product in coupon.products


def finalize(account: Account, invoice: str) -> None:
    """Number and open a draft, and collect it; one of a paused or unpaid subscription goes its own way."""
    found = account.store.invoices[invoice]
    subscription = account.store.subscriptions[found.subscription]
    paused = subscription.pause.behavior if subscription.pause else None
    if found.status != "draft" or subscription.status == "unpaid" or paused == "keep_as_draft":
        return
    number = account.store.invoices_of.get(found.customer, 0) + 1
    account.store.invoices_of[found.customer] = number
    prefix = account.store.customers[found.customer].invoice_prefix
    opened = replace(found, status="open", number=f"{prefix}-{number:04d}", finalized_at=account.now)
    account.update(opened, silent=True)
    account.emit("invoice.finalized", opened)
    coupons.use_up(account, opened)
    if paused:
        _drop(account, opened, _PAUSED[paused])
    else:
        collect(account, opened.id)


def void(account: Account, invoice: str) -> None:
    """Void an open invoice: nobody owes it any more."""
    _drop(account, account.store.invoices[invoice], "void")


def write_off(account: Account, invoice: str) -> None:
    """Mark an open invoice as one that nobody is expected to pay."""
    _drop(account, account.store.invoices[invoice], "uncollectible")


def _drop(account: Account, invoice: Invoice, status: str) -> None:
    if status == "void":
        dropped, kind = replace(invoice, status=status, voided_at=account.now), "invoice.voided"
    else:
        dropped, kind = replace(invoice, status=status, uncollectible_at=account.now), "invoice.marked_uncollectible"
    account.update(dropped, silent=True)
    account.emit(kind, dropped)


def collect(account: Account, invoice: str) -> None:
    """Charge the card: paid, or tried again on later days, until the subscription is unpaid."""
    found = account.store.invoices[invoice]
    if found.status != "open":
        return
    attempt = found.attempts + 1
    if found.total <= 0 or found.customer not in account.store.declined:
        _paid(account, replace(found, attempts=attempt, next_attempt=None, status="paid", paid_at=account.now))
        return
    wait = _RETRIES[attempt - 1] if attempt <= len(_RETRIES) else None
    failed = replace(found, attempts=attempt, next_attempt=account.now + wait if wait else None)
    account.update(failed, silent=True)
    account.emit("invoice.payment_failed", failed)
    if account.store.subscriptions[failed.subscription].status == "incomplete":
        account.at(failed.created + _EXPIRY, partial(_expire, account, failed.id))
        return
    _settle(account, failed.subscription, "past_due" if wait else "unpaid")
    if wait:
        account.at(account.now + wait, partial(collect, account, invoice))


def _paid(account: Account, invoice: Invoice) -> None:
    account.update(invoice, silent=True)
    account.emit("invoice.paid", invoice)
    _settle(account, invoice.subscription, "active")


def _expire(account: Account, invoice: str) -> None:
    """Give up on a subscription whose first invoice nobody paid."""
    found = account.store.invoices[invoice]
    subscription = account.store.subscriptions[found.subscription]
    if subscription.status == "incomplete":
        void(account, invoice)
        account.update(replace(subscription, status="incomplete_expired", ended_at=account.now))


def _settle(account: Account, subscription: str, status: str) -> None:
    """Give a subscription that waits for money the ``status`` that its invoice brought."""
    found = account.store.subscriptions[subscription]
    if found.status in ("incomplete", "active", "past_due", "unpaid") and found.status != status:
        account.update(replace(found, status=status))


def decline(account: Account, customer: str) -> None:
    """From now on the customer's card is declined."""
    account.store.declined.add(customer)


def accept(account: Account, customer: str) -> None:
    """The customer's card works again, and its open invoices are paid at once."""
    account.store.declined.discard(customer)
    for invoice in list(account.store.invoices.values()):
        if invoice.customer == customer and invoice.status == "open":
            collect(account, invoice.id)
