"""Signals of dates that come near: renewals, ends of discounts, ends of trials."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from upswell.core.money import plain, rounded
from upswell.core.portfolio import Item, Subscription, mrr
from upswell.core.prices import Price, monthly
from upswell.core.reasons import cut_words, label
from upswell.signals import words
from upswell.signals.known import Known
from upswell.signals.periods import running
from upswell.signals.terms import DAY, Sign, Terms

_DISCOUNT_DAYS = 30
_TRIAL_DAYS = 7


def renewals(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield the subscriptions billed by the year that renew within the renewal window."""
    for name, subscription in known.subscriptions.items():
        held = [
            position
            for position in known.portfolio.positions.values()
            if position.subscription == name and position.price.interval == "year" and not position.price.metered
        ]
        if not held:
            continue
        largest = max(held, key=lambda position: (position.monthly, position.item))
        period = running(largest, known)
        if period and (renewal := period[1]) - known.at <= terms.renewal_days * DAY:
            what = " and ".join(label(position, known.catalogue) for position in held)
            total = sum(known.portfolio.amounts[position.item] for position in held)
            yield Sign(
                "renewal",
                name,
                f"{what} renews on {words.day(renewal, known.at, terms)}, {words.ahead(renewal, known.at)}: "
                f"{plain(total, subscription.currency)} a month",
                _closeness(renewal - known.at, terms.renewal_days),
            )


def discounts(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield the discounts that end within 30 days, and after which the customer pays more."""
    ends = {cut.discount for position in known.portfolio.positions.values() for cut in position.cuts}
    for name in sorted(ends):
        discount = known.catalogue.discount(name, known.at)
        if discount is None or discount.end is None or discount.end - known.at > _DISCOUNT_DAYS * DAY:
            continue
        under = [one for one in known.portfolio.positions.values() if any(cut.discount == name for cut in one.cuts)]
        before, after = _without(name, known)
        if after > before:
            coupon = known.catalogue.coupon(discount)
            currency = under[0].currency
            off = cut_words(tuple(cut for cut in under[0].cuts if cut.discount == name), currency)
            yield Sign(
                "discount_ending",
                name,
                f"{off} ({coupon.name or coupon.id}) ends on {words.day(discount.end, known.at, terms)}, "
                f"{words.ahead(discount.end, known.at)}: {plain(before, currency)} becomes "
                f"{plain(after, currency)} a month",
                _closeness(discount.end - known.at, _DISCOUNT_DAYS),
            )


def _without(discount: str, known: Known) -> tuple[int, int]:
    """Return what the positions under a discount cost with it and without it, minor units a month."""
    held = known.portfolio.positions.values()
    names = [one.item for one in held if any(cut.discount == discount for cut in one.cuts)]
    bare = mrr([replace(one, cuts=tuple(cut for cut in one.cuts if cut.discount != discount)) for one in held])
    return sum(known.portfolio.amounts[name] for name in names), sum(bare[name] for name in names)


def trials(known: Known, terms: Terms) -> Iterator[Sign]:
    """Yield the subscriptions and items whose trial ends within a week, where something is to be paid then."""
    for name, subscription in known.subscriptions.items():
        if subscription.status == "trialing":
            ends = {name: (subscription.trial_end, subscription.items)}
        else:
            ends = {item.id: (item.trial_end, (item,)) for item in subscription.items}
        for subject, (end, items) in ends.items():
            if end is not None and 0 < end - known.at <= _TRIAL_DAYS * DAY:
                yield from _trial(subject, end, items, subscription, known, terms)


def _trial(
    subject: str, end: int, items: tuple[Item, ...], subscription: Subscription, known: Known, terms: Terms
) -> Iterator[Sign]:
    prices = [(known.catalogue.price(item.price), 1 if item.quantity is None else item.quantity) for item in items]
    total = sum(_monthly(price, subscription.currency, quantity) for price, quantity in prices)
    if not total:
        return
    names = " and ".join(known.catalogue.name(price) + (f" × {many}" if many != 1 else "") for price, many in prices)
    yield Sign(
        "trial_ending",
        subject,
        f"the trial of {names} ends on {words.day(end, known.at, terms)}, {words.ahead(end, known.at)}: "
        f"{plain(rounded(total), subscription.currency)} a month before discounts from then on",
        _closeness(end - known.at, _TRIAL_DAYS),
    )


def _monthly(price: Price, currency: str, quantity: int) -> Fraction:
    try:
        return Fraction(monthly(price, currency, quantity))
    except LookupError:
        return Fraction(0)


def _closeness(left: int, days: int) -> Fraction:
    """Return a half where the window begins, growing to the whole as the day comes."""
    return 1 - Fraction(max(left, 0), 2 * days * DAY)
