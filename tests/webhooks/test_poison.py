"""Poison: whatever a signed event says, what cannot be applied is kept with its reason, and all goes on.

``UPSWELL_DEEP=3000 pytest tests/webhooks/test_poison.py`` looks that much further.
"""

import json
import os

import pytest
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
    price,
    subscription,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from poisoned import mutated, written
from receiving import PATH, configured, signature

from upswell.core.invariants import breaches
from upswell.core.rules import Rules
from upswell.errors import LedgerError
from upswell.intake.applying import apply_pending, retry
from upswell.store import books
from upswell.store.events import accept, envelope
from upswell.store.ledger import Ledger
from upswell_webhooks.app import close, create_app

DEEP = int(os.environ.get("UPSWELL_DEEP", "0"))
AT, DAY = 1_800_000_000, 86_400
OWNER = {"id": "sub_1", "customer": "cus_1", "created": AT, "start_date": AT}
UPDATED = "customer.subscription.updated"
METER = item(
    id="si_m", quantity=..., price=price(id="price_m", recurring={"interval": "month", "usage_type": "metered"})
)
TIERS = [{"up_to": 5, "unit_amount": 700, "flat_amount": None}, {"up_to": None, "unit_amount_decimal": "0.5"}]
TIERED = price(id="price_t", billing_scheme="tiered", tiers_mode="volume", tiers=TIERS)


def seats(number: int) -> dict[str, object]:
    """Return the first item with so many seats."""
    return item(id="si_1", quantity=number)


def updated(name: str, at: int, *items: dict[str, object], before: int, **more: object) -> bytes:
    """Return an update of the subscription, whose first item had ``before`` seats."""
    past = {"items": {"data": [seats(before), *items[1:]]}}
    return body(subscription(*items, **OWNER | more), UPDATED, past, id=name, created=at)


LIFE = [
    body(customer(id="cus_1"), "customer.created", id="evt_customer", created=AT),
    body(price(), "price.created", id="evt_price", created=AT),
    body(coupon(percent_off=20), "coupon.created", id="evt_coupon", created=AT),
    body(
        {"id": "prod_1", "object": "product", "name": "Pro", "metadata": {}}, "product.created", id="evt_p", created=AT
    ),
    body(subscription(seats(5), METER, **OWNER), "customer.subscription.created", id="evt_new", created=AT),
    updated("evt_more", AT + DAY, seats(8), METER, before=5),
    updated("evt_tiered", AT + 2 * DAY, seats(8), METER, item(id="si_t", quantity=9, price=TIERED), before=8),
    body(
        discount(id="di_1", customer="cus_1", subscription="sub_1", start=AT + 2 * DAY, coupon=coupon(percent_off=20)),
        *("customer.discount.created",),
        id="evt_discount",
        created=AT + 2 * DAY,
    ),
    updated("evt_less", AT + 3 * DAY, seats(2), METER, before=8, discounts=["di_1"]),
    body(
        invoice(line(**details(subscription_item="si_m")), **of_basil(), customer="cus_1", period_end=AT + 3 * DAY),
        *("invoice.finalized",),
        id="evt_invoice",
        created=AT + 3 * DAY,
    ),
]
OTHER = {"id": "sub_2", "customer": "cus_2", "created": AT, "start_date": AT}
BYSTANDER = body(
    subscription(item(id="si_2", quantity=3, price=price(id="price_2", product="prod_2")), **OTHER),
    *("customer.subscription.created",),
    id="evt_bystander",
    created=AT,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The bytes of an empty ledger."""
    path = tmp_path_factory.mktemp("empty") / "upswell.db"
    Ledger(path, create=True).close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def received(tmp_path_factory, empty):
    """Post bodies to a receiver whose ledger is new, and return its statuses and its open ledger."""
    folder = tmp_path_factory.mktemp("poison")
    opened = []

    def received(*bodies: bytes):
        while opened:
            opened.pop().close()
        number = len(list(folder.iterdir()))
        here = folder / str(number)
        here.mkdir()
        config = configured(here)
        config.ledger.path.write_bytes(empty)
        app = create_app(config)
        client = app.test_client()
        headers = ({"Stripe-Signature": signature(one)} for one in bodies)
        codes = [
            client.post(PATH, data=one, headers=head).status_code for one, head in zip(bodies, headers, strict=True)
        ]
        close(app)
        opened.append(Ledger(config.ledger.path))
        return codes, opened[0]

    yield received
    for ledger in opened:
        ledger.close()


def said(ledger: Ledger) -> dict[str, tuple[str, str | None]]:
    """Return the state and reason of every event, by id."""
    return {
        name: (state, why) for name, state, why in ledger.connection.execute("SELECT id, state, reason FROM events")
    }


def holds(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Check that everything is applied or has a reason and that all figures add up; return all movements."""
    for name, (state, why) in said(ledger).items():
        assert state in {"applied", "failed", "received", "ignored"}
        assert (why is None) == (state == "applied"), f"{name} is {state}: {why}"
        assert why is None or ("\n" not in why and len(why) < 500), why
    assert ledger.connection.execute("SELECT account FROM stale WHERE reason IS NULL").fetchall() == []
    for who, own in books.by_customer(ledger):
        assert breaches(own) == [], who
    return [(one.customer, one.kind, one.amount) for one in books.movements(ledger)]


@st.composite
def lives(draw: st.DrawFn) -> list[bytes]:
    """Draw the life with some events of it mutated."""
    chosen = draw(st.sets(st.integers(0, len(LIFE) - 1), min_size=1, max_size=4))
    return [written(draw(mutated(json.loads(one)))) if place in chosen else one for place, one in enumerate(LIFE)]


@settings(
    max_examples=DEEP or 50,
    deadline=None,
    derandomize=not DEEP,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(lives(), st.randoms(use_true_random=False))
def test_a_mutated_life_stops_nothing(received, bodies, chance):
    """Whatever events say, none is answered with 500, none stops the queue, all figures add up, in any order."""
    codes, ledger = received(*bodies, BYSTANDER)
    assert set(codes) <= {200, 400}
    apply_pending(ledger, Rules())
    movements = holds(ledger)
    assert ("cus_2", "new", 3000) in movements
    retry(ledger, Rules())
    assert holds(ledger) == movements
    shuffled = [BYSTANDER, *bodies]
    chance.shuffle(shuffled)
    _, other = received(*shuffled)
    apply_pending(other, Rules())
    assert holds(other) == movements


PLAN = {"id": "p", "currency": "usd", "amount": 1, "interval": "day"}
TEN_THOUSAND = {
    "id": "evt_new",
    "type": "customer.subscription.created",
    "created": AT,
    "data": {
        "object": {
            "id": "sub_1",
            "object": "subscription",
            "customer": "cus_1",
            "status": "active",
            "items": {
                "data": [{"id": f"si_{number}", "quantity": number % 7, "plan": PLAN} for number in range(10_000)]
            },
        }
    },
}
SUBSCRIBED = LIFE[4]


def with_(old: str, new: str, count: int = -1) -> bytes:
    """Return the event in which somebody subscribes, with ``new`` in the place of ``old``."""
    assert old.encode() in SUBSCRIBED
    return SUBSCRIBED.replace(old.encode(), new.encode(), count)


QUANTITY, METADATA = '"quantity": 5', '"metadata": {}'
BYTES = {
    "truncated": (SUBSCRIBED[:-40], 400, None),
    "a NUL byte": (b"\x00" + SUBSCRIBED, 400, None),
    "a NUL in an id": (with_('"sub_1"', r'"sub\u00001"'), 200, "applied"),
    "a NUL in the event's id": (with_('"evt_new"', r'"evt\u0000new"'), 200, "applied"),
    "a lone surrogate": (with_('"cus_1"', r'"\ud800"'), 400, None),
    "a number beyond 64 bits": (with_(QUANTITY, '"quantity": 99999999999999999999'), 200, "failed"),
    "a number of 5,000 digits": (with_(QUANTITY, f'"quantity": {"9" * 5000}'), 200, "failed"),
    "a quantity below zero": (with_(QUANTITY, '"quantity": -5'), 200, "failed"),
    "an amount below zero": (with_('"unit_amount_decimal": "1000"', '"unit_amount_decimal": "-1"'), 200, "failed"),
    "a key twice": (with_(QUANTITY, '"quantity": 1, "quantity": 5'), 200, "applied"),
    "the id twice": (with_('"id": "evt_new"', '"id": "evt_other", "id": "evt_new"'), 200, "applied"),
    "an unknown currency": (with_('"usd"', '"zzz"'), 200, "applied"),
    "no currency": (with_('"usd"', '""'), 200, "failed"),
    "a NUL in the currency": (with_('"usd"', r'"u\u0000"'), 200, "failed"),
    "an array for an object": (b"[" + SUBSCRIBED + b"]", 400, None),
    "nested 50,000 deep": (with_(METADATA, f'"metadata": {"[" * 50_000}{"]" * 50_000}', 1), 400, None),
    "10,000 items": (json.dumps(TEN_THOUSAND, separators=(",", ":")).encode(), 200, "applied"),
    "900 kB of metadata": (with_(METADATA, f'"metadata": {{"a": "{"x" * 900_000}"}}', 1), 200, "applied"),
}


@pytest.mark.parametrize(("poison", "code", "state"), BYTES.values(), ids=BYTES)
def test_poison_is_answered_and_what_follows_is_applied(received, poison, code, state):
    """Poison is refused, or kept and applied or failed with a reason; the events around it are applied."""
    codes, ledger = received(BYSTANDER, poison, *LIFE[:4])
    assert codes == [200, code, 200, 200, 200, 200]
    apply_pending(ledger, Rules())
    assert ("cus_2", "new", 3000) in holds(ledger)
    others = {"evt_bystander", *(json.loads(one)["id"] for one in LIFE[:4])}
    assert [told for name, (told, _) in said(ledger).items() if name not in others] == ([state] if state else [])


def test_what_failed_is_applied_once_the_cause_is_gone(received, monkeypatch):
    """An event that failed waits with its reason, and `upswell retry` applies it when it can be."""
    _, ledger = received(*LIFE, BYSTANDER)
    with monkeypatch.context() as patched:
        patched.setattr("upswell.intake.applying.facts_of", lambda _: {}["what nobody thought of"])
        assert apply_pending(ledger, Rules()).failed == len(LIFE) + 1
    assert {state for state, _ in said(ledger).values()} == {"failed"}
    assert retry(ledger, Rules()).failed == 0
    assert len(holds(ledger)) > 4


def test_a_fault_nobody_foresaw_fails_one_event_and_is_logged(received, monkeypatch, caplog):
    """Whatever applying one event raises, what it wrote is undone, the reason is kept, and the others are applied."""
    from upswell.intake import applying

    def faulty(connection, event, facts, rules, write=applying.write_facts):
        write(connection, event, facts, rules)
        if event == "evt_more":
            raise TypeError("no such thing")

    _, ledger = received(*LIFE, BYSTANDER)
    monkeypatch.setattr(applying, "write_facts", faulty)
    assert apply_pending(ledger, Rules()).failed == 1
    assert said(ledger)["evt_more"] == ("failed", "nobody foresaw it: please report this (TypeError: no such thing)")
    assert ledger.connection.execute("SELECT count(*) FROM history WHERE event = 'evt_more'").fetchone() == (0,)
    assert "Traceback" in caplog.text
    holds(ledger)


def test_a_body_the_ledger_lost_is_told(received):
    """An event whose stored bytes are damaged fails with a reason, and holds nothing up."""
    _, ledger = received(*LIFE, BYSTANDER)
    with ledger.write() as connection:
        connection.execute("UPDATE events SET body = x'00' WHERE id = 'evt_more'")
    assert apply_pending(ledger, Rules()).failed == 1
    assert said(ledger)["evt_more"][0] == "failed"
    assert len(holds(ledger)) > 3


def test_movements_too_large_for_the_ledger_leave_it_as_it_was(received):
    """A customer whose figures pass 64 bits keeps the movements it had, all of them; the reason says so."""
    _, ledger = received(*LIFE[:6])
    apply_pending(ledger, Rules())
    before = holds(ledger)
    huge = {**seats(2**52), "price": price(id="price_h", unit_amount_decimal="9" * 20)}
    events = [
        updated("evt_some", AT + 2 * DAY, seats(9), METER, before=8),
        updated("evt_huge", AT + 4 * DAY, huge, before=9),
    ]
    accept(ledger, [envelope(one) for one in events])
    done = apply_pending(ledger, Rules())
    assert (done.applied, done.failed) == (2, 1)
    assert "cus_1: an amount or a time is larger than the ledger can write down" in done.reasons[0]
    assert holds(ledger) == before


def test_a_full_disk_is_no_fault_of_the_event(received, monkeypatch):
    """Where the ledger itself cannot be written, no event has failed: all are applied once it can."""

    def full(*_):
        raise LedgerError("The ledger cannot be written (database or disk is full)")

    _, ledger = received(*LIFE)
    with monkeypatch.context() as patched:
        patched.setattr("upswell.intake.applying.write_facts", full)
        with pytest.raises(LedgerError, match="disk is full"):
            apply_pending(ledger, Rules())
    assert {state for state, _ in said(ledger).values()} == {"received"}
    assert apply_pending(ledger, Rules()).failed == 0
