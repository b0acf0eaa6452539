"""Signals of usage near what is included, and of milestones: who crosses the threshold on which day."""

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from core.billed import bill, charge
from core.values import price, subscription, tiered

from signals.asking import DAY, START, at, seen
from upswell.core.catalogue import Catalogue, Customer, Product, Version
from upswell.core.portfolio import Item
from upswell.core.readings import MILESTONE, USAGE, Reading
from upswell.signals.terms import Terms

PLAN = price(5000, name="plan")
CALLS = tiered("graduated", (10_000, "0"), (None, "1"), name="calls", usage="metered", meter="mtr_1")
BARE = price(1, name="calls", usage="metered", meter="mtr_1")
NAMED = Catalogue(products={"prod_calls": [Version(0, "evt", Product("prod_calls", "API calls"))]})
NEW_YORK = ZoneInfo("America/New_York")
NOVEMBER, DECEMBER = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in (11, 12))


def life(meter=CALLS, plan=PLAN):
    """Return the life of a plan with a meter since the beginning of the year."""
    return 0, subscription(Item("si_1", plan, 1), Item("si_2", meter))


def used(units, day, name="mtr_1", **more):
    """Return what a meter counted by a day."""
    return Reading("meter", f"{name} {day}", "cus_1", USAGE, name, at(day), Fraction(units), **more)


def told(day, *readings, meter=CALLS, catalogue=NAMED, plan=PLAN, **more):
    """Return the evidence on ``day`` that usage is near what is included, or None."""
    found = seen(life(meter, plan), day=day, readings=readings, catalogue=catalogue, **more)
    return found.get("usage_limit")


def november(units, day):
    """Return what was used of November by one of its days, counted from noon to noon."""
    return used(units, day, start=NOVEMBER, end=DECEMBER)


def test_usage_near_what_is_included_is_told_with_its_forecast():
    """8,450 of the free tier's 10,000 by November 22: 9 days left, and all used on the 25th at this pace."""
    day = (NOVEMBER - START) // DAY + 21
    assert told(day, november(8450, day)) == (
        "8,450 of 10,000 API calls, 9 days left; at this pace 10,000 on 25 November"
    )


def test_the_day_on_which_the_threshold_is_crossed_is_the_first_that_is_told():
    """400 calls a day of 10,000: the 20th day makes 8,000, which is 80 %; the 25th makes all of them."""
    first = (NOVEMBER - START) // DAY
    counted = [november(400 * passed, first + passed) for passed in range(1, 30)]
    days = [day for day in range(first, first + 30) if told(day, *counted)]
    assert days == list(range(first + 20, first + 30))
    assert told(first + 25, *counted) == "10,000 of 10,000 API calls, 5 days left; at this pace 12,000 by 1 December"


def test_usage_beyond_what_is_included_says_by_how_much():
    """Over 100 %, it is what is used in addition that counts."""
    day = (NOVEMBER - START) // DAY + 20
    assert told(day, november(12000, day)) == (
        "12,000 of 10,000 API calls, 2,000 more than what is included, 10 days left; at this pace 18,000 by 1 December"
    )


def test_usage_that_lasts_for_the_period_says_what_it_comes_to():
    """Where the pace does not reach the limit, the forecast is of the period's end."""
    day = (NOVEMBER - START) // DAY + 29
    assert told(day, november(8700, day)) == "8,700 of 10,000 API calls, 1 day left; at this pace 9,000 by 1 December"


def test_the_period_is_that_of_the_meter_where_the_reading_says_none():
    """A reading without a period is of the one that runs: what began on the first is monthly, until the next first."""
    assert told(40, used(9000, 40)) == "9,000 of 10,000 API calls, 19 days left; at this pace 10,000 on 11 February"


def test_the_last_invoice_tells_when_the_period_began():
    """A cycle that was moved goes on from the period that was billed last."""
    shift = (START - 1_800_000_000) / DAY
    rows = bill("in_1", 45 + shift, charge(1, CALLS, "si_2", (31 + shift, 45 + shift), amount=1))
    assert told(50, used(9000, 50), billed=rows).startswith("9,000 of 10,000 API calls, 23 days left")


def test_periods_are_those_of_utc():
    """What began on 1 March at 02:00 in UTC goes on from 1 April, and not from 28 March, a New Yorker's month later."""
    begun, now = 59 + Fraction(1, 12), 88
    held = (begun, life()[1])
    found = seen(held, day=now, readings=[used(9000, now - 1)], catalogue=NAMED, terms=Terms(zone=NEW_YORK))
    assert found["usage_limit"].startswith("9,000 of 10,000 API calls, 3 days left")


def test_what_began_on_the_31st_goes_on_on_the_31st_after_a_short_month():
    """The period from 28 February on ends on 31 March; no month is lost or cut for it."""
    shift = (START - 1_800_000_000) / DAY
    rows = bill("in_1", 58 + shift, charge(1, CALLS, "si_2", (30 + shift, 58 + shift), amount=1))
    held = (30, life()[1])
    found = seen(held, day=88, readings=[used(9000, 87)], catalogue=NAMED, billed=rows)
    assert found["usage_limit"].startswith("9,000 of 10,000 API calls, 1 day left")


def test_a_reading_of_a_period_that_is_over_says_nothing():
    """Whoever used much last month begins at nothing this month."""
    assert told(58, used(9000, 58)) is not None
    assert told(60, used(9000, 58)) is None
    assert told((DECEMBER - START) // DAY, november(9000, (DECEMBER - START) // DAY - 1)) is None


def test_an_old_reading_says_its_day():
    """What was counted more than two days ago is told as of then."""
    assert told(45, used(9000, 40)).startswith("9,000 of 10,000 API calls on 10 February, 14 days left")


def test_the_last_reading_counts():
    """A count that was corrected downwards is what is so now; nothing of later is known."""
    assert told(45, used(9000, 40), used(7000, 44)) is None
    assert told(43, used(9000, 40), used(7000, 44)) is not None


@pytest.mark.parametrize("name", ["mtr_1", "price_calls", "prod_calls", "si_2"])
def test_a_reading_names_the_meter_the_price_the_product_or_the_item(name):
    """All of them lead to the metered item of the customer; another word is the app's own, and has no limit."""
    assert told(40, used(9000, 40, name)) is not None
    assert told(40, used(9000, 40, "exports")) is None


def test_the_app_may_say_the_limit_and_what_it_is_called():
    """What the app meters by itself is told by its own words, without a forecast where no period is known."""
    own = used(45, 40, "exports", limit=50, label="exports of reports")
    assert told(40, own) == "45 of 50 exports of reports"
    assert told(76, own) is None
    assert told(40, used("45.5", 40, "exports", limit=50)) == "45.50 of 50 exports"


LIMITS = [
    ("price", BARE, 10_000, {}),
    ("product", BARE, None, {"product": 10_000}),
    ("plan", BARE, None, {"plan": 10_000}),
    ("customer", BARE, None, {"customer": 10_000}),
    ("the price wins", BARE, 10_000, {"product": 90_000, "plan": 90_000, "customer": 90_000}),
    ("the free tier wins", CALLS, None, {"plan": 90_000, "customer": 90_000}),
]


@pytest.mark.parametrize(("meter", "own", "others"), [pytest.param(*row[1:], id=row[0]) for row in LIMITS])
def test_what_is_included_is_said_by_metadata_or_the_free_tier(meter, own, others):
    """The price's own limit, else its product's, else the free tier, else the plan's beside it, else the customer's."""
    of = {name: {"upswell_limit": str(many)} for name, many in others.items()}
    catalogue = Catalogue(
        products={"prod_calls": [Version(0, "evt", Product("prod_calls", "API calls", of.get("product", {})))]},
        customers={"cus_1": [Version(0, "evt", Customer("cus_1", metadata=of.get("customer", {})))]},
    )
    priced = {"metadata": {"upswell_limit": str(own)} if own else {}}
    held = price(1, name="calls", usage="metered", meter="mtr_1", **priced) if meter is BARE else meter
    plan = price(5000, name="plan", metadata=of.get("plan", {}))
    assert told(40, used(9000, 40), meter=held, catalogue=catalogue, plan=plan).startswith("9,000 of 10,000 API calls")


def test_a_plan_s_limit_of_usage_is_none_of_its_seats():
    """Where the plan's limit counts for the meter beside it, 8 seats of 10 are no sign."""
    plan = price(5000, name="plan", metadata={"upswell_limit": "10"})
    eight = (0, subscription(Item("si_1", plan, 8), Item("si_2", BARE)))
    assert "seat_limit" not in seen(eight, day=60)
    assert "seat_limit" in seen((0, subscription(Item("si_1", plan, 8), Item("si_2", CALLS))), day=60)


def test_without_a_limit_there_is_no_sign():
    """Usage that is billed from the first unit on is near nothing."""
    assert told(40, used(9000, 40), meter=BARE) is None


def test_another_customer_s_reading_is_none_of_this_one():
    """Where several Stripe customers are one, a reading belongs to the item of its own."""
    other = Reading("meter", "1", "cus_2", USAGE, "mtr_1", at(40), Fraction(9000))
    assert told(40, other) is None


def test_the_threshold_is_the_configuration_s():
    """``usage_threshold`` says from which share on usage is near."""
    assert told(40, used(9000, 40), terms=Terms(threshold=Fraction(95, 100))) is None


def test_a_milestone_is_told_for_30_days():
    """What the app reported is told by its own words, once for each."""
    reached = Reading("app", "1", "cus_1", MILESTONE, "first_report", at(60), label="first report shared")
    again = Reading("app", "2", "cus_1", MILESTONE, "first_report", at(62), label="first report shared")
    assert seen(life(), day=61, readings=[reached])["milestone"] == "first report shared on 2 March"
    assert seen(life(), day=63, readings=[reached, again])["milestone"] == "first report shared on 4 March"
    assert [day for day in (59, 60, 89, 90) if "milestone" in seen(life(), day=day, readings=[reached])] == [60, 89]


def test_who_holds_nothing_shows_nothing():
    """A customer in its first trial, or who left, is not told of by what was counted."""
    trial = (0, subscription(PLAN, status="trialing", trial_end=at(200)))
    reached = Reading("app", "1", "cus_1", MILESTONE, "first_report", at(60))
    assert seen(trial, day=61, readings=[reached, used(9, 60, "exports", limit=10)]) == {}
