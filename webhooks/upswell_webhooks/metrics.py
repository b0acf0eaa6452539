"""Figures for Prometheus, in its text format: what came in, and how far the ledger is."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from upswell.store import arrivals, events
from upswell.store.ledger import Ledger
from upswell_webhooks.counters import Counters

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(path: Path, counters: Counters, now: int) -> str:
    """Return every metric; ``now`` is unix seconds UTC. Raises LedgerError where ``path`` is no ledger."""
    with Ledger(path) as ledger:
        held, open_work = arrivals.census(ledger), events.counts(ledger)
    taken, refused = counters.read()
    lines = [
        *_family("events_total", "counter", "Events received since the start, by outcome.", "outcome", taken),
        *_family("refused_total", "counter", "Requests refused since the start, by reason.", "reason", refused),
        *_family("events", "gauge", "Events in the ledger, by state.", "state", held),
        *_single("pending", "Events and customers yet to be applied.", open_work.pending),
        *_single("failed", "Events and customers that could not be applied.", open_work.failed),
    ]
    if open_work.last_event_at is not None:
        age = max(0, now - open_work.last_event_at)
        lines += _single("last_event_age_seconds", "Seconds since the last event came.", age)
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, words: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP upswell_{name} {words}"
    yield f"# TYPE upswell_{name} {kind}"
    yield from (f'upswell_{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items()))


def _single(name: str, words: str, value: int) -> Iterator[str]:
    yield f"# HELP upswell_{name} {words}"
    yield f"# TYPE upswell_{name} gauge"
    yield f"upswell_{name} {value}"
