"""upswell doctor on the webhook endpoint at Stripe."""

import re
from dataclasses import replace

import pytest

from connecting.conftest import URL, configure
from upswell.commands.cli import run
from upswell_connectors.fake_stripe.server import serving

PUBLIC = '[server]\npublic_url = "https://upswell.example.com"\n'


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]):
    """Give a function that runs ``upswell doctor`` and returns its line on the endpoint."""

    def line() -> str:
        capsys.readouterr()
        run(["doctor"])
        (found,) = re.findall(r"^(?:ok  |FIX ) endpoint .*$", capsys.readouterr().out, flags=re.MULTILINE)
        return found

    return line


def test_an_endpoint_that_is_not_there_is_made_by_connect(shop, told) -> None:
    """With a public address it is a finding; without one nobody knows which it would be."""
    assert told().startswith(
        "ok   endpoint        Stripe has none that ends in /webhooks/stripe: `upswell connect URL`"
    )
    configure(shop.url, PUBLIC)
    found = told()
    assert found.startswith("FIX  endpoint        Stripe has none at https://upswell.example.com: ")
    assert "`upswell connect https://upswell.example.com` makes it" in found


@pytest.mark.parametrize("more", ["", PUBLIC])
def test_an_endpoint_that_sends_all_is_well(shop, told, connect, more: str) -> None:
    """Found by its address, or by its path where no address is configured."""
    connect(URL)
    configure(shop.url, more)
    (made,) = shop.account.store.endpoints
    assert told() == f"ok   endpoint        {made} at {URL}"


def test_a_disabled_endpoint_is_a_finding(shop, told, connect) -> None:
    """Stripe disables an endpoint that failed for days: then nothing comes, and connect mends it."""
    connect(URL)
    ((name, made),) = shop.account.store.endpoints.items()
    shop.account.store.endpoints[name] = replace(made, enabled=False)
    assert re.fullmatch(rf"FIX  endpoint        we_\w+ \(disabled\): `upswell connect {URL}` mends it", told())
    connect(URL)
    assert told().startswith("ok  ")


def test_a_key_that_may_not_read_endpoints_is_no_finding(shop, told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `upswell connect` needs that permission: the line says that it was not looked, the clock is compared."""
    monkeypatch.setenv("STRIPE_API_KEY", "rk_test_hidden")
    with serving(shop.account, keys={"rk_test_hidden": frozenset()}) as url:
        configure(url)
        assert told().startswith("ok   endpoint        not looked at: /v1/webhook_endpoints cannot be read from Stripe")


def test_without_webhooks_no_endpoint_is_needed(shop, told) -> None:
    """Whoever asks Stripe for events needs none."""
    configure(shop.url, "webhooks = false\n" + PUBLIC)
    assert told() == "ok   endpoint        not needed: webhooks = false under [stripe]"
