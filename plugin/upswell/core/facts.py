"""Facts: what one Stripe payload says, in the core's own values."""

from dataclasses import dataclass

from upswell.core.catalogue import Customer, Product
from upswell.core.discounts import Coupon, Discount
from upswell.core.phases import Schedule
from upswell.core.prices import Price
from upswell.core.readings import Reading
from upswell.core.states import Snapshot, State
from upswell.core.usage import Billed

Thing = Price | Product | Coupon | Discount | Customer | Schedule

TABLES: dict[type, str] = {
    Customer: "customers",
    Product: "products",
    Price: "prices",
    Coupon: "coupons",
    Discount: "discounts",
    Schedule: "schedules",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A catalogue object, or a subscription schedule, as it was from ``at`` on (unix seconds UTC)."""

    at: int
    value: Thing


@dataclass(frozen=True, slots=True)
class Invoice:
    """A finalized invoice: its customer, and its rows, the first being the invoice itself."""

    customer: str
    rows: tuple[Billed, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one payload says. ``cut_off`` is the id of the object whose nested list goes on at Stripe."""

    state: State | None = None
    told: tuple[Told, ...] = ()
    invoice: Invoice | None = None
    cut_off: str | None = None
    snapshot: Snapshot | None = None
    reading: Reading | None = None
