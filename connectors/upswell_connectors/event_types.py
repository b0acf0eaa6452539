"""The types of events that Upswell reads: what its webhook endpoint is sent, and what it asks ``/v1/events`` for."""

_SEVERAL = {
    "customer.subscription": (
        *("created", "updated", "deleted", "paused", "resumed"),
        *("pending_update_applied", "pending_update_expired", "trial_will_end"),
    ),
    "subscription_schedule": (*("created", "updated", "released", "canceled", "completed", "aborted", "expiring"),),
    # Never invoice.created: while an endpoint that asked for it fails, Stripe delays invoices by up to 72 hours.
    "invoice": ("finalized", "paid", "voided", "marked_uncollectible"),
    **dict.fromkeys(("customer", "customer.discount", "coupon", "price", "product"), ("created", "updated", "deleted")),
}

EVENT_TYPES = tuple(f"{name}.{verb}" for name, verbs in _SEVERAL.items() for verb in verbs)
"""Every one, in the order in which the reference lists them."""

MOST_AT_ONCE = 20
"""How many types Stripe takes in one request."""
