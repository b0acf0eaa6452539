"""From the ledger to the summary of a week or a month."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from upswell.answers.additions import with_additions
from upswell.configuration.settings import Config
from upswell.core.clocks import utc
from upswell.core.kinds import Movement
from upswell.report.figures import Earlier, Span, leaders, trailing
from upswell.report.notes import seen_since
from upswell.report.periods import Reported
from upswell.report.restated import Now, Past, Post, changed, up_to
from upswell.report.summary import Booked, Health, Planned, Summary, ahead_of, span_of, summarise
from upswell.report.tracks import Track
from upswell.signals.best import Ready, best
from upswell.store import agenda, books, deliveries, events, raised, tallies, tracked
from upswell.store.ledger import Ledger
from upswell.store.verdicts import verdict


def summary_of(ledger: Ledger, config: Config, period: Reported, now: int) -> Summary:
    """Summarise ``period`` from what the ledger holds at ``now`` (unix seconds UTC).

    Only movements of the period, and those booked ahead, are read: the rest comes from tracks and sums. Raises
    UpswellError where the period has not begun, InvariantError where the figures do not add up.
    """
    with _one_look(ledger):
        return _summary(ledger, config, span_of(period, now))


@contextmanager
def _one_look(ledger: Ledger) -> Iterator[None]:
    """Let all that is read be of one moment, and Python not look through it for what it could throw away."""
    collects = gc.isenabled()
    gc.disable()
    ledger.connection.execute("BEGIN")
    try:
        yield
    finally:
        ledger.connection.execute("ROLLBACK")
        if collects:
            gc.enable()


def _summary(ledger: Ledger, config: Config, span: Span) -> Summary:
    period = span.period
    since, until = ahead_of(span)
    happened = books.movements(ledger, since=period.start, until=span.cut)
    booked = books.movements(ledger, since=since, until=until) if since < until else []
    planned = Planned(agenda.scheduled(ledger), agenda.overtaken(ledger))
    tracks = tracked.tracks(ledger)
    codes = sorted({track.currency for track in tracks})
    begun = [one for code in codes for one in _new(ledger, code, period)]
    summary = summarise(
        Booked([*begun, *happened, *booked], tracks, {code: _earlier(ledger, code, span) for code in codes}),
        span,
        currency=config.report.currency,
        names=books.names(ledger, _named(happened, [*booked, *planned.scheduled])),
        health=_health(ledger),
        past=_past(ledger, up_to(deliveries.posts(ledger, period.report), period), tracks),
        planned=planned,
    )
    told = replace(summary, signals=_ready(ledger, period, span.now))
    return with_additions(ledger, config, told, span, happened, tracks)


def _new(ledger: Ledger, code: str, period: Reported) -> list[Movement]:
    """Return who was new in the four weeks before: what an import is told by."""
    return books.movements(ledger, since=seen_since(period), until=period.start, currency=code, kind="new")


def _earlier(ledger: Ledger, code: str, span: Span) -> Earlier:
    month, year = trailing(span)
    before = [span.period.shift(-back) for back in range(1, 5)]
    return Earlier(
        periods=[books.bridge(ledger, code, one.start, one.end) for one in before],
        d30=books.bridge(ledger, code, month, span.cut),
        m12=books.bridge(ledger, code, year, span.cut),
    )


def _named(happened: Sequence[Movement], ahead: Iterable[Movement]) -> set[str]:
    """Return who is shown by name."""
    codes = {movement.currency for movement in happened}
    first = {who for code in codes for who in leaders(one for one in happened if one.currency == code)}
    return first | {movement.customer for movement in ahead}


def _past(ledger: Ledger, posts: Sequence[Post], tracks: Iterable[Track]) -> Past:
    """Return what was said, with what it has become; movements are read of periods in which anything changed."""
    periods = {post.period.name: post.period for post in posts}
    codes = {track.currency for track in tracks} if posts else ()
    bridges = {
        name: {code: books.bridge(ledger, code, period.start, period.end) for code in codes}
        for name, period in periods.items()
    }
    news = {
        name: books.movements(ledger, since=periods[name].start, until=periods[name].end)
        for name in changed(posts, bridges)
    }
    causes = {movement.cause for held in news.values() for movement in held}
    now = {name: Now(held, news.get(name, ())) for name, held in bridges.items()}
    return Past(posts, deliveries.arrivals(ledger, causes), tallies.rules_since(ledger), now)


def _ready(ledger: Ledger, period: Reported, now: int) -> tuple[Ready, ...]:
    """Return who was ready for more in the period, and is so still, or was until the next one ended."""
    stood = raised.standing(ledger, at=min(now, period.shift(1).end - 1))
    found = [one for one in stood if one.raised_at < period.end]
    leading = {one.customer for one in best(found, {})}
    return best([one for one in found if one.customer in leading], books.names(ledger, leading))


def _health(ledger: Ledger) -> Health:
    counts = events.counts(ledger)
    last = counts.last_event_at
    return Health(counts.pending, counts.failed, None if last is None else utc(last), verdict(ledger).differences)
