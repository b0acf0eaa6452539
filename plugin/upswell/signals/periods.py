"""Billing periods: which one runs for a position. They begin and end as Stripe has it, on days of UTC."""

from zoneinfo import ZoneInfo

from upswell.core.clocks import months_before
from upswell.core.portfolio import Position
from upswell.signals.known import Known
from upswell.signals.terms import DAY

_UTC = ZoneInfo("UTC")
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def running(position: Position, known: Known) -> tuple[int, int] | None:
    """Return the period that runs, from its start to its end (unix seconds UTC); None where nothing tells it.

    It is the one that an invoice billed ahead, else so many intervals after the last one that was billed, else after
    the subscription's start. What began on the 31st ends on the last day of a short month, and on the 31st after it.
    """
    rows = [row for row in known.billed if row.item == position.item and not row.voided and not row.proration]
    for row in rows:
        if row.period_start <= known.at < row.period_end:
            return row.period_start, row.period_end
    subscription = known.subscriptions.get(position.subscription)
    begun = (subscription.start_date or subscription.created) if subscription else 0
    start = max((row.period_end for row in rows if row.period_end <= known.at), default=begun)
    if not start or start > known.at or position.price.interval is None:
        return None
    anchors = sorted({begun, *(row.period_start for row in rows)})
    leading = (one for one in anchors if 0 < one < start and _stepped(one, position, start)[0] == start)
    return _stepped(next(leading, start), position, known.at)


def _stepped(start: int, position: Position, now: int) -> tuple[int, int]:
    """Return the interval that ``now`` lies in, of those that follow each other from ``start`` on."""
    times, end = 1, _after(start, position, 1)
    begins = start
    while end <= now:
        times += 1
        begins, end = end, _after(start, position, times)
    return begins, end


def _after(start: int, position: Position, times: int) -> int:
    interval, count = position.price.interval or "", position.price.interval_count * times
    if interval in _DAYS:
        return start + _DAYS[interval] * count * DAY
    return months_before(start, -_MONTHS[interval] * count, _UTC)
