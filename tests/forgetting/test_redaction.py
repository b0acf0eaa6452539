"""Taking a person out of what Stripe sent."""

import json
from datetime import date

import msgspec
import pytest
from connectors.sent import body, customer, subscription

from upswell.store.forgotten import remember, screened
from upswell.store.ledger import Ledger
from upswell.store.redaction import READ, SOLD, Person, named, redacted
from upswell_connectors import invoices, payloads, schedules
from upswell_connectors.fake_stripe import lumen_kites
from upswell_connectors.fake_stripe.delivery import bodies
from upswell_connectors.shapes import facts_of

READERS = (payloads, invoices, schedules)
WHO = Person("forgotten-1", "account_id", ("rep",))
FREE = {"metadata": {"account_id": "acme", "rep": "Zoe", "note": "likes tea", "upswell_since": "2024-01-31"}}
LEFT = {"account_id": "forgotten-1", "rep": "yes", "upswell_since": "2024-01-31"}

PERSONAL = frozenset({"name", "email", "metadata", "nickname", "address", "country", "title"})
"""Keys that are read and may name somebody: outside of what is sold they are replaced, thinned out, or left out."""


def test_what_is_read_is_kept() -> None:
    """Every key that a reader of payloads knows is either kept, or personal and dealt with."""
    types = [found for module in READERS for found in vars(module).values() if isinstance(found, type)]
    shapes = [found for found in types if issubclass(found, msgspec.Struct)]
    read = {
        field.encode_name for shape in shapes if shape is not msgspec.Struct for field in msgspec.structs.fields(shape)
    }
    assert read - READ - SOLD - PERSONAL == {"previous_attributes"}  # a part of the event itself
    assert set() == READ & PERSONAL
    assert set() == SOLD & PERSONAL


@pytest.fixture(scope="module")
def sent() -> list[bytes]:
    """Everything that a year at Lumen Kites sends."""
    return list(bodies(lumen_kites.year(date(2026, 11, 18)).events))


def test_an_event_without_the_person_says_the_same_of_money(sent: list[bytes], tmp_path) -> None:
    """Of each event of a year, what is read of it redacted is what is read of it and screened."""
    customers = {name for one in sent for name in named(one) if name.startswith("cus_")}
    with Ledger(tmp_path / "u.db", create=True) as ledger:
        with ledger.write() as connection:
            for name in customers:
                remember(connection, name, WHO, 0)
        told = [
            (facts_of(redacted(one, WHO)), screened(ledger.connection, facts_of(one)))
            for one in sent
            if customers & named(one)
        ]
    assert len(told) > 1000
    assert [(short, whole) for short, whole in told if short != whole] == []


def test_only_known_keys_stay() -> None:
    """Whatever else an event carries goes: addresses, descriptions, links, texts, keys nobody knows yet."""
    address = {"city": "Fernville", "line1": "Fern Street"}
    held = customer(address=address, phone="+1 Fern", shipping={"name": "Fern"}, brand_new="Fern", **FREE)
    event = body(held, "customer.updated", {"name": "Fern Old", "metadata": {"note": "Fern"}}, request={"id": "Fern"})
    assert b"Fern" not in redacted(event, WHO)
    assert json.loads(redacted(event, WHO))["data"] == {
        "object": {"id": "cus_1", "object": "customer", "name": "forgotten-1", "metadata": LEFT},
        "previous_attributes": {"metadata": {}},
    }


def test_what_was_bought_stays_whole() -> None:
    """Prices keep their metadata, names and tiers: they are the merchant's, and figures rest on them."""
    event = body(
        subscription(description="for Fern", **FREE), "customer.subscription.updated", {"metadata": FREE["metadata"]}
    )
    held = json.loads(redacted(event, WHO))["data"]
    assert (
        held["object"]["items"]["data"][0]["price"] == json.loads(event)["data"]["object"]["items"]["data"][0]["price"]
    )
    assert held["object"]["metadata"] == held["previous_attributes"]["metadata"] == LEFT
    assert b"Fern" not in redacted(event, WHO)


@pytest.mark.parametrize("since", ["Fern", "2024", "1735689600", "2024-01-31T09:00:00+01:00"])
def test_a_date_stays_only_where_it_is_one(since: str) -> None:
    """What is written under upswell_since is kept where it has a moment's letters alone."""
    assert WHO.kept({"upswell_since": since}) == ({} if since == "Fern" else {"upswell_since": since})


def test_what_was_not_there_before_stays_so() -> None:
    """An empty mark is none, and becomes none."""
    assert WHO.kept({"rep": None, "account_id": ""}) == {"rep": None, "account_id": ""}
    assert WHO.kept(None) == {}


@pytest.mark.parametrize(
    "broken",
    [
        b'{"data": {"object": {"id": "\\ud800"}}}',
        b'{"data": {"object": {"id": 1' + b"0" * 9999 + b"}}}",
        b"[1]",
        b'"cus_1"',
        b"{",
        b'{"data": 5}',
        b'{"data": [' + b"[" * 5000,
        b'{"n": "\xff"}',
    ],
)
def test_what_cannot_be_read_is_left_out(broken: bytes) -> None:
    """Nothing of it is kept, and nobody fails."""
    assert redacted(broken, WHO) in (b"{}", b'{"data":{}}')
