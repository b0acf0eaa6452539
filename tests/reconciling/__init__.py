"""upswell reconcile."""
