"""The week's summary: its JSON, and what is cut where."""

import json
from dataclasses import replace

import pytest
from booked import at, movements, tracks
from summaries import BERLIN, BUSY, NAMES, WELL, summary

from upswell.core.kinds import KINDS
from upswell.errors import InvariantError, UpswellError
from upswell.report.periods import Week
from upswell.report.summary import Booked, Health, as_json, span_of, summarise

FIGURES = [
    "opening_mrr",
    "closing_mrr",
    "bridge",
    "expansion",
    "contraction",
    "churn",
    "net_expansion",
    "expansion_rate",
    "nrr",
    "grr",
    "nrr_without_price",
    "grr_without_price",
    "expansion_share_of_new_mrr",
    "quick_ratio",
    "time_to_expansion_days",
    "not_yet_expanded",
    "previous_week",
    "four_week_mean",
    "top_customers",
    "scheduled",
    "restated",
    "causes",
    "by_product",
    "by_segment",
    "by_cohort",
    "expansion_rate_trailing",
    "after_expansion",
]
MORE = ["together", "targets"]


def test_the_json_has_exactly_the_promised_keys():
    """The keys of the JSON, at every depth, are an interface; what has not landed yet is absent."""
    told = as_json(summary(BUSY + "2026-11-10 cus_9 new +100 currency=eur", names=NAMES))
    figures = [name for name in told if name != "signals"]
    assert figures == ["week", "start", "end", "complete", "currency", *FIGURES, "health", "other_currencies", *MORE]
    assert list(told["bridge"]) == list(KINDS)
    assert list(told["expansion"]) == [
        *("total", "count", "customers", "upgrade", "add_on", "seat", "overage", "organic", "sales"),
    ]
    for name in ("nrr", "grr", "nrr_without_price", "grr_without_price", "expansion_rate_trailing"):
        assert list(told[name]) == ["d30", "m12"]
    for name in ("previous_week", "four_week_mean"):
        assert list(told[name]) == ["expansion", "contraction", "churn", "net_expansion"]
    assert list(told["after_expansion"]) == ["expanded", "others"]
    for fate in told["after_expansion"].values():
        assert list(fate) == ["customers", "lost", "share"]
    assert list(told["top_customers"][0]) == ["customer", "name", "amount", "reason", "movements"]
    assert list(told["scheduled"][0]) == ["at", "customer", "kind", "amount", "reason"]
    assert list(told["causes"]) == ["upgrade", "add_on", "seat", "overage"]
    assert list(told["causes"]["seat"]) == ["amount", "count", "customers", "previous_week", "four_week_mean"]
    assert list(told["health"]) == ["pending", "failed", "last_event_at", "differences"]
    assert list(told["other_currencies"]["eur"]) == FIGURES
    assert json.loads(json.dumps(told)) == told


def test_the_figures_of_a_busy_week():
    """Customers of an expansion are counted once, however many movements they have.

    Expansion of origin ``sales`` is shown apart from the rest, which is called organic.

    Amounts are integers in minor units, losses zero or below, ratios rounded to six places.
    """
    told = as_json(summary(BUSY, names=NAMES))
    assert (told["week"], told["start"], told["end"]) == ("2026-W46", "2026-11-09", "2026-11-16")
    assert (told["complete"], told["currency"]) == (True, "usd")
    assert (told["opening_mrr"], told["closing_mrr"]) == (979189, 1055754)
    assert {kind: amount for kind, amount in told["bridge"].items() if amount} == {
        "new": 9900,
        "upgrade": 49000,
        "add_on": 9900,
        "seat": 36000,
        "overage": 20834,
        "downgrade": -3000,
        "churn": -44069,
        "discount": -2000,
    }
    assert told["expansion"] == {
        "total": 115734,
        "count": 5,
        "customers": 3,
        "upgrade": 49000,
        "add_on": 9900,
        "seat": 36000,
        "overage": 20834,
        "organic": 103734,
        "sales": 12000,
    }
    assert (told["contraction"], told["churn"], told["net_expansion"]) == (-3000, -44069, 68665)
    assert told["expansion_rate"] == 0.118194
    assert told["expansion_share_of_new_mrr"] == 0.9212
    assert told["quick_ratio"] == 2.669145
    assert told["nrr"] == {"d30": 1.107815, "m12": None}
    assert told["not_yet_expanded"] == 2
    assert told["previous_week"] == {"expansion": 35120, "contraction": 0, "churn": 0, "net_expansion": 35120}
    assert told["four_week_mean"] == {"expansion": 8780, "contraction": 0, "churn": 0, "net_expansion": 8780}


def test_top_customers_are_those_with_the_largest_net_expansion():
    """At most five, by what they added net of what they took away, with the reason of their largest movement."""
    found = summary(BUSY, names=NAMES).figures.top_customers
    assert [(top.customer, top.name, top.amount, top.reason) for top in found] == [
        ("cus_1", "Harbor & Finch", 73000, "Pro → Enterprise"),
        ("cus_3", "Copper Kettle", 30734, "API calls: 145.00 → 353.34"),
        ("cus_2", "Quill <Works>", 12000, "10 → 14 seats of Team"),
    ]
    amounts = {movement.id: movement.amount for movement in movements(BUSY)}
    assert all(sum(amounts[part] for part in top.movements) == top.amount for top in found)
    undone = "2026-11-10 cus_1 seat +5\n2026-11-11 cus_1 downgrade -5\n2026-11-11 cus_2 seat +1"
    assert [top.customer for top in summary(undone).figures.top_customers] == ["cus_2"]
    many = "\n".join(f"2026-11-10 cus_{number} seat +{number}" for number in range(1, 9))
    assert [top.amount for top in summary(many).figures.top_customers] == [8, 7, 6, 5, 4]


def test_a_running_week_is_cut_at_now():
    """Readers cut at the instant they report on, and what lies beyond is scheduled."""
    running = summary(BUSY, now=at("2026-11-10T10:00"))
    assert not running.complete
    assert running.figures.expansion.total == 73000
    assert [event.at for event in running.figures.scheduled][:2] == ["2026-11-10T11:00:00Z", "2026-11-11T11:00:00Z"]
    assert running.figures.closing_mrr == running.figures.opening_mrr + 73000
    seconds = [at("2026-11-10T10:59:59"), at("2026-11-10T11:00:00")]
    assert [summary(BUSY, now=now).figures.expansion.total for now in seconds] == [73000, 85000]


def test_scheduled_is_what_is_booked_ahead_within_thirty_days():
    """A known end of a discount is shown with its date and reason; what lies further ahead, or behind now, is not."""
    (event,) = summary(BUSY).figures.scheduled
    assert (event.at, event.customer, event.kind, event.amount) == ("2026-12-03T00:00:00Z", "cus_4", "discount", 2000)
    assert summary(BUSY, now=at("2026-12-03")).figures.scheduled == ()
    assert summary(BUSY, period="2026-W43", now=at("2026-11-16")).figures.scheduled == ()
    ahead = "2026-01-01 cus_1 new +9\n2026-12-15T22:59:59 cus_1 discount -1\n2026-12-15T23:00 cus_1 discount -2"
    assert [event.amount for event in summary(ahead).figures.scheduled] == [-1]


def test_a_week_is_complete_from_its_end_on():
    """A week is complete from the first second that is no longer part of it."""
    end = Week.parse("2026-W46", BERLIN).end
    assert [summary(BUSY, now=now).complete for now in (end - 1, end)] == [False, True]


def test_a_movement_at_midnight_belongs_to_the_week_it_begins():
    """The week holds its first instant and not the next week's, in the report's zone."""
    text = "2026-11-08T22:59:59 cus_1 new +1\n2026-11-08T23:00 cus_2 new +10\n2026-11-15T22:59:59 cus_3 new +100"
    text += "\n2026-11-15T23:00 cus_4 new +1000"
    found = summary(text).figures
    assert (found.opening_mrr, found.bridge["new"], found.closing_mrr) == (1, 110, 111)


def test_an_empty_ledger_gives_a_valid_summary():
    """Without any movement all amounts are 0, all ratios null, and nothing fails."""
    told = as_json(summary(health=Health(0, 0, None)))
    assert (told["opening_mrr"], told["closing_mrr"], told["net_expansion"]) == (0, 0, 0)
    assert told["nrr"] == {"d30": None, "m12": None}
    assert told["expansion_rate"] is told["quick_ratio"] is told["time_to_expansion_days"] is None
    assert told["top_customers"] == told["scheduled"] == told["restated"] == []
    assert told["other_currencies"] == {}


def test_currencies_are_never_mixed():
    """Each currency has figures of its own.

    A customer's life is over all of them.
    """
    text = """
    2026-01-01 cus_1 new +100 currency=eur
    2026-02-01 cus_1 add_on +200
    2026-11-10 cus_1 seat +5
    2026-11-11 cus_2 new +7 currency=jpy
    """
    told = summary(text)
    assert told.figures.closing_mrr == 205
    assert {code: held.closing_mrr for code, held in told.other_currencies.items()} == {"eur": 100, "jpy": 7}
    assert (told.figures.not_yet_expanded, told.other_currencies["jpy"].not_yet_expanded) == (0, 1)


def test_a_currency_is_shown_from_its_first_movement_on():
    """A currency first paid in the next week, or booked ahead, has no figures yet."""
    text = "2026-11-10 cus_1 new +100\n2026-11-15T23:00 cus_2 new +7 currency=jpy"
    assert summary(text).other_currencies == {}
    assert list(summary(text, period="2026-W47").other_currencies) == ["jpy"]


def test_twelve_months_and_thirty_days_end_with_the_week():
    """NRR and GRR look back from the week's end, by the calendar of the report's zone."""
    text = "2025-11-15T22:59 cus_1 new +100\n2025-11-15T23:00 cus_2 new +100\n2026-10-20 cus_1 seat +50"
    assert summary(text).figures.nrr.m12 == 1.5
    assert summary(text).figures.nrr.d30 == 1.25


def test_a_bridge_that_does_not_add_up_is_refused():
    """Where opening + movements is not the MRR the movements state, there is no summary but an error."""
    first, second = movements("2026-01-01 cus_1 new +100\n2026-11-10 cus_1 seat +50")
    week = Week.parse("2026-W46", BERLIN)
    broken = [first, replace(second, mrr_before=90, mrr_after=140)]
    with pytest.raises(InvariantError, match=r"2026-W46 in usd do not add up.*upswell reclassify"):
        summarise(Booked(broken, tracks(broken), {}), span_of(week, week.end), currency="usd", names={}, health=WELL)


def test_movements_may_come_in_any_order():
    """A summary is of the movements' own times, in whatever order they are given."""
    booked = movements(BUSY)
    week = Week.parse("2026-W46", BERLIN)
    told, backwards = (
        summarise(Booked(given, held, {}), span_of(week, week.end), currency="usd", names={}, health=WELL)
        for given, held in ((booked, tracks(booked)), (booked[::-1], tracks(booked)[::-1]))
    )
    assert told == backwards


def test_a_week_that_has_not_begun_is_refused():
    """A week of the future has no summary, and the error says so."""
    with pytest.raises(UpswellError, match="2026-W46 has not begun"):
        summary(BUSY, now=at("2026-11-08T22:59:59"))


def test_the_mean_of_four_weeks_adds_up():
    """The mean's parts are rounded to whole minor units and its net is their sum."""
    text = "2025-01-01 cus_1 new +100\n2026-11-03 cus_1 seat +3\n2026-10-27 cus_1 downgrade -7"
    mean = summary(text).figures.mean
    assert (mean.expansion, mean.contraction, mean.churn, mean.net_expansion) == (1, -2, 0, -1)
