"""Readings in the ledger: kept once a key, and what is told by them."""

from fractions import Fraction

import pytest
from intake.told import AT, DAY, applied, subscribed
from receiving import configured

from upswell import raised
from upswell.ledger import Ledger
from upswell.looking import look
from upswell.measures import readings_of, strip_readings, write_readings
from upswell.money import decimal
from upswell.readings import MILESTONE, USAGE, Reading

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
    """Write readings and return how many were new."""
    with ledger.write() as connection:
        return write_readings(connection, readings)


def test_a_reading_is_kept_once_a_key(ledger):
    """The same key of one source is the same reading, whatever it says the second time; another source's is not."""
    other = Reading("import", "1", "cus_1", MILESTONE, "invited", AT, start=AT, end=AT + DAY)
    assert written(ledger, USED, USED) == 1
    assert written(ledger, USED, other) == 1
    assert readings_of(ledger.connection, "cus_1") == [other, USED]


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
    assert written(ledger, Reading("app", "2", "cus_7", USAGE, "exports", AT, Fraction(1))) == 1
    assert readings_of(ledger.connection, "cus_7") == []
    applied(ledger, subscribed(7))
    assert len(readings_of(ledger.connection, "cus_7")) == 1


def test_names_can_be_taken_out(ledger):
    """What an app calls a customer's readings may name a person, who can be forgotten."""
    written(ledger, Reading("app", "3", "cus_1", MILESTONE, "Fern invited", AT, label="Fern invited two"))
    with ledger.write() as connection:
        strip_readings(connection, "cus_1", lambda text: text.replace("Fern", "somebody"))
    (one,) = readings_of(ledger.connection, "cus_1")
    assert (one.name, one.label) == ("somebody invited", "somebody invited two")


@pytest.mark.parametrize("text", ["0", "8450", "0.5", "1234.000000000001", "-2.25", "1000000000000000000.5"])
def test_units_are_exact(text):
    """Units are decimals, as long as they need to be, and never floats."""
    assert decimal(Fraction(text)) == text
    assert Fraction(decimal(Fraction(1, 3))) == Fraction("0.333333333333")
