"""upswell connect: the webhook endpoint at Stripe."""

import time
from pathlib import Path

import pytest
from receiving import API_KEY, event, signature
from standin import Standin, standing_in

from connecting.conftest import URL, configure
from upswell.configuration import config
from upswell.store import events
from upswell.store.ledger import Ledger, note_job
from upswell_connectors.client import API_VERSION
from upswell_connectors.event_types import EVENT_TYPES
from upswell_connectors.fake_stripe.faults import Faults, Tally
from upswell_connectors.fake_stripe.server import serving
from upswell_webhooks.signatures import is_genuine

KEEPING = 'webhook_secret_file = "secrets"\n'


@pytest.fixture
def endpoints(shop):
    """The account's endpoints, oldest first."""
    return lambda: list(shop.account.store.endpoints.values())


def test_the_endpoint_is_made_with_what_is_needed(connect, endpoints):
    """It is sent exactly the types that Upswell reads, never invoice.created, in the version that is pinned."""
    ended = connect("https://upswell.example.com")
    (made,) = endpoints()
    assert (ended.code, ended.err) == (0, "")
    assert (made.url, made.enabled_events, made.api_version) == (URL, EVENT_TYPES, API_VERSION)
    assert "invoice.created" not in EVENT_TYPES
    assert f"Created {made.id} at {URL}: {len(EVENT_TYPES)} types of events, version {API_VERSION}." in ended.out


def test_the_secret_is_shown_once_where_no_file_keeps_it(connect, endpoints):
    """On a line of its own, with where it belongs; a second run cannot show it, and says what to do."""
    first, second = connect(URL), connect(URL)
    (made,) = endpoints()
    assert first.out.splitlines()[-1] == made.secret
    assert "Put it into the environment variable STRIPE_WEBHOOK_SECRET" in first.out
    assert made.secret not in second.out + second.err
    assert f"{made.id} at {URL} is as it must be, and kept." in second.out
    assert f"`upswell connect {URL} --rotate` makes a new endpoint" in second.out
    assert "There is no signing secret in the environment variable STRIPE_WEBHOOK_SECRET" in second.out


def test_the_secret_goes_where_the_config_says(connect, shop, endpoints):
    """A file gets it with mode 0600, and it is not shown; the receiver then takes what Stripe signs."""
    configure(shop.url, KEEPING)
    ended = connect(URL)
    (made,) = endpoints()
    assert made.secret not in ended.out + ended.err
    assert Path("secrets").stat().st_mode & 0o777 == 0o600
    secrets = config.load().stripe.webhook_secrets
    assert [one.reveal() for one in secrets] == [made.secret]
    body = event()
    assert is_genuine(body, signature(body, made.secret), secrets, time.time())
    assert "There is no signing secret" not in connect(URL).out


def test_a_file_that_cannot_be_written_makes_no_endpoint(connect, shop, endpoints):
    """No secret is lost: whether it can be kept is known before Stripe tells it."""
    configure(shop.url, 'webhook_secret_file = "gone/secrets"\n')
    ended = connect(URL)
    assert ended.code == 1
    assert "gone/secrets ([stripe] webhook_secret_file) cannot be written" in ended.err
    assert endpoints() == []


def test_the_public_url_is_the_default(connect, shop, endpoints):
    """With public_url under [server], no URL is needed; without both, the command line is wrong."""
    assert connect().code == 2
    configure(shop.url, '[server]\npublic_url = "https://up.example.com"\n')
    assert connect().code == 0
    assert [one.url for one in endpoints()] == ["https://up.example.com/webhooks/stripe"]


def test_an_endpoint_with_other_events_is_mended(connect, shop, endpoints):
    """What is missing comes, what is too much goes, and a disabled one is enabled; a second run finds nothing."""
    connect(URL)
    (made,) = endpoints()
    changed = {"enabled_events": ("invoice.created", "charge.failed", *EVENT_TYPES[2:]), "enabled": False}
    shop.account.store.endpoints[made.id] = type(made)(**{**_fields(made), **changed})
    ended = connect(URL)
    faults = "disabled, invoice.created must go, it delays invoices, 2 types missing, 1 types too many"
    assert f"{made.id} at {URL} is mended ({faults})." in ended.out
    assert endpoints() == [made]
    assert "is as it must be" in connect(URL).out


def _fields(value):
    return {name: getattr(value, name) for name in value.__slots__}


def test_an_endpoint_of_another_version_is_kept(connect, shop, endpoints):
    """Upswell reads every version, and an endpoint's cannot be changed: it is said, and left alone."""
    connect(URL)
    (made,) = endpoints()
    shop.account.store.endpoints[made.id] = type(made)(**{**_fields(made), "api_version": None})
    ended = connect(URL)
    assert f"{made.id}: version of the account, not {API_VERSION}. Upswell reads either." in ended.out
    assert len(endpoints()) == 1


def test_a_new_secret_stands_beside_the_old_one(connect, shop, endpoints):
    """--rotate makes a second endpoint; both secrets hold until the old endpoint is removed, with its secret."""
    configure(shop.url, KEEPING)
    connect(URL)
    shop.account.advance(shop.account.now + 60)
    ended = connect(URL, "--rotate")
    old, new = endpoints()
    assert (ended.code, old.url, new.url) == (0, URL, URL)
    assert f"take the old one away: `upswell connect {old.id} --remove`" in ended.out
    assert "Stripe signs for each endpoint with its own secret" in ended.out
    assert {one.reveal() for one in config.load().stripe.webhook_secrets} == {old.secret, new.secret}
    refused = connect(URL, "--rotate")
    assert refused.code == 1
    assert f"There are 2 endpoints at {URL}, {new.id} and {old.id}" in refused.err
    removed = connect(old.id, "--remove")
    assert (removed.code, endpoints()) == (0, [new])
    assert f"Removed {old.id} at {URL}." in removed.out
    assert [one.reveal() for one in config.load().stripe.webhook_secrets] == [new.secret]


def test_an_endpoint_is_removed_by_its_address(connect, endpoints):
    """--remove takes a URL where only one endpoint is there, and names them where there are several."""
    connect(URL)
    connect(URL, "--rotate")
    several = connect(URL, "--remove")
    assert several.code == 1
    assert "name one by its id" in several.err
    connect(endpoints()[0].id, "--remove")
    ended = connect("https://upswell.example.com", "--remove")
    assert (ended.code, endpoints()) == (0, [])
    assert "Take its secret out of the environment variable STRIPE_WEBHOOK_SECRET" in ended.out


@pytest.mark.parametrize("which", [URL, "we_unknown"])
def test_what_is_not_there_cannot_be_removed(connect, shop, which):
    """Neither by an address nor by an id."""
    ended = connect(which, "--remove")
    assert (ended.code, ended.err) == (
        1,
        f"There is no webhook endpoint {which}: `upswell connect --list` shows those there are\n",
    )


def test_the_list_says_what_is_to_be_mended(connect, shop, endpoints):
    """A line an endpoint: address, status, version, number of events, and in what it differs; never a secret."""
    connect(URL)
    connect("https://other.example.com/x")
    first, second = endpoints()
    shop.account.store.endpoints[second.id] = type(second)(**{**_fields(second), "enabled_events": ("*",)})
    ended = connect("--list")
    rows = {line.split()[0]: line for line in ended.out.splitlines()}
    assert ended.code == 0
    assert rows[first.id].split()[1:] == [URL, "enabled", API_VERSION, str(len(EVENT_TYPES)), "nothing"]
    assert rows[second.id].endswith("all  invoice.created must go, it delays invoices; all types, not those read")
    assert "whsec" not in ended.out


def test_no_more_than_stripe_allows(connect, endpoints):
    """The seventeenth endpoint is refused before Stripe is asked for it, with the way out."""
    for number in range(16):
        assert connect(f"https://up{number}.example.com").code == 0
    ended = connect(URL)
    assert ended.code == 1
    assert "There are 16 webhook endpoints already, and Stripe allows 16: remove one" in ended.err
    assert len(endpoints()) == 16


def test_a_key_of_another_mode_or_account_changes_nothing(connect, shop, endpoints):
    """Where a ledger is there already, the key must be of its mode and account."""
    with Ledger(Path("upswell.db"), create=True) as ledger:
        events.accept(ledger, [events.envelope(event(livemode=True))])
        assert "The API key reads test mode" in connect(URL).err
        with ledger.write() as connection:
            note_job(connection, "bound_to", {"livemode": False})
            note_job(connection, "owner", "acct_other")
    assert "The API key is of the account acct_1FakeStripe" in connect(URL).err
    assert endpoints() == []


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        ({"rak_account_read"}, "may not read it: give the restricted key read access to Webhook Endpoints"),
        ({"rak_webhook_read"}, "may not change it: give the restricted key write access to Webhook Endpoints"),
    ],
)
def test_a_restricted_key_is_told_what_it_lacks(connect, shop, monkeypatch, allowed, words):
    """Which permission is missing, in the words of Stripe's dashboard; the key is not shown."""
    monkeypatch.setenv("STRIPE_API_KEY", "rk_test_hidden")
    with serving(shop.account, keys={"rk_test_hidden": frozenset(allowed)}) as url:
        configure(url)
        ended = connect(URL)
    assert ended.code == 1
    assert words in ended.err
    assert "hidden" not in ended.out + ended.err


def test_a_restricted_key_needs_one_permission(connect, shop, endpoints, monkeypatch):
    """To read and write webhook endpoints is enough for this command."""
    monkeypatch.setenv("STRIPE_API_KEY", "rk_test_hidden")
    with serving(shop.account, keys={"rk_test_hidden": frozenset({"rak_webhook_read", "rak_webhook_write"})}) as url:
        configure(url)
        assert connect(URL).code == 0
    assert len(endpoints()) == 1


def test_without_a_key_nothing_is_asked(connect, shop, monkeypatch):
    """The sentence says where the key belongs."""
    monkeypatch.delenv("STRIPE_API_KEY")
    assert "There is no Stripe API key in the environment variable STRIPE_API_KEY" in connect(URL).err


def test_what_stripe_refuses_is_said_in_its_words(connect, monkeypatch):
    """A refused request is one sentence with Stripe's reason; exit 1."""
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)
    standin = Standin(webhook_endpoints=[])
    with standing_in(standin) as url:
        configure(url)
        ended = connect(URL)
    assert ended.code == 1
    assert "/v1/webhook_endpoints cannot be changed at Stripe: " in ended.err


def test_a_repeated_request_makes_one_endpoint(connect, shop, endpoints, monkeypatch):
    """Errors of Stripe's are tried again under one idempotency key."""
    monkeypatch.setattr("upswell_connectors.client._FIRST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr("upswell_connectors.client._GROWN_WAIT_SECONDS", 0.0)
    tally = Tally()
    with serving(shop.account, faults=Faults(errors=0.4, seed="j"), tally=tally) as url:
        configure(url)
        assert connect(URL).code == 0
    assert tally.statuses == {200: 2, 500: 2}
    assert len(endpoints()) == 1


def test_this_machines_own_address_is_for_stand_ins(connect, endpoints):
    """It is taken, and said that Stripe cannot reach it."""
    ended = connect("http://127.0.0.1:8484")
    assert "That address is this machine's own: Stripe cannot reach it" in ended.out
    assert [one.url for one in endpoints()] == ["http://127.0.0.1:8484/webhooks/stripe"]


@pytest.mark.parametrize("arguments", [("--list", "--rotate"), (URL, "--rotate", "--remove")])
def test_one_thing_at_a_time(connect, shop, arguments):
    """Flags that exclude each other are a wrong command line."""
    assert connect(*arguments).code == 2
