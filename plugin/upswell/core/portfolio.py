"""The portfolio: what a customer holds at one instant, and its MRR."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from upswell.core.discounts import Cut, Priced, discounted
from upswell.core.money import Exact, rounded
from upswell.core.prices import Price, is_free, monthly
from upswell.core.rules import Rules


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a subscription. ``trial_end`` is the end of its own trial, unix seconds UTC."""

    id: str
    price: Price
    quantity: int | None = None
    discounts: tuple[str, ...] = ()
    trial_end: int | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An update that waits for a payment until ``expires_at`` (unix seconds UTC), and what it would set.

    ``items`` are those that would be other ones or new; ``trial_end`` and ``discounts`` None: they would stay.
    """

    expires_at: int
    items: tuple[Item, ...] = ()
    trial_end: int | None = None
    discounts: tuple[str, ...] | None = None

    @property
    def references(self) -> set[str]:
        """Stripe's ids of all prices, products and discounts that it names."""
        prices = [item.price for item in self.items]
        return {*(self.discounts or ()), *(price.id for price in prices), *(price.product for price in prices)}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription at one moment; times are unix seconds UTC, ``pause`` is pause_collection's behaviour.

    ``cancel_at`` is when it is set to end, also where Stripe says so by ``cancel_at_period_end`` alone.
    """

    id: str
    customer: str
    status: str
    currency: str
    items: tuple[Item, ...] = ()
    discounts: tuple[str, ...] = ()
    pause: str | None = None
    created: int = 0
    start_date: int = 0
    trial_end: int | None = None
    ended_at: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    pending: Pending | None = None

    @property
    def all_discounts(self) -> tuple[str, ...]:
        """The ids of its own discounts and of its items'."""
        found = self.discounts
        for item in self.items:
            found = (*found, *item.discounts) if item.discounts else found
        return found

    @property
    def cancels(self) -> bool:
        """Whether it is set to end: by the flag, or by a date alone as in flexible billing mode."""
        return self.cancel_at_period_end or self.cancel_at is not None


COUNTING_STATUS = {
    "active": True,
    "past_due": True,
    "trialing": False,
    "incomplete": False,
    "incomplete_expired": False,
    "unpaid": False,
    "paused": False,
    "canceled": False,
}
COUNTING_PAUSE = {None: True, "keep_as_draft": True, "void": False, "mark_uncollectible": False}
SUSPENDED_STATUS = frozenset({"unpaid", "paused"})


def counts(subscription: Subscription, *, counted_before: bool, rules: Rules) -> bool:
    """Whether the subscription's items are MRR. A trial laid over one that already counted moves nothing."""
    status = subscription.status
    if rules.churn_at == "request" and subscription.cancels:
        return False
    if status == "past_due" and rules.past_due == "exclude":
        return False
    alive = counted_before if status == "trialing" else COUNTING_STATUS.get(status, False)
    return alive and COUNTING_PAUSE.get(subscription.pause, False)


def suspension(subscription: Subscription, rules: Rules) -> str | None:
    """Return what holds the subscription back for as long as it may come back, or None."""
    status = subscription.status
    if status in SUSPENDED_STATUS or (status == "past_due" and rules.past_due == "exclude"):
        return status.replace("_", " ")
    alive = COUNTING_STATUS.get(status, False) or status == "trialing"
    return "collection paused" if alive and not COUNTING_PAUSE.get(subscription.pause, False) else None


@dataclass(frozen=True, slots=True)
class Position:
    """One item of one counting subscription.

    ``figure`` is its billed usage in minor units a month, None before the first; ``cuts`` are the discounts
    that apply to it; ``shelf`` is the subscription among whose items an amount off is spread. ``monthly`` follows:
    its MRR before discounts, minor units a month, unrounded. Raises LookupError where its price is not known.
    """

    subscription: str
    item: str
    currency: str
    price: Price
    quantity: int | None
    figure: Fraction | None
    cuts: tuple[Cut, ...]
    shelf: str
    monthly: Exact = field(init=False, compare=False)

    def __post_init__(self) -> None:
        quantity = 1 if self.quantity is None else self.quantity
        licensed = monthly(self.price, self.currency, quantity)
        object.__setattr__(self, "monthly", licensed + self.figure if self.figure else licensed)

    def held(self, quantity: int | None, figure: Fraction | None, cuts: tuple[Cut, ...], shelf: str) -> "Position":
        """Return the same item of the same price, with what is given in place of its own."""
        return Position(self.subscription, self.item, self.currency, self.price, quantity, figure, cuts, shelf)

    @property
    def paid(self) -> bool:
        """Whether it is a paid position: it costs something, or meters at a price that is not all zero."""
        if not self.price.metered:
            return self.monthly > 0
        try:
            return not is_free(self.price, self.currency)
        except LookupError:
            return True


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What stands around the positions of one subscription, whether it counts or not.

    ``standing`` are its discounts in force, before they are matched to products, and ``own`` those of each item;
    ``held_back`` are its items if it is suspended, with what holds them back; ``owner`` is the Stripe customer.
    """

    standing: tuple[Cut, ...] = ()
    own: Mapping[str, tuple[Cut, ...]] = field(default_factory=dict)
    held_back: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""


_NOTHING = Backdrop()


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All positions of a customer by item id, and what stands around them by subscription.

    ``amounts`` follow from the positions: each item's MRR, see ``mrr``.
    """

    positions: Mapping[str, Position] = field(default_factory=dict)
    backdrops: Mapping[str, Backdrop] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", mrr(self.positions.values()))

    def around(self, subscription: str) -> Backdrop:
        """Return what stands around the positions of ``subscription``; nothing, where it is not known yet."""
        return self.backdrops.get(subscription, _NOTHING)

    @property
    def totals(self) -> Mapping[str, int]:
        """The customer's MRR by currency, in minor units a month."""
        sums: defaultdict[str, int] = defaultdict(int)
        for name, position in self.positions.items():
            sums[position.currency] += self.amounts[name]
        return sums


def mrr(positions: Iterable[Position]) -> Mapping[str, int]:
    """Return each item's MRR: minor units a month after discounts, rounded once, half to even."""
    amounts: dict[str, int] = {}
    shelves: dict[tuple[str, str], list[Priced]] = {}
    for position in positions:
        if position.cuts:
            row = Priced(position.item, position.monthly, position.price.months, position.cuts)
            shelves.setdefault((position.currency, position.shelf), []).append(row)
        else:
            amounts[position.item] = rounded(position.monthly)
    for rows in shelves.values():
        amounts |= {item: rounded(amount) for item, amount in discounted(rows).items()}
    return amounts
