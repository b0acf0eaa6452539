"""upswell backfill: what it prints, says and ends with."""

import sys
from pathlib import Path

import pytest
from cli.conftest import Terminal
from connectors.sent import customer, invoice, line, price, subscription
from standin import Standin, standing_in

from upswell.render.gauges import Lines

EMPTY = {
    name: []
    for name in (
        *("products", "prices", "coupons", "customers", "subscriptions", "subscription_schedules"),
        *("invoices", "events"),
    )
}
HELD = {
    "prices": [price()],
    "customers": [customer(created=1_790_000_000)],
    "subscriptions": [subscription()],
    "invoices": [invoice(line(quantity=5, amount=5000))],
}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch):
    """Give a function that configures a stand-in, with a key."""

    def configure(url: str, key: str = "sk_test_1") -> None:
        Path("config.toml").write_text(f'[stripe]\napi_base = "{url}"\nrequests_per_second = 100\n')
        monkeypatch.setenv("STRIPE_API_KEY", key)

    return configure


def test_it_says_what_was_read(upswell, configured) -> None:
    """A table of kinds, what is observed and what reconstructed, the reads and the allowance, and the ledger."""
    with standing_in(Standin(**{**EMPTY, **HELD})) as url:
        configured(url)
        ended = upswell("backfill")
    assert ended.code == 0
    first, *rest = ended.out.splitlines()
    assert first.split() == ["read", "from", "Stripe", "objects", "requests"]
    assert [row.split() for row in rest[:3]] == [["account", "0", "1"], ["products", "0", "1"], ["prices", "1", "2"]]
    assert rest[-3:] == [
        "1 movement: 0 observed in events and billed usage, 1 reconstructed from invoices and today's subscriptions.",
        "11 requests; in 30 days Stripe allows 500 reads a transaction, at least 10,000: here 10,000, by 0 invoices.",
        "The ledger is upswell.db",
    ]
    assert "customers: 1\n" in ended.err


def test_an_empty_account_is_told(upswell, configured) -> None:
    """An account without anything is no error, and may be another one than was meant."""
    with standing_in(Standin(**EMPTY)) as url:
        configured(url)
        ended = upswell("backfill")
    assert ended.code == 0
    assert "This account holds nothing yet" in ended.err


def test_what_could_not_be_known_is_told(upswell, configured) -> None:
    """Missing lists, forgotten prices and objects that cannot be read are named; for the latter, exit 1."""
    lists = {**EMPTY, **HELD, "prices": [], "coupons": [{"id": "co_1", "object": "coupon", "created": 1}]}
    lists["invoices"] = [invoice(line(price=price(id="price_gone")))]
    del lists["subscription_schedules"]
    with standing_in(Standin(**lists)) as url:
        configured(url)
        ended = upswell("backfill", "--full")
    assert ended.code == 1
    assert "Not known: schedules, since Stripe does not have that list for this account\n" in ended.err
    lost = "Not known: 1 price that invoices name and Stripe has no more; "
    assert f"{lost}what was paid for them is derived from those invoices\n" in ended.err
    assert "Not read: 1 object (co_1: " in ended.err


def test_an_error_is_one_sentence(upswell, configured) -> None:
    """What is wrong is said on standard error, without the key; exit 1; and no ledger comes of a missing key."""
    configured("http://127.0.0.1:9", "")
    ended = upswell("backfill")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("There is no Stripe API key in the environment variable STRIPE_API_KEY")
    assert not Path("upswell.db").exists()


def test_a_terminal_sees_a_bar_for_each_kind(upswell, configured, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, bars with rate and remaining time are drawn on standard error."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    with standing_in(Standin(**{**EMPTY, **HELD})) as url:
        configured(url)
        assert upswell("backfill").code == 0
    drawn = screen.getvalue()
    assert all(name in drawn for name in ("products", "customers", "invoices", "/s"))


def test_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal: a line where a kind is done, and one every ten seconds with rate and remaining time."""
    now = 100.0
    lines = Lines(lambda: now)
    lines("customers", 0, 5000)
    now += 5
    lines("customers", 2000, 9000)
    now += 5
    lines("customers", 4000, 9000)
    now += 10
    lines("customers", 9000, 9000)
    lines("invoices", 100, 100)
    assert capsys.readouterr().err.splitlines() == [
        "customers: 4,000 of about 9,000, 400/s, 12 s left",
        "customers: 9,000",
        "invoices: 100",
    ]
