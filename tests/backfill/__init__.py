"""Reading all of Stripe."""
