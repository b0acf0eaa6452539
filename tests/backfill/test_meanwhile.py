"""What happens at Stripe while it is read is right in the end, wherever the reading was at that moment."""

import time

import pytest

from backfill.conftest import rows, run
from upswell_connectors.fake_stripe import changes, customers, subscriptions
from upswell_connectors.fake_stripe.changes import Change
from upswell_connectors.fake_stripe.crowd import crowd
from upswell_connectors.fake_stripe.faults import Faults
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.fake_stripe.subscriptions import Wanted

CLOSING = "SELECT customer, currency, sum(amount) AS mrr FROM movements GROUP BY customer, currency HAVING mrr != 0"

DATED = "SELECT * FROM movements WHERE reason NOT LIKE '%nothing tells when%' ORDER BY id"


def active(account, number):
    """Return one of the subscriptions that run on a flat or seat price, oldest first."""
    found = [one for one in account.store.subscriptions.values() if one.status == "active" and one.items[0].quantity]
    return found[number]


def more_seats(account):
    """Let an old customer take seats, and a young one."""
    for number in (0, -1):
        found = active(account, number)
        changes.change(account, found.id, [Change(found.items[0].id, quantity=found.items[0].quantity + 3)])


def leave(account):
    """Let one customer leave, and another disappear altogether."""
    subscriptions.end(account, active(account, 1).id)
    gone = active(account, 2)
    subscriptions.end(account, gone.id)
    customers.delete(account, gone.customer)


def arrive(account):
    """Let a customer come."""
    price = active(account, 3).items[0].price
    subscriptions.subscribe(account, customers.add_customer(account, "New", "new@example.com"), [Wanted(price, 4)])


def later(action):
    """Let something happen now, by the clock that answers are dated by."""

    def happen(account):
        account.advance(int(time.time()))
        action(account)

    return happen


@pytest.mark.parametrize("when", range(3, 14, 2))
def test_what_happens_while_it_is_read_is_right_in_the_end(when):
    """Seats, an end, a deleted customer and a new one, at any request: every customer pays what a later run says."""
    account = crowd(60, until=int(time.time()))
    meanwhile = {when: later(more_seats), when + 1: later(leave), when + 2: later(arrive)}
    with serving(account, faults=Faults(meanwhile=meanwhile)) as url:
        run(url, ledger="disturbed.db")
    with serving(account) as url:
        run(url, ledger="calm.db")
    assert rows(CLOSING, "disturbed.db") == rows(CLOSING, "calm.db")
    assert rows(DATED, "disturbed.db") == rows(DATED, "calm.db")
    assert (
        rows("SELECT count(*) FROM events", "disturbed.db") == rows("SELECT count(*) FROM events", "calm.db") != [(0,)]
    )
