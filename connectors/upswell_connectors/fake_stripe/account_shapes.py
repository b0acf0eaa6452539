"""The account, its webhook endpoints, its meters and what these counted as JSON; no version moved anything in them."""

from upswell_connectors.fake_stripe.shapes import Shape
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.values import Endpoint, Meter
from upswell_connectors.fake_stripe.versions import Version


def account_shape(id_: str, created: int) -> Shape:
    """Render the account that a key belongs to."""
    return {
        "id": id_,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "billing@fake-stripe.example",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def endpoint_shape(endpoint: Endpoint, store: Store, _version: Version) -> Shape:
    """Render a webhook endpoint, without the secret that only its creation tells."""
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "api_version": endpoint.api_version,
        "application": None,
        "created": endpoint.created,
        "description": endpoint.description,
        "enabled_events": list(endpoint.enabled_events),
        "livemode": store.livemode,
        "metadata": dict(endpoint.metadata),
        "status": "enabled" if endpoint.enabled else "disabled",
        "url": endpoint.url,
    }


def meter_shape(meter: Meter, store: Store, _version: Version) -> Shape:
    """Render a meter."""
    return {
        "id": meter.id,
        "object": "billing.meter",
        "created": meter.created,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": {"formula": "sum"},
        "display_name": meter.name,
        "event_name": meter.event_name,
        "event_time_window": None,
        "livemode": store.livemode,
        "status": "active" if meter.active else "inactive",
        "status_transitions": {"deactivated_at": None},
        "updated": meter.created,
        "value_settings": {"event_payload_key": "value"},
    }


def summary_shape(meter: str, window: tuple[int, int], units: int, store: Store) -> Shape:
    """Render what a customer used of a meter within a window (unix seconds)."""
    start, end = window
    return {
        "id": f"mtrusg_{meter.removeprefix('mtr_')}{start}{end}",
        "object": "billing.meter_event_summary",
        "aggregated_value": units,
        "end_time": end,
        "livemode": store.livemode,
        "meter": meter,
        "start_time": start,
    }
