"""Rows that a merchant's app, or a file, reports: each becomes a reading, or says what is wrong with it."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256

from upswell.core.readings import KINDS, MILESTONE, USAGE, Reading
from upswell.errors import RowError

COLUMNS = (
    "customer",
    "name",
    "at",
    "units",
    "included",
    "period_start",
    "period_end",
    "kind",
    "label",
    "key",
)
"""What a row may say; ``NEEDED`` is what each must."""
NEEDED = ("customer", "name", "at")

_LONGEST = 200
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,12})?([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"0*[1-9]\d{0,17}", re.ASCII)
_SECONDS = re.compile(r"-?\d+", re.ASCII)
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100
_AHEAD_SECONDS = 86_400
_MOST = 10**18


def reading(row: Mapping[str, object], source: str, now: int) -> Reading:
    """Return what ``row`` says; all its values are texts, and an empty one counts as left out.

    ``now`` is unix seconds UTC: what is more than a day ahead of it is refused. Without a key of its own, the same
    customer, kind, name and moment are the same reading. Raises RowError with what is wrong.
    """
    if unknown := [name for name in row if name not in COLUMNS]:
        raise RowError(f"there is no {_shown(unknown[0])}: a row has {', '.join(COLUMNS)}")
    said = {name: text for name in COLUMNS if (text := _text(name, row.get(name)))}
    if missing := [name for name in NEEDED if name not in said]:
        raise RowError(f"{missing[0]} is missing")
    kind = said.get("kind", USAGE)
    if kind not in KINDS:
        raise RowError(f"kind is neither {USAGE} nor {MILESTONE}")
    at = _moment("at", said["at"])
    if at > now + _AHEAD_SECONDS:
        raise RowError("at is in the future")
    start, end = (_moment(name, said[name]) if name in said else None for name in ("period_start", "period_end"))
    _check_period(at, start, end)
    return Reading(
        source,
        said.get("key") or _key(said["customer"], kind, said["name"], at),
        said["customer"],
        kind,
        said["name"],
        at,
        _units(said.get("units"), kind),
        _included(said.get("included")),
        start,
        end,
        said.get("label", ""),
    )


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowError(f"{name} is neither a text nor a number")
    text = value.strip()
    if len(text) > _LONGEST:
        raise RowError(f"{name} is longer than {_LONGEST} letters")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise RowError(f"{name} holds a line break, another control character, or what is not UTF-8")
    return text


def _shown(name: str) -> str:
    """Return a name nobody knows as it may be repeated."""
    return name if name.isprintable() and 0 < len(name) <= 40 else "such name"


def _moment(name: str, text: str) -> int:
    """Return the second that ``text`` names: unix seconds, or ISO 8601, in UTC where it names no zone."""
    try:
        if _SECONDS.fullmatch(text):
            moment = int(text[:20])
        else:
            said = datetime.fromisoformat(text)
            moment = int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise RowError(f"{name} is neither a time such as 2026-11-16T09:00:00Z nor unix seconds") from None
    if not _EARLIEST <= moment < _LATEST:
        raise RowError(f"{name} is before 2000 or after 2100: unix times are in seconds")
    return moment


def _check_period(at: int, start: int | None, end: int | None) -> None:
    if start is not None and end is not None and start >= end:
        raise RowError("period_start is not before period_end")
    if start is not None and at < start:
        raise RowError("at is before period_start")


def _units(text: str | None, kind: str) -> Fraction:
    if text is None and kind == USAGE:
        raise RowError("units is missing")
    if text is None:
        return Fraction(0)
    number = Fraction(text) if _NUMBER.fullmatch(text) else Fraction(-1)
    if not 0 <= number < _MOST or (number * 10**12).denominator != 1:
        raise RowError("units is no number from 0 on, with up to 18 digits before the point and 12 behind it")
    return number


def _included(text: str | None) -> int | None:
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise RowError("included is no whole number from 1 on, of up to 18 digits")
    return int(text)


def _key(*parts: object) -> str:
    """Return the key of a row that has none: what names a reading, and not what it says."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
