"""Which subscriptions count, which positions are paid, and what a portfolio is worth."""

from fractions import Fraction

import pytest
from rulebook import cases

from core.values import by_item, metered, off, percent, position, price, subscription, tiered
from upswell.core.portfolio import COUNTING_PAUSE, COUNTING_STATUS, Item, Portfolio, counts, mrr, suspension
from upswell.core.rules import Rules

COUNTING = [
    ("active", None, True),
    ("past_due", None, True),
    ("trialing", None, False),
    ("incomplete", None, False),
    ("incomplete_expired", None, False),
    ("unpaid", None, False),
    ("paused", None, False),
    ("canceled", None, False),
    ("a status of the future", None, False),
    ("active", "keep_as_draft", True),
    ("active", "void", False),
    ("active", "mark_uncollectible", False),
    ("active", "a behaviour of the future", False),
    ("past_due", "keep_as_draft", True),
    ("past_due", "void", False),
    ("unpaid", "keep_as_draft", False),
]


@pytest.mark.parametrize(("status", "pause", "expected"), COUNTING, ids=str)
def test_a_subscription_counts_by_its_status_and_collection_pause(status, pause, expected):
    """One table, one row a case: active and past due count, with no pause of collection or one that keeps drafts."""
    held = subscription(status=status, pause=pause)
    assert counts(held, counted_before=False, rules=Rules()) is expected


def test_every_status_and_every_pause_has_its_row():
    """The rule book says of each status and each pause of collection whether it counts."""
    rows = cases("A subscription counts by its status and by what pauses its collection.")
    said = {word for state, _ in rows for word in state.replace(",", "").split()}
    assert said >= {*COUNTING_STATUS, *COUNTING_PAUSE} - {None}


@pytest.mark.parametrize(
    ("status", "pause", "expected"),
    [
        ("trialing", None, True),
        ("trialing", "void", False),
        ("trialing", "keep_as_draft", True),
        ("active", None, True),
        ("unpaid", None, False),
        ("canceled", None, False),
    ],
)
def test_a_trial_laid_over_a_counting_subscription_moves_nothing(status, pause, expected):
    """Trialing counts nothing before the first counted state; over one that already counted it moves nothing."""
    held = subscription(status=status, pause=pause)
    assert counts(held, counted_before=True, rules=Rules()) is expected


@pytest.mark.parametrize(("setting", "expected"), [("count", True), ("exclude", False)])
def test_the_rules_say_whether_past_due_counts(setting, expected):
    """``past_due`` counts, or with the setting ``exclude`` does not."""
    held = subscription(status="past_due")
    assert counts(held, counted_before=True, rules=Rules(past_due=setting)) is expected


@pytest.mark.parametrize(
    ("more", "at_request"),
    [({"cancel_at": 1_900_000_000}, False), ({"cancel_at_period_end": True}, False), ({}, True)],
    ids=["at a date", "at the period's end", "not at all"],
)
def test_a_cancellation_counts_until_the_end_or_until_it_is_asked_for(more, at_request):
    """Setting an end, by either field, is churn at the end; with the setting ``request`` when requested."""
    held = subscription(**more)
    assert counts(held, counted_before=True, rules=Rules()) is True
    assert counts(held, counted_before=True, rules=Rules(churn_at="request")) is at_request


@pytest.mark.parametrize(
    ("status", "pause", "rules", "why"),
    [
        ("active", None, Rules(), None),
        ("unpaid", None, Rules(), "unpaid"),
        ("paused", None, Rules(), "paused"),
        ("past_due", None, Rules(), None),
        ("past_due", None, Rules(past_due="exclude"), "past due"),
        ("active", "void", Rules(), "collection paused"),
        ("active", "keep_as_draft", Rules(), None),
        ("trialing", "mark_uncollectible", Rules(), "collection paused"),
        ("canceled", "void", Rules(), None),
        ("incomplete", None, Rules(), None),
        ("active", "a behaviour of the future", Rules(), "collection paused"),
        ("a status of the future", "void", Rules(), None),
    ],
)
def test_a_subscription_is_held_back_while_it_may_come_back(status, pause, rules, why):
    """Unpaid, paused and a pause of collection hold a subscription back; cancelled it is gone."""
    assert suspension(subscription(status=status, pause=pause), rules) == why


@pytest.mark.parametrize(
    ("held", "paid"),
    [
        (position(price(1000)), True),
        (position(price(1000), 0), False),
        (position(price(0)), False),
        (position(price("0.5", "year")), True),
        (position(price(1000), cuts=(percent(100),)), True),
        (position(metered(1)), True),
        (position(metered(0)), False),
        (position(metered(0), figure=Fraction(5)), False),
        (position(metered(None)), True),
        (position(tiered("graduated", (5, 0, 100), (None, 10))), True),
    ],
    ids=[
        "it costs something",
        "none held",
        "a free plan",
        "it costs next to nothing",
        "all taken off",
        "metered",
        "metered at nothing",
        "metered at nothing, yet billed",
        "metered at an unknown price",
        "a flat fee",
    ],
)
def test_a_position_is_paid_by_its_price(held, paid):
    """It is paid if its MRR before discounts is above zero, or if it is metered at a price that is not all zero."""
    assert held.paid is paid


def test_a_position_without_a_quantity_is_one():
    """A licensed item that names no quantity is one of it."""
    assert position(price(1000), None).monthly == 1000


def test_a_metered_position_is_worth_its_figure():
    """A metered item's licensed MRR is 0, and its billed usage counts."""
    assert position(metered(1)).monthly == 0
    assert position(metered(1), figure=Fraction(4321)).monthly == 4321


def test_each_item_is_rounded_once_after_discounts():
    """One rounding, half to even, per subscription item, after discounts."""
    held = [position(price(1000, "year"), item=f"si_{number}", cuts=(percent(10),)) for number in (1, 2)]
    assert mrr(held) == {"si_1": 75, "si_2": 75}
    assert Portfolio(by_item(*held)).totals == {"usd": 150}


def test_mixed_intervals_add_up():
    """Mixed intervals inside one subscription add up to one amount a month."""
    held = [
        position(price(1200)),
        position(price(12000, "year"), item="si_2"),
        position(price(100, "week"), item="si_3"),
    ]
    assert Portfolio(by_item(*held)).totals == {"usd": 1200 + 1000 + 433}


def test_amounts_are_per_currency():
    """Amounts are per currency."""
    held = [position(price(1000)), position(price(900, currency="eur"), item="si_2", shelf="sub_2")]
    assert Portfolio(by_item(*held)).totals == {"usd": 1000, "eur": 900}


def test_an_amount_off_is_spread_among_the_items_of_one_subscription():
    """An amount off takes what it takes from each subscription that has it, not from all together."""
    held = [
        position(price(1000), item="si_1", cuts=(off(300),)),
        position(price(2000), item="si_2", cuts=(off(300),)),
        position(price(1000), item="si_3", subscription="sub_2", cuts=(off(300),)),
    ]
    assert mrr(held) == {"si_1": 900, "si_2": 1800, "si_3": 700}


def test_a_subscription_lists_its_own_discounts_and_its_items():
    """Discounts stand on a subscription and on its items."""
    held = subscription(Item("si_1", price(), 1, ("di_2",)), discounts=("di_1",))
    assert held.all_discounts == ("di_1", "di_2")
