"""What a first backfill says of the past: when what lasts today began, and what is gone from Stripe."""

from functools import partial

import pytest

from backfill.conftest import movements, rows, run
from upswell.core.clocks import utc
from upswell_connectors.fake_stripe import billing, catalogue, changes, customers, subscriptions
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.changes import Change
from upswell_connectors.fake_stripe.crowd import crowd
from upswell_connectors.fake_stripe.faults import Tally
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.fake_stripe.subscriptions import Wanted

BEGUN = 1_768_471_200
LATER = 1_790_000_000

_PAUSES = """
SELECT m.occurred_at, m.cause, m.reason LIKE '%nothing tells when%',
    (SELECT min(invoice) FROM usage AS first WHERE first.line = '' AND first.voided
        AND first.subscription = s.subscription AND first.invoiced_at > (
            SELECT max(paid.invoiced_at) FROM usage AS paid
            WHERE paid.line = '' AND NOT paid.voided AND paid.subscription = s.subscription))
FROM snapshots AS s JOIN movements AS m USING (subscription)
WHERE json_extract(s.value, '$.pause') = 'void' AND m.kind = 'churn' AND m.mrr_after = 0
"""


@pytest.fixture
def shop():
    """Return an account with a price, and one subscription of five seats on it that began in January."""
    account = Account(seed="past", now=BEGUN)
    kite = catalogue.add_product(account, "Kite")
    price = catalogue.add_price(account, kite, currency="usd", unit_amount="1000")
    customer = customers.add_customer(account, "Ann", "ann@example.com")
    held = subscriptions.subscribe(account, customer, [Wanted(price, 5)])
    return account, price, held


def after(account, days, happens):
    """Let something happen some days after the beginning, and let those pass."""
    account.at(BEGUN + days * billing.DAY, happens, asked=True)
    account.advance(BEGUN + days * billing.DAY)


def test_a_pause_is_dated_by_the_first_invoice_that_it_voided(shop):
    """A subscription that is paused now is churn since the first period that was not billed, and not since today."""
    account, _, held = shop
    after(account, 70, partial(subscriptions.pause_collection, account, held, "void"))
    account.advance(BEGUN + 200 * billing.DAY)
    with serving(account) as url:
        run(url)
    ((invoice, at),) = rows("SELECT invoice, min(invoiced_at) FROM usage WHERE line = '' AND voided")
    assert rows("SELECT kind, occurred_at, source, cause FROM movements ORDER BY step")[1:] == [
        ("churn", utc(at), "reconstructed", invoice)
    ]


def test_of_a_crowds_pauses_only_those_after_the_last_invoice_are_undated():
    """Each pause that voided an invoice is dated by the first of them; one that did not yet is closed at the look."""
    with serving(crowd(300, until=LATER)) as url:
        run(url)
    pauses = rows(_PAUSES)
    assert [cause for _, cause, undated, _ in pauses if not undated] == [first for *_, first in pauses if first]
    assert {bool(undated) for _, _, undated, _ in pauses} == {True, False}


def swapped(shop):
    """Move the subscription to a dearer price after two months, and delete the one that it was on."""
    account, price, held = shop
    dearer = catalogue.add_price(account, account.store.prices[price].product, currency="usd", unit_amount="2000")
    (item,) = account.store.subscriptions[held].items
    after(account, 65, partial(changes.change, account, held, [Change(item.id, dearer)]))
    account.advance(BEGUN + 100 * billing.DAY)
    del account.store.prices[price]
    return account


def test_a_price_that_stripe_deleted_is_derived_from_what_it_was_billed(shop):
    """What a customer held at a plan that Stripe does not know any more is in its history, at what was charged."""
    with serving(swapped(shop)) as url:
        done = run(url)
    assert (done.lost, done.applied.failed) == (1, 0)
    assert [row[:2] for row in rows("SELECT kind, amount, cause FROM movements ORDER BY step")] == [
        ("new", 5000),
        ("upgrade", 5000),
    ]


def test_stripe_is_asked_once_for_a_price_that_it_deleted(shop):
    """That Stripe does not know a price is kept: a later run asks for it no more, and says the same."""
    tally = Tally()
    with serving(swapped(shop), tally=tally) as url:
        run(url)
        first = movements()
        assert tally.statuses[404] == 1
        assert run(url, full=True).lost == 1
    assert tally.statuses[404] == 1
    assert movements() == first != []


def test_a_customer_whose_price_nobody_asked_for_waits(shop, monkeypatch):
    """Until Stripe was asked, a price is not guessed: the customer waits with the reason, and is told after."""
    account = swapped(shop)
    with serving(account) as url:
        with monkeypatch.context() as patch:
            patch.setattr("upswell.fetching.backfill._read_inline_prices", lambda _run: None)
            done = run(url)
        assert done.applied.failed == 1
        assert "which nobody told of yet" in done.applied.reasons[0]
        assert movements() == []
        assert run(url, full=True).applied.failed == 0
    assert len(movements()) == 2
