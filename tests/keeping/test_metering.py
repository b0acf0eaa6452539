"""Reading billing meters: what customers used so far, with as few requests as it takes."""

from dataclasses import replace
from fractions import Fraction
from threading import Event

import pytest
from receiving import API_KEY
from shop import Shop

from keeping.conftest import Stopping
from upswell.commands.cli import run
from upswell.errors import Refused, ShapeError, Unreachable
from upswell.fetching import metering
from upswell.intake.applying import apply_pending
from upswell.intake.looking import look
from upswell.serving import keeping
from upswell.store import events, raised
from upswell.store.measures import readings_of
from upswell_connectors.client import Client
from upswell_connectors.fake_stripe import catalogue, customers, subscriptions
from upswell_connectors.fake_stripe.delivery import bodies
from upswell_connectors.fake_stripe.faults import Tally
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.fake_stripe.subscriptions import Wanted, use
from upswell_connectors.fake_stripe.values import Tier

SUMMARIES = "GET /v1/billing/meters/:id/event_summaries"
NAMES = "GET /v1/billing/meters"
READS = ["rak_accounts_kyc_basic_read", "rak_event_read", "rak_price_read", "rak_customer_read", "rak_coupon_read"]


class Metered(Shop):
    """A shop with a meter, and a price of which 1,000 calls a month are included."""

    def __init__(self, *, days: int = 50) -> None:
        super().__init__(days=days)
        self.meter = catalogue.add_meter(self.account, "API calls", "call")
        product = catalogue.add_product(self.account, "Calls")
        self.calls = catalogue.add_price(
            self.account, product, currency="usd", unit_amount="2", metadata={"upswell_limit": "1000"}, meter=self.meter
        )
        self.tally = Tally()

    def metered(self) -> tuple[str, str]:
        """Let a new customer begin with a metered item; return the customer and the item."""
        customer = customers.add_customer(self.account, f"Customer {len(self.account.store.customers)}", "a@x.test")
        made = subscriptions.subscribe(self.account, customer, [Wanted(self.calls, None)])
        self.account.advance(self.account.now)
        (item,) = self.account.store.subscriptions[made].items
        return customer, item.id

    @property
    def asked(self) -> dict[str, int]:
        """How many requests for meters there were."""
        return {name: self.tally.requests[name] for name in (NAMES, SUMMARIES) if self.tally.requests[name]}


@pytest.fixture
def shop():
    """Give an account with a meter, 50 days old, that answers."""
    shop = Metered()
    with serving(shop.account, tally=shop.tally) as shop.url:
        yield shop


def known(shop, ledger, config):
    """Let the ledger know what happened at the account."""
    events.accept(ledger, [events.envelope(body) for body in bodies(shop.account.events)])
    apply_pending(ledger, config.rules)


def held(ledger, customer):
    """Return what the ledger holds of a customer's usage."""
    return [(one.source, one.name, one.units, one.label) for one in readings_of(ledger.connection, customer)]


@pytest.fixture
def used(shop, ledger, config):
    """Let one of three customers have used 850 calls 12 days into its second period; return it."""
    shop.subscribe()
    shop.later(7)
    customer, item = shop.metered()
    shop.metered()
    shop.later(43)
    use(shop.account, item, 850)
    known(shop, ledger, config)
    return customer, item


def test_only_who_holds_a_metered_item_is_asked_for(shop, ledger, config, client, used):
    """A round takes one request for the meters' names, and one a customer and meter, of the running period alone."""
    customer, _ = used
    done = metering.read_meters(ledger, config, client)
    assert shop.asked == {NAMES: 1, SUMMARIES: 2}
    assert (done.requests, done.readings, done.trouble) == (3, 2, None)
    assert held(ledger, customer) == [("stripe", shop.meter, Fraction(850), "API calls")]
    (one,) = readings_of(ledger.connection, customer)
    (item,) = next(found.items for found in shop.account.store.subscriptions.values() if found.customer == customer)
    assert (one.start, one.end) == (item.start, item.end)


def test_what_was_read_is_told_as_a_signal(ledger, config, client, used, shop):
    """Usage near what the price says is included is raised, in the words of the meter."""
    metering.read_meters(ledger, config, client)
    look(ledger, config, int(client.now()))
    (one,) = raised.standing(ledger)
    assert one.customer == used[0]
    assert one.evidence.startswith("850 of 1,000 API calls, 1")
    assert "at this pace 1,000 on" in one.evidence


def test_tiers_that_no_event_told_are_asked_for_once(shop, ledger, config, client):
    """What the free tier of a price includes is asked for with the first who holds it, one request a price."""
    tiers = (Tier(1_000, "0"), Tier(None, "2"))
    product = catalogue.add_product(shop.account, "Exports")
    shop.calls = catalogue.add_price(
        shop.account, product, currency="usd", tiers=tiers, tiers_mode="graduated", meter=shop.meter
    )
    shop.later(7)
    (customer, item), _ = shop.metered(), shop.metered()
    shop.later(43)
    use(shop.account, item, 990)
    known(shop, ledger, config)
    for _ in range(2):
        metering.read_meters(ledger, config, client)
        apply_pending(ledger, config.rules)
    assert shop.tally.requests["GET /v1/prices/:id"] == 1
    look(ledger, config, int(client.now()))
    assert [(one.customer, one.signal) for one in raised.standing(ledger)] == [(customer, "usage_limit")]


def test_a_price_that_is_gone_stops_nobody(shop, ledger, config, client, monkeypatch):
    """A price that Stripe has deleted is passed over; where the key may not read prices, the round ends."""
    shop.calls = catalogue.add_price(
        shop.account,
        catalogue.add_product(shop.account, "Exports"),
        currency="usd",
        tiers=(Tier(1_000, "0"), Tier(None, "2")),
        tiers_mode="graduated",
        meter=shop.meter,
    )
    shop.metered()
    known(shop, ledger, config)
    faults = [Refused("Stripe does not know it any more", status=404), Refused("it may not", status=403)]
    monkeypatch.setattr(metering.StripeApi, "price", lambda *_: _given(faults.pop(0)))
    assert metering.read_meters(ledger, config, client).trouble is None
    assert metering.read_meters(ledger, config, client).trouble == "it may not"


def test_nothing_is_asked_again_within_six_hours(shop, config, client, ledger, used):
    """Turns of `serve` within six hours ask for nothing; the next round corrects the same reading."""
    turns = Stopping(3)
    keeping.keep_complete(config, client, turns)
    assert shop.asked == {NAMES: 1, SUMMARIES: 2}
    now = int(client.now())
    assert not metering.is_time(ledger, now)
    assert metering.is_time(ledger, now + 6 * 3600)
    use(shop.account, used[1], 50)
    metering.read_meters(ledger, config, client)
    assert [units for _, _, units, _ in held(ledger, used[0])] == [900]


def test_a_round_that_is_ended_goes_on(shop, ledger, config, client, used):
    """A round that is out of time, or stopped, goes on behind the last customer the next time."""
    first = metering.read_meters(ledger, config, client, seconds=0)
    stopping = Event()
    stopping.set()
    assert metering.read_meters(ledger, config, client, stopping=stopping).ended is None
    done = metering.read_meters(ledger, config, client)
    assert (first.ended, done.readings) == (None, 2)
    assert shop.asked[SUMMARIES] == 2


def test_a_fault_that_passes_is_asked_again_where_it_was(shop, ledger, config, used, client, monkeypatch, caplog):
    """Where Stripe does not answer, what was read is kept, and the next turn goes on with the rest."""
    answers = [Fraction(1), Unreachable("there is no connection to Stripe")]
    with monkeypatch.context() as patched:
        patched.setattr(metering, "read_usage", lambda *_: _given(answers.pop(0)))
        keeping.keep_complete(config, client, Stopping(1))
    assert "Billing meters could not be read, and are asked again at the next turn: there is no" in caplog.text
    assert metering.is_time(ledger, int(client.now()))
    assert metering.read_meters(ledger, config, client).readings == 2
    assert shop.asked[SUMMARIES] == 1


def _given(answer):
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_what_nobody_foresaw_ends_nothing(config, client, used, caplog, monkeypatch):
    """A fault of our own is logged with where it happened, and the thread goes on."""
    monkeypatch.setattr(metering, "read_usage", None)
    keeping.keep_complete(config, client, Stopping(2))
    assert "Reading billing meters met what it does not know" in caplog.text


def test_a_meter_that_is_gone_is_passed_over(shop, ledger, config, client, used):
    """What Stripe does not know any more, or answers with nonsense, stops nobody else's reading."""
    answers = [Refused("Stripe does not know it any more", status=404), ShapeError("no amount of usage")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(metering, "read_usage", lambda *_: _given(answers.pop(0)))
        done = metering.read_meters(ledger, config, client)
    assert (done.readings, done.trouble, done.ended is None) == (0, None, False)


def test_a_missing_permission_is_said_once_and_all_else_goes_on(shop, ledger, config, used, caplog):
    """A key that may not read meters is told of once, in the log and by doctor; events are caught up all the same."""
    with serving(shop.account, keys={API_KEY: frozenset(READS)}, tally=shop.tally) as url:
        client = Client(replace(config.stripe, api_base=url))
        for _ in range(2):
            keeping.keep_complete(replace(config, stripe=replace(config.stripe, api_base=url)), client, Stopping(2))
            with ledger.write() as connection:
                connection.execute("UPDATE jobs SET value = json_set(value, '$.begun', 1) WHERE name = 'meters'")
    told = [record.getMessage() for record in caplog.records if "Billing meters" in record.getMessage()]
    assert len(told) == 1
    assert "give the restricted key read access to Billing Meters" in told[0]
    assert metering.last_round(ledger).trouble in told[0]


def test_the_command_reads_them_too(config, used, capsys, tmp_path, monkeypatch):
    """`upswell import meters` reads a round, and says what it brought and took."""
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)
    assert run(["--config", str(config.path), "import", "meters"]) == 0
    assert capsys.readouterr().out == f"2 readings of meters, with 3 requests; the ledger is {config.ledger.path}\n"


def test_the_command_says_what_the_key_may_not(shop, config, used, capsys, monkeypatch):
    """A missing permission is a sentence and exit 1."""
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)
    with serving(shop.account, keys={API_KEY: frozenset(READS)}) as url:
        text = config.path.read_text().replace(shop.url, url)
        config.path.write_text(text)
        assert run(["--config", str(config.path), "import", "meters"]) == 1
    assert capsys.readouterr().err.endswith("give the restricted key read access to Billing Meters\n")
