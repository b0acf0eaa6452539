"""Payloads that nobody would send: whatever is in them, an event is read or refused in a sentence, never more."""

import json
import sys
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sent import (
    body,
    coupon,
    customer,
    details,
    discount,
    invoice,
    item,
    line,
    of_basil,
    plan,
    price,
    subscription,
)
from upswell.core.facts import Facts
from upswell.errors import ShapeError
from upswell.store.events import envelope
from upswell_connectors.shapes import facts_of

TIERS = [{"up_to": 5, "unit_amount": 700, "flat_amount": None}, {"up_to": None, "unit_amount_decimal": "0.5"}]
TIERED = price(billing_scheme="tiered", tiers_mode="volume", tiers=TIERS, currency_options={"eur": {"unit_amount": 9}})
OLD = subscription(
    item(price=..., plan=plan()), discount=discount(), pause_collection={"behavior": "void"}, metadata={"a": "1"}
)
NEW = subscription(
    item(price=TIERED, discounts=["di_2", discount(id="di_3")], current_trial={"end_date": 1_801_000_000}),
    discounts=[discount(coupon=..., source={"type": "coupon", "coupon": "coupon_1"})],
)
BEFORE = {"items": {"data": [item(id="si_9")]}, "metadata": {"a": "0", "b": None}, "pause_collection": None}
EVENTS = [
    body(OLD, "customer.subscription.updated", BEFORE),
    body(NEW, "customer.subscription.updated", {"discounts": ["di_4"], "status": "trialing"}),
    body(OLD, "customer.subscription.created"),
    body(invoice(), "invoice.finalized"),
    body(invoice(line(**details()), **of_basil()), "invoice.paid"),
    body(customer(discount=discount()), "customer.updated", {"name": "Moss"}),
    body(discount(), "customer.discount.deleted"),
    body(coupon(amount_off=500, currency="usd", applies_to={"products": ["prod_1"]}), "coupon.created"),
    body(TIERED, "price.updated", {"lookup_key": "pro"}),
    body({"id": "prod_1", "object": "product", "name": "Pro", "metadata": {"a": "1"}}, "product.updated"),
]


def places(document, path=()):
    """Yield the path of everything in ``document``."""
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from places(value, (*path, index))


def put(document, path, value):
    """Put ``value`` (an ellipsis: nothing) at ``path`` of ``document``, if that is still there."""
    *way, last = path
    for step in way:
        try:
            document = document[step]
        except (LookupError, TypeError):
            return
    try:
        if value is ...:
            del document[last]
        else:
            document[last] = value
    except (LookupError, TypeError):
        return


def deep(levels, inside):
    """Return ``inside`` nested so many levels deep."""
    for _ in range(levels):
        inside = {"data": inside} if levels % 2 else [inside]
    return inside


ODD = st.sampled_from(
    [
        *(..., ..., None, True, False, 0, 1, -1, 1.5, -0.0, 1e308, 2**53, 2**63, 2**70, -(2**70)),
        *("", "x", "0", "-1", "NaN", "Infinity", "1e400", "0x10", "1_000", "\u0661", "\u00bd", "\x00", "inf", "9" * 30),
        *("lookup_key", "subscription", "v2.core.event", "2026-11-16T00:00:00Z"),
        *([], [None], [[]], ["x"], {}, {"id": None}, {"id": "x"}, {"data": None}, {"data": {}}, {"object": "list"}),
        *(deep(50, 1), deep(51, 1)),
    ]
)


@st.composite
def mutated(draw):
    """Draw a real event with up to four things in it that do not belong there."""
    event = json.loads(draw(st.sampled_from(EVENTS)))
    for path in draw(st.lists(st.sampled_from([path for path in places(event) if path]), min_size=1, max_size=4)):
        put(event, path, deepcopy(draw(ODD)))
    return json.dumps(event).encode()


def taken(given):
    """Return what an accepted event says, or the sentence it is refused with."""
    try:
        envelope(given)
        return facts_of(given)
    except ShapeError as error:
        return str(error)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(mutated())
def test_a_mutilated_event_is_read_or_refused(given):
    """Wrong types, nulls, huge numbers, missing keys: an event is read, or refused in one sentence; nothing else."""
    found = taken(given)
    assert isinstance(found, Facts) or (found and "\n" not in found and len(found) < 400)


@pytest.mark.parametrize("whole", EVENTS, ids=range(len(EVENTS)))
def test_an_event_is_read_or_refused_whatever_stands_in_one_place(whole):
    """Each place of each event is emptied, nulled and filled with what does not belong there, one after another."""
    for path in [path for path in places(json.loads(whole)) if path]:
        for value in (..., None, [], {}, "x", 1, [{}], {"x": {}}):
            event = json.loads(whole)
            put(event, path, value)
            assert isinstance(taken(json.dumps(event).encode()), Facts | str), path


@pytest.mark.parametrize("key", ["metadata", "items"])
def test_an_event_may_be_as_deep_as_it_likes(key):
    """However deep an object and its past are nested, an event is read or refused."""
    given = body({**OLD, key: "HERE"}, "customer.subscription.updated", {key: "HERE"})
    for levels in (10, 100, *range(sys.getrecursionlimit() - 120, sys.getrecursionlimit() + 5), 5_000, 100_000):
        nested = ('{"a":' * levels + "1" + "}" * levels).encode()
        assert isinstance(taken(given.replace(b'"HERE"', nested)), Facts | str)
