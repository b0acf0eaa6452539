"""Billing periods: calendar steps from an anchor, all in UTC."""

from calendar import isleap
from datetime import UTC, datetime

from upswell_connectors.fake_stripe.values import Price

_DAY = 86_400
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LONGEST = {"day": 1, "week": 7, "month": 31, "year": 366}  # days


def months_later(anchor: int, months: int) -> int:
    """Return the instant ``months`` calendar months after ``anchor``; a day a month lacks becomes its last."""
    start = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    day = min(start.day, 29 if month == 1 and isleap(year) else _LENGTHS[month])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def boundary(anchor: int, price: Price, steps: int) -> int:
    """Return the ``steps``-th boundary of the price's billing periods after ``anchor``."""
    steps *= price.interval_count
    if price.interval in _DAYS:
        return anchor + _DAY * _DAYS[price.interval] * steps
    return months_later(anchor, _MONTHS[price.interval] * steps)


def period(anchor: int, price: Price, at: int) -> tuple[int, int]:
    """Return the start and end of the billing period that ``at`` lies in; ``at`` is not before ``anchor``."""
    longest = _DAY * price.interval_count * _LONGEST[price.interval]
    steps = max(1, (at - anchor) // longest)  # cannot be too many, since no period is longer
    start, end = boundary(anchor, price, steps - 1), boundary(anchor, price, steps)
    while end <= at:
        steps += 1
        start, end = end, boundary(anchor, price, steps)
    return start, end
