"""Everything an account holds, by id."""

from dataclasses import dataclass, field

from upswell_connectors.fake_stripe.shelves import Shelf
from upswell_connectors.fake_stripe.values import (
    Coupon,
    Customer,
    Discount,
    Endpoint,
    Invoice,
    Line,
    Meter,
    Price,
    Product,
    Schedule,
    Subscription,
)


@dataclass(slots=True)
class Store:
    """The latest value of every object, in the order of creation; ``livemode`` says in which of Stripe's two modes.

    ``prorations`` are lines waiting for their subscription's next invoice; ``usage`` is the units used so far in the
    current period, and ``billed`` the invoice and line that last charged for a whole period, both by item id;
    ``invoices_of`` counts each customer's numbered invoices; ``declined`` are the customers whose card is declined.
    """

    livemode: bool = False
    products: Shelf[Product] = field(default_factory=Shelf)
    prices: Shelf[Price] = field(default_factory=Shelf)
    coupons: Shelf[Coupon] = field(default_factory=Shelf)
    discounts: dict[str, Discount] = field(default_factory=dict)
    customers: Shelf[Customer] = field(default_factory=Shelf)
    subscriptions: Shelf[Subscription] = field(default_factory=Shelf)
    schedules: Shelf[Schedule] = field(default_factory=Shelf)
    invoices: Shelf[Invoice] = field(default_factory=Shelf)
    meters: Shelf[Meter] = field(default_factory=Shelf)
    endpoints: Shelf[Endpoint] = field(default_factory=Shelf)
    prorations: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    billed: dict[str, tuple[str, str]] = field(default_factory=dict)
    invoices_of: dict[str, int] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
