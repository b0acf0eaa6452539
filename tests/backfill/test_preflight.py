"""What is wrong with a key, a ledger or a clock is said in one sentence, before anything is read."""

import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from standin import Standin, standing_in

from backfill.conftest import KEY, rows, run
from upswell.errors import Unreachable, UpswellError
from upswell.store.backlog import backlog, note
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe import Account
from upswell_connectors.fake_stripe.server import serving

EMPTY = {name: [] for name in ("products", "prices", "coupons", "customers", "subscriptions", "invoices", "events")}


def empty(account="acct_1"):
    """Return an account that holds nothing."""
    return Standin(account, **EMPTY)


def refused(url, words, **more):
    """Check that reading ends with one sentence that holds ``words`` and no secret, and return it."""
    with pytest.raises(UpswellError, match=words) as caught:
        run(url, **more)
    said = str(caught.value)
    assert "\n" not in said
    assert KEY not in said
    assert more.get("key", KEY) not in said
    return said


NO_KEYS = [("", "no Stripe API key in the environment variable STRIPE_API_KEY"), ("pk_live_1", "a publishable key")]
NO_KEYS += [("whsec_1", "a webhook's signing secret"), ("acct_1", "the id of an account")]


@pytest.mark.parametrize(("key", "words"), NO_KEYS)
def test_what_is_no_api_key_is_told_without_asking(key, words):
    """A missing key and what people take for one is told with the place and with what belongs there."""
    said = refused("http://127.0.0.1:9", words, key=key or "  ")
    assert "restricted key that may read products, prices" in said


def test_a_refused_key_is_told():
    """A key that Stripe refuses is told with where to put a valid one."""
    with serving(Account(seed="a", now=1_790_000_000), keys={}) as url:
        refused(url, "the API key is refused: put a valid one into the environment variable that .* api_key_env names")


def test_a_missing_permission_is_told_before_anything_is_read():
    """Every permission that a restricted key lacks is named at once, as Stripe's dashboard names it."""
    allowed = frozenset({"rak_product_read", "rak_price_read", "rak_plan_read", "rak_customer_read", "rak_event_read"})
    key = "rk_test_some"
    with serving(Account(seed="a", now=1_790_000_000), keys={key: allowed}) as url:
        said = refused(url, "may not read Coupons, Subscriptions, Invoices: give it read access", key=key)
    assert "environment variable STRIPE_API_KEY" in said


def test_a_key_that_may_not_see_its_account_may_read_it():
    """Stripe gives restricted keys no right to their account's own data; its refusal names the account all the same."""
    standin = empty()
    message = "The provided key 'rk_test_***' does not have the required permissions on account 'acct_7'."
    standin.lists["/v1/account"] = []
    standin.answer = refusing(standin, {"error": {"message": message, "type": "invalid_request_error"}})
    with standing_in(standin) as url:
        run(url, key="rk_test_1")
    assert rows("SELECT value FROM jobs WHERE name = 'owner'") == [('"acct_7"',)]


def refusing(standin, shape):
    """Return the answers of ``standin``, but for a refusal of its account."""
    answer = standin.answer
    return lambda path, query: (403, shape) if path == "/v1/account" else answer(path, query)


def test_a_key_of_the_other_mode_is_told():
    """A ledger of test mode takes no live key, and says which file and which key go together."""
    with standing_in(empty()) as url:
        run(url)
        said = refused(url, "reads live mode, and the ledger upswell.db holds test mode", key="sk_live_1")
    assert "use the test mode key, or name another file under [ledger] path" in said


def test_objects_of_the_other_mode_are_told():
    """Where the key does not say its mode, the first object does."""
    product = {"id": "prod_1", "object": "product", "name": "Kite", "created": 1_790_000_000, "livemode": True}
    with standing_in(Standin(**{**EMPTY, "products": [product]})) as url:
        run(url, key="a_key_of_a_stand_in", ledger="live.db")
        run(url, ledger="test.db", key="a_key_of_a_stand_in")
        assert rows("SELECT value FROM jobs WHERE name = 'bound_to'", "live.db") == [('{"livemode": true}',)]
        refused(url, "reads live mode, and the ledger other.db holds test mode", ledger="other.db")


def test_a_key_of_another_account_is_told():
    """A ledger belongs to one account: both are named, and what to do."""
    with standing_in(empty("acct_1")) as url:
        run(url)
    with standing_in(empty("acct_2")) as url:
        refused(url, "is of the account acct_2, and the ledger upswell.db holds acct_1: use a key of acct_1")


def test_a_connected_account_is_told():
    """A ledger of events that a platform's webhook brought cannot be read with a platform's key."""
    told = {"id": "evt_1", "type": "a.b", "created": 1, "livemode": False, "account": "acct_9", "data": {"object": {}}}
    with Ledger(Path("upswell.db"), create=True) as ledger:
        accept(ledger, [envelope(json.dumps(told).encode())])
    with standing_in(empty()) as url:
        refused(url, "events of the connected account acct_9.*name another file")


@pytest.mark.parametrize(("ahead", "words"), [(720, "12 minutes slow"), (-3600, "60 minutes fast")])
def test_a_clock_that_is_off_is_told(ahead, words):
    """More than five minutes off Stripe's clock, and the sentence says by how much and what it would break."""
    standin = empty()
    standin.headers = {"Date": formatdate(time.time() + ahead, usegmt=True)}
    with standing_in(standin) as url:
        refused(url, f"clock is {words}, by Stripe's: set it")


def test_a_clock_that_is_nearly_right_is_right():
    """Four minutes are no reason to stop."""
    standin = empty()
    standin.headers = {"Date": formatdate(time.time() + 240, usegmt=True)}
    with standing_in(standin) as url:
        run(url)


def test_nobody_there_is_told_soon():
    """Where nobody answers at all, a few tries are enough to say so."""
    with pytest.raises(Unreachable, match="there is no connection to Stripe"):
        run("http://127.0.0.1:9")


def test_an_account_that_refuses_later_keeps_what_was_read():
    """A key that is revoked on the way ends the run in one sentence; readers are told until the next one is through."""
    standin = Standin(**{**EMPTY, "subscription_schedules": []})
    standin.fault = lambda number, _path: (401, {}) if number > 5 else None
    with standing_in(standin) as url:
        refused(url, "the API key is refused")
        with Ledger(Path("upswell.db")) as ledger:
            assert note(backlog(ledger)) == "A backfill is not finished: `upswell backfill` goes on with it."
        standin.fault = lambda _number, _path: None
        first = len(standin.asked)
        run(url)
    with Ledger(Path("upswell.db")) as ledger:
        assert note(backlog(ledger)) is None
    assert [path for path, _ in standin.asked[first:]][:2] == ["/v1/account", "/v1/customers"]
