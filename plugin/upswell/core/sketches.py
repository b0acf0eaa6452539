"""Sketches: how a subscription will stand where what is planned for it happens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from upswell.core.catalogue import Catalogue, Version
from upswell.core.clocks import months_before
from upswell.core.discounts import Coupon, Discount
from upswell.core.phases import Offer, Phase, Standing
from upswell.core.portfolio import Item, Pending, Subscription
from upswell.core.prices import Price
from upswell.core.states import SINCE

_UTC = ZoneInfo("UTC")


class UntoldError(LookupError):
    """A plan names a price or a coupon that nobody told of."""


@dataclass(slots=True)
class Sketch:
    """Draws planned states of subscriptions; its ``catalogue`` gains the discounts that begin on the way.

    Ids of what does not exist yet are made of the schedule's: they are the same in every rebuild.
    """

    catalogue: Catalogue

    def phases(self, held: Subscription, plan: Standing, since: int) -> Iterator[tuple[int, Subscription]]:
        """Yield ``held`` as the phases change it after ``since``, with the time of each change (unix seconds UTC).

        A phase that names what nobody told of is left out.
        """
        for phase in plan.terms.phases:
            if phase.start > since:
                try:
                    held = self._entered(held, phase, plan)
                except UntoldError:
                    continue
                yield phase.start, held
            ends = phase.trial_end
            if ends is not None and ends > since and held.status == "trialing":
                held = replace(held, status="active")
                yield ends, held

    def updated(self, held: Subscription, update: Pending) -> Subscription | None:
        """Return ``held`` with its pending ``update`` in force; None where it names what nobody told of."""
        items = {item.id: item for item in (*held.items, *update.items)}
        try:
            for item in update.items:
                self._price(item.price, held.currency)
            granted = [self._granted(name, held.discounts) for name in update.discounts or ()]
        except UntoldError:
            return None
        return replace(
            held,
            items=tuple(items.values()),
            discounts=held.discounts if update.discounts is None else tuple(name for name in granted if name),
            status=held.status if update.trial_end is None else _status(held, update.trial_end, update.expires_at),
            trial_end=update.trial_end or held.trial_end,
            pending=None,
        )

    def _entered(self, held: Subscription, phase: Phase, plan: Standing) -> Subscription:
        """Return ``held`` as ``phase`` makes it. Raises UntoldError."""
        told = [self._told(one.price) for one in phase.items]
        currency = held.currency or phase.currency or next((price.currency for price in told), "")
        prices = [self._price(price, currency) for price in told]
        kept = _kept(held.items, prices)
        given = Discount(f"{plan.schedule}:{phase.start}", "", phase.start, None, held.customer, held.id)
        items = []
        for place, (wanted, price) in enumerate(zip(phase.items, prices, strict=True)):
            item = kept.get(place) or Item(f"{given.id}:{place}", price)
            own = self._offered(wanted.offers, item.discounts, replace(given, item=item.id), plan)
            items.append(replace(item, price=price, quantity=wanted.quantity, discounts=own))
        return replace(
            held,
            currency=currency,
            items=tuple(items),
            discounts=self._offered(phase.offers, held.discounts, given, plan),
            status=_status(held, phase.trial_end, phase.start),
            trial_end=phase.trial_end,
            metadata={**held.metadata, **{key: text for key, text in phase.metadata.items() if key != SINCE}},
        )

    def _told(self, given: Price | str) -> Price:
        """Return a price that may be known by its id alone. Raises UntoldError."""
        if isinstance(given, Price):
            return given
        said = [version.value for version in self.catalogue.prices.get(given, ())]
        found = said[-1] if said else self.catalogue.shown.get(given)
        if found is None:
            raise UntoldError(given)
        return found

    def _price(self, told: Price, currency: str) -> Price:
        """Return a price with its amounts in ``currency``. Raises UntoldError."""
        price = self.catalogue.price(told)
        if not price.metered and price.amounts_in(currency) is None:
            raise UntoldError(price.id)
        return price

    def _offered(
        self, offers: Sequence[Offer] | None, held: tuple[str, ...], given: Discount, plan: Standing
    ) -> tuple[str, ...]:
        """Return the ids of the discounts that are ``held`` from then on. Raises UntoldError."""
        if offers is None:
            return held
        names = [self._discount(offer, held, given, plan) for offer in offers]
        return tuple(name for name in names if name)

    def _discount(self, offer: Offer, held: Sequence[str], given: Discount, plan: Standing) -> str | None:
        if offer.discount is not None:
            return self._granted(offer.discount, held)
        if offer.coupon is None:
            raise UntoldError(plan.schedule)
        coupon = self._coupon(offer.coupon)
        for name in held:
            running = self.catalogue.discount(name, given.start)
            if running and running.coupon_id == coupon.id:
                return name
        end = months_before(given.start, -coupon.months, _UTC) if coupon.months else None
        made = replace(
            given, id=f"{given.id}:{given.item or given.subscription}:{coupon.id}", coupon=offer.coupon, end=end
        )
        discounts = {**self.catalogue.discounts, made.id: [Version(made.start, plan.event, made)]}
        self.catalogue = replace(self.catalogue, discounts=discounts)
        return made.id

    def _granted(self, name: str, held: Sequence[str]) -> str | None:
        """Return a discount that exists; None for the customer's own, which stands without being named."""
        versions = self.catalogue.discounts.get(name)
        if not versions:
            raise UntoldError(name)
        found = versions[-1].value
        self._coupon(found.coupon)
        return name if name in held or found.subscription or found.item else None

    def _coupon(self, given: Coupon | str) -> Coupon:
        said = [given] if isinstance(given, Coupon) else [one.value for one in self.catalogue.coupons.get(given, ())]
        if not said:
            raise UntoldError(str(given))
        return said[-1]


def _status(held: Subscription, trial_end: int | None, at: int) -> str:
    if trial_end is not None and trial_end > at:
        return "trialing"
    return "active" if held.status == "trialing" else held.status


def _kept(held: Sequence[Item], prices: Sequence[Price]) -> dict[int, Item]:
    """Return the item that is held with which each price goes on, by its place: of the same price, else product."""
    same: tuple[Callable[[Price], str], ...] = (lambda price: price.id, lambda price: price.product)
    left, found = list(held), dict[int, Item]()
    for key in same:
        for place, price in enumerate(prices):
            partner = next((item for item in left if key(item.price) == key(price)), None)
            if place not in found and partner:
                found[place] = partner
                left.remove(partner)
    return found
