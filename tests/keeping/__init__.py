"""Keeping the ledger complete."""
