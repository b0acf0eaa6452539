"""What a summary tells beside its figures: expansion by product, segment and cohort, and the currencies together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from upswell.core.kinds import Movement
from upswell.report.figures import Figures
from upswell.report.segments import Traits, by_cohort, by_product, by_segment
from upswell.report.summary import Summary
from upswell.report.together import Rates, Standing, together, unrated


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the movements.

    Names of products by id; the segments asked for, and their values by movement; the month of each customer's first
    payment (``2026-03``).
    """

    products: Mapping[str, str]
    segments: Sequence[str] = ()
    traits: Traits = field(default_factory=dict)
    months: Mapping[str, str] = field(default_factory=dict)


def broken_down(summary: Summary, happened: Sequence[Movement], known: Known) -> Summary:
    """Return ``summary`` with its expansion by product, by segment and by cohort, in each currency.

    ``happened`` are the movements of its period, of all currencies.
    """

    def parts(code: str, figures: Figures) -> Figures:
        own = [movement for movement in happened if movement.currency == code]
        return replace(
            figures,
            by_product=by_product(own, known.products),
            by_segment=by_segment(own, known.segments, known.traits),
            by_cohort=by_cohort(own, known.months),
        )

    others = {code: parts(code, held) for code, held in summary.other_currencies.items()}
    return replace(summary, figures=parts(summary.currency, summary.figures), other_currencies=others)


def brought_together(summary: Summary, rates: Rates, standing: Standing = ()) -> Summary:
    """Return ``summary`` with what its currencies are together; as it is where there are no ``rates``.

    Where a currency lacks its rate there is nothing to show, and a note says which.
    """
    by_code = {summary.currency: summary.figures, **summary.other_currencies}
    if not rates:
        return summary
    if lacking := unrated(by_code, summary.currency, rates):
        codes = " and ".join(code.upper() for code in lacking)
        note = f"Give the rate of {codes} in [report.rates] to see all currencies in {summary.currency.upper()}."
        return replace(summary, notes=(*summary.notes, note))
    return replace(summary, together=together(by_code, summary.currency, rates, standing))
