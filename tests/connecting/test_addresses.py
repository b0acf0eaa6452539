"""Addresses that Stripe can send webhooks to."""

import pytest

from upswell.configuration.addresses import is_own, webhook_url
from upswell.errors import UpswellError


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://upswell.example.com", "https://upswell.example.com/webhooks/stripe"),
        ("https://upswell.example.com/", "https://upswell.example.com/webhooks/stripe"),
        (" https://Upswell.Example.com:443 ", "https://upswell.example.com/webhooks/stripe"),
        ("https://example.com:8443/hooks?for=upswell", "https://example.com:8443/hooks?for=upswell"),
        ("https://93.184.216.34", "https://93.184.216.34/webhooks/stripe"),
        ("https://[2606:2800:220:1::1]", "https://[2606:2800:220:1::1]/webhooks/stripe"),
        ("http://127.0.0.1:8484", "http://127.0.0.1:8484/webhooks/stripe"),
        ("http://localhost/", "http://localhost/webhooks/stripe"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_an_address_leads_to_the_receiver(written, url):
    """Where there is no path, the receiver's own is added; name and port are written as one writes them."""
    assert webhook_url(written) == url
    assert webhook_url(url) == url


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("http://upswell.example.com", "is not encrypted: Stripe sends to https:// only"),
        ("upswell.example.com", "is no address of the web"),
        ("ftp://upswell.example.com", "is no address of the web"),
        ("https://", "is no address of the web"),
        ("https://exa mple.com", "is no address of the web"),
        ("https://upswell.example.com:port", "is no address: write one as https://upswell.example.com"),
        ("https://[::1", "is no address: write one as https://upswell.example.com"),
        ("https://upswell.example.com/#top", "holds a fragment"),
        ("https://192.168.1.7", "cannot be reached from outside"),
        ("https://10.0.0.7/hooks", "cannot be reached from outside"),
        ("https://169.254.1.1", "cannot be reached from outside"),
        ("https://100.64.0.1", "cannot be reached from outside"),
        ("https://224.0.0.1", "cannot be reached from outside"),
        ("https://0.0.0.0", "cannot be reached from outside"),
        ("https://[fd00::1]", "cannot be reached from outside"),
        ("https://upswell", "cannot be reached from outside"),
        ("https://upswell.local.", "cannot be reached from outside"),
        ("https://upswell.internal", "cannot be reached from outside"),
        ("https://10.1", "cannot be reached from outside"),
    ],
)
def test_what_stripe_cannot_reach_is_refused(written, wrong):
    """The sentence names the address and what is wrong with it."""
    with pytest.raises(UpswellError) as caught:
        webhook_url(written)
    assert str(caught.value).startswith(f"{written} {wrong}")


def test_a_password_in_an_address_is_not_repeated():
    """An address with credentials is refused without showing them."""
    for written in ("https://fern:hush@example.com", "https://hush@example.com:port"):
        with pytest.raises(UpswellError) as caught:
            webhook_url(written)
        assert "hush" not in str(caught.value)
        assert "https://…@example.com" in str(caught.value)


def test_this_machine_is_known_by_any_of_its_names():
    """Loopback is all of 127.0.0.0/8, ::1, localhost and what ends in it; names that look like it are not."""
    own = ["http://127.9.9.9/", "https://[::1]:1/", "http://localhost", "http://upswell.localhost."]
    assert [is_own(url) for url in own] == [True] * 4
    assert not is_own("https://localhost.example.com")
