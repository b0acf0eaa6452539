"""Coupons in force: begun, ended by hand, run out."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.periods import months_later
from upswell_connectors.fake_stripe.values import Discount, Invoice, Item, Subscription


def redeem(
    account: Account, coupon: str, customer: str, *, subscription: str | None = None, item: str | None = None
) -> str:
    """Begin a discount on a subscription, or one item of it, that is about to be stored, and return its id.

    Emits ``customer.discount.created``; what it holds for is the caller's to update.
    """
    redeemed = account.store.coupons[coupon]
    account.update(replace(redeemed, times_redeemed=redeemed.times_redeemed + 1), silent=True)
    discount = Discount(
        id=account.ids.make("di"),
        coupon=coupon,
        customer=customer,
        subscription=subscription,
        item=item,
        start=account.now,
        end=months_later(account.now, redeemed.months) if redeemed.months else None,
    )
    account.add(discount)
    if discount.end is not None:
        account.at(discount.end, partial(remove, account, discount.id))
    return discount.id


def redeem_for_items(account: Account, subscription: Subscription, wanted: Sequence[str | None]) -> Subscription:
    """Begin a discount on each of the last items that has a coupon ``wanted``, in their order."""
    kept = len(subscription.items) - len(wanted)
    items = list(subscription.items)
    for place, coupon in enumerate(wanted, kept):
        if coupon is not None:
            discount = redeem(
                account, coupon, subscription.customer, subscription=subscription.id, item=items[place].id
            )
            items[place] = replace(items[place], discounts=(*items[place].discounts, discount))
    return replace(subscription, items=tuple(items))


def apply(account: Account, coupon: str, subscription: str) -> str:
    """Put a coupon on a running subscription, and return the discount's id."""
    customer = account.store.subscriptions[subscription].customer
    discount = redeem(account, coupon, customer, subscription=subscription)
    before = account.store.subscriptions[subscription]
    account.update(replace(before, discounts=(*before.discounts, discount)))
    return discount


def apply_to_item(account: Account, coupon: str, subscription: str, item: str) -> str:
    """Put a coupon on one item of a running subscription, and return the discount's id."""
    before = account.store.subscriptions[subscription]
    discount = redeem(account, coupon, before.customer, subscription=subscription, item=item)
    items = [replace(one, discounts=(*one.discounts, discount)) if one.id == item else one for one in before.items]
    account.update(replace(before, items=tuple(items)))
    return discount


def apply_to_customer(account: Account, coupon: str, customer: str) -> str:
    """Put a coupon on a customer, for all subscriptions that have none of their own; return the discount's id."""
    discount = redeem(account, coupon, customer)
    account.update(replace(account.store.customers[customer], discount=discount))
    return discount


def remove(account: Account, discount: str) -> None:
    """End a discount, by hand or because its time is over; nothing happens where it is gone already."""
    ended = account.store.discounts[discount]
    if ended.subscription is None:
        customer = account.store.customers[ended.customer]
        if customer.discount == discount:
            account.emit("customer.discount.deleted", ended)
            account.update(replace(customer, discount=None))
        return
    subscription = account.store.subscriptions[ended.subscription]
    after = replace(
        subscription,
        discounts=tuple(one for one in subscription.discounts if one != discount),
        items=tuple(_without(item, discount) for item in subscription.items),
    )
    if after != subscription and subscription.ended_at is None:
        account.emit("customer.discount.deleted", ended)
        account.update(after)


def _without(item: Item, discount: str) -> Item:
    return replace(item, discounts=tuple(one for one in item.discounts if one != discount))


def use_up(account: Account, invoice: Invoice) -> None:
    """End the discounts that were good for this one invoice."""
    of_lines = (discount for line in invoice.lines for discount in line.own_discounts)
    for discount in dict.fromkeys((*invoice.discounts, *of_lines)):
        if account.store.coupons.known(account.store.discounts[discount].coupon).duration == "once":
            remove(account, discount)
