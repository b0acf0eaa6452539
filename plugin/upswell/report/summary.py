"""The summary of a week or a month: one value that every face (terminal, Slack, email, JSON) shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any

from upswell.core.clocks import days_before
from upswell.core.kinds import Movement
from upswell.errors import UpswellError
from upswell.report import metrics
from upswell.report.figures import Earlier, Figures, Span, figures
from upswell.report.notes import notes
from upswell.report.periods import Reported
from upswell.report.restated import Past, restated, up_to
from upswell.report.targets import Progress
from upswell.report.together import Together
from upswell.report.tracks import Track
from upswell.report.trend import Point
from upswell.signals.best import Ready

_AHEAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the ledger: events yet to be applied, events that failed, when the last came (ISO 8601, or None).

    ``differences`` counts the subscriptions that are others than at Stripe, None before anybody compared them.
    """

    pending: int
    failed: int
    last_event_at: str | None
    differences: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of one ``period``; ``complete`` is False while that runs.

    ``currency`` (lower case) is the main one, of ``figures``; ``other_currencies`` holds the rest by code.
    ``together`` is what all are in the main one, None where their rates are not known. ``signals`` are the customers
    who are most ready for more, three at most; ``targets`` those whose own period it ends in, as far as they have come.
    ``notes`` are sentences for people, ``names`` those of customers of whom something is scheduled, and ``hint`` is
    what is usual elsewhere. ``trend`` are the periods up to this one, for pictures; only what is posted or previewed
    has it. The JSON leaves the last four out.
    """

    period: Reported
    complete: bool
    currency: str
    figures: Figures
    health: Health
    other_currencies: Mapping[str, Figures]
    notes: tuple[str, ...]
    names: Mapping[str, str]
    signals: tuple[Ready, ...] = ()
    together: Together | None = None
    hint: str = ""
    targets: tuple[Progress, ...] = ()
    trend: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """What happened, as far as a summary is made of it.

    ``movements`` are at least those of the period, every new of the weeks before it (see ``notes``), and those booked
    ahead (see ``ahead_of``), of all currencies; ``tracks`` are everybody's, of the whole history; ``earlier`` are each
    currency's sums of other windows.
    """

    movements: Sequence[Movement]
    tracks: Sequence[Track]
    earlier: Mapping[str, Earlier]


@dataclass(frozen=True, slots=True)
class Planned:
    """What plans bring: ``scheduled`` movements, and the ids of movements booked ahead that they leave no room for."""

    scheduled: Sequence[Movement] = ()
    overtaken: Collection[str] = ()


_NOTHING, _NO_PLANS, _NO_SUMS = Past(), Planned(), Earlier()
_AS_NAMED: Mapping[str, str] = MappingProxyType({})


def summarise(
    booked: Booked,
    span: Span,
    *,
    currency: str,
    names: Mapping[str, str],
    health: Health,
    past: Past = _NOTHING,
    planned: Planned = _NO_PLANS,
) -> Summary:
    """Summarise the period of ``span`` as it stands when it is seen.

    ``names`` gives customers' display names; ``past`` is what was said before of this period and earlier ones, and
    later; ``planned`` is shown and not counted.
    Raises UpswellError where the period has not begun, InvariantError where the figures do not add up.
    """
    period = span.period
    if span.now < period.start:
        raise UpswellError(f"{period.name} has not begun: name a {period.word} up to the running one")
    ordered = sorted(booked.movements, key=lambda movement: movement.occurred_at)
    ahead = _ahead(ordered, planned, span)
    said = replace(past, posts=up_to(past.posts, period))
    begun = _begun(booked.tracks, span.cut)
    by_code = {
        code: figures(
            *(ordered, begun.get(code, []), booked.earlier.get(code, _NO_SUMS), code),
            *(span, names, restated(said, code), ahead),
        )
        for code in sorted({currency, *begun, *_codes_of_plans(planned, ahead)})
    }
    return Summary(
        period=period,
        complete=span.now >= period.end,
        currency=currency,
        figures=by_code.pop(currency),
        health=health,
        other_currencies=by_code,
        notes=notes(ordered, {code: len(held) for code, held in begun.items()}, period, span.cut, currency),
        names={movement.customer: names.get(movement.customer, movement.customer) for movement in ahead},
    )


def span_of(period: Reported, now: int) -> Span:
    """Return the window of ``period`` as it is reported at ``now`` (unix seconds UTC)."""
    # An event of this very second has happened; the end is exclusive.
    return Span(period, min(period.end, now + 1), now)


def ahead_of(span: Span) -> tuple[int, int]:
    """Return the window (unix seconds UTC) in which movements count as ahead: past now and ``span``, for 30 days."""
    return max(span.now + 1, span.cut), days_before(span.cut, -_AHEAD_DAYS, span.period.zone)


def _ahead(ordered: Sequence[Movement], planned: Planned, span: Span) -> Sequence[Movement]:
    """Return what lies beyond both now and the reported end, up to 30 days past that end, oldest first."""
    booked = [movement for movement in ordered if movement.id not in planned.overtaken]
    every = sorted([*booked, *planned.scheduled], key=lambda movement: movement.occurred_at)
    return metrics.window(every, *ahead_of(span))


def _codes_of_plans(planned: Planned, ahead: Sequence[Movement]) -> set[str]:
    """Return the currencies of plans that are shown; nobody may have paid in them yet."""
    names = {movement.id for movement in planned.scheduled}
    return {movement.currency for movement in ahead if movement.id in names}


def _begun(tracks: Iterable[Track], cut: int) -> Mapping[str, list[Track]]:
    """Return the tracks that had a movement in their currency before ``cut``, by currency."""
    held: defaultdict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        if track.since < cut:
            held[track.currency].append(track)
    return held


KEYS: Mapping[str, Mapping[str, str]] = {
    word: {"period": word, "previous": f"previous_{word}", "mean": f"four_{word}_mean"} for word in ("week", "month")
}
"""How the JSON of a period calls what is of it and of those before: fields of the figures, by the period's word."""


def as_json(summary: Summary) -> dict[str, Any]:
    """Return the summary as ``upswell summary --format json`` prints it: its keys are an interface."""
    period, keys = summary.period, KEYS[summary.period.word]
    return {
        period.word: period.name,
        "start": period.first.isoformat(),
        "end": period.shift(1).first.isoformat(),
        "complete": summary.complete,
        "currency": summary.currency,
        **_figures(summary, keys),
        "health": _plain(summary.health),
        "other_currencies": _plain(summary.other_currencies, keys),
        "together": _plain(summary.together, keys),
        "targets": _plain(summary.targets),
    }


def _figures(summary: Summary, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the figures, and who is ready for more in its place beside who grew most."""
    told = {}
    for key, value in _plain(summary.figures, keys).items():
        told[key] = value
        if key == "top_customers":
            told["signals"] = _plain(summary.signals)
    return told


def _plain(value: Any, keys: Mapping[str, str] = _AS_NAMED) -> Any:
    """Return dataclasses (fields called by ``keys``) and mappings as dicts, tuples as lists, the rest as it is."""
    if is_dataclass(value):
        return {keys.get(field.name, field.name): _plain(getattr(value, field.name), keys) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(part, keys) for key, part in value.items()}
    return [_plain(part, keys) for part in value] if isinstance(value, tuple) else value
