"""All currencies together in the report currency, at rates that stand still."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from booked import movements
from core.values import calm
from hypothesis import given
from hypothesis import strategies as st
from summaries import summary

from upswell.core.kinds import KINDS
from upswell.core.money import exponent
from upswell.render import terminal
from upswell.render.page import page
from upswell.report.breakdowns import brought_together
from upswell.report.summary import as_json
from upswell.report.together import retention

RATES = {"eur": Decimal("1.08"), "jpy": Decimal("0.0067"), "kwd": Decimal("3.25")}
SEVERAL = """
2026-01-01 a new +100000
2026-01-01 b new +50000 currency=eur
2026-01-01 c new +30000 currency=jpy
2026-01-01 d new +10005 currency=kwd
2026-11-04 b seat +1000 currency=eur
2026-11-10 a seat +2500
2026-11-10 b upgrade +10001 currency=eur
2026-11-11 c downgrade -3000 currency=jpy
2026-11-12 d churn -10005 currency=kwd
"""
STEPS = st.lists(
    st.tuples(
        st.integers(0, 27),
        st.sampled_from(["usd", *RATES]),
        st.sampled_from(KINDS),
        st.integers(-(10**9), 10**9),
    ),
    max_size=25,
)
DECIMALS = st.decimals(Decimal("0.00001"), Decimal(9999), allow_nan=False, places=5)


def written(steps, only=None):
    """Return ``steps`` as lines of the four weeks up to that of November 9; all in one currency where one is named."""
    days = [(date(2026, 10, 19) + timedelta(days=day), only or code, kind, amount) for day, code, kind, amount in steps]
    return "\n".join(f"{day}T12:00 {code} {kind} {amount} currency={code}" for day, code, kind, amount in days)


def told(text, rates=RATES, **more):
    """Return the summary of ``text`` with its currencies brought together."""
    return brought_together(summary(text, **more), rates)


def test_each_sum_is_converted_by_its_currencys_decimals():
    """Yen have no decimals and dinars three: a minor unit of each is worth what the rate says of its whole unit."""
    found = told(SEVERAL).together
    assert found.rates == {"eur": "1.08", "jpy": "0.0067", "kwd": "3.25"}
    assert found.opening_mrr == round(
        100000 + Fraction("1.08") * 51000 + 30000 * Fraction("0.67") + Fraction("3251.625")
    )
    assert found.bridge["seat"] == 2500
    assert found.bridge["upgrade"] == round(Fraction("10801.08"))
    assert found.contraction == -2010
    assert found.churn == round(Fraction("-3251.625"))
    assert found.previous.expansion == 1080
    assert found.closing_mrr == found.opening_mrr + sum(found.bridge.values())
    assert found.expansion_rate == pytest.approx(13301 / found.opening_mrr, abs=1e-6)


@calm
@given(STEPS, DECIMALS, DECIMALS)
def test_what_is_together_adds_up(steps, euro, yen):
    """Opening + bridge = closing; groups are the sums of their kinds; no kind is further off than half a minor unit."""
    rates = {**RATES, "eur": euro, "jpy": yen}
    held = told(written(steps), rates)
    found = held.together
    assert found.opening_mrr + sum(found.bridge.values()) == found.closing_mrr
    assert found.expansion == sum(found.bridge[kind] for kind in ("upgrade", "add_on", "seat", "overage"))
    assert (found.contraction, found.churn) == (found.bridge["downgrade"], found.bridge["churn"])
    for totals in (found, found.previous, found.mean):
        assert totals.net_expansion == totals.expansion + totals.contraction + totals.churn
    factors = {"usd": Fraction(1)} | {
        code: Fraction(rate) * Fraction(10) ** (2 - exponent(code)) for code, rate in rates.items()
    }
    by_code = {"usd": held.figures, **held.other_currencies}
    for kind in KINDS:
        exact = sum(factors[code] * figures.bridge[kind] for code, figures in by_code.items())
        assert abs(exact - found.bridge[kind]) <= Fraction(1, 2)


@calm
@given(STEPS)
def test_what_is_together_is_the_same_next_week(steps):
    """Last week's figures, seen from this week, are what the summary of last week said of itself."""
    text = written(steps)
    before, after = (told(text, period=week).together for week in ("2026-W45", "2026-W46"))
    compared = after.previous
    assert (before.expansion, before.contraction, before.churn) == (
        compared.expansion,
        compared.contraction,
        compared.churn,
    )


@calm
@given(STEPS)
def test_one_currency_together_is_itself(steps):
    """Where all is in the report currency, what is together is what it is."""
    held = told(written(steps, "usd"))
    found, own = held.together, held.figures
    for key in (
        "opening_mrr",
        "closing_mrr",
        "bridge",
        "contraction",
        "churn",
        "net_expansion",
        "expansion_rate",
        "previous",
        "mean",
        "nrr",
        "grr",
    ):
        assert getattr(found, key) == getattr(own, key), key
    assert (found.expansion, found.rates) == (own.expansion.total, {})


@pytest.mark.parametrize(
    ("held", "nrr", "grr"),
    [
        ([("a", "usd", 10000, 15000), ("b", "eur", 10000, 5000)], "20400/20800", "15400/20800"),
        ([("a", "usd", 10800, 0), ("a", "eur", 0, 10000)], "1", "1"),
        ([("a", "usd", 10000, 5000), ("a", "eur", 0, 10000)], "158/100", "1"),
        ([("a", "usd", 100, 100), ("b", "eur", 0, 900)], "1", "1"),
        ([("a", "usd", 100, 100), ("b", "cad", 0, 0)], "1", "1"),
        ([("a", "usd", 0, 100)], None, None),
        ([("a", "usd", 100, 100), ("b", "cad", 5, 0)], None, None),
        ([], None, None),
    ],
)
def test_retention_is_of_what_a_customer_has_in_all_currencies(held, nrr, grr):
    """Who changes the currency stays, who comes later is not counted, and without a rate there is no figure."""
    found = retention(held, "usd", RATES)
    assert (found.nrr, found.grr) == (nrr and Fraction(nrr), grr and Fraction(grr))


@calm
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(["usd", *RATES]), st.integers(0, 10**9), st.integers(0, 10**9)
        ),
        max_size=12,
    ),
    DECIMALS,
)
def test_gross_retention_never_exceeds_net_or_one_in_any_mix(held, euro):
    """GRR is at most NRR and at most 1, and rates that are all twice as high change neither."""
    rates = {**RATES, "eur": euro}
    found = retention(held, "usd", rates)
    if found.nrr is not None:
        assert 0 <= found.grr <= min(found.nrr, 1)
    foreign = [row for row in held if row[1] != "usd"]
    doubled = {code: rate * 2 for code, rate in rates.items()}
    assert retention(foreign, "usd", rates) == retention(foreign, "usd", doubled)


def test_an_exchange_rate_never_looks_like_expansion():
    """Other rates change amounts alone: a week in which nobody moved shows no movement at any rate."""
    still = "2026-01-01 a new +100000\n2026-01-01 b new +50000 currency=eur"
    for rate in ("0.9", "1.08", "1.4"):
        found = told(still, {"eur": Decimal(rate)}).together
        assert set(found.bridge.values()) == {0}
        assert found.opening_mrr == found.closing_mrr == 100000 + Fraction(rate) * 50000


def test_without_rates_nothing_is_brought_together():
    """Where no rates are configured, `together` is null and nothing is said of it."""
    held = told(SEVERAL, {})
    assert as_json(held)["together"] is None
    assert held.notes == ()


def test_a_missing_rate_is_named():
    """Where one currency has no rate, `together` is null and a note says which rate is missing."""
    held = told(SEVERAL, {"eur": Decimal("1.08")})
    assert held.together is None
    assert held.notes == ("Give the rate of JPY and KWD in [report.rates] to see all currencies in USD.",)


def test_a_currency_in_which_nothing_is_left_needs_no_rate():
    """Nobody must look up the rate of a currency that has neither MRR nor movements any more."""
    text = "2025-01-01 a new +1000\n2025-01-01 b new +10 currency=jpy\n2025-02-01 b churn -10 currency=jpy"
    assert told(text, {"eur": Decimal(1)}).together.closing_mrr == 1000


def test_people_read_it_in_one_line():
    """The first line of the other currencies says what all are together, and at which rates."""
    line, *others = page(told(SEVERAL)).others
    assert line == (
        "All in USD at fixed rates (EUR 1.08, JPY 0.0067, KWD 3.25): +$80.39 net expansion (week 45 +$10.80), "
        "+$133.01 expansion, −$20.10 contraction, −$32.52 churn. MRR went from $1,784.32 to $1,864.71."
    )
    assert len(others) == 3
    assert "All in USD" in terminal.text(told(SEVERAL))
    assert page(told("2026-01-01 a new +1000")).others == ()


def test_amounts_are_those_of_the_movements():
    """What is together is reckoned from the movements themselves: recomputed here from nothing else."""
    week = [movement for movement in movements(SEVERAL) if movement.occurred_at >= 1_794_178_800]
    dollars = sum(
        movement.amount
        * {"usd": Fraction(1), "eur": Fraction("1.08"), "jpy": Fraction("0.67"), "kwd": Fraction("0.325")}[
            movement.currency
        ]
        for movement in week
    )
    assert abs(told(SEVERAL).together.net_expansion - dollars) <= 2
