"""Weeks and months at Lumen Kites, reckoned once more from `movements --format jsonl` and nothing else."""

import io
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from upswell.configuration.config import load
from upswell.intake.applying import apply_pending
from upswell.posting.reports import period_summary, render_as
from upswell.render import listing
from upswell.report.periods import Month, Week
from upswell.store import books, events
from upswell.store.ledger import Ledger
from upswell_connectors.fake_stripe import lumen_kites
from upswell_connectors.fake_stripe.delivery import bodies
from upswell_connectors.fake_stripe.server import serving
from upswell_connectors.stripe_api import StripeApi

NOW = datetime(2026, 11, 18, tzinfo=UTC)
PERIODS = {
    **{f"2026-W{number}": Week for number in (36, 40, 44, 45, 46)},
    **{f"2026-{number:02d}": Month for number in (3, 9, 10)},
}
EXPANSION = ("upgrade", "add_on", "seat", "overage")
RATES = {"usd": Fraction(1), "eur": Fraction("1.08")}
CONFIG = """
[stripe]
api_base = "{}"
[report]
segments = ["plan", "country"]
[report.rates]
eur = 1.08
[targets]
month = 2500
quarter = 8000
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Give the movements as JSON lines tell them, and the JSON of some weeks and months by their name."""
    folder = tmp_path_factory.mktemp("recomputed")
    account = lumen_kites.year(date(2026, 11, 18))
    with serving(account) as api, Ledger(folder / "ledger.db", create=True) as ledger:
        (folder / "config.toml").write_text(CONFIG.format(api))
        config = load(folder / "config.toml", {"STRIPE_API_KEY": "sk_test_told"})
        events.accept(ledger, [events.envelope(body) for body in bodies(account.events)])
        apply_pending(ledger, config.rules, StripeApi(config.stripe))
        now, lines = int(NOW.timestamp()), io.StringIO()
        listing.json_lines(books.movements(ledger, until=now + 1), lines)
        summaries = {
            name: json.loads(render_as(period_summary(ledger, config, name, now, kind=kind), "json"))
            for name, kind in PERIODS.items()
        }
    movements = [json.loads(line) for line in lines.getvalue().splitlines()]
    for movement in movements:
        movement["at"] = datetime.fromisoformat(movement["occurred_at"])
    return movements, summaries


@pytest.fixture(params=PERIODS)
def period(request, told):
    """Give the movements, the JSON of a week or month, and when it and each of the four before began, and it ended."""
    movements, summaries = told
    summary = summaries[request.param]
    start, end = (datetime.fromisoformat(summary[key]).replace(tzinfo=UTC) for key in ("start", "end"))
    return movements, summary, [*(before(start, end, many) for many in (4, 3, 2, 1)), start, end]


def before(start, end, many):
    """Return when the week, or month, so many before the one from ``start`` to ``end`` began."""
    if end - start == timedelta(days=7):
        return start - many * (end - start)
    years, month = divmod(12 * start.year + start.month - 1 - many, 12)
    return start.replace(year=years, month=month + 1)


def within(movements, start, end, **equal):
    """Return the movements from ``start`` to before ``end`` whose values are these."""
    held = [one for one in movements if start <= one["at"] < end]
    return [one for one in held if all(one[key] == value for key, value in equal.items())]


def total(movements):
    """Return the sum of amounts."""
    return sum(one["amount"] for one in movements)


def dollars(movements):
    """Return the sum of amounts in US cents, rounded once."""
    return round(sum((RATES[one["currency"]] * one["amount"] for one in movements), Fraction(0)))


def by_currency(summary):
    """Yield each currency with its figures."""
    yield summary["currency"], summary
    yield from summary["other_currencies"].items()


def test_causes_are_those_of_the_movements(period):
    """Amount, count and customers of each cause, and its amount before, are what the movements say."""
    movements, summary, edges = period
    word = "week" if "week" in summary else "month"
    for code, figures in by_currency(summary):
        for kind in EXPANSION:
            of = {"kind": kind, "currency": code}
            own, last = within(movements, *edges[4:], **of), within(movements, *edges[3:5], **of)
            found, four = figures["causes"][kind], within(movements, edges[0], edges[4], **of)
            assert (found["amount"], found["count"]) == (total(own), len(own))
            assert found["customers"] == len({one["customer"] for one in own})
            assert found[f"previous_{word}"] == total(last)
            assert abs(found[f"four_{word}_mean"] - Fraction(total(four), 4)) < 1


def test_products_and_cohorts_are_those_of_the_movements(period):
    """Expansion by product and by the month of the first payment is what the movements say."""
    movements, summary, edges = period
    first = {}
    for one in movements:
        if one["kind"] == "new":
            first.setdefault(one["customer"], one["occurred_at"][:7])
    for code, figures in by_currency(summary):
        products, cohorts = defaultdict(int), defaultdict(int)
        for one in within(movements, *edges[4:], currency=code):
            if one["kind"] in EXPANSION:
                products[one["product_to"] or one["product_from"]] += one["amount"]
                cohorts[first[one["customer"]]] += one["amount"]
        assert {part["product"]: part["amount"] for part in figures["by_product"]} == products
        assert {part["cohort"]: part["amount"] for part in figures["by_cohort"]} == cohorts
        for parts in figures["by_segment"].values():
            assert sum(part["amount"] for part in parts) == figures["expansion"]["total"]


def test_the_currencies_together_are_those_of_the_movements(period):
    """Bridge, opening and closing MRR and retention in US dollars are what the movements say at the fixed rate."""
    movements, summary, edges = period
    found, (*_, start, end) = summary["together"], edges
    opening = dollars(one for one in movements if one["at"] < start)
    bridge = {kind: dollars(within(movements, start, end, kind=kind)) for kind in found["bridge"]}
    assert (found["opening_mrr"], found["bridge"]) == (opening, bridge)
    assert found["closing_mrr"] == opening + sum(bridge.values())
    for window, since in (("d30", end - timedelta(days=30)), ("m12", end.replace(year=end.year - 1))):
        before, after = standing(movements, since), standing(movements, end)
        cohort = [who for who, amount in before.items() if amount > 0]
        whole = sum(before[who] for who in cohort)
        kept = [after[who] for who in cohort], [min(before[who], after[who]) for who in cohort]
        expected = [float(round(sum(part) / whole, 6)) if whole else None for part in kept]
        assert [found["nrr"][window], found["grr"][window]] == expected


def standing(movements, before):
    """Return each customer's MRR just before a moment, in US cents, exactly."""
    held = defaultdict(Fraction)
    for one in movements:
        if one["at"] < before:
            held[one["customer"]] += RATES[one["currency"]] * one["amount"]
    return held


def test_targets_are_reached_by_the_movements(period):
    """What was won towards each target is the expansion from its period's start to the end of the week or month."""
    movements, summary, edges = period
    assert {target["target"] for target in summary["targets"]} == {250_000, 800_000}
    for target in summary["targets"]:
        since, until = (datetime.fromisoformat(target[key]).replace(tzinfo=UTC) for key in ("start", "end"))
        won = within(movements, since, min(until, edges[-1]))
        assert target["reached"] == dollars(one for one in won if one["kind"] in EXPANSION)
