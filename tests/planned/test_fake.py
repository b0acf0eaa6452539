"""What the fake Stripe plans is scheduled, and what it does in the end is what was scheduled."""

import json

import pytest
from scenarios.runner import looked_at

from upswell_connectors.fake_stripe import ACACIA, BASIL, ENDIVE, Account, schedules
from upswell_connectors.fake_stripe.catalogue import add_price, add_product
from upswell_connectors.fake_stripe.customers import add_customer
from upswell_connectors.fake_stripe.subscriptions import Wanted, cancel_at_period_end, subscribe
from upswell_connectors.fake_stripe.values import Phase

DAY = 86_400
SAME = ("occurred_at", "kind", "amount", "mrr_before", "mrr_after", "price_from", "price_to", "reason")


def movements(lines) -> list[list[object]]:
    """Return movements that are printed as lines, in what a plan can know of them."""
    return [[json.loads(line)[key] for key in SAME] for line in lines]


@pytest.fixture(params=[ACACIA, BASIL, ENDIVE], ids=lambda version: version.name)
def account(request: pytest.FixtureRequest) -> Account:
    """Give an account in one of Stripe's versions."""
    return Account(seed="plans", now=1_768_471_200, version=request.param)


@pytest.fixture
def shop(account: Account) -> dict[str, str]:
    """Give two monthly prices and a customer."""
    pro, max_ = add_product(account, "Pro"), add_product(account, "Max")
    return {
        "small": add_price(account, pro, currency="usd", unit_amount="2000"),
        "large": add_price(account, max_, currency="usd", unit_amount="5000"),
        "customer": add_customer(account, "Nobody", "nobody@nowhere.example"),
    }


@pytest.mark.parametrize("begun", [True, False])
def test_phases_come_as_they_were_scheduled(account: Account, shop: dict[str, str], begun: bool) -> None:
    """Whatever version events are in, a schedule's phases and its end are told before as they are counted after."""
    start = account.now if begun else account.now + 5 * DAY
    made = subscribe(account, shop["customer"], [Wanted(shop["small"])]) if begun else None
    account.advance(account.now)
    phases = [
        Phase(start, start + 10 * DAY, ((shop["small"], 1),)),
        Phase(start + 10 * DAY, start + 20 * DAY, ((shop["large"], 3),)),
        Phase(start + 20 * DAY, start + 25 * DAY, ((shop["large"], 3), (shop["small"], 2))),
    ]
    schedules.schedule(account, shop["customer"], phases, subscription=made, end_behavior="cancel")
    before, ahead = looked_at([account.events])
    account.advance(start + 26 * DAY)
    after, left = looked_at([account.events])
    assert len(ahead) == 4 + (not begun)
    assert movements(after)[len(before) :] == movements(ahead)
    assert left == ()


def test_a_cancellation_comes_as_it_was_scheduled(account: Account, shop: dict[str, str]) -> None:
    """By the flag or by a date alone, it is told before as it is counted after."""
    made = subscribe(account, shop["customer"], [Wanted(shop["small"], 4)])
    account.advance(account.now + 3 * DAY)
    cancel_at_period_end(account, made)
    before, ahead = looked_at([account.events])
    account.advance(account.now + 40 * DAY)
    after, left = looked_at([account.events])
    assert (len(before), len(ahead), left) == (1, 1, ())
    assert movements(after)[1:] == movements(ahead)
