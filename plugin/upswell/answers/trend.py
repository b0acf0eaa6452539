"""The twelve weeks, or months, up to a summary's own, read from the ledger: what its pictures show."""

from dataclasses import replace

from upswell.report.summary import Summary
from upswell.report.trend import shown, trend
from upswell.store import books, tracked
from upswell.store.ledger import Ledger


def with_trend(ledger: Ledger, summary: Summary, now: int) -> Summary:
    """Return ``summary``, made at ``now`` (unix seconds UTC), with the twelve periods up to its own."""
    period = summary.period
    cut = min(period.end, now + 1)
    tracks = [track for track in tracked.tracks(ledger) if track.currency == summary.currency]
    bridges = [books.bridge(ledger, summary.currency, one.start, min(one.end, cut)) for one in shown(period)]
    return replace(summary, trend=trend(tracks, bridges, period, cut))
