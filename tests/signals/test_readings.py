"""Readings in the ledger: kept once a key, and what is told by them."""

import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from connectors.sent import body
from core.values import calm
from hypothesis import given
from hypothesis import strategies as st
from intake.told import AT, DAY, applied, subscribed
from receiving import configured

from upswell.core.money import decimal
from upswell.core.readings import MILESTONE, USAGE, Reading
from upswell.intake.looking import look, past_of
from upswell.signals.signs import look as look_at
from upswell.store import raised
from upswell.store.ledger import Ledger
from upswell.store.measures import WHOLE_SECONDS, Written, drop_readings, readings_of, thin_readings, write_readings

USED = Reading("app", "1", "cus_1", USAGE, "exports", AT + 40 * DAY, Fraction(91, 2), 50, label="exports")
NOW = AT + 40 * DAY


@pytest.fixture
def config(tmp_path):
    """Give the configuration of a ledger."""
    return configured(tmp_path)


@pytest.fixture
def ledger(config):
    """Give a ledger with one customer."""
    with Ledger(config.ledger.path, create=True) as ledger:
        applied(ledger, subscribed())
        yield ledger


def written(ledger, *readings):
    """Write readings and return what became of them."""
    with ledger.write() as connection:
        return write_readings(connection, readings)


def test_a_reading_is_kept_once_a_key(ledger):
    """The same key of one source is the same reading; another source's is not."""
    other = Reading("file", "1", "cus_1", MILESTONE, "invited", AT, start=AT, end=AT + DAY)
    assert written(ledger, USED, USED) == Written(new=1, known=1)
    assert written(ledger, USED, other) == Written(new=1, known=1)
    assert readings_of(ledger.connection, "cus_1") == [other, USED]


def test_what_a_key_says_later_corrects_it(ledger, config):
    """A known key with other content is a correction: it takes the place of what was said, and is looked at."""
    applied(ledger, subscribed(2))
    written(ledger, USED)
    look(ledger, config, NOW)
    (one,) = raised.standing(ledger)
    right = replace(USED, customer="cus_2", units=Fraction(99, 2))
    assert written(ledger, right) == Written(corrected=1)
    assert (readings_of(ledger.connection, "cus_1"), readings_of(ledger.connection, "cus_2")) == ([], [right])
    assert look(ledger, config, NOW).customers == 2
    assert [held.customer for held in raised.standing(ledger)] == ["cus_2"]
    assert one.customer == "cus_1"


def test_who_is_read_of_is_looked_at_next(ledger, config):
    """A reading that is new raises what it shows within minutes, and one that is known changes nothing."""
    look(ledger, config, NOW)
    written(ledger, USED)
    assert look(ledger, config, NOW).raised == 1
    (one,) = raised.standing(ledger)
    assert (one.signal, one.evidence, one.score) == ("usage_limit", "45.50 of 50 exports", 27)
    written(ledger, USED)
    assert look(ledger, config, NOW).customers == 0


def test_a_reading_of_a_stranger_waits(ledger):
    """Who is not known yet is read of all the same, and has its readings once an event tells of it."""
    assert written(ledger, Reading("app", "2", "cus_7", USAGE, "exports", AT, Fraction(1))) == Written(1, strangers=1)
    assert readings_of(ledger.connection, "cus_7") == []
    applied(ledger, subscribed(7))
    assert len(readings_of(ledger.connection, "cus_7")) == 1


def test_readings_can_be_taken_away(ledger):
    """What an app calls a customer's readings, and their keys, may name a person, who can be forgotten."""
    stays = replace(USED, key="4", customer="cus_2")
    written(ledger, Reading("app", "fern@example.com", "cus_1", MILESTONE, "Fern invited", AT, label="Fern"), stays)
    with ledger.write() as connection:
        drop_readings(connection, "cus_1")
    assert ledger.connection.execute("SELECT customer, key FROM readings").fetchall() == [("cus_2", "4")]


@pytest.mark.parametrize("text", ["0", "8450", "0.5", "1234.000000000001", "-2.25", "1000000000000000000.5"])
def test_units_are_exact(text):
    """Units are decimals, as long as they need to be, and never floats."""
    assert decimal(Fraction(text)) == text
    assert Fraction(decimal(Fraction(1, 3))) == Fraction("0.333333333333")


def test_a_triggered_alert_is_a_signal(ledger, config):
    """An alert that Stripe triggered is raised as a milestone, once, however often its event comes."""
    alert = {"id": "alrt_1", "object": "billing.alert", "title": "1,000 exports"}
    said = {"object": "billing.alert_triggered", "alert": alert, "customer": "cus_1", "value": 1000}
    event = body(said, "billing.alert.triggered", id="evt_alert", created=NOW - DAY)
    for _ in range(2):
        applied(ledger, event)
    look(ledger, config, NOW)
    (one,) = raised.standing(ledger)
    assert one.signal == "milestone"
    assert one.evidence.startswith("1,000 exports on ")


def hourly(days, **more):
    """Return what an app reports that posts every hour of its last ``days``."""
    return [
        replace(USED, key=f"{hour} {more}", at=NOW - hour * 3600, units=Fraction(1), **more)
        for hour in range(days * 24)
    ]


def test_readings_do_not_grow_without_bound(ledger, config):
    """Whoever reports every hour leaves 35 days of it, and of older ones one a week, name and period."""
    period = {"start": NOW - 200 * DAY, "end": NOW + DAY}
    written(ledger, *hourly(105), *hourly(105, name="calls"), *hourly(105, **period))
    look(ledger, config, NOW)
    held = readings_of(ledger.connection, "cus_1")
    whole = [one for one in held if one.at >= NOW - WHOLE_SECONDS]
    assert len(whole) == 3 * (35 * 24 + 1)
    assert len(held) - len(whole) in (3 * 10, 3 * 11)
    look(ledger, config, NOW + DAY)
    assert len(readings_of(ledger.connection, "cus_1")) < len(held)


@calm
@given(st.lists(st.tuples(st.sampled_from(("a", "b")), st.integers(0, 120), st.booleans(), st.booleans()), max_size=30))
def test_what_is_dropped_is_in_no_signal(rows):
    """With or without the readings that are dropped, a look sees the same."""
    readings = [
        Reading(
            "app",
            str(number),
            "cus_1",
            MILESTONE if reached else USAGE,
            name,
            NOW - age * DAY,
            Fraction(number),
            10,
            *((NOW - 119 * DAY, NOW + DAY) if dated and age < 119 else (None, None)),
        )
        for number, (name, age, reached, dated) in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder))
        with Ledger(config.ledger.path, create=True) as ledger:
            applied(ledger, subscribed(at=AT - 200 * DAY))
            written(ledger, *readings)
            before = seen(ledger, config)
            with ledger.write() as connection:
                thin_readings(connection, "cus_1", NOW)
            assert seen(ledger, config) == before


def seen(ledger, config):
    """Return what a look at the customer finds."""
    return look_at(past_of(ledger.connection, "cus_1", config.rules, {}).known(NOW), config.signals)
