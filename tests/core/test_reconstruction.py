"""What a subscription was while no event told of it: inferred from its invoices and from what a list shows."""

from itertools import permutations

import pytest

from core.billed import (
    AT,
    DAY,
    EXTRA,
    MONTH,
    PRO,
    TEAM,
    YEARLY,
    at,
    back,
    bill,
    charge,
    known,
    lived,
    moved,
    past,
    rest,
)
from core.values import (
    STAIRS,
    coupon,
    created,
    deleted,
    discount,
    metered,
    price,
    said,
    seats,
    subscription,
    tiered,
    updated,
)
from upswell.core.catalogue import Customer, Version
from upswell.core.history import History, entries
from upswell.core.movements import movements
from upswell.core.portfolio import Item
from upswell.core.rules import Rules
from upswell.core.states import Snapshot

FIRST = bill("in_1", 0, charge(5), billing_reason="subscription_create")
NEXT = bill("in_2", MONTH, charge(5))


def five(**more):
    """Return the subscription of five that began on day 0, as a list shows it."""
    return seats(5, created=AT, **more)


def test_a_subscription_begins_with_its_first_invoice():
    """Without events a subscription began when it says, as its first invoice charges for it."""
    assert past(five(), FIRST, NEXT)[0] == (0, "pro×5", "in_1", "reconstructed")
    assert moved(five(), FIRST, NEXT) == [(0, "new", 5000, "reconstructed")]


def test_a_start_that_no_invoice_tells_is_the_subscriptions_own():
    """A subscription without invoices is taken to have been since its start what the list shows."""
    assert past(five()) == [(0, "pro×5", "sub_1", "reconstructed"), (400, "pro×5", "sub_1", "reconstructed")]


@pytest.mark.parametrize(
    ("more", "rules", "start"),
    [
        ({"start_date": at(-90)}, Rules(), -90),
        ({"start_date": at(-90)}, Rules(backdated="created"), 0),
        ({"metadata": {"upswell_since": str(at(-7))}}, Rules(), -7),
    ],
    ids=["backdated", "backdated, as created", "upswell_since"],
)
def test_an_import_begins_when_it_says(more, rules, start):
    """`start_date` where it lies before `created` (setting: `created`); `upswell_since` overrides, as for events."""
    assert past(seats(5, created=AT, **more), NEXT, rules=rules)[0][:2] == (start, "pro×5")


def test_what_the_first_invoice_charges_for_was_there_from_the_start():
    """An import bills nothing before its next period: that invoice tells what was held until then."""
    assert past(five(start_date=at(-90)), NEXT)[0] == (-90, "pro×5", "sub_1", "reconstructed")


def test_a_later_cycle_tells_another_quantity_from_its_period_on():
    """Changes with `proration_behavior=none` show at the next invoice, at its period's start."""
    found = past(seats(8, created=AT), FIRST, bill("in_2", MONTH + 0.5, charge(8, span=(MONTH, 2 * MONTH))))
    assert found[:2] == [(0, "pro×5", "in_1", "reconstructed"), (MONTH, "pro×8", "in_2", "reconstructed")]


def test_prorations_tell_when_something_changed():
    """A proration says when: the negative line what was before, the positive one what was from then on."""
    second = bill("in_2", MONTH, charge(8), back(10, 5), rest(10, 8))
    assert past(seats(8, created=AT), FIRST, second)[:2] == [
        (0, "pro×5", "in_1", "reconstructed"),
        (10, "pro×8", "in_2", "reconstructed"),
    ]
    assert moved(seats(8, created=AT), FIRST, second) == [
        (0, "new", 5000, "reconstructed"),
        (10, "seat", 3000, "reconstructed"),
    ]


def test_several_changes_in_one_period_are_told_one_by_one():
    """Each pair of prorations of a period is a change of its own."""
    second = bill("in_2", MONTH, charge(3), back(10, 5), rest(10, 8), back(20, 8), rest(20, 3))
    assert [one[:2] for one in past(seats(3, created=AT), FIRST, second)][:3] == [
        (0, "pro×5"),
        (10, "pro×8"),
        (20, "pro×3"),
    ]


def test_steps_within_one_second_cancel_out():
    """What was changed and changed again within one second is one change; undone, it is none."""
    twice = bill("in_2", MONTH, charge(9), back(10, 5), rest(10, 8), back(10, 8), rest(10, 9))
    assert [one[:2] for one in past(seats(9, created=AT), FIRST, twice)][1] == (10, "pro×9")
    undone = bill("in_2", MONTH, charge(5), back(10, 5), rest(10, 8), back(10, 8), rest(10, 5))
    assert moved(five(), FIRST, undone) == [(0, "new", 5000, "reconstructed")]


def test_a_swap_is_told_by_its_prorations():
    """A price swapped for another: the unused time of the old is given back, the rest on the new charged."""
    held = Item("si_1", TEAM, 5)
    second = bill("in_2", 10, back(10, 5), rest(10, 5, TEAM), billing_reason="subscription_update")
    found = past(subscription(held, created=AT), FIRST, second)
    assert found[1] == (10, "team×5", "in_2", "reconstructed")


def test_a_swap_with_a_free_price_is_told_by_its_paid_side():
    """A line of no amount is the free side of a swap: what was before, or what came."""
    free = price(0, name="free")
    was_free = bill("in_1", 0, charge(1, free)), bill("in_2", 10, {**back(10, 1, free), "amount": 0}, rest(10, 1))
    assert [one[:2] for one in past(seats(1, created=AT), *was_free, catalogue=known(free))][:2] == [
        (0, "free×1"),
        (10, "pro×1"),
    ]
    now_free = bill("in_1", 0, charge(1)), bill("in_2", 10, back(10, 1), {**rest(10, 1, free), "amount": 0})
    seen = subscription(Item("si_1", free, 1), created=AT)
    assert [one[:2] for one in past(seen, *now_free, catalogue=known(free))][:2] == [(0, "pro×1"), (10, "free×1")]


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 0)], ids=["comes", "goes"])
def test_a_free_item_comes_and_goes_without_an_amount(before, after):
    """A proration of no amount alone is the end of what is held so, and the beginning of what is not."""
    free = Item("si_2", price(0, name="free"), 1)
    first = bill("in_1", 0, charge(5), *([charge(1, free.price, "si_2")] if before else []))
    lone = bill("in_2", 10, {**rest(10, 1, free.price, "si_2"), "amount": 0})
    items = [Item("si_1", PRO, 5), *([free] if after else [])]
    found = past(subscription(*items, created=AT), first, lone, catalogue=known(free.price))
    assert [one[:2] for one in found][:2] == [
        (0, "pro×5 free×1" if before else "pro×5"),
        (10, "pro×5 free×1" if after else "pro×5"),
    ]


def test_an_item_in_a_negative_line_alone_was_removed_then():
    """An item only in a negative line was removed at that moment."""
    first = bill("in_1", 0, charge(5), charge(1, TEAM, "si_2"))
    found = past(five(), first, bill("in_2", MONTH, charge(5), back(10, 1, TEAM, "si_2")))
    assert [one[:2] for one in found][:2] == [(0, "pro×5 team×1"), (10, "pro×5")]


def test_an_item_in_a_positive_line_alone_was_added_then():
    """An item only in a positive line was added at that moment."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", TEAM, 1), created=AT)
    second = bill("in_2", MONTH, charge(5), charge(1, TEAM, "si_2"), rest(10, 1, TEAM, "si_2"))
    assert [one[:2] for one in past(seen, FIRST, second)][:2] == [(0, "pro×5"), (10, "pro×5 team×1")]


def test_an_item_that_its_next_invoice_leaves_out_was_removed():
    """An item that a new period was due for, and that its invoice does not charge for, is gone from that period on."""
    first = bill("in_1", 0, charge(5), charge(1, TEAM, "si_2"))
    assert [one[:2] for one in past(five(), first, NEXT)][:2] == [(0, "pro×5 team×1"), (MONTH, "pro×5")]


def test_an_item_first_charged_in_a_later_period_was_added_then():
    """An item that no invoice named before was added with the period that it is first charged for."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", TEAM, 1), created=AT)
    found = past(seen, FIRST, bill("in_2", MONTH, charge(5), charge(1, TEAM, "si_2")))
    assert [one[:2] for one in found][:2] == [(0, "pro×5"), (MONTH, "pro×5 team×1")]


def test_items_of_different_intervals_are_each_due_in_their_own_time():
    """With mixed intervals a monthly invoice says nothing of a yearly item whose period goes on."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", YEARLY, 1), created=AT)
    first = bill("in_1", 0, charge(5), charge(1, YEARLY, "si_2", (0, 365)))
    assert {one[1] for one in past(seen, first, NEXT)} == {"pro×5 yearly×1"}


def test_a_yearly_item_that_no_invoice_charged_yet_was_always_there():
    """Of an import, an item whose period is not over has been on no invoice: it is taken to have been there."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", YEARLY, 1), created=AT)
    assert past(seen, NEXT)[0][:2] == (0, "pro×5 yearly×1")


def test_an_item_that_the_last_invoice_does_not_know_is_closed():
    """What no invoice shows is closed by one movement at the look, with a reason that says so."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", TEAM, 1), created=AT)
    assert moved(seen, FIRST, NEXT)[1:] == [(400, "add_on", 2000, "reconstructed")]
    (*_, last) = movements(lived(seen, FIRST, NEXT), Rules())
    assert last.reason.endswith("(inferred: nothing tells when)")
    assert last.cause == "sub_1"


def test_what_was_before_a_proration_and_nobody_told_is_closed_there():
    """Where a proration gives back other terms than those held, they were missed: closed at that moment, marked."""
    second = bill("in_2", 40, back(40, 7), rest(40, 9))
    found = past(seats(9, created=AT), FIRST, NEXT, second)
    assert found[1:3] == [(40, "pro×7", "in_2", "inferred"), (40, "pro×9", "in_2", "reconstructed")]
    assert moved(seats(9, created=AT), FIRST, NEXT, second)[1:] == [
        (40, "seat", 2000, "reconstructed"),
        (40, "seat", 2000, "reconstructed"),
    ]


def test_what_was_given_back_first_was_there_from_the_start():
    """What the first proration gives back was held before it."""
    found = past(seats(8, created=AT), bill("in_2", MONTH, charge(8), back(10, 3), rest(10, 8)))
    assert [one[:2] for one in found][:2] == [(0, "pro×3"), (10, "pro×8")]


def test_a_proration_that_names_no_item_is_of_the_one_with_its_price():
    """A proration of an invoice item names no subscription item: its price tells which it is."""
    second = bill("in_2", MONTH, charge(8), {**back(10, 5), "item": ""}, {**rest(10, 8), "item": ""})
    assert [one[:2] for one in past(seats(8, created=AT), FIRST, second)][1] == (10, "pro×8")


@pytest.mark.parametrize(
    ("lines", "quantity"), [([5, 7], 12), ([5, 7, 1], 12), ([12, 12], 12)], ids=["tiers", "a flat fee", "said twice"]
)
def test_tiers_come_as_lines_and_are_one_quantity(lines, quantity):
    """A graduated price is billed in a line a tier: the quantity is the one that costs what they charge."""
    stairs = tiered("graduated", *STAIRS, name="stairs")
    total = 5 * 500 + 5 * 400 + 2 * 300 + 1000 + 2000 + 3000
    shares = [total, *[0] * (len(lines) - 1)]
    rows = [charge(count, stairs, amount=amount) for count, amount in zip(lines, shares, strict=True)]
    seen = subscription(Item("si_1", stairs, 12), created=AT)
    assert past(seen, bill("in_1", 0, *rows), catalogue=known(stairs))[0][1] == f"stairs×{quantity}"


TRIALS = [
    ("its end is told", five(trial_end=at(14)), []),
    ("lines of no amount", five(), [bill("in_0", 0, charge(5, amount=0, span=(0, 14)))]),
    ("both", five(trial_end=at(14)), [bill("in_0", 0, charge(5, amount=0, span=(0, 14)))]),
]


@pytest.mark.parametrize(("seen", "bills"), [row[1:] for row in TRIALS], ids=[row[0] for row in TRIALS])
def test_a_trial_counts_from_its_end(seen, bills):
    """A subscription that began in a trial counts from the trial's end."""
    paid = bill("in_1", 14, charge(5, span=(14, 44)))
    assert moved(seen, *bills, paid) == [(14, "new", 5000, "reconstructed")]
    assert past(seen, *bills, paid)[1][:3] == (14, "pro×5", "in_1")


def test_a_trial_that_goes_on_counts_nothing():
    """A subscription in the trial that it began with is worth nothing yet."""
    assert moved(five(status="trialing", trial_end=at(500))) == []


def test_a_trial_that_ended_without_an_invoice_ended_when_it_says():
    """A trial's end that no invoice tells is the subscription's own word."""
    assert past(five(trial_end=at(14)))[1] == (14, "pro×5", "sub_1", "reconstructed")


def test_a_trial_laid_over_a_paid_subscription_moves_nothing():
    """A trial laid over one that already counted moves nothing (merchants move billing dates that way)."""
    assert moved(five(trial_end=at(60)), FIRST, NEXT) == [(0, "new", 5000, "reconstructed")]


def test_a_subscription_cancelled_in_its_trial_was_never_worth_anything():
    """Cancelled before the trial ended: nothing."""
    assert moved(five(status="canceled", trial_end=at(14), ended_at=at(7))) == []


def test_a_trial_that_ended_in_a_pause_counts_nothing():
    """A trial that ended without a means of payment left the subscription paused: it never counted."""
    assert moved(five(status="paused", trial_end=at(14))) == []


@pytest.mark.parametrize(("bills", "kinds"), [((), []), ((FIRST,), ["new", "churn"])], ids=["never charged", "charged"])
def test_a_paused_subscription_counted_if_it_was_ever_charged(bills, kinds):
    """A paused subscription that was never charged for never counted; of another, the pause is closed at the look."""
    assert [one[1] for one in moved(five(status="paused"), *bills)] == kinds


def test_a_cancelled_subscription_ended_when_it_says():
    """A cancellation is at `ended_at`, as the subscription itself tells."""
    seen = five(status="canceled", ended_at=at(50))
    assert past(seen, FIRST, NEXT)[-1] == (50, "pro×5 canceled", "sub_1", "reconstructed")
    assert moved(seen, FIRST, NEXT) == [(0, "new", 5000, "reconstructed"), (50, "churn", -5000, "reconstructed")]


def test_what_is_given_back_at_the_end_is_no_change_before_it():
    """Cancelled with proration, the unused time is given back at the end: that is the end, and nothing else."""
    seen = five(status="canceled", ended_at=at(50))
    last = bill("in_3", 50, back(50, 5, until=60))
    assert [one[:2] for one in moved(seen, FIRST, NEXT, last)] == [(0, "new"), (50, "churn")]


def test_what_is_billed_after_the_end_moves_nothing():
    """An invoice after the end says nothing of what was held."""
    seen = five(status="canceled", ended_at=at(50))
    assert moved(seen, FIRST, NEXT, bill("in_3", 60, charge(9))) == moved(seen, FIRST, NEXT)


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
def test_what_was_never_paid_for_never_counted(status):
    """A subscription that is waiting for its first payment, or waited in vain, is nothing."""
    assert moved(five(status=status), FIRST) == []


HELD_BACK = [("unpaid", {"status": "unpaid"}), ("collection paused", {"pause": "void"})]


@pytest.mark.parametrize("more", [row[1] for row in HELD_BACK], ids=[row[0] for row in HELD_BACK])
def test_what_holds_a_subscription_back_is_not_on_invoices(more):
    """Pauses and unpaid spells are not on invoices: they are closed at the look, marked."""
    assert moved(five(**more), FIRST, NEXT)[1:] == [(400, "churn", -5000, "reconstructed")]


THIRD = bill("in_3", 2 * MONTH, charge(5))


def void(name, day, **more):
    """Return the rows of a cycle's invoice that was voided."""
    return bill(name, day, charge(5), voided=True, **more)


RUNS = [
    ("since the first", [void("in_2", MONTH), void("in_3", 2 * MONTH)], MONTH),
    ("a paid one after the first", [void("in_2", MONTH), THIRD, void("in_4", 3 * MONTH)], 3 * MONTH),
    ("a paid one after the last", [void("in_2", MONTH), THIRD], 400),
    ("none", [NEXT], 400),
    ("a change alone", [NEXT, void("in_3", 40, billing_reason="subscription_update")], 400),
    ("what somebody wrote by hand", [void("in_2", MONTH), bill("in_x", 70, billing_reason="manual")], MONTH),
    ("after the look", [void("in_2", 420)], 400),
]


@pytest.mark.parametrize(("bills", "day"), [row[1:] for row in RUNS], ids=[row[0] for row in RUNS])
def test_a_pause_that_lasts_is_since_its_first_voided_invoice(bills, day):
    """A pause that voids what it bills, and lasts, is since the first invoice that was voided with all after it."""
    assert moved(five(pause="void"), FIRST, *bills)[1:] == [(day, "churn", -5000, "reconstructed")]


def test_the_first_voided_invoice_is_the_cause_of_a_pause():
    """Its movement names the invoice, and nothing of it is undated; what only the look shows still is."""
    bills = FIRST, void("in_2", MONTH)
    (*_, churn) = movements(lived(five(pause="void"), *bills), Rules())
    assert (churn.cause, churn.reason) == ("in_2", "Gone: prod_pro × 5: 50.00 a month")
    found = past(seats(7, created=AT, pause="void"), *bills)
    assert [one[:1] + one[2:] for one in found[1:]] == [
        (MONTH, "in_2", "reconstructed"),
        (400, "sub_1", "inferred"),
        (400, "sub_1", "reconstructed"),
    ]


@pytest.mark.parametrize("pause", ["mark_uncollectible", None])
def test_voided_invoices_tell_of_no_other_pause(pause):
    """Without a pause that voids, voided invoices say nothing: an uncollectible one is not told from a paid one."""
    expected = [(400, "churn", -5000, "reconstructed")] if pause else []
    assert moved(five(pause=pause), FIRST, void("in_2", MONTH))[1:] == expected


def test_a_pause_before_the_end_is_since_its_first_voided_invoice_too():
    """Of a subscription that ended while its collection was paused, the pause was churn, and the end moves nothing."""
    seen = five(status="canceled", ended_at=at(100), pause="void")
    assert [one[:2] for one in moved(seen, FIRST, void("in_2", MONTH))] == [(0, "new"), (MONTH, "churn")]


def test_a_pause_is_kept_where_the_seats_after_it_are_those_of_before():
    """A look may show what was held once before: a pause that invoices tell in between is told all the same."""
    more = bill("in_2", 10, back(10, 5), rest(10, 8), billing_reason="subscription_update")
    found = moved(five(pause="void"), FIRST, more, void("in_3", MONTH))
    assert [one[:3] for one in found] == [(0, "new", 5000), (10, "seat", 3000), (MONTH, "churn", -8000)]


def test_a_pause_of_another_kind_that_was_held_stays_until_the_look():
    """A pause that was held already is no new one: what became of it is closed at the look."""
    before = five(pause="keep_as_draft")
    told = [created(AT, before)]
    found = moved(five(pause="void"), void("in_2", MONTH), states=told)
    assert found[1:] == [(400, "churn", -5000, "reconstructed")]


def test_a_pause_that_events_told_is_theirs():
    """A pause that an event told begins with it; one that events missed begins with the first voided invoice."""
    paused = five(pause="void")
    told = [created(AT, five()), updated(at(20), five(), paused, "evt_2")]
    assert moved(paused, void("in_2", MONTH), states=told)[1:] == [(20, "churn", -5000, "observed")]
    assert moved(paused, void("in_2", MONTH), states=told[:1])[1:] == [(MONTH, "churn", -5000, "reconstructed")]


INVOICES = [
    ("void: says nothing", bill("in_2", MONTH, charge(8), voided=True), []),
    ("uncollectible or open: it was held, paid or not", bill("in_2", MONTH, charge(8)), [(MONTH, 3000)]),
    ("of no amount: no change of what is held", bill("in_2", MONTH, charge(5, amount=0)), []),
    ("one-off items only: say nothing", bill("in_2", MONTH, billing_reason="manual"), []),
    ("usage threshold: no licensed item", bill("in_2", 20, billing_reason="subscription_threshold"), []),
    (
        "update: the new terms at once",
        bill("in_2", 10, back(10, 5), rest(10, 8), billing_reason="subscription_update"),
        [(10, 3000)],
    ),
]


@pytest.mark.parametrize(("second", "expected"), [row[1:] for row in INVOICES], ids=[row[0] for row in INVOICES])
def test_what_each_kind_of_invoice_says(second, expected):
    """What each kind of invoice says: see the table in docs/history.md."""
    seen = seats(8 if expected else 5, created=AT)
    assert [(day, amount) for day, _, amount, _ in moved(seen, FIRST, second)][1:] == expected


def test_an_accepted_quote_is_a_start_by_sales():
    """An invoice of an accepted quote begins the subscription, and its origin is sales."""
    first = bill("in_1", 0, charge(5), billing_reason="quote_accept")
    (new,) = movements(lived(five(), first), Rules())
    assert (new.kind, new.origin, new.cause) == ("new", "sales", "in_1")


CALLS = metered(name="calls")


def test_a_metered_item_was_there_from_the_period_that_was_billed():
    """Usage is billed after its period: a metered item was there when that began, and its figures count as ever."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", CALLS), created=AT)
    usage = charge(700, CALLS, "si_2", (0, MONTH), amount=700)
    second = bill("in_2", MONTH, charge(5), usage)
    assert past(seen, FIRST, second, catalogue=known(CALLS))[0][1] == "pro×5 calls"
    assert [one[1:3] for one in moved(seen, FIRST, second, catalogue=known(CALLS))] == [("new", 5000), ("new", 700)]


def test_a_metered_item_that_is_gone_went_after_its_last_billed_period():
    """A metered item that is not there any more was there until the end of the last period it was billed for."""
    usage = charge(700, CALLS, "si_2", (0, MONTH), amount=700)
    found = past(five(), FIRST, bill("in_2", MONTH, charge(5), usage), catalogue=known(CALLS))
    assert [one[:2] for one in found][:2] == [(0, "pro×5 calls"), (MONTH, "pro×5")]


def test_usage_of_nothing_is_no_trial():
    """A metered line of no amount says nothing of a trial."""
    seen = subscription(Item("si_1", PRO, 5), Item("si_2", CALLS), created=AT)
    first = bill("in_1", 0, charge(0, CALLS, "si_2", (-MONTH, 0), amount=0), charge(5))
    assert moved(seen, first, catalogue=known(CALLS)) == [(0, "new", 5000, "reconstructed")]


def test_a_price_that_nobody_told_of_is_waited_for():
    """Where a list showed the subscription, an invoice's unknown price keeps the customer waiting, with its name."""
    strange = price(name="strange")
    with pytest.raises(LookupError, match="in_2 names the price price_strange"):
        past(five(), FIRST, bill("in_2", MONTH, charge(5, strange)))


def test_without_a_list_an_unknown_price_makes_its_invoices_say_nothing():
    """Where no list showed the subscription, nothing waits for a price that only an invoice names."""
    strange = price(name="strange")
    first = updated(at(40), seats(5, created=AT), seats(8, created=AT), "evt_1")
    found = past(None, bill("in_2", MONTH, charge(5, strange)), states=[first])
    assert found[0] == (0, "pro×5", "evt_1", "reconstructed")


def test_a_discount_of_a_customer_nobody_told_of_is_what_invoices_list():
    """Where nothing is known of the customer, an invoice that lists its discount says that it was in force."""
    own = discount("di_1", coupon(percent_off="20"), AT, customer="cus_1")
    catalogue = known(discounts={"di_1": [Version(AT, "", own)]})
    first = bill("in_1", 0, charge(5), billing_reason="subscription_create", discounts=("di_1",))
    assert moved(five(), first, catalogue=catalogue)[0] == (0, "new", 4000, "reconstructed")


class TestWithEvents:
    """Exact beats inferred: from a subscription's first event on, events count."""

    def test_before_the_first_event_invoices_tell(self):
        """Invoices tell what was before the first event, ending in what that event says was before it."""
        first = updated(at(40), seats(8, created=AT), seats(9, created=AT), "evt_1")
        second = bill("in_2", MONTH, charge(8), back(10, 5), rest(10, 8))
        assert past(None, FIRST, second, states=[first]) == [
            (0, "pro×5", "in_1", "reconstructed"),
            (10, "pro×8", "in_2", "reconstructed"),
            (40, "pro×9", "evt_1", "observed"),
        ]

    def test_what_invoices_do_not_lead_to_is_closed_at_the_first_event(self):
        """Where invoices do not end in the first event's before, one movement closes the difference, marked."""
        first = updated(at(40), seats(7, created=AT), seats(9, created=AT), "evt_1")
        assert past(None, FIRST, NEXT, states=[first])[1:] == [
            (40, "pro×7", "evt_1", "inferred"),
            (40, "pro×9", "evt_1", "observed"),
        ]

    def test_what_invoices_say_of_later_is_left_out(self):
        """What an invoice says of the time after the first event's before is not before it."""
        first = updated(at(10), seats(5, created=AT), seats(8, created=AT), "evt_1")
        early = bill("in_2", MONTH, charge(8), back(9.99, 5), rest(9.99, 8))
        found = past(None, FIRST, early, states=[first])
        assert [one[1:3] for one in found] == [("pro×5", "in_1"), ("pro×8", "evt_1")]

    def test_from_its_creation_on_events_tell_all(self):
        """A subscription whose creation was told has no past to infer."""
        begun = created(AT, five())
        wrong = bill("in_2", MONTH, charge(99))
        assert past(five(), wrong, states=[begun]) == [(0, "pro×5", "evt_created", "observed")]

    def test_invoices_fill_a_gap_between_events(self):
        """Where an event's before is not the state held, invoices in the gap tell what happened."""
        second = bill("in_2", MONTH, charge(8), back(10, 5), rest(10, 8))
        later = updated(at(40), seats(8, created=AT), seats(9, created=AT), "evt_2")
        assert past(None, FIRST, second, states=[created(AT, five()), later]) == [
            (0, "pro×5", "evt_created", "observed"),
            (10, "pro×8", "in_2", "reconstructed"),
            (40, "pro×9", "evt_2", "observed"),
        ]

    def test_a_gap_begins_with_what_was_held(self):
        """What was held when a gap began is there until an invoice says otherwise, on an invoice or not."""
        both = subscription(Item("si_1", PRO, 5), Item("si_2", EXTRA, 1), created=AT)
        second = bill("in_2", 10, back(10, 5), rest(10, 8), billing_reason="subscription_update")
        third = bill("in_3", MONTH, charge(8))
        later = updated(at(40), seats(8, created=AT), seats(9, created=AT), "evt_2")
        assert past(None, second, third, states=[created(AT, both), later]) == [
            (0, "pro×5 extra×1", "evt_created", "observed"),
            (10, "pro×8 extra×1", "in_2", "reconstructed"),
            (MONTH, "pro×8", "in_3", "reconstructed"),
            (40, "pro×9", "evt_2", "observed"),
        ]

    def test_what_invoices_do_not_tell_of_a_gap_is_closed_at_the_event(self):
        """Else one movement at that event closes the gap."""
        later = updated(at(40), seats(7, created=AT), seats(9, created=AT), "evt_2")
        found = past(None, FIRST, NEXT, states=[created(AT, five()), later])
        assert found[1] == (40, "pro×7", "evt_2", "inferred")

    def test_a_trial_that_ended_in_a_gap_ended_when_it_says(self):
        """A trial that no event ended did so at its end, by the invoice that charged then."""
        trial = five(status="trialing", trial_end=at(14))
        later = updated(at(40), five(trial_end=at(14)), seats(9, created=AT), "evt_2")
        paid = bill("in_1", 14, charge(5, span=(14, 44)))
        assert moved(None, paid, states=[created(AT, trial), later])[0] == (14, "new", 5000, "reconstructed")

    def test_an_end_that_no_event_told_is_where_the_list_says(self):
        """A subscription that a list shows as ended, and no event, ended at its `ended_at`."""
        seen = five(status="canceled", ended_at=at(50))
        assert moved(seen, states=[created(AT, five())])[1:] == [(50, "churn", -5000, "reconstructed")]

    def test_an_end_that_an_event_tells_is_that_events(self):
        """A list may show an end before its event says so: where an event tells it, the list does not."""
        ended = seats(5, created=AT, status="canceled", ended_at=at(400))
        found = past(ended, states=[created(AT, five()), deleted(at(400) + 1, ended, "evt_end")])
        assert found[1:] == [(400, "pro×5 canceled", "evt_end", "observed")]

    def test_a_newer_list_that_shows_another_state_closes_the_difference(self):
        """A snapshot newer than the last event that shows another state is closed at the snapshot, marked."""
        found = past(seats(7, created=AT), states=[created(AT, five())])
        assert found[1] == (400, "pro×7", "sub_1", "inferred")

    def test_invoices_tell_what_happened_before_a_newer_list(self):
        """Invoices between the last event and a list tell what changed, and when."""
        second = bill("in_2", MONTH, charge(7), back(10, 5), rest(10, 7))
        found = past(seats(7, created=AT), second, states=[created(AT, five())])
        assert found[1] == (10, "pro×7", "in_2", "reconstructed")
        assert [one for one in found if one[3] == "inferred"] == []

    def test_an_older_list_says_nothing_of_later(self):
        """A snapshot older than the last event says nothing about what is after it."""
        later = updated(at(500), five(), seats(9, created=AT), "evt_2")
        assert past(five(), states=[created(AT, five()), later])[-1] == (500, "pro×9", "evt_2", "observed")

    def test_a_list_between_events_that_follow_each_other_says_nothing(self):
        """Where the next event begins where the last one ended, nothing was missed, whatever a list shows between."""
        later = updated(at(500), five(), seats(9, created=AT), "evt_2")
        found = past(seats(7, created=AT), states=[created(AT, five()), later])
        assert [one[1] for one in found] == ["pro×5", "pro×9"]

    def test_a_list_before_the_creation_says_nothing(self):
        """Nothing was before a subscription was created."""
        found = past(seats(7, created=AT), states=[created(at(401), seats(5, created=at(401)))])
        assert [one[1] for one in found] == ["pro×5"]

    @pytest.mark.parametrize("shown", [5, 9])
    def test_a_list_of_an_events_own_second_may_be_from_before_it_or_after(self, shown):
        """A look within an event's second shows what was before the event or after it, and nothing that was missed."""
        change = updated(at(400), five(), seats(9, created=AT), "evt_2")
        found = past(seats(shown, created=AT), states=[created(AT, five()), change])
        assert [one[1] for one in found] == ["pro×5", "pro×9"]

    def test_lists_alone_tell_each_others_differences(self):
        """Without any event, each list that shows another state than the one before it closes the difference then."""
        looks = [
            Snapshot(at(day), seats(quantity, created=AT)) for day, quantity in ((10, 5), (20, 5), (30, 7), (40, 6))
        ]
        for order in permutations(looks):
            (found,) = entries(History("cus_1", snapshots=order, catalogue=known()), Rules()).values()
            gaps = [((one.at - AT) / DAY, one.subscription.items[0].quantity) for one in found if one.gap]
            assert gaps == [(30, 7), (40, 6)]

    def test_a_deletion_alone_has_the_past_that_its_invoices_tell(self):
        """A subscription of which only the end was told has been what its invoices say."""
        ended = deleted(at(50), seats(8, created=AT, status="canceled", ended_at=at(50)), "evt_end")
        second = bill("in_2", MONTH, charge(8), back(10, 5), rest(10, 8))
        assert past(None, FIRST, second, states=[ended]) == [
            (0, "pro×5", "in_1", "reconstructed"),
            (10, "pro×8", "in_2", "reconstructed"),
            (50, "pro×8 canceled", "evt_end", "observed"),
        ]


def cut(name="di_1", start=0, **more):
    """Return what is known of a discount of 20 % that began on a day."""
    held = coupon(percent_off="20")
    return {name: said(discount(name, held, at(start), **{"subscription": "sub_1"} | more))}


def reduced(*listed, **more):
    """Return the subscription of five with these discounts, as a list shows it."""
    return five(discounts=listed, **more)


class TestDiscounts:
    """Discounts are in force as invoices carry them, else as the list shows them."""

    def test_a_discount_on_the_first_invoice_was_there_from_the_start(self):
        """A discount that the first invoice lists, and every one after it, has been there all the time."""
        bills = [bill(name, day, charge(5), discounts=("di_1",)) for name, day in (("in_1", 0), ("in_2", MONTH))]
        assert moved(reduced("di_1"), *bills, catalogue=known(discounts=cut())) == [(0, "new", 4000, "reconstructed")]

    def test_a_discount_begins_when_it_says(self):
        """A discount that the next invoice lists began at its own start."""
        second = bill("in_2", MONTH, charge(5), discounts=("di_1",))
        found = moved(reduced("di_1"), FIRST, second, catalogue=known(discounts=cut(start=12)))
        assert found == [(0, "new", 5000, "reconstructed"), (12, "discount", -1000, "reconstructed")]

    def test_a_discount_that_only_the_list_shows_begins_when_it_says(self):
        """A discount that no invoice carried yet began at its start."""
        found = moved(reduced("di_1"), FIRST, NEXT, catalogue=known(discounts=cut(start=40)))
        assert found[1:] == [(40, "discount", -1000, "reconstructed")]

    def test_a_discount_that_the_next_invoice_does_not_list_is_over(self):
        """A discount is over with the first period whose invoice does not list it."""
        first = bill("in_1", 0, charge(5), discounts=("di_1",))
        found = moved(five(), first, NEXT, catalogue=known(discounts=cut()))
        assert found == [(0, "new", 4000, "reconstructed"), (MONTH, "discount", 1000, "reconstructed")]

    def test_a_discount_that_ran_out_ended_at_its_end(self):
        """A repeating discount ends at its `end`, whatever the next invoice says."""
        first = bill("in_1", 0, charge(5), discounts=("di_1",))
        found = moved(five(), first, NEXT, catalogue=known(discounts=cut(end=at(20))))
        assert [one[:3] for one in found] == [(0, "new", 4000), (20, "discount", 1000)]

    def test_an_items_discount_is_told_by_its_charges(self):
        """A discount of an item is on its lines: it begins at its start, and ends with the first charge without it."""
        second, third = bill("in_2", MONTH, charge(5, discounts=("di_1",))), bill("in_3", 2 * MONTH, charge(5))
        known_cut = cut(start=12, subscription=None, item="si_1")
        found = moved(five(), FIRST, second, third, catalogue=known(discounts=known_cut))
        assert [one[:3] for one in found] == [(0, "new", 5000), (12, "discount", -1000), (60, "discount", 1000)]

    def test_an_items_discount_survives_a_proration(self):
        """A change of quantity leaves the item's discount on."""
        second = bill("in_2", MONTH, charge(8, discounts=("di_1",)), back(10, 5), rest(10, 8))
        first = bill("in_1", 0, charge(5, discounts=("di_1",)))
        seen = subscription(Item("si_1", PRO, 8, ("di_1",)), created=AT)
        found = moved(seen, first, second, catalogue=known(discounts=cut(subscription=None, item="si_1")))
        assert [one[:3] for one in found] == [(0, "new", 4000), (10, "seat", 2400)]

    def test_the_customers_own_discount_is_no_grant(self):
        """A discount that the customer holds stands for its subscriptions from its start, listed or not."""
        own = {"di_1": [Version(at(400), "", discount("di_1", coupon(percent_off="20"), at(12), customer="cus_1"))]}
        holder = {"cus_1": [Version(AT, "", Customer("cus_1", discount="di_1", says_discount=True))]}
        second = bill("in_2", MONTH, charge(5), discounts=("di_1",))
        found = moved(five(), FIRST, second, catalogue=known(discounts=own, customers=holder))
        assert [one[:3] for one in found] == [(0, "new", 5000), (12, "discount", -1000)]

    def test_a_discount_that_the_customer_held_once_is_told_by_invoices(self):
        """A customer's discount that is gone was in force on the subscription while its invoices carried it."""
        told = discount("di_1", coupon(percent_off="20"), AT, customer="cus_1")
        own = {"di_1": [Version(at(400), "", told)]}
        holder = {"cus_1": [Version(at(400), "", Customer("cus_1", says_discount=True))]}
        first = bill("in_1", 0, charge(5), discounts=("di_1",))
        found = moved(five(), first, NEXT, catalogue=known(discounts=own, customers=holder))
        assert [one[:3] for one in found] == [(0, "new", 4000), (MONTH, "discount", 1000)]

    def test_a_discount_of_unknown_terms_is_left_out(self):
        """Of a discount that only an invoice names, and nothing says what it took off, nothing is counted."""
        first = bill("in_1", 0, charge(5), discounts=("di_lost",))
        assert moved(five(), first, NEXT) == [(0, "new", 5000, "reconstructed")]


def test_any_order_of_what_is_known_gives_the_same():
    """The same lists, invoices and events in any order give the same movements."""
    second = bill("in_2", MONTH, charge(8), charge(1, EXTRA, "si_2"), back(10, 5), rest(10, 8))
    seen = subscription(Item("si_1", PRO, 8), Item("si_2", EXTRA, 1), created=AT)
    rows = [*FIRST, *second, *bill("in_3", 2 * MONTH, charge(9))]
    first = movements(History("cus_1", [], rows, known(), [Snapshot(at(400), seen)]), Rules())
    for order in permutations(range(len(rows)), 3):
        mixed = [rows[place] for place in order] + [row for place, row in enumerate(rows) if place not in order]
        assert movements(History("cus_1", [], mixed, known(), [Snapshot(at(400), seen)]), Rules()) == first
