"""What is added to a week's figures as far as the configuration asks for it: breakdowns, context, targets."""

from collections.abc import Sequence
from dataclasses import replace

from upswell import benchmarks, books, targets, traits
from upswell.breakdowns import Known, broken_down, brought_together
from upswell.figures import Span, trailing
from upswell.kinds import Movement
from upswell.ledger import Ledger
from upswell.settings import Config
from upswell.summary import Summary
from upswell.targets import Progress, Won
from upswell.together import Standing
from upswell.tracks import Track
from upswell.weeks import Week, local, midnight


def with_additions(
    ledger: Ledger,
    config: Config,
    summary: Summary,
    span: Span,
    happened: Sequence[Movement],
    tracks: Sequence[Track],
) -> Summary:
    """Return ``summary`` of ``span`` with its expansion broken down, and what else is asked for.

    ``happened`` are its movements, of all currencies; ``tracks`` are everybody's.
    """
    grown = [movement for movement in happened if movement.group == "expansion"]
    told = replace(
        broken_down(summary, grown, _known(ledger, config, grown)),
        hint=benchmarks.hint(summary.figures) if config.report.benchmarks else "",
        targets=_towards_targets(ledger, config, span.week, span.cut),
    )
    rates = config.report.rates
    standing = _standing(tracks, span) if rates and summary.other_currencies else ()
    return brought_together(told, rates, standing)


def _known(ledger: Ledger, config: Config, grown: Sequence[Movement]) -> Known:
    products = {product for movement in grown if (product := movement.product_to or movement.product_from)}
    segments = config.report.segments
    began = books.began(ledger, {movement.customer for movement in grown})
    return Known(
        products=books.product_names(ledger, products),
        segments=segments,
        traits=traits.traits(ledger, config.rules, grown, segments),
        months={customer: f"{local(at, config.report.timezone):%Y-%m}" for customer, at in began.items()},
    )


def _standing(tracks: Sequence[Track], span: Span) -> Standing:
    month, year = trailing(span)
    return [
        (track.customer, track.currency, track.mrr(year), track.mrr(month), track.mrr(span.cut)) for track in tracks
    ]


def _towards_targets(ledger: Ledger, config: Config, week: Week, cut: int) -> tuple[Progress, ...]:
    zone, due = week.zone, targets.due(config.targets, week, cut)
    if not due:
        return ()
    since = min(midnight(period.first, zone) for _, period in due)
    grown = books.expansion(ledger, since, cut)
    keys = {target.segment for target, _ in due if target.segment}
    won = Won(grown, traits.traits(ledger, config.rules, grown, keys), config.report.currency, config.report.rates)
    return tuple(targets.progress(target, period, won, cut, zone) for target, period in due)
