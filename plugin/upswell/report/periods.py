"""Calendar weeks, months and quarters in a time zone: each from its first instant to the next one's."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from upswell.core.clocks import local, midnight
from upswell.errors import UpswellError

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_YEARS = range(1971, 9999)  # with room for the year before them, and the period after


@dataclass(frozen=True, slots=True)
class Period(ABC):
    """One period of a zone, told by its ``first`` day; ``word`` says what it is: ``week``, ``month``, ``quarter``.

    ``start`` and ``end`` (exclusive) are unix seconds UTC of local midnights.
    """

    word: ClassVar[str]

    first: date
    zone: ZoneInfo

    @classmethod
    @abstractmethod
    def of(cls, day: date, zone: ZoneInfo) -> Self:
        """Return the period that ``day`` lies in."""

    @classmethod
    def containing(cls, instant: int, zone: ZoneInfo) -> Self:
        """Return the period that ``instant`` (unix seconds UTC) lies in, by the zone's own calendar."""
        return cls.of(local(instant, zone).date(), zone)

    @classmethod
    def last_complete(cls, instant: int, zone: ZoneInfo) -> Self:
        """Return the last period that is over at ``instant`` (unix seconds UTC)."""
        return cls.containing(instant, zone).shift(-1)

    @property
    @abstractmethod
    def name(self) -> str:
        """The period as ISO writes it."""

    @abstractmethod
    def shift(self, many: int) -> Self:
        """Return the period so many later; earlier where ``many`` is negative."""

    @property
    def start(self) -> int:
        """The first second of the period."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> int:
        """The first second of the next period: this one ends just before it."""
        return midnight(self.shift(1).first, self.zone)

    def holds(self, instant: int) -> bool:
        """Say whether ``instant`` (unix seconds UTC) lies in the period."""
        return self.start <= instant < self.end


class Week(Period):
    """An ISO week, Monday to Sunday: ``2026-W46``."""

    __slots__ = ()
    word = "week"
    report = "weekly"

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> Self:
        """Return the week that ``day`` lies in."""
        return cls(day - timedelta(days=day.weekday()), zone)

    @classmethod
    def parse(cls, name: str, zone: ZoneInfo) -> Self:
        """Return the week ``name``. Raises UpswellError where there is no such week."""
        first = _first(_WEEK, name, lambda year, week: date.fromisocalendar(year, week, 1))
        if first is None:
            raise UpswellError(f"{name!r} is no ISO week: write one as 2026-W46")
        return cls(first, zone)

    @property
    def name(self) -> str:
        """The week as ISO writes it."""
        year, number, _ = self.first.isocalendar()
        return f"{year:04d}-W{number:02d}"

    def shift(self, many: int) -> Self:
        """Return the week so many later; earlier where ``many`` is negative."""
        return type(self)(self.first + timedelta(weeks=many), self.zone)


class _Months(Period):
    """So many calendar months at a time, from January on."""

    __slots__ = ()
    months: ClassVar[int]

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> Self:
        """Return the period that ``day`` lies in."""
        return cls(day.replace(month=(day.month - 1) // cls.months * cls.months + 1, day=1), zone)

    def shift(self, many: int) -> Self:
        """Return the period so many later; earlier where ``many`` is negative."""
        year, month = divmod(self.first.year * 12 + self.first.month - 1 + many * self.months, 12)
        return type(self)(date(year, month + 1, 1), self.zone)


class Month(_Months):
    """A calendar month: ``2026-11``."""

    __slots__ = ()
    word = "month"
    report = "monthly"
    months = 1

    @classmethod
    def parse(cls, name: str, zone: ZoneInfo) -> Self:
        """Return the month ``name``. Raises UpswellError where there is no such month."""
        first = _first(_MONTH, name, lambda year, month: date(year, month, 1))
        if first is None:
            raise UpswellError(f"{name!r} is no month: write one as 2026-11")
        return cls(first, zone)

    @property
    def name(self) -> str:
        """The month as ISO writes it."""
        return f"{self.first.year:04d}-{self.first.month:02d}"


class Quarter(_Months):
    """Three calendar months, from January, April, July or October on: ``2026-Q4``."""

    __slots__ = ()
    word = "quarter"
    months = 3

    @property
    def name(self) -> str:
        """The quarter, after its year."""
        return f"{self.first.year:04d}-Q{self.first.month // 3 + 1}"


Reported = Week | Month
"""The periods that are summed up in a report, the one that its class names."""


def parse(name: str, zone: ZoneInfo) -> Reported:
    """Return the week or month ``name``, as its form says. Raises UpswellError where there is none such."""
    return (Week if "W" in name else Month).parse(name, zone)


def _first(written: re.Pattern[str], name: str, day: Callable[[int, int], date]) -> date | None:
    """Return the first ``day`` of the year and number that ``name`` is ``written`` with; None where there is none."""
    match = written.fullmatch(name.strip())
    year, number = map(int, match.groups()) if match else (0, 0)
    try:
        return day(year, number) if year in _YEARS else None
    except ValueError:
        return None
