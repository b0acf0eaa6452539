"""What is added to a week's figures as far as the configuration asks for it: breakdowns, context, targets."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from upswell import benchmarks, books, targets, traits
from upswell.breakdowns import Known, broken_down, brought_together
from upswell.kinds import Movement
from upswell.ledger import Ledger
from upswell.settings import Config
from upswell.summary import Summary
from upswell.targets import Progress, Won
from upswell.weeks import Week, local, midnight


def with_additions(ledger: Ledger, config: Config, summary: Summary, happened: Sequence[Movement]) -> Summary:
    """Return ``summary`` with its expansion broken down, and what else is asked for.

    ``happened`` are the movements of the week as far as it is reported, of all currencies.
    """
    grown = [movement for movement in happened if movement.group == "expansion"]
    products = {product for movement in grown if (product := movement.product_to or movement.product_from)}
    segments = config.report.segments
    known = Known(
        products=books.product_names(ledger, products),
        segments=segments,
        traits=traits.traits(ledger, config.rules, grown, segments),
        months=_first_months(ledger, grown, config.report.timezone),
    )
    told = replace(
        broken_down(summary, grown, known),
        hint=benchmarks.hint(summary.figures) if config.report.benchmarks else "",
    )
    return brought_together(told, config.report.rates)


def _first_months(ledger: Ledger, grown: Sequence[Movement], zone: ZoneInfo) -> dict[str, str]:
    began = books.began(ledger, {movement.customer for movement in grown})
    return {customer: f"{local(at, zone):%Y-%m}" for customer, at in began.items()}


def towards_targets(ledger: Ledger, config: Config, week: Week, cut: int) -> tuple[Progress, ...]:
    """Return how far each target had come at ``cut`` (unix seconds UTC, exclusive), at the end of ``week`` at most."""
    zone, due = week.zone, targets.due(config.targets, week, cut)
    if not due:
        return ()
    since = min(midnight(period.first, zone) for _, period in due)
    grown = books.expansion(ledger, since, cut)
    keys = {target.segment for target, _ in due if target.segment}
    won = Won(grown, traits.traits(ledger, config.rules, grown, keys), config.report.currency, config.report.rates)
    return tuple(targets.progress(target, period, won, cut, zone) for target, period in due)
