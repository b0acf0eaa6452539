"""Signals: which customers are ready for more, and why; pure functions of what is known of them at a moment."""
