"""What is added to the figures as far as the configuration asks for it: breakdowns, context, targets."""

from collections.abc import Sequence
from dataclasses import replace

from upswell.configuration.settings import Config
from upswell.core.clocks import local
from upswell.core.kinds import Movement
from upswell.report import benchmarks, targets
from upswell.report.breakdowns import Known, broken_down, brought_together
from upswell.report.figures import Span, trailing
from upswell.report.periods import Reported
from upswell.report.summary import Summary
from upswell.report.targets import Progress, Won
from upswell.report.together import Standing
from upswell.report.tracks import Track
from upswell.store import books, traits
from upswell.store.ledger import Ledger


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
        targets=_towards_targets(ledger, config, span.period, span.cut),
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


def _towards_targets(ledger: Ledger, config: Config, period: Reported, cut: int) -> tuple[Progress, ...]:
    due = targets.due(config.targets, period, cut)
    if not due:
        return ()
    since = min(one.start for _, one in due)
    grown = books.expansion(ledger, since, cut)
    keys = {target.segment for target, _ in due if target.segment}
    won = Won(grown, traits.traits(ledger, config.rules, grown, keys), config.report.currency, config.report.rates)
    return tuple(targets.progress(target, one, won, cut) for target, one in due)
