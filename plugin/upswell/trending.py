"""The twelve weeks up to a summary's own, read from the ledger: what its pictures show."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from upswell import books, tracked
from upswell.ledger import Ledger
from upswell.summary import Summary
from upswell.trend import trend, weeks_of
from upswell.weeks import parse


def with_trend(ledger: Ledger, summary: Summary, now: int) -> Summary:
    """Return ``summary``, made at ``now`` (unix seconds UTC), with the twelve weeks up to its own."""
    week = parse(summary.week, ZoneInfo(summary.zone))
    cut = min(week.end, now + 1)
    tracks = [track for track in tracked.tracks(ledger) if track.currency == summary.currency]
    bridges = [books.bridge(ledger, summary.currency, one.start, min(one.end, cut)) for one in weeks_of(week)]
    return replace(summary, trend=trend(tracks, bridges, week, cut))
