"""What a webhook endpoint at Stripe is to send: every event that Upswell reads, and no other."""

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

EVENTS = tuple(f"{name}.{verb}" for name, verbs in _SEVERAL.items() for verb in verbs)
"""Their types, in the order in which the reference lists them."""
