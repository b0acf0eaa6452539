"""The summary in words, once: terminal, Slack and email only lay this out."""

from collections.abc import Sequence
from dataclasses import dataclass

from upswell.render import sentences, words
from upswell.report import metrics
from upswell.report.figures import Figures
from upswell.report.summary import Summary

_STEPS = {
    "new": "New",
    "reactivation": "Reactivated",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
}
_ALWAYS = ("expansion", "contraction", "churn")
PRICES = {"price_change": "Price changes", "discount": "Discounts", "term_change": "Term changes"}
CAUSES = {"upgrade": "Upgrades", "add_on": "Add-ons", "seat": "Seats", "overage": "Overage"}
_COMPARED = {"expansion": "Expansion", "contraction": "Contraction", "churn": "Churn", "net_expansion": "Net expansion"}
_RETENTION = {
    "nrr": "NRR",
    "nrr_without_price": "NRR without price",
    "grr": "GRR",
    "grr_without_price": "GRR without price",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A label, what stands beside it, and the amount behind it (minor units a month) for bars and colours.

    ``last`` and ``mean`` are what it was in the period before, and in the mean of four, where that is told.
    """

    label: str
    text: str
    amount: int
    share: str = ""
    last: str = ""
    mean: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """One of those who grew most."""

    name: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole summary in words; ``word`` is what it is of, a week or a month.

    ``quiet``: no existing customer grew, shrank or left; ``net`` is net expansion.
    ``columns`` name what stands in ``compared``: the period, the one before, and the mean of the four before.
    ``compared`` and ``retention`` are rows of a label and its figures; the other tuples of ``str`` are sentences.
    """

    word: str
    title: str
    period: str
    headline: str
    lead: str
    net: int
    quiet: bool
    opening: str
    steps: tuple[Line, ...]
    closing: str
    causes: tuple[Line, ...]
    origins: str
    parts: tuple[str, ...]
    columns: tuple[str, str, str]
    compared: tuple[tuple[str, ...], ...]
    retention: tuple[tuple[str, ...], ...]
    facts: tuple[str, ...]
    further: tuple[str, ...]
    hint: str
    customers: tuple[Customer, ...]
    targets: tuple[str, ...]
    others: tuple[str, ...]
    corrections: tuple[str, ...]
    ready: tuple[str, ...]
    ahead: tuple[str, ...]
    notes: tuple[str, ...]
    health: str


def page(summary: Summary, remarks: Sequence[str] = ()) -> Page:
    """Put ``summary`` in words. ``remarks`` (posted late, may be a repeat) come first among the notes."""
    figures, currency, period = summary.figures, summary.currency, summary.period
    return Page(
        word=period.word,
        title=f"Expansion in {sentences.named(period)}",
        period=days(summary),
        headline=sentences.headline(figures, currency, period.word),
        lead=sentences.lead(figures, currency),
        net=figures.net_expansion,
        quiet=sentences.is_quiet(figures),
        opening=words.amount(figures.opening_mrr, currency),
        steps=_steps(figures, currency),
        closing=words.amount(figures.closing_mrr, currency),
        causes=_causes(figures, currency),
        origins=sentences.origins(figures, currency),
        parts=sentences.parts(figures, currency),
        columns=(sentences.named(period), sentences.named(period.shift(-1)), f"4-{period.word} mean"),
        compared=_compared(figures, currency),
        retention=_retention(figures),
        facts=sentences.facts(figures),
        further=sentences.further(figures),
        hint=summary.hint,
        customers=_customers(figures, currency),
        targets=sentences.targets(summary),
        others=(
            *sentences.together(summary),
            *(sentences.other(code, held) for code, held in summary.other_currencies.items()),
        ),
        corrections=sentences.corrections(summary),
        ready=sentences.ready(summary),
        ahead=sentences.ahead(summary),
        notes=tuple(words.clean(note, 400) for note in (*remarks, *summary.notes)),
        health=sentences.health(summary.health, period.zone),
    )


def days(summary: Summary) -> str:
    """Write the days of ``summary``, and whether they are over."""
    shown = words.days(summary.period.first, summary.period.shift(1).first)
    return shown + ("" if summary.complete else ", so far")


def _steps(figures: Figures, currency: str) -> tuple[Line, ...]:
    """From opening to closing MRR: groups, then the kinds that are prices; rows of 0 only where they are the news."""
    groups = {group: metrics.total(figures.bridge, group) for group in _STEPS}
    steps = [(label, groups[group], group in _ALWAYS) for group, label in _STEPS.items()]
    steps += [(label, figures.bridge[kind], False) for kind, label in PRICES.items()]
    return tuple(Line(label, words.signed(amount, currency), amount) for label, amount, kept in steps if amount or kept)


def _causes(figures: Figures, currency: str) -> tuple[Line, ...]:
    """Expansion by cause, the largest first; what there was in the period before only stands below with 0."""
    if not figures.expansion.count:
        return ()
    causes = [(label, getattr(figures.expansion, kind), figures.causes.get(kind)) for kind, label in CAUSES.items()]
    return tuple(
        Line(
            label,
            words.signed(amount, currency),
            amount,
            words.share(amount / (figures.expansion.total or 1)),
            last=words.signed(cause.previous, currency) if cause else "",
            mean=words.signed(cause.mean, currency) if cause else "",
        )
        for label, amount, cause in sorted(causes, key=lambda row: -row[1])
        if amount or (cause and cause.previous)
    )


def _compared(figures: Figures, currency: str) -> tuple[tuple[str, ...], ...]:
    this = {
        "expansion": figures.expansion.total,
        "contraction": figures.contraction,
        "churn": figures.churn,
        "net_expansion": figures.net_expansion,
    }
    return tuple(
        (
            label,
            *(
                words.signed(amount, currency)
                for amount in (this[key], getattr(figures.previous, key), getattr(figures.mean, key))
            ),
        )
        for key, label in _COMPARED.items()
    )


def _retention(figures: Figures) -> tuple[tuple[str, ...], ...]:
    """Rows of a label, 30 days and 12 months; none where there is no cohort yet."""
    held = [(label, getattr(figures, key)) for key, label in _RETENTION.items()]
    if all(over.d30 is None and over.m12 is None for _, over in held):
        return ()
    return tuple((label, words.share(over.d30), words.share(over.m12)) for label, over in held)


def _customers(figures: Figures, currency: str) -> tuple[Customer, ...]:
    return tuple(
        Customer(
            words.clean(customer.name, 60), words.signed(customer.amount, currency), words.clean(customer.reason, 160)
        )
        for customer in figures.top_customers
    )
