"""What is told at once: found, put on its way, and sent to channels and endpoints."""
