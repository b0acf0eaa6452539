"""A small shop at the fake Stripe, in real time, for tests that ask it over HTTP."""

import time
from pathlib import Path

import pytest
from receiving import API_KEY, configured

from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe import Account, catalogue, changes, customers, subscriptions
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.fake_stripe.subscriptions import Terms, Wanted

DAY = 86_400


class Shop:
    """An account that is as old as is said, with one price of 10.00 a month for a seat; ``subscribe`` adds customers.

    Its ``url`` answers as Stripe does. ``now`` is the real time: what is asked for is bounded by it.
    """

    def __init__(self, *, days: int = 0, livemode: bool = False) -> None:
        self.now = int(time.time())
        self.account = Account(seed="shop", now=self.now - days * DAY, livemode=livemode)
        self.price = catalogue.add_price(
            self.account, catalogue.add_product(self.account, "Team"), currency="usd", unit_amount="1000"
        )
        self.url = ""

    def subscribe(self, seats: int = 1, terms: Terms | None = None) -> str:
        """Let a new customer begin; return the subscription's id."""
        customer = customers.add_customer(self.account, f"Customer {len(self.account.store.customers)}", "a@x.test")
        made = subscriptions.subscribe(self.account, customer, [Wanted(self.price, seats)], terms)
        self.account.advance(self.account.now)
        return made

    def seats(self, subscription: str, many: int) -> None:
        """Change how many seats a subscription has."""
        (item,) = self.account.store.subscriptions[subscription].items
        changes.change(self.account, subscription, [changes.Change(item.id, quantity=many)])

    def later(self, days: int) -> None:
        """Let ``days`` pass."""
        self.account.advance(self.account.now + days * DAY)


@pytest.fixture
def shop():
    """Give an account that is 20 days old, and answers."""
    shop = Shop(days=20)
    with serving(shop.account) as shop.url:
        yield shop


@pytest.fixture
def config(shop, tmp_path: Path):
    """Give the configuration of a ledger of that account, which exists."""
    found = configured(tmp_path, f'[stripe]\napi_base = "{shop.url}"\n', STRIPE_API_KEY=API_KEY)
    Ledger(found.ledger.path, create=True).close()
    return found


@pytest.fixture
def ledger(config):
    """Give the ledger."""
    with Ledger(config.ledger.path) as ledger:
        yield ledger
