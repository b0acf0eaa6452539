"""Forgetting a customer: the figures stay, the person goes."""
