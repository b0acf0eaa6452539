"""What may be configured, what is, and what follows from it."""
