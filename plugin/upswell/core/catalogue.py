"""The catalogue: prices, products, coupons, discounts and customers, each as it was told over time."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import takewhile
from typing import Generic, TypeVar

from upswell.core.discounts import Coupon, Discount
from upswell.core.prices import Price, completed
from upswell.core.rules import Rules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Product:
    """A Stripe product."""

    id: str
    name: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Customer:
    """A Stripe customer.

    ``discount`` is its own discount's id; ``says_discount`` is False where the payload has no word of it. ``country``
    is the two letters of its address.
    """

    id: str
    name: str | None = None
    email: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    discount: str | None = None
    says_discount: bool = False
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """What an object was from ``at`` on (unix seconds UTC), said by ``event`` (empty: asked of the API)."""

    at: int
    event: str
    value: T


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's own discount: from ``start`` until ``end`` (unix seconds UTC, None: open).

    ``event`` brought it, ``ended_by`` took it away; one that runs out is ended by the event that brought it. Where no
    event told, they are its own id.
    """

    discount: str
    start: int
    end: int | None
    event: str
    ended_by: str

    def source_of(self, cause: str) -> str:
        """Return whether an event is the ``cause``: observed, else reconstructed."""
        return "reconstructed" if cause == self.discount else "observed"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every fact a customer's history refers to, oldest version first.

    ``shown`` are the prices as the customer's subscriptions carried them, the last one of each id.
    """

    prices: Mapping[str, Sequence[Version[Price]]] = field(default_factory=dict)
    products: Mapping[str, Sequence[Version[Product]]] = field(default_factory=dict)
    coupons: Mapping[str, Sequence[Version[Coupon]]] = field(default_factory=dict)
    discounts: Mapping[str, Sequence[Version[Discount]]] = field(default_factory=dict)
    customers: Mapping[str, Sequence[Version[Customer]]] = field(default_factory=dict)
    shown: Mapping[str, Price] = field(default_factory=dict)

    def price(self, price: Price) -> Price:
        """Return ``price`` as last known, with the amounts that any payload of it carried."""
        said = [version.value for version in reversed(self.prices.get(price.id, ()))]
        return reduce(completed, [*said, self.shown.get(price.id, price), price])

    def name(self, price: Price) -> str:
        """Return what people call ``price``: its product's name as last known, else its nickname, else the id."""
        versions = self.products.get(price.product)
        return (versions[-1].value.name if versions else None) or price.nickname or price.product

    def role(self, price: Price, rules: Rules) -> str:
        """Return plan, add_on or seat: from the config, else the price's metadata, else the product's."""
        return self._named(price, rules.roles, "upswell_role") or "plan"

    def family(self, price: Price, rules: Rules) -> str | None:
        """Return the plan family, from the same places, or None."""
        return self._named(price, rules.families, "upswell_plan")

    def _named(self, price: Price, config: Mapping[str, str], key: str) -> str | None:
        versions = self.products.get(price.product)
        of_product = versions[-1].value.metadata if versions else {}
        return (
            config.get(price.id) or config.get(price.product) or price.metadata.get(key) or of_product.get(key) or None
        )

    def replaced(self, old: Price, new: Price, at: int) -> bool:
        """Whether events up to ``at`` say that the merchant put ``new`` in the place of ``old``.

        That is: ``old`` was archived, and ``new`` is its product's only active price of the same interval and
        currency, or took over its lookup key.
        """
        if self._active(old, at):
            return False
        rivals = [
            price
            for price in self._all_prices()
            if (price.product, price.months, price.currency) == (new.product, new.months, new.currency)
            and price.id != new.id
            and self._active(price, at)
        ]
        return not rivals or bool(self._lookup_keys(old, at) & self._lookup_keys(new, at, last=True))

    def archived_by(self, price: Price, at: int) -> str | None:
        """Return the event by which ``price`` was archived and stayed so until ``at``; None where none told of it."""
        said = reversed(until(self.prices.get(price.id, ()), at))
        archived = list(takewhile(lambda version: not version.value.active, said))
        return (archived[-1].event or None) if archived else None

    def _all_prices(self) -> Iterable[Price]:
        last = {name: versions[-1].value for name, versions in self.prices.items()}
        return {**self.shown, **last}.values()

    def _active(self, price: Price, at: int) -> bool:
        said = _last_second(until(_told(self.prices.get(price.id, ())), at))
        return all(version.value.active for version in said) if said else price.created <= at

    def _lookup_keys(self, price: Price, at: int, *, last: bool = False) -> set[str]:
        said = until(_told(self.prices.get(price.id, ())), at)
        values = [version.value for version in (_last_second(said) if last else said)]
        return {value.lookup_key for value in [*values, *([] if last and said else [price])] if value.lookup_key}

    def discount(self, name: str, at: int) -> Discount | None:
        """Return the discount ``name`` if it is in force at ``at``, else None. Raises LookupError if unknown."""
        versions = _exact(self.discounts.get(name, ()))
        if not versions:
            raise LookupError(name)
        said = until(versions, at)
        found = (said or versions[:1])[-1].value
        gone = any(version.value.gone for version in said)
        ended = gone or (found.end is not None and found.end <= at)
        return None if ended else found

    def discount_times(self, name: str, brought: str) -> dict[int, str]:
        """Return the moments (unix seconds UTC) at which the discount may begin to count, change or end, with why.

        That is the event that tells; for its running out, ``brought``, the event that brought it.
        """
        versions = _exact(self.discounts.get(name, ()))
        told = {version.at: version.event for version in versions if version.event}
        return told | {version.value.end: brought for version in versions if version.value.end is not None}

    def coupon(self, discount: Discount) -> Coupon:
        """Return the terms of ``discount``. Raises LookupError where nobody told them.

        A coupon id can be used again for other terms after it was deleted: those known when the discount
        started count.
        """
        told = [version.value for version in self.coupons.get(discount.coupon_id, ())]
        earlier = [coupon for coupon in told if coupon.created <= discount.start]
        carried = [
            version.value.coupon
            for version in self.discounts.get(discount.id, ())
            if isinstance(version.value.coupon, Coupon) and version.value.coupon_id == discount.coupon_id
        ]
        known = [*carried[-1:], *reversed(earlier), *told]
        if not known:
            raise LookupError(discount.coupon_id)
        products = next((coupon.products for coupon in known if coupon.products is not None), None)
        same = [coupon for coupon in known if coupon.created == known[0].created]
        amounts = {currency: amount for coupon in reversed(same) for currency, amount in coupon.amounts_off}
        return replace(known[0], products=products, amounts_off=tuple(sorted(amounts.items())))

    def own_discounts(self, customer: str, elsewhere: frozenset[str]) -> list[Standing]:
        """Return the customer's own discounts; ``elsewhere`` are those that subscriptions or items list."""
        snapshots = [version for version in self.customers.get(customer, ()) if version.value.says_discount]
        found = []
        for name, versions in self.discounts.items():
            value = versions[-1].value
            if value.customer != customer or value.subscription or value.item or name in elsewhere:
                continue
            brought = next((version.event for version in versions if version.event), name)
            ends = [(version.value.end, brought) for version in versions if version.value.end is not None]
            ends += [(version.at, version.event or name) for version in versions if version.value.gone]
            ends += [
                (seen.at, seen.event or name)
                for seen in snapshots
                if seen.at > value.start and seen.value.discount != name
            ]
            end, ended_by = min(ends, key=lambda one: (one[0], one[1] == name, one[1]), default=(None, brought))
            found.append(Standing(name, value.start, end, brought, ended_by))
        return sorted(found, key=lambda standing: (standing.start, standing.discount))

    def metadata_at(self, customer: str, at: int) -> Mapping[str, str]:
        """Return the customer's metadata as known at ``at``."""
        versions = _exact(self.customers.get(customer, ()))
        return (until(versions, at) or versions[:1])[-1].value.metadata if versions else {}


def _told(versions: Sequence[Version[T]]) -> Sequence[Version[T]]:
    """Return what events said: when something asked of the API became so is not known."""
    return [version for version in versions if version.event]


def _exact(versions: Sequence[Version[T]]) -> Sequence[Version[T]]:
    """Return what events said; where none said anything, what the API did."""
    return _told(versions) or versions


def _last_second(versions: Sequence[Version[T]]) -> Sequence[Version[T]]:
    """Return what was said in the last second that anything was said in; its order is not known."""
    return [version for version in versions if version.at == versions[-1].at]


def until(versions: Sequence[Version[T]], at: int) -> Sequence[Version[T]]:
    """Return the versions said at or before ``at``."""
    return versions[: bisect_right(versions, at, key=lambda version: version.at)]
