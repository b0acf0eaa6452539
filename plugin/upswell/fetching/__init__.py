"""What is read from Stripe, and kept in line with it: history, events that were missed, endpoints, meters."""
