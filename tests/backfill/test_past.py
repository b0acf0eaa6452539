"""What a first backfill says of the past: when what lasts today began."""

from functools import partial

import pytest

from backfill.conftest import rows, run
from upswell.books import iso
from upswell_connectors.fake_stripe import billing, catalogue, customers, subscriptions
from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.crowd import crowd
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
        ("churn", iso(at), "reconstructed", invoice)
    ]


def test_of_a_crowds_pauses_only_those_after_the_last_invoice_are_undated():
    """Each pause that voided an invoice is dated by the first of them; one that did not yet is closed at the look."""
    with serving(crowd(300, until=LATER)) as url:
        run(url)
    pauses = rows(_PAUSES)
    assert [cause for _, cause, undated, _ in pauses if not undated] == [first for *_, first in pauses if first]
    assert {bool(undated) for _, _, undated, _ in pauses} == {True, False}
