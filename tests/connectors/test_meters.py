"""Billing meters: their names, and what they counted."""

from fractions import Fraction

import pytest
import responses

from upswell.configuration.settings import Secret, StripeSettings
from upswell.errors import ShapeError
from upswell_connectors.client import Client
from upswell_connectors.meters import read_names, read_usage

SUMMARY_URL = "https://api.stripe.com/v1/billing/meters/mtr_1/event_summaries"


@pytest.fixture
def stripe():
    """Give a client of Stripe."""
    settings = StripeSettings(Secret("sk_test_key"), (), api_base=None, requests_per_second=100, webhooks=True)
    return Client(settings, attempts=1)


@pytest.mark.parametrize(
    ("said", "units"),
    {
        '[{"aggregated_value": 8450}]': Fraction(8450),
        '[{"aggregated_value": 0.1}, {"aggregated_value": 0.2}]': Fraction(3, 10),
        '[{"aggregated_value": 123456789012345678.5}]': Fraction(246913578024691357, 2),
        '[{"aggregated_value": -5}]': Fraction(0),
        '[{"aggregated_value": 1e-400}]': Fraction(0),
        "[]": Fraction(0),
    }.items(),
)
@responses.activate
def test_what_was_counted_is_exact(stripe, said, units):
    """Units are decimals and never floats; the window is cut to minutes, as Stripe wants it."""
    responses.get(SUMMARY_URL, body=f'{{"object": "list", "data": {said}, "has_more": false}}')
    assert read_usage(stripe, "mtr_1", "cus_1", 1_795_000_039, 1_795_000_161) == units
    (call,) = responses.calls
    assert call.request.params == {"customer": "cus_1", "start_time": "1795000020", "end_time": "1795000140"}


@responses.activate
def test_an_absurd_amount_is_refused(stripe):
    """A number that no ledger could write is a fault of the answer."""
    responses.get(SUMMARY_URL, body='{"data": [{"aggregated_value": 1e999}]}')
    with pytest.raises(ShapeError, match="which is no amount of usage"):
        read_usage(stripe, "mtr_1", "cus_1", 0, 60)


@responses.activate
def test_names_are_read_page_by_page(stripe):
    """However many meters there are, each has its name."""
    url = "https://api.stripe.com/v1/billing/meters"
    pages = [{"data": [{"id": "mtr_2", "display_name": "B"}], "has_more": True}, {"data": [{"id": "mtr_1"}]}]
    for page in pages:
        responses.get(url, json=page)
    assert read_names(stripe) == {"mtr_2": "B", "mtr_1": ""}
    assert responses.calls[1].request.params["starting_after"] == "mtr_2"
