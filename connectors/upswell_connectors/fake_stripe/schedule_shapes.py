"""Subscription schedules and their phases as JSON."""

from upswell_connectors.fake_stripe.shapes import Shape
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.values import Phase, Schedule
from upswell_connectors.fake_stripe.versions import Version


def schedule_shape(schedule: Schedule, store: Store, version: Version) -> Shape:
    """Render a schedule with all its phases; their prices are ids."""
    released = schedule.status == "released"
    shape: Shape = {
        "id": schedule.id,
        "object": "subscription_schedule",
        "application": None,
        "canceled_at": schedule.canceled_at,
        "completed_at": schedule.completed_at,
        "created": schedule.created,
        "current_phase": _current(schedule),
        "customer": schedule.customer,
        "default_settings": _defaults(),
        "end_behavior": schedule.end_behavior,
        "livemode": store.livemode,
        "metadata": {},
        "phases": [_phase(phase, store) for phase in schedule.phases],
        "released_at": schedule.released_at,
        "released_subscription": schedule.subscription if released else None,
        "status": schedule.status,
        "subscription": None if released else schedule.subscription,
        "test_clock": None,
    }
    if version.billing_mode:
        shape["billing_mode"] = {"flexible": None, "type": "classic"}
    if version.discount_source:
        shape["customer_account"] = None
    return shape


def _current(schedule: Schedule) -> Shape | None:
    if schedule.current is None or schedule.status != "active":
        return None
    phase = schedule.phases[schedule.current]
    return {"end_date": phase.end, "start_date": phase.start}


def _defaults() -> Shape:
    return {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
        "on_behalf_of": None,
        "transfer_data": None,
    }


def _phase(phase: Phase, store: Store) -> Shape:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": store.prices[phase.items[0][0]].currency,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": phase.end,
        "invoice_settings": None,
        "items": [_item(price, quantity) for price, quantity in phase.items],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": phase.prorate,
        "start_date": phase.start,
        "transfer_data": None,
        "trial_end": None,
    }


def _item(price: str, quantity: int | None) -> Shape:
    shape: Shape = {"billing_thresholds": None, "discounts": [], "metadata": {}, "price": price, "tax_rates": []}
    return shape if quantity is None else shape | {"quantity": quantity}
