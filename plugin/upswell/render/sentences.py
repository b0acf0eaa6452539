"""The sentences of the summary: headline, lead, facts, corrections, what is scheduled, the ledger's health."""

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from upswell.render import words
from upswell.report.fates import Fate
from upswell.report.figures import Figures, Scheduled
from upswell.report.periods import Reported, Week
from upswell.report.summary import Health, Summary
from upswell.report.targets import Progress
from upswell.report.together import Together

_KINDS = {
    "new": "new",
    "upgrade": "upgrade",
    "add_on": "add-on",
    "seat": "seat",
    "overage": "overage",
    "downgrade": "downgrade",
    "churn": "churn",
    "reactivation": "reactivation",
    "price_change": "price change",
    "discount": "discount",
    "term_change": "term change",
}
_SHOWN = 5
_PARTS = 3
_LONGEST_NAME = 60


def is_quiet(figures: Figures) -> bool:
    """Whether no existing customer grew, shrank or left."""
    return not (figures.expansion.count or figures.contraction or figures.churn)


def has_news(summary: Summary) -> bool:
    """Whether somebody grew, shrank or left in any currency, MRR began, or what was posted is corrected."""
    return any(not is_quiet(figures) or figures.restated or is_first(figures) for _, figures in _all(summary))


def is_first(figures: Figures) -> bool:
    """Whether there was no MRR before, and there is some now."""
    return not figures.opening_mrr and bool(figures.closing_mrr)


def named(period: Reported) -> str:
    """Name a period in a sentence: ``week 46``, ``November``."""
    if isinstance(period, Week):
        return f"week {period.first.isocalendar().week}"
    return words.period(period.name, period.first)


def headline(figures: Figures, currency: str, word: str) -> str:
    """Say in one sentence how much more or less existing customers pay than the ``word`` (week, month) before."""
    net = figures.net_expansion
    if net:
        return f"Existing customers now pay {words.amount(abs(net), currency)} a month {'more' if net > 0 else 'less'}"
    if not is_quiet(figures):
        return f"Existing customers pay as much as a {word} ago: what grew and what was lost cancel out"
    if is_first(figures):
        return f"The first {word}: {words.amount(figures.closing_mrr, currency)} a month from new customers"
    if not figures.closing_mrr:
        return "There is no recurring revenue"
    return f"A quiet {word}: no existing customer grew, shrank or left"


def lead(figures: Figures, currency: str) -> str:
    """Say what the headline is made of, and where MRR stands."""
    return " ".join([*([] if is_quiet(figures) else [_moved(figures, currency)]), _stands(figures, currency)])


def _moved(figures: Figures, currency: str) -> str:
    parts = ["No expansion"]
    if figures.expansion.count:
        rate = f" ({words.share(figures.expansion_rate)} of opening MRR)" if figures.expansion_rate else ""
        customers = words.count(figures.expansion.customers, "customer")
        parts = [f"{words.signed(figures.expansion.total, currency)} expansion from {customers}{rate}"]
    lost = {"contraction": figures.contraction, "churn": figures.churn}
    parts += [f"{words.signed(amount, currency)} {name}" for name, amount in lost.items() if amount] or ["nothing lost"]
    return ", ".join(parts) + "."


def _stands(figures: Figures, currency: str) -> str:
    before, after = (words.amount(amount, currency) for amount in (figures.opening_mrr, figures.closing_mrr))
    if figures.opening_mrr == figures.closing_mrr:
        return f"MRR stands at {after}."
    if not figures.opening_mrr:
        return f"MRR reached {after}."
    return f"MRR went from {before} to {after}."


def origins(figures: Figures, currency: str) -> str:
    """Say how many movements expansion is, and how much of it came with sales."""
    expansion = figures.expansion
    text = f"{words.count(expansion.count, 'movement')} of {words.count(expansion.customers, 'customer')}"
    if expansion.sales:
        organic, sales = words.signed(expansion.organic, currency), words.signed(expansion.sales, currency)
        text += f": {organic} organic, {sales} with sales"
    return text


def parts(figures: Figures, currency: str) -> tuple[str, ...]:
    """Say expansion by product, first month and each segment, a line each; nothing where there is one part only."""
    cohorts = sorted(figures.by_cohort, key=lambda part: -part.amount)
    found = {
        "product": [(part.name, part.amount) for part in figures.by_product],
        "first month": [(words.month(part.cohort) if part.cohort else None, part.amount) for part in cohorts],
    } | {
        key.rpartition(".metadata.")[2]: [(part.value, part.amount) for part in held]
        for key, held in figures.by_segment.items()
        if key != "currency" and any(part.value for part in held)
    }
    return tuple(
        f"By {words.clean(label, 40)}: {_largest(held, currency)}"
        for label, held in found.items()
        if len(held) > 1 or (held and label not in ("product", "first month"))
    )


def _largest(held: Sequence[tuple[str | None, int]], currency: str) -> str:
    shown, more = held[:_PARTS], held[_PARTS:]
    said = [f"{words.clean(value or 'none', 40)} {words.signed(amount, currency)}" for value, amount in shown]
    rest = words.signed(sum(amount for _, amount in more), currency)
    return ", ".join([*said, *([f"{len(more)} more {rest}"] if more else [])])


def facts(figures: Figures) -> tuple[str, ...]:
    """Say the ratios that are not retention; those without a denominator are left out."""
    return tuple(_facts(figures))


def _facts(figures: Figures) -> Iterator[str]:
    if figures.expansion_share_of_new_mrr:
        yield f"Expansion was {words.share(figures.expansion_share_of_new_mrr)} of the MRR won."
    if figures.quick_ratio:
        yield f"Quick ratio {words.number(figures.quick_ratio)}: MRR won for each unit lost."
    if figures.time_to_expansion_days is not None:
        days = words.number(round(figures.time_to_expansion_days, 1))
        waiting = words.count(figures.not_yet_expanded, "customer has", "customers have")
        rest = f"{waiting} not expanded yet" if figures.not_yet_expanded else "every customer has expanded"
        yield f"Median time to first expansion: {days} days; {rest}."


def further(figures: Figures) -> tuple[str, ...]:
    """Say what longer windows show, where there is room for it."""
    return tuple(_further(figures))


def _further(figures: Figures) -> Iterator[str]:
    rate = figures.expansion_rate_trailing
    if rate.d30:
        longer = f"; over 12 months {words.share(rate.m12)}" if rate.m12 is not None else ""
        yield f"Expansion over 30 days was {words.share(rate.d30)} of the MRR at their start{longer}."
    expanded, others = figures.after_expansion.expanded, figures.after_expansion.others
    if expanded.customers:
        beside = f"; of {words.count(others.customers, 'other')}, {_lost(others)}" if others.customers else ""
        who = words.count(expanded.customers, "customer")
        yield f"Of {who} who had expanded 90 to 180 days ago, {_lost(expanded)} shrank or left since{beside}."


def _lost(fate: Fate) -> str:
    return f"{fate.lost:,} ({words.share(fate.share)})"


def other(currency: str, figures: Figures) -> str:
    """Say another currency's period in one line."""
    moved = "quiet." if is_quiet(figures) else _moved(figures, currency)
    return f"{currency.upper()}: {moved} {_stands(figures, currency)}"


def together(summary: Summary) -> tuple[str, ...]:
    """Say in one line what all currencies are in the main one, at which rates; nothing where there is one only."""
    found, currency = summary.together, summary.currency
    if found is None or not found.rates:
        return ()
    rates = ", ".join(f"{code.upper()} {rate}" for code, rate in found.rates.items())
    moved = _moved_together(found, currency, named(summary.period.shift(-1)))
    return (f"All in {currency.upper()} at fixed rates ({rates}): {moved}",)


def _moved_together(found: Together, currency: str, before: str) -> str:
    parts = {"expansion": found.expansion, "contraction": found.contraction, "churn": found.churn}
    moved = [f"{words.signed(amount, currency)} {name}" for name, amount in parts.items() if amount]
    last = words.signed(found.previous.net_expansion, currency)
    opening, closing = (words.amount(amount, currency) for amount in (found.opening_mrr, found.closing_mrr))
    net = f"{words.signed(found.net_expansion, currency)} net expansion ({before} {last})"
    retained = f" NRR over 12 months {words.share(found.nrr.m12)}, GRR {words.share(found.grr.m12)}."
    return f"{', '.join([net, *moved])}. MRR went from {opening} to {closing}.{retained if found.nrr.m12 else ''}"


def targets(summary: Summary) -> tuple[str, ...]:
    """Say of each target how far it has come, beside how much of its time has passed."""
    return _shortened([_target(one, summary.currency) for one in summary.targets], _in_json(summary.period))


def _target(one: Progress, currency: str) -> str:
    whose = ""
    if one.segment:
        key = one.segment.rpartition(".metadata.")[2]
        whose = f"{words.clean(key, 40)} {words.clean(one.value or '', 40)}: "
    period = words.period(one.period, date.fromisoformat(one.start))
    span = "quarter" if "Q" in one.period else "month"
    passed = f"{words.whole(one.elapsed)} of the {span} has passed" if one.elapsed < 1 else f"the {span} is over"
    without = f" (without {' and '.join(code.upper() for code in one.uncounted)})" if one.uncounted else ""
    reached, target = (words.amount(amount, currency) for amount in (one.reached, one.target))
    return f"{whose}{reached} of {target} for {period}, {words.whole(one.share)}{without}; {passed}."


def corrections(summary: Summary) -> tuple[str, ...]:
    """Say what changed since earlier summaries were posted, over all currencies."""
    return _shortened(
        [
            f"{again.period} {_KINDS[again.kind]}: {words.signed(again.was, currency)} is now "
            f"{words.signed(again.now, currency)} ({words.clean(again.reason, 160)})"
            for currency, figures in _all(summary)
            for again in figures.restated
        ],
        "`upswell explain` says of a customer what was told, and what is so",
    )


def ready(summary: Summary) -> tuple[str, ...]:
    """Say who is ready for more, with the score and why, and what to do next."""
    return tuple(
        f"{words.clean(one.name, _LONGEST_NAME)} ({one.score}): {words.clean(one.reason, 200)}. {one.next_step}"
        for one in summary.signals
    )


def ahead(summary: Summary) -> tuple[str, ...]:
    """Say what is scheduled, over all currencies."""
    return _shortened(
        [
            _awaited(event, currency, summary.names.get(event.customer, event.customer), summary.period.zone)
            for currency, figures in _all(summary)
            for event in figures.scheduled
        ],
        _in_json(summary.period),
    )


def _awaited(event: Scheduled, currency: str, name: str, zone: ZoneInfo) -> str:
    amount = f"{words.signed(event.amount, currency)} {_KINDS[event.kind]}"
    day = words.day(words.read(event.at, zone))
    return f"{day}, {words.clean(name, _LONGEST_NAME)}: {amount} ({words.clean(event.reason, 160)})"


def _all(summary: Summary) -> Iterator[tuple[str, Figures]]:
    yield summary.currency, summary.figures
    yield from summary.other_currencies.items()


def _shortened(lines: list[str], rest: str) -> tuple[str, ...]:
    """Return a few of ``lines``, and how many more there are; ``rest`` says where to look for them."""
    more = len(lines) - _SHOWN
    return (*lines[:_SHOWN], *([f"and {more} more: {rest}"] if more > 0 else []))


def _in_json(period: Reported) -> str:
    return f"see `upswell summary --{period.word} {period.name} --format json`"


def health(state: Health, zone: ZoneInfo) -> str:
    """Say whether all that came in is in the figures, and whether they are what Stripe shows."""
    if state.last_event_at is None:
        return _with_differences("No event has been received yet", state)
    last = f"last event {words.moment(words.read(state.last_event_at, zone))}"
    open_ = [f"{many:,} {word}" for many, word in ((state.pending, "pending"), (state.failed, "failed")) if many]
    if not open_:
        return _with_differences(f"All events are in; {last}", state)
    remedy = "; run `upswell retry`" if state.failed else ""
    return _with_differences(f"Events not in these figures yet: {' and '.join(open_)}{remedy}; {last}", state)


def _with_differences(said: str, state: Health) -> str:
    if not state.differences:
        return f"{said}{'' if state.differences is None else '; all subscriptions are as at Stripe'}."
    verb = "is not" if state.differences == 1 else "are not"
    return f"{said}; {words.count(state.differences, 'subscription')} {verb} as at Stripe: see `upswell reconcile`."
