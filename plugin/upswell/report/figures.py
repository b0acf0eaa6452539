"""The figures of one week or month in one currency, as the summary says them: values, and how they are computed.

Amounts are integers in minor units a month, instants unix seconds UTC. Ratios are rounded to six places here and
nowhere earlier (0.05 is 5 %); None stands where there is no denominator.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from upswell.core.clocks import days_before, months_before, utc
from upswell.core.kinds import KINDS, Movement
from upswell.errors import InvariantError
from upswell.report import metrics
from upswell.report.causes import EXPANSION_KINDS, Cause, causes
from upswell.report.fates import NOBODY, AfterExpansion, after_expansion
from upswell.report.periods import Reported
from upswell.report.segments import CohortPart, ProductPart, SegmentPart
from upswell.report.tracks import Track

_TOP = 5
_NET_GROUPS = ("expansion", "contraction", "churn")


@dataclass(frozen=True, slots=True)
class Expansion:
    """What existing customers added, by kind and by origin, in how many movements of how many customers."""

    total: int
    count: int
    customers: int
    upgrade: int
    add_on: int
    seat: int
    overage: int
    organic: int
    sales: int


@dataclass(frozen=True, slots=True)
class Trailing:
    """A ratio over the 30 days and over the 12 months before the end."""

    d30: float | None
    m12: float | None


UNKNOWN = Trailing(None, None)


@dataclass(frozen=True, slots=True)
class Totals:
    """The four sums to compare periods by; contraction and churn are zero or below."""

    expansion: int
    contraction: int
    churn: int
    net_expansion: int


@dataclass(frozen=True, slots=True)
class TopCustomer:
    """Who grew most: ``amount`` is net expansion, ``movements`` what adds up to it, ``reason`` the largest one's."""

    customer: str
    name: str
    amount: int
    reason: str
    movements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A movement that lies ahead, booked or planned: ``at`` is ISO 8601 in UTC."""

    at: str
    customer: str
    kind: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Restated:
    """What a posted summary said of a period and kind, what its movements say now, and why."""

    period: str
    kind: str
    was: int
    now: int
    reason: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the summary says in one currency; ``previous`` is the period before, ``mean`` that of four."""

    opening_mrr: int
    closing_mrr: int
    bridge: Mapping[str, int]
    expansion: Expansion
    contraction: int
    churn: int
    net_expansion: int
    expansion_rate: float | None
    nrr: Trailing
    grr: Trailing
    nrr_without_price: Trailing
    grr_without_price: Trailing
    expansion_share_of_new_mrr: float | None
    quick_ratio: float | None
    time_to_expansion_days: float | None
    not_yet_expanded: int
    previous: Totals
    mean: Totals
    top_customers: tuple[TopCustomer, ...]
    scheduled: tuple[Scheduled, ...]
    restated: tuple[Restated, ...]
    # Summaries kept before 2026-11-25 have none of these.
    causes: Mapping[str, Cause] = field(default_factory=dict)
    by_product: tuple[ProductPart, ...] = ()
    by_segment: Mapping[str, tuple[SegmentPart, ...]] = field(default_factory=dict)
    by_cohort: tuple[CohortPart, ...] = ()
    expansion_rate_trailing: Trailing = UNKNOWN
    after_expansion: AfterExpansion = NOBODY


@dataclass(frozen=True, slots=True)
class Span:
    """The window reported on: ``period`` as far as ``cut`` (exclusive), seen at ``now``."""

    period: Reported
    cut: int
    now: int


_EMPTY: Mapping[str, int] = dict.fromkeys(KINDS, 0)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What movements in one currency add up to, kind by kind, over longer than the period.

    ``periods`` are the four before it, the last one first; ``d30`` and ``m12`` the windows of ``trailing``.
    """

    periods: Sequence[Mapping[str, int]] = (_EMPTY,) * 4
    d30: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    m12: Mapping[str, int] = field(default_factory=lambda: _EMPTY)


def figures(
    movements: Sequence[Movement],
    tracks: Sequence[Track],
    earlier: Earlier,
    currency: str,
    span: Span,
    names: Mapping[str, str],
    restated: tuple[Restated, ...],
    ahead: Sequence[Movement] = (),
) -> Figures:
    """Compute the figures of ``span`` in ``currency`` from its ``tracks``, and from movements of all currencies.

    ``movements`` are at least those of its period, by ``occurred_at``; ``ahead`` those to be shown as scheduled.
    Raises InvariantError where opening MRR + bridge is not the closing MRR that the movements themselves state.
    """
    own = [movement for movement in movements if movement.currency == currency]
    happened = metrics.window(own, span.period.start, span.cut)
    amounts = metrics.bridge(happened)
    opening, closing = metrics.mrr(tracks, span.period.start), metrics.stated(tracks, span.cut)
    _check(opening, amounts, closing, f"{span.period.word} {span.period.name} in {currency}")
    totals, before = totals_of(amounts), [totals_of(one) for one in earlier.periods]
    mean = _mean(before)
    return Figures(
        opening_mrr=opening,
        closing_mrr=closing,
        bridge=amounts,
        expansion=_expansion(happened, amounts),
        contraction=totals.contraction,
        churn=totals.churn,
        net_expansion=totals.net_expansion,
        expansion_rate=metrics.rounded(metrics.ratio(totals.expansion, opening)),
        **_retention(tracks, span),
        expansion_share_of_new_mrr=metrics.rounded(metrics.expansion_share(amounts)),
        quick_ratio=metrics.rounded(metrics.quick_ratio(amounts)),
        time_to_expansion_days=metrics.rounded(metrics.time_to_expansion(tracks, span.cut)),
        not_yet_expanded=metrics.not_yet_expanded(tracks, span.cut),
        previous=before[0],
        mean=mean,
        top_customers=_top_customers(happened, names),
        scheduled=_scheduled(movement for movement in ahead if movement.currency == currency),
        restated=restated,
        causes=causes(happened, earlier.periods, mean.expansion),
        by_product=(),
        by_segment={},
        by_cohort=(),
        expansion_rate_trailing=_rates(earlier, tracks, span),
        after_expansion=_fates(tracks, span),
    )


def _check(opening: int, amounts: Mapping[str, int], closing: int, place: str) -> None:
    if opening + sum(amounts.values()) != closing:
        raise InvariantError(
            f"The movements of {place} do not add up: opening {opening} + {sum(amounts.values())} is not closing "
            f"{closing} (minor units); run `upswell reclassify` to rebuild them"
        )


def totals_of(amounts: Mapping[str, int]) -> Totals:
    """Return the sums of a bridge."""
    return summed(*(metrics.total(amounts, group) for group in _NET_GROUPS))


def summed(expansion: int, contraction: int, churn: int) -> Totals:
    """Return three sums with what they add up to."""
    return Totals(expansion, contraction, churn, expansion + contraction + churn)


def _mean(before: Sequence[Totals]) -> Totals:
    """Round each part and add the rounded parts, so that what is shown adds up."""
    return summed(*(round(Fraction(sum(getattr(one, group) for one in before), len(before))) for group in _NET_GROUPS))


def _expansion(happened: Iterable[Movement], amounts: Mapping[str, int]) -> Expansion:
    grown = [movement for movement in happened if movement.group == "expansion"]
    total = metrics.total(amounts, "expansion")
    sales = sum(movement.amount for movement in grown if movement.origin == "sales")
    return Expansion(
        total=total,
        count=len(grown),
        customers=len({movement.customer for movement in grown}),
        **{kind: amounts[kind] for kind in EXPANSION_KINDS},
        organic=total - sales,
        sales=sales,
    )


def trailing(span: Span) -> tuple[int, int]:
    """Return the instants 30 days and 12 months before the end of ``span`` (unix seconds UTC)."""
    return days_before(span.cut, 30, span.period.zone), months_before(span.cut, 12, span.period.zone)


def _rates(earlier: Earlier, tracks: Sequence[Track], span: Span) -> Trailing:
    """Expansion in each of the two windows / the MRR of all customers at its start."""
    won = (metrics.total(amounts, "expansion") for amounts in (earlier.d30, earlier.m12))
    openings = (metrics.mrr(tracks, start) for start in trailing(span))
    return Trailing(*(metrics.rounded(metrics.ratio(*pair)) for pair in zip(won, openings, strict=True)))


def _fates(tracks: Sequence[Track], span: Span) -> AfterExpansion:
    """Look back 90 days from the end, at who had expanded in the 90 days before that."""
    before, start = (days_before(span.cut, days, span.period.zone) for days in (180, 90))
    return after_expansion(tracks, before, start, span.cut)


def _retention(tracks: Sequence[Track], span: Span) -> dict[str, Trailing]:
    """NRR and GRR over 30 days and over 12 months, each with and without the price group."""
    full, bare = zip(*(metrics.retention(tracks, start, span.cut) for start in trailing(span)), strict=True)
    return {
        "nrr": Trailing(*(metrics.rounded(over.nrr) for over in full)),
        "grr": Trailing(*(metrics.rounded(over.grr) for over in full)),
        "nrr_without_price": Trailing(*(metrics.rounded(over.nrr) for over in bare)),
        "grr_without_price": Trailing(*(metrics.rounded(over.grr) for over in bare)),
    }


def leaders(happened: Iterable[Movement]) -> dict[str, list[Movement]]:
    """Return at most five customers whose net expansion is above zero, the largest first, ties by id; with its parts.

    ``happened`` are the period's movements in one currency.
    """
    parts = defaultdict(list)
    for movement in happened:
        if movement.group in _NET_GROUPS:
            parts[movement.customer].append(movement)
    net = {customer: sum(part.amount for part in held) for customer, held in parts.items()}
    grown = sorted((customer for customer in net if net[customer] > 0), key=lambda who: (-net[who], who))
    return {customer: parts[customer] for customer in grown[:_TOP]}


def _top_customers(happened: Iterable[Movement], names: Mapping[str, str]) -> tuple[TopCustomer, ...]:
    return tuple(
        TopCustomer(
            customer=customer,
            name=names.get(customer, customer),
            amount=sum(part.amount for part in parts),
            reason=max(parts, key=lambda part: part.amount).reason,
            movements=tuple(part.id for part in parts),
        )
        for customer, parts in leaders(happened).items()
    )


def _scheduled(ahead: Iterable[Movement]) -> tuple[Scheduled, ...]:
    return tuple(
        Scheduled(utc(movement.occurred_at), movement.customer, movement.kind, movement.amount, movement.reason)
        for movement in ahead
    )
