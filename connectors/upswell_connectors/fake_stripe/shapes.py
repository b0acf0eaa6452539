"""Products, prices, plans, coupons, discounts and customers as JSON, in the shape of an API version.

Every function takes the value, the store it refers into, and the version.
"""

from typing import Any

from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.values import Coupon, Customer, Discount, Price, Product, Tier
from upswell_connectors.fake_stripe.versions import Version

Shape = dict[str, Any]

NESTED = 10
"""How many objects Stripe puts into a list inside another object."""


def product_shape(product: Product, store: Store, _version: Version) -> Shape:
    """Render a product."""
    return {
        "id": product.id,
        "object": "product",
        "active": product.active,
        "attributes": [],
        "created": product.created,
        "default_price": product.default_price,
        "description": None,
        "images": [],
        "livemode": store.livemode,
        "marketing_features": [],
        "metadata": dict(product.metadata),
        "name": product.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": product.unit_label,
        "updated": product.updated,
        "url": None,
    }


def price_shape(price: Price, store: Store, version: Version) -> Shape:
    """Render a price, without the tiers and currency options that come only when expanded."""
    return {
        "id": price.id,
        "object": "price",
        "active": price.active,
        "billing_scheme": "tiered" if price.tiers else "per_unit",
        "created": price.created,
        "currency": price.currency,
        "custom_unit_amount": None,
        "livemode": store.livemode,
        "lookup_key": price.lookup_key,
        "metadata": dict(price.metadata),
        "nickname": price.nickname,
        "product": price.product,
        "recurring": _recurring(price, version),
        "tax_behavior": "unspecified",
        "tiers_mode": price.tiers_mode,
        "transform_quantity": _transform(price),
        "type": "recurring",
        "unit_amount": whole(price.unit_amount),
        "unit_amount_decimal": price.unit_amount,
    }


def _recurring(price: Price, version: Version) -> Shape:
    legacy = {} if version.basil else {"aggregate_usage": None}
    return legacy | {
        "interval": price.interval,
        "interval_count": price.interval_count,
        "meter": price.meter,
        "trial_period_days": None,
        "usage_type": "metered" if price.meter else "licensed",
    }


def _transform(price: Price) -> Shape | None:
    return {"divide_by": price.divide_by, "round": price.round} if price.divide_by else None


def tier_shapes(price: Price) -> list[Shape]:
    """Render a price's tiers, for those who ask to expand them: no event carries them."""
    return [_tier(tier) for tier in price.tiers]


def option_shapes(price: Price) -> Shape:
    """Render what the price comes to in each of its currencies, its own among them."""
    own = {} if price.unit_amount is None else {price.currency: price.unit_amount}
    return {currency: _option(amount) for currency, amount in {**own, **price.currency_options}.items()}


def _option(amount: str) -> Shape:
    return {
        "custom_unit_amount": None,
        "tax_behavior": "unspecified",
        "unit_amount": whole(amount),
        "unit_amount_decimal": amount,
    }


def _tier(tier: Tier) -> Shape:
    return {
        "flat_amount": tier.flat_amount,
        "flat_amount_decimal": None if tier.flat_amount is None else str(tier.flat_amount),
        "unit_amount": whole(tier.unit_amount),
        "unit_amount_decimal": tier.unit_amount,
        "up_to": tier.up_to,
    }


def whole(amount: str | None) -> int | None:
    """Return a decimal amount as an integer, or None where it is fractional or absent, as Stripe does."""
    return int(amount) if amount is not None and "." not in amount else None


def plan_shape(price: Price, store: Store, version: Version) -> Shape:
    """Render a price as the plan that the live API still sends beside it."""
    legacy = {} if version.basil else {"aggregate_usage": None}
    return {
        "id": price.id,
        "object": "plan",
        "active": price.active,
        **legacy,
        "amount": whole(price.unit_amount),
        "amount_decimal": price.unit_amount,
        "billing_scheme": "tiered" if price.tiers else "per_unit",
        "created": price.created,
        "currency": price.currency,
        "interval": price.interval,
        "interval_count": price.interval_count,
        "livemode": store.livemode,
        "metadata": dict(price.metadata),
        "meter": price.meter,
        "nickname": price.nickname,
        "product": price.product,
        "tiers_mode": price.tiers_mode,
        "transform_usage": _transform(price),
        "trial_period_days": None,
        "usage_type": "metered" if price.meter else "licensed",
    }


def coupon_shape(coupon: Coupon, store: Store, _version: Version) -> Shape:
    """Render a coupon. ``applies_to`` comes only when expanded, so no event carries it."""
    return {
        "id": coupon.id,
        "object": "coupon",
        "amount_off": coupon.amount_off,
        "created": coupon.created,
        "currency": coupon.currency,
        "duration": coupon.duration,
        "duration_in_months": coupon.months,
        "livemode": store.livemode,
        "max_redemptions": None,
        "metadata": {},
        "name": coupon.name,
        "percent_off": None if coupon.percent_off is None else float(coupon.percent_off),
        "redeem_by": None,
        "times_redeemed": coupon.times_redeemed,
        "valid": True,
    }


def discount_shape(discount: Discount, store: Store, version: Version) -> Shape:
    """Render a discount: with its coupon inside, or since 2025-09-30 with the coupon's id under ``source``."""
    if version.discount_source:
        source: Shape = {"source": {"coupon": discount.coupon, "type": "coupon"}}
    else:
        source = {"coupon": coupon_shape(store.coupons.known(discount.coupon), store, version)}
    account = {"customer_account": None} if version.discount_source else {}
    return {
        "id": discount.id,
        "object": "discount",
        "checkout_session": None,
        "customer": discount.customer,
        **account,
        "end": discount.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        **source,
        "start": discount.start,
        "subscription": discount.subscription,
        "subscription_item": discount.item,
    }


def customer_shape(customer: Customer, store: Store, version: Version) -> Shape:
    """Render a customer; its discount is always there in full."""
    discount = store.discounts[customer.discount] if customer.discount else None
    account = {"customer_account": None} if version.discount_source else {}
    return {
        "id": customer.id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": customer.created,
        "currency": customer.currency,
        **account,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": discount_shape(discount, store, version) if discount else None,
        "email": customer.email,
        "invoice_prefix": customer.invoice_prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": store.livemode,
        "metadata": dict(customer.metadata),
        "name": customer.name,
        "next_invoice_sequence": store.invoices_of.get(customer.id, 0) + 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
