"""Stripe's invoices of any API version from 2020 on, as the rows that the core reads.

Where things stood and since when they moved: https://docs.stripe.com/changelog/basil (2025-03-31).
"""

from collections.abc import Iterable
from dataclasses import replace

from msgspec import Struct

from upswell.core.usage import Billed
from upswell_connectors import objects, payloads


class Period(Struct):
    """A line's service period."""

    start: payloads.Int
    end: payloads.Int


class LineItemDetails(Struct):
    """What a line bills, since basil; an invoice item's names no subscription item."""

    subscription: str | None = None
    subscription_item: str | None = None
    proration: bool = False


class LineParent(Struct):
    """Where a line comes from, since basil."""

    subscription_item_details: LineItemDetails | None = None
    invoice_item_details: LineItemDetails | None = None


class PriceDetails(Struct):
    """The price of a line, since basil."""

    price: str | payloads.Ref | None = None


class Pricing(Struct):
    """How a line came to its amount, since basil."""

    price_details: PriceDetails | None = None


class DiscountAmount(Struct):
    """What a discount took off a line."""

    amount: payloads.Int
    discount: str | payloads.Discount


class Line(Struct):
    """An invoice line."""

    id: str
    amount: payloads.Int
    period: Period
    currency: str | None = None
    proration: bool = False
    quantity: payloads.Int | None = None
    subscription: str | payloads.Ref | None = None
    subscription_item: str | None = None
    parent: LineParent | None = None
    price: str | payloads.Ref | None = None
    plan: str | payloads.Ref | None = None
    pricing: Pricing | None = None
    discounts: list[str | payloads.Discount] | None = None
    discount_amounts: list[DiscountAmount] | None = None


class Lines(Struct):
    """An invoice's nested list of lines."""

    data: list[Line]
    has_more: bool = False


class Transitions(Struct):
    """When an invoice changed its status."""

    finalized_at: payloads.Int | None = None


class SubscriptionDetails(Struct):
    """The subscription of an invoice, since basil."""

    subscription: str | payloads.Ref | None = None


class InvoiceParent(Struct):
    """Where an invoice comes from, since basil."""

    subscription_details: SubscriptionDetails | None = None


class Invoice(Struct):
    """An invoice."""

    id: str
    currency: str
    customer: str | payloads.Ref | None = None
    status: str | None = None
    billing_reason: str | None = None
    created: payloads.Int = 0
    period_start: payloads.Int = 0
    period_end: payloads.Int = 0
    subscription: str | payloads.Ref | None = None
    parent: InvoiceParent | None = None
    discount: payloads.Discount | None = None
    discounts: list[str | payloads.Discount] | None = None
    status_transitions: Transitions | None = None
    lines: Lines | None = None


def rows(payload: Invoice, at: int) -> tuple[Billed, ...]:
    """Return a finalized invoice's rows, itself first; none for a draft and for an invoice of no subscription.

    ``at`` (unix seconds UTC) is when it was told of: an invoice that does not say when it was finalized was so then.
    """
    subscription = _subscription_of(payload)
    if payload.status in {None, "draft"} or subscription is None or payload.customer is None:
        return ()
    of_invoice = Billed(
        invoice=payload.id,
        line="",
        subscription=subscription,
        item="",
        period_start=payload.period_start,
        period_end=payload.period_end,
        amount=0,
        currency=objects.currency_of(payload.currency),
        billing_reason=payload.billing_reason or "",
        invoiced_at=payload.created,
        finalized_at=_finalized(payload) or payload.created or at,
        voided=payload.status == "void",
        discounts=_ids(objects.listed_discounts(payload.discounts, payload.discount)),
    )
    lines = payload.lines.data if payload.lines else []
    return (of_invoice, *(row for line in lines if (row := _billed(line, of_invoice))))


def carried(payload: Invoice) -> list[payloads.Discount]:
    """Return the discounts that an invoice and its lines carry whole."""
    lines = payload.lines.data if payload.lines else []
    listed = [*objects.listed_discounts(payload.discounts, payload.discount)]
    listed += [one for line in lines for one in line.discounts or []]
    return [one for one in listed if isinstance(one, payloads.Discount)]


def _subscription_of(payload: Invoice) -> str | None:
    if payload.subscription:
        return objects.id_of(payload.subscription)
    details = payload.parent.subscription_details if payload.parent else None
    return objects.id_of(details.subscription) if details and details.subscription else None


def _finalized(payload: Invoice) -> int | None:
    return payload.status_transitions.finalized_at if payload.status_transitions else None


def _billed(line: Line, invoice: Billed) -> Billed | None:
    """Read what a subscription is billed; a one-off item says nothing, and a proration is read without its item too."""
    parent = line.parent or LineParent()
    details = parent.subscription_item_details or parent.invoice_item_details or LineItemDetails()
    item, proration = line.subscription_item or details.subscription_item, line.proration or details.proration
    if not item and not proration:
        return None
    owner = line.subscription or details.subscription
    return replace(
        invoice,
        line=line.id,
        subscription=objects.id_of(owner) if owner else invoice.subscription,
        item=item or "",
        period_start=line.period.start,
        period_end=line.period.end,
        amount=line.amount,
        price=_price(line),
        quantity=line.quantity,
        proration=proration,
        discounts=_ids(line.discounts or []),
        off=tuple((objects.id_of(one.discount), one.amount) for one in line.discount_amounts or []),
    )


def _price(line: Line) -> str:
    named = line.pricing.price_details.price if line.pricing and line.pricing.price_details else None
    shown = named or line.price or line.plan
    return objects.id_of(shown) if shown else ""


def _ids(listed: Iterable[str | payloads.Discount]) -> tuple[str, ...]:
    return tuple(objects.id_of(one) for one in listed)
