"""From the ledger to the summary of a week."""

from dataclasses import replace

from upswell import agenda, books, deliveries, events, metrics, raised, tallies
from upswell.additions import with_additions
from upswell.ledger import Ledger
from upswell.restated import Past
from upswell.settings import Config
from upswell.signals.best import Ready, best
from upswell.summary import Health, Planned, Summary, summarise
from upswell.verdicts import verdict
from upswell.weeks import Week, utc


def weekly_summary(ledger: Ledger, config: Config, week: Week, now: int) -> Summary:
    """Summarise ``week`` from what the ledger holds at ``now`` (unix seconds UTC).

    Raises UpswellError where the week has not begun, InvariantError where the figures do not add up.
    """
    movements = books.movements(ledger)
    grown = {
        movement.customer
        for movement in metrics.window(movements, week.start, week.end)
        if movement.group == "expansion"
    }
    planned = Planned(agenda.scheduled(ledger), agenda.overtaken(ledger))
    awaited = {movement.customer for movement in (*movements, *planned.scheduled) if movement.occurred_at > now}
    posts = deliveries.posts(ledger)
    summary = summarise(
        movements,
        week,
        now=now,
        currency=config.report.currency,
        names=books.names(ledger, grown | awaited),
        health=_health(ledger),
        past=Past(
            posts=posts,
            arrivals=deliveries.arrivals(ledger, posts[0].made_at) if posts else {},
            rules_since=tallies.rules_since(ledger),
        ),
        planned=planned,
    )
    cut = min(week.end, now + 1)
    told = replace(summary, signals=_ready(ledger, week, now))
    return with_additions(ledger, config, told, week, metrics.window(movements, week.start, cut), cut)


def _ready(ledger: Ledger, week: Week, now: int) -> tuple[Ready, ...]:
    """Return who was ready for more in the week, and is so still, or was until the next one ended."""
    stood = raised.standing(ledger, at=min(now, week.shift(1).end - 1))
    found = [one for one in stood if one.raised_at < week.end]
    leading = {one.customer for one in best(found, {})}
    return best([one for one in found if one.customer in leading], books.names(ledger, leading))


def _health(ledger: Ledger) -> Health:
    counts = events.counts(ledger)
    last = counts.last_event_at
    return Health(counts.pending, counts.failed, None if last is None else utc(last), verdict(ledger).differences)
