"""Days and numbers as evidence says them."""

from datetime import datetime
from fractions import Fraction

from upswell.signals.terms import DAY, Terms


def day(moment: int, now: int, terms: Terms) -> str:
    """Return the day of ``moment``, with its year where that is not the year of ``now`` (unix seconds UTC)."""
    when, today = (datetime.fromtimestamp(at, terms.zone) for at in (moment, now))
    return f"{when.day} {when:%B}" + ("" if when.year == today.year else f" {when.year}")


def ahead(moment: int, now: int) -> str:
    """Return how far ``moment`` lies ahead of ``now``: ``today``, ``in 1 day``, ``in 9 days``."""
    days = days_between(now, moment)
    return "today" if not days else f"in {count(days, 'day')}"


def days_between(since: int, until: int) -> int:
    """Return the whole days from one moment to a later one, a day that has begun included."""
    return max(-(-(until - since) // DAY), 0)


def count(many: int, noun: str) -> str:
    """Return ``1 day``, ``1,204 days``."""
    return f"{many:,} {noun if many == 1 else noun + 's'}"


def nearness(share: Fraction, threshold: Fraction) -> Fraction:
    """Return how strong a share of a limit is: a half where it is near, whole from the limit on."""
    if share >= 1:
        return Fraction(1)
    return (1 + (share - threshold) / (1 - threshold)) / 2
