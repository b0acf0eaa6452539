"""Subscription schedules: the phases that a merchant has planned for a subscription, as Stripe's payloads show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from upswell.core.catalogue import Version
from upswell.core.discounts import Coupon
from upswell.core.prices import Price

IN_FORCE = {"not_started": 0, "active": 1}
"""The statuses of schedules that still plan something; all others say nothing any more."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A discount that a phase gives: one that is there already (``discount``), or a new one of ``coupon``.

    The coupon is whole where the payload carries it, else its id.
    """

    discount: str | None = None
    coupon: Coupon | str | None = None

    @property
    def references(self) -> set[str]:
        """Stripe's ids of what it names."""
        coupon = self.coupon.id if isinstance(self.coupon, Coupon) else self.coupon
        return {name for name in (self.discount, coupon) if name}


@dataclass(frozen=True, slots=True)
class PhaseItem:
    """What a phase subscribes to: the price whole or its id. ``offers`` None: the payload has no word of them."""

    price: Price | str
    quantity: int | None = None
    offers: tuple[Offer, ...] | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """How a subscription is to be from ``start`` to ``end`` (unix seconds UTC, None: open).

    ``offers`` None: the payload has no word of them. ``trial_end`` lies inside the phase or at its end.
    """

    start: int
    end: int | None
    currency: str
    items: tuple[PhaseItem, ...] = ()
    offers: tuple[Offer, ...] | None = None
    trial_end: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a schedule plans; ``subscription`` is None before the first phase has begun one."""

    status: str
    subscription: str | None = None
    end_behavior: str = "release"
    phases: tuple[Phase, ...] = ()

    @property
    def references(self) -> set[str]:
        """Stripe's ids of all prices, products, coupons and discounts that the phases name."""
        items = [item for phase in self.phases for item in phase.items]
        offered = [phase.offers for phase in self.phases] + [item.offers for item in items]
        named = {name for offers in offered for offer in offers or () for name in offer.references}
        prices = [item.price for item in items]
        named |= {price if isinstance(price, str) else price.id for price in prices}
        return named | {price.product for price in prices if isinstance(price, Price)}

    @property
    def end(self) -> int | None:
        """When the subscription ends with the schedule (unix seconds UTC); None where it goes on."""
        return self.phases[-1].end if self.phases and self.end_behavior == "cancel" else None

    @property
    def bounds(self) -> set[int | None]:
        """The ends of all phases."""
        return {phase.end for phase in self.phases}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A Stripe subscription schedule; ``before`` are the terms that an update replaced, where it says so."""

    id: str
    customer: str
    terms: Terms
    before: Terms | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule's last terms, ``since`` the ``event`` that brought them, and when they were told last (``at``).

    Both are unix seconds UTC. For terms asked of the API, the schedule's id stands in the event's place.
    """

    schedule: str
    customer: str
    terms: Terms
    at: int
    since: int
    event: str


def standing(versions: Sequence[Version[Schedule]]) -> Standing:
    """Return the last terms of one schedule; ``versions`` are oldest first, and those of one second in any order."""
    last = _last(versions)
    terms = last.value.terms
    brought = last
    for version in reversed([one for one in versions if one.at < last.at]):
        if version.value.terms != terms:
            break
        brought = version
    return Standing(last.value.id, last.value.customer, terms, last.at, brought.at, brought.event or last.value.id)


def _last(versions: Sequence[Version[Schedule]]) -> Version[Schedule]:
    """Of what was said in the last second, return what no other word of that second replaced."""
    said = [version for version in versions if version.at == versions[-1].at]
    replaced = [one.value.before for one in said if one.value.before not in (None, one.value.terms)]
    left = [version for version in said if version.value.terms not in replaced]
    return max(left or said, key=_weight)


def _weight(version: Version[Schedule]) -> tuple[int, bool, str]:
    """The end of a schedule weighs more than its course, and what changed it more than what left it as it was."""
    value = version.value
    return IN_FORCE.get(value.terms.status, len(IN_FORCE)), value.before != value.terms, version.event
