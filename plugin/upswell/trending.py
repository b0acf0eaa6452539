"""The twelve weeks up to a summary's own, read from the ledger: what its pictures show."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from upswell import books
from upswell.ledger import Ledger
from upswell.summary import Summary
from upswell.trend import begins, trend
from upswell.weeks import parse


def with_trend(ledger: Ledger, summary: Summary, now: int) -> Summary:
    """Return ``summary``, made at ``now`` (unix seconds UTC), with the twelve weeks up to its own."""
    week = parse(summary.week, ZoneInfo(summary.zone))
    cut = min(week.end, now + 1)
    steps = books.steps(ledger, summary.currency, begins(week), cut)
    return replace(summary, trend=trend(steps, summary.figures.closing_mrr, week, cut))
