"""Amounts, shares and dates in words people read, the same on every face (American English)."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import floor
from unicodedata import category
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from upswell.core.money import exponent

_LOCALE = "en_US"
_POWERS = {12: "T", 9: "B", 6: "M", 3: "K", 0: ""}
# Control characters, line and paragraph separators, lone surrogates; of the format characters, which also join
# emoji, those that turn the direction of what follows.
_UNSEEN = frozenset({"Cc", "Zl", "Zp", "Cs"})
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_LEFTWARDS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_WORDS_LEFTWARDS = re.compile(f"[{_LEFTWARDS}]+(?:[^\\w{_LEFTWARDS}]*[{_LEFTWARDS}]+)*")


def amount(minor: int, currency: str) -> str:
    """Write minor units of ``currency`` as ``$1,234.50`` or ``−$3.50``, with Stripe's number of decimals."""
    places = exponent(currency)
    code = currency.upper()
    gap = "\u00a0" if get_currency_symbol(code, locale=_LOCALE)[-1].isalpha() else ""
    pattern = f"¤{gap}#,##0" + ("." + "0" * places if places else "")
    units = Decimal(abs(minor)).scaleb(-places)
    text: str = format_currency(units, code, pattern, locale=_LOCALE, currency_digits=False)
    return f"−{text}" if minor < 0 else text


def signed(minor: int, currency: str) -> str:
    """Write a change: ``+$1,234.50``, ``−$3.50``, ``$0.00``."""
    return ("+" if minor > 0 else "") + amount(minor, currency)


def short(minor: int, currency: str) -> str:
    """Write an amount where there is little room, from 100 on in three digits: ``$0.01``, ``$682``, ``−€1.23M``."""
    places = exponent(currency)
    units = Decimal(abs(minor)).scaleb(-places)
    if units < 100:
        return amount(minor, currency).removesuffix("." + "0" * places)
    rounded = Decimal(f"{units:.3g}")
    power = next(power for power in _POWERS if rounded >= 10**power)
    whole_part, _, digits = f"{rounded.scaleb(-power):f}".partition(".")
    text = amount(int(whole_part) * 10**places, currency).removesuffix("." + "0" * places)
    digits = digits.rstrip("0")
    return f"{'−' if minor < 0 else ''}{text}{'.' if digits else ''}{digits}{_POWERS[power]}"


def share(value: float | None) -> str:
    """Write a ratio as a percentage with one decimal; a dash where there is none."""
    if value is None:
        return "–"
    if 0 < value < 0.0005:
        return "<0.1%"
    return str(format_percent(value, "#,##0.0%", locale=_LOCALE))


def whole(value: float) -> str:
    """Write a ratio as a whole percentage, rounded down: 100% is written only once it is reached."""
    return f"{floor(value * 100 + 1e-6):,}%".replace("-", "−")


def number(value: float) -> str:
    """Write a figure with at most two decimals: ``4.25``, ``1,034``."""
    return str(format_decimal(value, "#,##0.##", locale=_LOCALE))


def count(many: int, noun: str, nouns: str | None = None) -> str:
    """Write ``1 customer``, ``1,204 customers``."""
    return f"{many:,} {noun if many == 1 else nouns or noun + 's'}"


def days(start: date, end: date) -> str:
    """Write the days from ``start`` to before ``end``: ``Nov 9 – 15, 2026``."""
    last = end - timedelta(days=1)
    if start.year != last.year:
        return f"{day(start)}, {start.year} – {day(last)}, {last.year}"
    until = f"{last.day}" if start.month == last.month else day(last)
    return f"{day(start)} – {until}, {last.year}"


def day(when: date) -> str:
    """Write a day without its year: ``Nov 9``."""
    return str(format_date(when, "MMM d", locale=_LOCALE))


def month(name: str) -> str:
    """Write a month and its year, given as ``2026-03``: ``Mar 2026``."""
    return str(format_date(date.fromisoformat(f"{name}-01"), "MMM yyyy", locale=_LOCALE))


def period(name: str, first: date) -> str:
    """Write a calendar month or quarter: ``November``, ``Q4``."""
    return name.rpartition("-")[2] if "Q" in name else str(format_date(first, "MMMM", locale=_LOCALE))


def beginning(word: str, first: date) -> str:
    """Name a week or month, as ``word`` says, where there is little room: ``Nov 9``, ``Nov``."""
    return day(first) if word == "week" else str(format_date(first, "MMM", locale=_LOCALE))


def moment(when: datetime) -> str:
    """Write a time as the clocks of its own zone show it: ``Mon, Nov 16, 09:00``."""
    return str(format_datetime(when, "EEE, MMM d, HH:mm", locale=_LOCALE))


def read(iso: str, zone: ZoneInfo) -> datetime:
    """Return an ISO 8601 instant as the zone's clocks show it."""
    return datetime.fromisoformat(iso).astimezone(zone)


def clean(text: str, longest: int) -> str:
    """Make a name or reason that came from outside safe to show: one line, no control characters, not too long.

    What is written from right to left is isolated, so that amounts beside it stay where they are (UAX #9).
    """
    straight = text.translate(_TURNS)
    shown = " ".join("".join(" " if category(sign) in _UNSEEN else sign for sign in straight).split())
    cut = shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"
    return _WORDS_LEFTWARDS.sub("\u2068\\g<0>\u2069", cut)
