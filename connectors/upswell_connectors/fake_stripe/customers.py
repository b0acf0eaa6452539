"""Customers: who they are, and what is noted about them."""

from collections.abc import Mapping
from dataclasses import replace

from upswell_connectors.fake_stripe import subscriptions
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.values import NOTHING, Customer


def add_customer(account: Account, name: str, email: str, *, metadata: Mapping[str, str] = NOTHING) -> str:
    """Create a customer and return its id."""
    id_ = account.ids.make("cus")
    account.add(
        Customer(
            id=id_,
            name=name,
            email=email,
            created=account.now,
            invoice_prefix=id_[-8:].upper(),
            metadata=metadata,
        )
    )
    return id_


def note(account: Account, customer: str, metadata: Mapping[str, str]) -> None:
    """Add ``metadata`` to what is noted about a customer."""
    before = account.store.customers[customer]
    account.update(replace(before, metadata={**before.metadata, **metadata}))


def delete(account: Account, customer: str) -> None:
    """Delete a customer: its subscriptions end at once, its invoices stay."""
    for found in list(account.store.subscriptions.values()):
        if found.customer == customer and found.ended_at is None:
            subscriptions.end(account, found.id)
    account.delete(account.store.customers[customer])
