"""upswell connect."""
