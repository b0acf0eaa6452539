"""Rows of usage: what they may say, and what is said of those that cannot be read."""

from datetime import UTC, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upswell.core.readings import APP, MILESTONE, USAGE, Reading
from upswell.core.reported import COLUMNS, reading
from upswell.errors import RowError

NOW = 1_795_420_800
ROW = {"customer": "cus_1", "name": "api_calls", "at": str(NOW), "units": "8450"}


def read(**said):
    """Return the reading of the row, with other values."""
    return reading(ROW | said, APP, NOW)


def test_a_row_says_a_reading():
    """A row with all it may say becomes a reading with all of it."""
    said = {
        "included": "10000",
        "period_start": "2026-11-01",
        "period_end": "2026-12-01T00:00:00+01:00",
        "kind": "usage",
        "label": " API calls ",
        "key": "k1",
    }
    start, end = 1_793_491_200, 1_796_079_600
    assert read(**said) == Reading(
        APP, "k1", "cus_1", USAGE, "api_calls", NOW, Fraction(8450), 10_000, start, end, "API calls"
    )


def test_a_milestone_needs_no_units():
    """A milestone is who, what and when."""
    found = reading({"customer": "cus_1", "name": "invited", "at": "2026-11-20", "kind": "milestone"}, APP, NOW)
    assert (found.kind, found.units, found.at) == (MILESTONE, 0, 1_795_132_800)


def test_without_a_key_the_same_moment_is_the_same_reading():
    """Customer, kind, name and moment make the key, and units do not, so that they can be corrected."""
    assert read().key == read(units="1").key
    others = [read(customer="cus_2"), read(name="x"), read(at=str(NOW - 1)), read(kind="milestone")]
    assert len({read().key, *(one.key for one in others)}) == 5


@pytest.mark.parametrize(
    ("text", "units"),
    {
        "0": 0,
        "8450": 8450,
        "0.5": Fraction(1, 2),
        "1e3": 1000,
        "12.000000000001": Fraction(12_000_000_000_001, 10**12),
    }.items(),
)
def test_units_are_exact(text, units):
    """Units are decimals and never floats."""
    assert read(units=text).units == units


BAD = {
    "customer is missing": {"customer": " "},
    "name is missing": {"name": ""},
    "at is missing": {"at": None},
    "units is missing": {"units": ""},
    "units is no number from 0 on": {"units": "-1"},
    "units is no number": {"units": "1,5"},
    "with up to 18 digits": {"units": "1e99"},
    "and 12 behind it": {"units": "1e-13"},
    "units is neither a text nor a number": {"units": 5.0},
    "included is no whole number from 1 on": {"included": "0"},
    "included is no whole": {"included": "9" * 19},
    "kind is neither usage nor milestone": {"kind": "seat"},
    "at is neither a time": {"at": "yesterday"},
    "at is before 2000 or after 2100: unix times are in seconds": {"at": "1795420800000"},
    "at is before 2000": {"at": "9" * 100},
    "at is in the future": {"at": str(NOW + 86_401)},
    "period_start is not before period_end": {"period_start": "2026-11-02", "period_end": "2026-11-02"},
    "at is before period_start": {"period_start": str(NOW + 1)},
    "period_end is neither": {"period_end": "2026-13-01"},
    "name is longer than 200": {"name": "x" * 201},
    "label holds a line break": {"label": "a\nb"},
    "name holds a line break, another control character, or what is not UTF-8": {"name": "\udcff"},
    "key holds": {"key": "\0k"},
    "there is no limit: a row has customer": {"limit": "5"},
    "there is no such name": {"\n": "5"},
}


@pytest.mark.parametrize(("reason", "said"), BAD.items(), ids=BAD)
def test_what_cannot_be_read_says_why(reason, said):
    """A row that cannot be read says which value is wrong, without repeating it."""
    with pytest.raises(RowError, match=reason):
        read(**said)


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=220),
    st.integers().map(str),
    st.decimals(allow_nan=True).map(str),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=-9, minutes=-30))])).map(
        lambda moment: moment.isoformat()
    ),
    st.sampled_from(["usage", "milestone", "0x10", "٣", "1_000", "NaN", "inf", "2026-W47-1", "20261116", "T"]),
)


def tried(row):
    """Return the reading of a row, or what is wrong with it."""
    try:
        return reading(row, APP, NOW)
    except RowError as error:
        return error


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), TEXTS), st.sets(st.sampled_from(sorted(ROW))))
def test_any_row_is_a_reading_or_says_why(said, kept):
    """Whatever a row says, it is a reading within limits, or one short sentence says why not."""
    row = said | {name: ROW[name] for name in kept}
    found = tried(row)
    if isinstance(found, RowError):
        assert 0 < len(str(found)) < 200
        assert "\n" not in str(found)
        return
    assert 0 <= found.units < 10**18
    assert found.limit is None or 0 < found.limit < 10**18
    assert found.units == (Fraction(Decimal(row["units"].strip())) if (row.get("units") or "").strip() else 0)
    assert all(text == text.strip() for text in (found.customer, found.name, found.label, found.key))
