"""What an account holds: frozen values, in no API version's shape.

Amounts are in the currency's minor unit, times are unix seconds UTC. Amounts a unit are decimal strings, because
Stripe allows fractions of a minor unit there. References to other objects are ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


def _nothing() -> Mapping[str, str]:
    """Return one mapping for all who have nothing in it."""
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is sold."""

    id: str
    name: str
    created: int
    updated: int
    active: bool = True
    default_price: str | None = None
    unit_label: str | None = None
    metadata: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a price: up to ``up_to`` units (None: the rest), each at ``unit_amount``, plus ``flat_amount``."""

    up_to: int | None
    unit_amount: str
    flat_amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """How a product is charged: by ``unit_amount``, or by ``tiers`` in ``tiers_mode`` graduated or volume.

    ``meter`` makes it metered. ``divide_by`` charges packages of that many units, rounded ``round`` (up or down).
    ``inline``: made for one subscription, so that no list shows it. ``currency_options`` are unit amounts by currency.
    """

    id: str
    product: str
    currency: str
    created: int
    unit_amount: str | None = None
    interval: str = "month"
    interval_count: int = 1
    meter: str | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    divide_by: int | None = None
    round: str = "up"
    lookup_key: str | None = None
    nickname: str | None = None
    active: bool = True
    inline: bool = False
    currency_options: Mapping[str, str] = field(default_factory=_nothing)
    metadata: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What counts the usage of metered prices, from events named ``event_name``."""

    id: str
    name: str
    event_name: str
    created: int
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A reduction by percent or by amount; ``duration`` is once, repeating (``months``) or forever."""

    id: str
    name: str
    created: int
    duration: str
    months: int | None = None
    percent_off: str | None = None
    amount_off: int | None = None
    currency: str | None = None
    products: tuple[str, ...] = ()
    times_redeemed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A coupon in force: on an item or a subscription, or on all of a customer's that have none of their own."""

    id: str
    coupon: str
    customer: str
    start: int
    end: int | None = None
    subscription: str | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who pays. ``discount`` is the id of the discount that holds for all its subscriptions."""

    id: str
    name: str
    email: str
    created: int
    invoice_prefix: str
    currency: str | None = None
    discount: str | None = None
    metadata: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One price of a subscription, with its current period; a metered one has no quantity."""

    id: str
    price: str
    quantity: int | None
    created: int
    start: int
    end: int
    discounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """A collection pause: what happens to its invoices, and when it ends by itself."""

    behavior: str
    resumes_at: int | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a subscription ends: Stripe's reason, and the customer's own feedback."""

    reason: str | None = None
    feedback: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a customer pays for regularly. ``anchor`` fixes the day of the month; ``flexible`` is its billing mode."""

    id: str
    customer: str
    currency: str
    created: int
    start_date: int
    anchor: int
    items: tuple[Item, ...]
    status: str
    flexible: bool = False
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    ended_at: int | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    discounts: tuple[str, ...] = ()
    pause: Pause | None = None
    latest_invoice: str | None = None
    schedule: str | None = None
    metadata: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a schedule, from ``start`` to ``end``: which prices are held, and how many units of each."""

    start: int
    end: int
    items: tuple[tuple[str, int | None], ...]
    prorate: str = "create_prorations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a subscription will hold when: its phases, one after the other.

    ``end_behavior`` is release or cancel; ``status`` not_started, active, completed, released or canceled; ``current``
    is the place of the phase that runs.
    """

    id: str
    customer: str
    created: int
    phases: tuple[Phase, ...]
    subscription: str | None = None
    end_behavior: str = "release"
    status: str = "active"
    current: int | None = None
    canceled_at: int | None = None
    completed_at: int | None = None
    released_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice. ``invoice_item`` is set on a proration; ``credits`` names the line it gives back.

    ``discounts`` are what each discount takes off; ``own_discounts`` are those of its item, not of the whole invoice.
    """

    id: str
    amount: int
    description: str
    start: int
    end: int
    price: str
    quantity: int
    subscription: str
    item: str
    unit_amount: str | None
    invoice_item: str | None = None
    credits: tuple[str, str] | None = None
    discounts: tuple[tuple[str, int], ...] = ()
    own_discounts: tuple[str, ...] = ()

    @property
    def proration(self) -> bool:
        """Whether it only corrects a period that had been billed already."""
        return self.invoice_item is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A bill. ``lines`` are all of them; ``metadata`` is the subscription's when it was made."""

    id: str
    customer: str
    subscription: str
    currency: str
    created: int
    reason: str
    period_start: int
    period_end: int
    lines: tuple[Line, ...]
    discounts: tuple[str, ...] = ()
    status: str = "draft"
    number: str | None = None
    attempts: int = 0
    next_attempt: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    uncollectible_at: int | None = None
    voided_at: int | None = None
    metadata: Mapping[str, str] = field(default_factory=_nothing)

    @property
    def subtotal(self) -> int:
        """The sum of its lines before discounts."""
        return sum(line.amount for line in self.lines)

    @property
    def off(self) -> dict[str, int]:
        """What each discount takes off, by discount id."""
        amounts = dict.fromkeys(self.discounts, 0)
        for discount, amount in (pair for line in self.lines for pair in line.discounts):
            amounts[discount] = amounts.get(discount, 0) + amount
        return amounts

    @property
    def total(self) -> int:
        """What it comes to after discounts; below zero where more is given back than charged."""
        return self.subtotal - sum(self.off.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where webhooks are sent, and which; the ``secret`` signs them."""

    id: str
    url: str
    enabled_events: tuple[str, ...]
    created: int
    secret: str
    api_version: str | None = None
    description: str | None = None
    enabled: bool = True
    metadata: Mapping[str, str] = field(default_factory=_nothing)


Resource = Product | Price | Meter | Coupon | Discount | Customer | Subscription | Schedule | Invoice
