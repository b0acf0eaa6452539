"""The parts of Stripe's payloads that Upswell reads, over all API versions from 2020 on.

A field that moved is declared in each of its places; ``shapes`` takes the one that is there.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

Int = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Decimal = str | Int | float


class Data(Struct):
    """What an event is about: the object as it was then, and what a change left behind."""

    object: dict[str, Any]
    previous_attributes: dict[str, Any] | None = None


class Event(Struct):
    """An event; a thin one writes its time out and carries no object."""

    id: str
    type: str
    created: Int | str
    object: str = "event"
    data: Data | None = None


class Ref(Struct):
    """An expanded object of which only the id matters."""

    id: str


class Tier(Struct):
    """A price tier."""

    up_to: Int | str | None = None
    unit_amount: Int | None = None
    unit_amount_decimal: Decimal | None = None
    flat_amount: Int | None = None
    flat_amount_decimal: Decimal | None = None


class Amounts(Struct):
    """What a price costs in one currency."""

    unit_amount: Int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None


class Recurring(Struct):
    """A price's interval."""

    interval: str
    interval_count: Int = 1
    usage_type: str = "licensed"
    meter: str | None = None


class Transform(Struct):
    """A price's transform_quantity or a plan's transform_usage."""

    divide_by: Int
    round: str


class Price(Amounts, kw_only=True):
    """A price, or the plan that older payloads carry in its place."""

    id: str
    product: str | Ref | None = None
    currency: str
    recurring: Recurring | None = None
    billing_scheme: str = "per_unit"
    tiers_mode: str | None = None
    currency_options: dict[str, Amounts] | None = None
    transform_quantity: Transform | None = None
    nickname: str | None = None
    lookup_key: str | None = None
    active: bool = True
    created: Int = 0
    metadata: dict[str, Any] | None = None
    amount: Int | None = None
    amount_decimal: Decimal | None = None
    interval: str | None = None
    interval_count: Int = 1
    usage_type: str = "licensed"
    transform_usage: Transform | None = None


class Product(Struct):
    """A product."""

    id: str
    name: str | None = None
    metadata: dict[str, Any] | None = None


class AppliesTo(Struct):
    """The products a coupon is for."""

    products: list[str] | None = None


class CouponAmount(Struct):
    """A coupon's amount in one currency."""

    amount_off: Int


class Coupon(Struct):
    """A coupon."""

    id: str
    duration: str
    percent_off: Decimal | None = None
    amount_off: Int | None = None
    currency: str | None = None
    currency_options: dict[str, CouponAmount] | None = None
    applies_to: AppliesTo | None = None
    name: str | None = None
    created: Int = 0
    duration_in_months: Int | None = None


class Source(Struct):
    """Where a discount comes from, since clover."""

    coupon: str | Coupon | None = None


class Discount(Struct):
    """A coupon applied to somebody; before 2020-08 it had no id."""

    id: str | None = None
    coupon: str | Coupon | None = None
    source: Source | None = None
    start: Int = 0
    end: Int | None = None
    customer: str | Ref | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None


class Alert(Struct):
    """A threshold of usage that the merchant set on a meter."""

    id: str
    title: str | None = None


class Triggered(Struct):
    """That a customer reached an alert's threshold; who is forgotten leaves no alert behind."""

    customer: str | Ref | None = None
    alert: Alert | None = None


class Address(Struct):
    """An address."""

    country: str | None = None


class Customer(Struct):
    """A customer."""

    id: str
    name: str | None = None
    email: str | None = None
    address: Address | None = None
    metadata: dict[str, Any] | None = None
    discount: str | Discount | None = None


class Trial(Struct):
    """An item's own trial."""

    end_date: Int | None = None


class Item(Struct):
    """A subscription item."""

    id: str
    price: Price | None = None
    plan: Price | None = None
    quantity: Int | None = None
    discounts: list[str | Discount] | None = None
    current_trial: Trial | None = None
    current_period_end: Int | None = None
    deleted: bool = False


class Items(Struct):
    """A subscription's nested list of items."""

    data: list[Item]
    has_more: bool = False


class Pause(Struct):
    """A subscription's pause_collection."""

    behavior: str


class PendingUpdate(Struct):
    """What a subscription waits to become once its invoice is paid."""

    expires_at: Int
    subscription_items: list[Item] | None = None
    trial_end: Int | None = None
    discount: Discount | None = None
    discounts: list[str | Discount] | None = None


class Subscription(Struct):
    """A subscription."""

    id: str
    customer: str | Ref
    status: str
    items: Items
    currency: str | None = None
    discount: Discount | None = None
    discounts: list[str | Discount] | None = None
    pause_collection: Pause | None = None
    created: Int = 0
    start_date: Int | None = None
    trial_end: Int | None = None
    ended_at: Int | None = None
    cancel_at: Int | None = None
    cancel_at_period_end: bool = False
    current_period_end: Int | None = None
    pending_update: PendingUpdate | None = None
    metadata: dict[str, Any] | None = None
