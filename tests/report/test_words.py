"""Amounts, shares and dates as people read them."""

import re
from datetime import date
from unicodedata import bidirectional

import pytest

from upswell.render import words


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "usd", "$1,234.50"),
        (-350, "eur", "−€3.50"),
        (1234567, "jpy", "¥1,234,567"),
        (-1234, "kwd", "−KWD\u00a01.234"),
        (123456, "isk", "ISK\u00a01,234.56"),
        (1, "gbp", "£0.01"),
        (10**17, "usd", "$1,000,000,000,000,000.00"),
        (100, "xyz", "XYZ\u00a01.00"),
    ],
)
def test_money_has_stripes_decimals(minor, currency, text):
    """Amounts are written with as many decimals as Stripe's minor unit has, exactly."""
    assert words.amount(minor, currency) == text


def test_changes_carry_their_sign():
    """A change is written with + or −, and 0 with neither."""
    assert [words.signed(minor, "usd") for minor in (5, 0, -5)] == ["+$0.05", "$0.00", "−$0.05"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0.0%"), (0.0001, "<0.1%"), (1.118194, "111.8%"), (0.05, "5.0%"), (12.5, "1,250.0%")],
)
def test_shares_have_one_decimal(value, text):
    """A ratio is a percentage; a dash where there is none, and never 0.0% for what is not nothing."""
    assert words.share(value) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2026, 11, 9), date(2026, 11, 16), "Nov 9 – 15, 2026"),
        (date(2026, 10, 26), date(2026, 11, 2), "Oct 26 – Nov 1, 2026"),
        (date(2026, 12, 28), date(2027, 1, 4), "Dec 28, 2026 – Jan 3, 2027"),
    ],
)
def test_a_week_is_written_by_its_days(start, end, text):
    """Month and year are written once where both ends share them."""
    assert words.days(start, end) == text


def test_names_from_outside_are_made_safe_to_show():
    """No line break, escape sequence or turned direction gets through, and nothing runs on for ever."""
    assert words.clean("A\nB\x1b[31m\u202eC", 60) == "A B [31mC"
    assert words.clean("👩\u200d💻 Ünïcode", 60) == "👩\u200d💻 Ünïcode"
    assert words.clean("x" * 300, 60) == "x" * 59 + "…"


@pytest.mark.parametrize("name", ["\u05e9\u05dc \u05d0\u05e8", "شركة الأمل", "A \u202b\u05e9\u05dc\u202c B"])
def test_names_from_right_to_left_leave_amounts_where_they_are(name):
    """What is written from right to left is isolated from what follows it, once, however often it is cleaned."""
    shown = words.clean(f"{name}: 10 → 25 seats", 60)
    assert words.clean(shown, 60) == shown
    outside = re.sub("\u2068[^\u2069]+\u2069", "", shown)
    assert not any(bidirectional(sign) in ("R", "AL") for sign in outside)
    assert outside.endswith(": 10 → 25 seats") or outside == "A  B: 10 → 25 seats"


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (0, "usd", "$0"),
        (1, "usd", "$0.01"),
        (-350, "usd", "−$3.50"),
        (9_999, "usd", "$99.99"),
        (68_240, "chf", "CHF\u00a0682"),
        (99_949, "usd", "$999"),
        (99_950, "usd", "$1K"),
        (123_456, "usd", "$1.23K"),
        (-123_456_789, "eur", "−€1.23M"),
        (10**12, "usd", "$10B"),
        (10**14, "usd", "$1T"),
        (10**18, "usd", "$10,000T"),
        (99, "jpy", "¥99"),
        (1_234, "jpy", "¥1.23K"),
        (1, "kwd", "KWD\u00a00.001"),
        (1_234_567, "kwd", "KWD\u00a01.23K"),
    ],
)
def test_where_room_is_little_an_amount_has_three_digits(minor, currency, said):
    """From 100 units on an amount is rounded to three digits with K, M, B or T; below it stands in full."""
    assert words.short(minor, currency) == said
