"""Subscriptions and their items as JSON, in the shape of an API version."""

from upswell_connectors.fake_stripe.shapes import NESTED, Shape, discount_shape, plan_shape, price_shape
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.values import Item, Subscription
from upswell_connectors.fake_stripe.versions import Version


def subscription_shape(subscription: Subscription, store: Store, version: Version) -> Shape:
    """Render a subscription: discounts as ids; periods on it or, since basil, on its items."""
    return _base(subscription, store) | _items(subscription, store, version) | _moved(subscription, store, version)


def _base(subscription: Subscription, store: Store) -> Shape:
    return {
        "id": subscription.id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": subscription.anchor,
        "billing_cycle_anchor_config": None,
        "billing_thresholds": None,
        "cancel_at": subscription.cancel_at,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "canceled_at": subscription.canceled_at,
        "cancellation_details": {
            "comment": subscription.cancellation.comment,
            "feedback": subscription.cancellation.feedback,
            "reason": subscription.cancellation.reason,
        },
        "collection_method": "charge_automatically",
        "created": subscription.created,
        "currency": subscription.currency,
        "customer": subscription.customer,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": list(subscription.discounts),
        "ended_at": subscription.ended_at,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "latest_invoice": subscription.latest_invoice,
        "livemode": store.livemode,
        "metadata": dict(subscription.metadata),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": _pause(subscription),
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": subscription.schedule,
        "start_date": subscription.start_date,
        "status": subscription.status,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": subscription.trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": subscription.trial_start,
    }


def _pause(subscription: Subscription) -> Shape | None:
    pause = subscription.pause
    return {"behavior": pause.behavior, "resumes_at": pause.resumes_at} if pause else None


def _items(subscription: Subscription, store: Store, version: Version) -> Shape:
    """Return ``items``, and the legacy top-level plan and quantity, which only a single item has."""
    single = subscription.items[0] if len(subscription.items) == 1 else None
    return {
        "items": {
            "object": "list",
            "data": [item_shape(item, subscription, store, version) for item in subscription.items[:NESTED]],
            "has_more": len(subscription.items) > NESTED,
            "total_count": len(subscription.items),
            "url": f"/v1/subscription_items?subscription={subscription.id}",
        },
        "plan": plan_shape(store.prices[single.price], store, version) if single else None,
        "quantity": single.quantity if single else None,
    }


def item_shape(item: Item, subscription: Subscription, store: Store, version: Version) -> Shape:
    """Render one item of a subscription: with its period, since basil; discounts as ids."""
    price = store.prices[item.price]
    shape: Shape = {
        "id": item.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": item.created,
        "discounts": list(item.discounts),
        "metadata": {},
        "plan": plan_shape(price, store, version),
        "price": price_shape(price, store, version),
        "subscription": subscription.id,
        "tax_rates": [],
    }
    if version.basil:
        shape |= {"current_period_end": item.end, "current_period_start": item.start}
    if version.item_trials:
        shape["current_trial"] = None
    return shape if item.quantity is None else shape | {"quantity": item.quantity}


def _moved(subscription: Subscription, store: Store, version: Version) -> Shape:
    """Return the fields that only some versions have."""
    shape: Shape = {}
    if not version.basil:
        first = store.discounts[subscription.discounts[0]] if subscription.discounts else None
        shape |= {
            "current_period_end": max(item.end for item in subscription.items),
            "current_period_start": min(item.start for item in subscription.items),
            "discount": discount_shape(first, store, version) if first else None,
        }
    if version.billing_mode:
        shape["billing_mode"] = _billing_mode(subscription)
    if version.discount_source:
        shape |= {"billing_schedules": [], "customer_account": None, "managed_payments": {"enabled": False}}
    return shape


def _billing_mode(subscription: Subscription) -> Shape:
    if not subscription.flexible:
        return {"flexible": None, "type": "classic"}
    flexible = {"proration_discounts": "included"}
    return {"flexible": flexible, "type": "flexible", "updated_at": subscription.created}
