"""From a history to movements: groups, lives, origins, and ids that stay."""

from dataclasses import replace

import pytest

from core.values import (
    catalogue,
    coupon,
    created,
    deleted,
    discount,
    history,
    metered,
    price,
    said,
    subscription,
    updated,
)
from upswell.core.catalogue import Catalogue, Customer
from upswell.core.movements import movements
from upswell.core.portfolio import Item
from upswell.core.rules import Rules
from upswell.core.usage import Billed
from upswell.errors import InvariantError

AT, HOUR, DAY = 1_800_000_000, 3_600, 86_400
PRO, MAX, REPORTS = price(1000, name="pro"), price(2000, name="max"), price(2000, name="reports")


def holding(*held, **more):
    """Return a subscription that holds (price, quantity) each."""
    return subscription(*(Item(f"si_{n}", price, quantity) for n, (price, quantity) in enumerate(held, 1)), **more)


def life(*steps, name="sub_1"):
    """Return what events tell of a subscription that was created and then became each of ``steps`` (at, what)."""
    (start, first), *later = steps
    states = [created(start, first, f"evt_{name}_{start - AT}")]
    for at, after in later:
        states.append(updated(at, states[-1].after, after, f"evt_{name}_{at - AT}"))
    return states


def told(*states, rules=None, **more):
    """Return (seconds after AT, kind, driver, amount) of each movement."""
    found = movements(history(*states, **more), rules or Rules())
    return [(one.occurred_at - AT, one.kind, one.driver, one.amount) for one in found]


FREE, GRATIS = price(0, name="free"), price(0, name="gratis")
ONE, FIVE, EIGHT = holding((PRO, 1)), holding((PRO, 5)), holding((PRO, 8))
SETTLED = [
    ("undone within the hour", HOUR - 1, []),
    ("undone an hour later", HOUR, [(0, "seat", "seats", 3000), (HOUR, "downgrade", "seats", -3000)]),
]


@pytest.mark.parametrize(("gap", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SETTLED])
def test_only_the_states_before_and_after_a_group_exist(gap, expected):
    """All changes less than ``settle_minutes`` after the first are one group; an upgrade undone at once is nothing."""
    states = life((AT - DAY, FIVE), (AT, EIGHT), (AT + gap, FIVE))
    assert told(*states)[1:] == expected


def test_a_group_is_counted_from_its_first_change():
    """The window begins with the first change and is not prolonged by later ones."""
    states = life(
        (AT - DAY, FIVE), (AT, EIGHT), (AT + HOUR - 1, holding((PRO, 9))), (AT + HOUR + 1, holding((PRO, 10)))
    )
    assert told(*states)[1:] == [(HOUR - 1, "seat", "seats", 4000), (HOUR + 1, "seat", "seats", 1000)]


def test_the_rules_set_the_window():
    """``settle_minutes`` sets how far apart changes may be; at 0 every second is its own group."""
    states = life((AT - DAY, FIVE), (AT, EIGHT), (AT + 1, FIVE))
    assert [amount for *_, amount in told(*states, rules=Rules(settle_minutes=0))] == [5000, 3000, -3000]


def test_a_gap_stands_alone():
    """What closes a gap (section 7) is a group of its own."""
    states = [*life((AT - DAY, FIVE)), updated(AT, EIGHT, holding((MAX, 8)), "evt_b")]
    found = movements(history(*states), Rules())
    assert [(one.kind, one.source, one.cause) for one in found[1:]] == [
        ("seat", "reconstructed", "evt_b"),
        ("upgrade", "observed", "evt_b"),
    ]


LIVES = [
    ("a free plan first", [(0, holding((FREE, 1))), (DAY, ONE)], [(DAY, "new", "plan", 1000)]),
    ("paid to free", [(0, ONE), (DAY, holding((FREE, 1)))], [(0, "new", "status", 1000),
        (DAY, "churn", "plan", -1000)]),
    ("free to paid with seats", [(0, holding((FREE, 1))), (DAY, FIVE)], [(DAY, "new", "status", 5000)]),
    ("all seats gone, and back", [(0, FIVE), (DAY, holding((PRO, 0))), (2 * DAY, holding((PRO, 2)))], [
        (0, "new", "status", 5000), (DAY, "churn", "seats", -5000), (2 * DAY, "reactivation", "seats", 2000)]),
    ("a trial converted", [(0, holding((PRO, 1), status="trialing")), (DAY, holding((PRO, 1)))], [
        (DAY, "new", "status", 1000)]),
    ("a trial laid over", [(0, FIVE), (DAY, holding((PRO, 5), status="trialing")), (2 * DAY, FIVE)], [
        (0, "new", "status", 5000)]),
    ("a gap in payment", [(0, FIVE), (DAY, holding((PRO, 5), status="unpaid")), (2 * DAY, FIVE)], [
        (0, "new", "status", 5000), (DAY, "churn", "status", -5000), (2 * DAY, "reactivation", "status", 5000)]),
    ("never paid", [(0, replace(FIVE, status="incomplete")), (DAY, replace(FIVE, status="incomplete_expired"))], []),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in LIVES])
def test_a_customer_comes_goes_and_comes_back(steps, expected):
    """``new`` is the first MRR ever, ``churn`` the last paid position gone, ``reactivation`` what comes after it."""
    assert told(*life(*((AT + at, state) for at, state in steps))) == expected


def test_an_item_in_its_own_trial_counts_when_that_ends():
    """An item in ``current_trial`` counts from its trial's end on, event or not; a trial long over is none."""
    tried = subscription(Item("si_1", PRO, 1), Item("si_2", REPORTS, 1, trial_end=AT + DAY))
    expected = [(0, "new", "status", 1000), (DAY, "add_on", "add_on", 2000)]
    assert told(*life((AT, tried))) == expected
    assert told(*life((AT, tried), (AT + 2 * DAY, replace(tried, metadata={"seen": "1"})))) == expected


def test_a_trial_laid_over_an_item_that_counts_moves_nothing():
    """A trial laid over an item that already counted moves nothing."""
    tried = subscription(Item("si_1", PRO, 1, trial_end=AT + 5 * DAY))
    assert told(*life((AT, ONE), (AT + DAY, tried))) == [(0, "new", "status", 1000)]


TWO = holding((PRO, 1), (MAX, 2))
ELSEWHERE = subscription(Item("si_9", FREE, 1))
ENDS = [
    ("nothing before", [(0, ONE)], ("si_1", None, "price_pro", None, 1)),
    ("the largest of two", [(0, TWO)], ("si_2", None, "price_max", None, 2)),
    ("a free plan before", [(0, holding((FREE, 1))), (DAY, ONE)], ("si_1", "price_free", "price_pro", 1, 1)),
    ("a free plan on another item before", [(0, ELSEWHERE), (DAY, ONE)], ("si_1", "price_free", "price_pro", 1, 1)),
    ("no seats before", [(0, holding((PRO, 0))), (DAY, FIVE)], ("si_1", "price_pro", "price_pro", 0, 5)),
    ("a trial before", [(0, replace(FIVE, status="trialing")), (DAY, FIVE)], ("si_1", None, "price_pro", None, 5)),
    ("gone", [(0, TWO), (DAY, replace(TWO, status="canceled"))], ("si_2", "price_max", None, 2, None)),
    ("a free plan after", [(0, ONE), (DAY, holding((FREE, 1)))], ("si_1", "price_pro", "price_free", 1, 1)),
    ("a free plan on another item after", [(0, ONE), (DAY, ELSEWHERE)], ("si_1", "price_pro", "price_free", 1, 1)),
    (
        "a free plan each before",
        [(0, holding((FREE, 1), (GRATIS, 1))), (DAY, holding((PRO, 1), (MAX, 1)))],
        ("si_2", "price_gratis", "price_max", 1, 1),
    ),
    (
        "a free plan each after",
        [(0, holding((PRO, 1), (MAX, 1))), (DAY, holding((FREE, 1), (GRATIS, 1)))],
        ("si_2", "price_max", "price_gratis", 1, 1),
    ),
    (
        "a free plan after, and the rest gone",
        [(0, holding((MAX, 1), (PRO, 1))), (DAY, holding((FREE, 1)))],
        ("si_1", "price_max", "price_free", 1, 1),
    ),
    ("no seats after", [(0, FIVE), (DAY, holding((PRO, 0)))], ("si_1", "price_pro", "price_pro", 5, 0)),
]


@pytest.mark.parametrize(("steps", "ends"), [pytest.param(*row[1:], id=row[0]) for row in ENDS])
def test_who_comes_and_goes_is_booked_on_the_largest_position(steps, ends):
    """``new`` and ``churn`` name the largest position, and what it was before or became, if it was anything."""
    last = movements(history(*life(*((AT + at, state) for at, state in steps))), Rules())[-1]
    assert (last.item, last.price_from, last.price_to, last.quantity_from, last.quantity_to) == ends
    assert [last.product_from, last.product_to] == [name and name.replace("price", "prod") for name in ends[1:3]]


@pytest.mark.parametrize(
    ("after", "driver"),
    [(holding((PRO, 0), discounts=("di_1",)), "seats"), (holding((FREE, 1), discounts=("di_1",)), "plan")],
    ids=["all seats gone", "a free plan"],
)
def test_a_churn_of_nothing_says_what_did_it(after, driver):
    """Under a full discount nothing moves, and what the customer did is said all the same."""
    known = Catalogue(discounts={"di_1": said(discount())}, coupons={"coupon_1": said(coupon(percent_off="100"))})
    states = life((AT, ONE), (AT + DAY, replace(ONE, discounts=("di_1",))), (AT + 2 * DAY, after))
    assert told(*states, catalogue=known)[-1] == (2 * DAY, "churn", driver, 0)


def test_a_customer_that_begins_under_a_discount_had_nothing_before():
    """A discount that stood from the beginning makes no other end of what began."""
    known = Catalogue(discounts={"di_1": said(discount())}, coupons={"coupon_1": said(coupon(percent_off="50"))})
    (begun,) = movements(history(*life((AT, replace(ONE, discounts=("di_1",)))), catalogue=known), Rules())
    assert (begun.kind, begun.driver, begun.amount, begun.price_from) == ("new", "status", 500, None)


def test_a_customer_lives_in_all_currencies_at_once():
    """Life is the customer's over all currencies; amounts are per currency."""
    euro = subscription(Item("si_9", price(900, name="eu", currency="eur"), 1), name="sub_2", currency="eur")
    both = [*life((AT, FIVE)), *life((AT, euro), name="sub_2")]
    found = movements(history(*both), Rules())
    assert [(one.kind, one.amount, one.currency, one.item, one.reason) for one in found] == [
        ("new", 900, "eur", "si_9", "Starts with prod_eu: 9.00 a month"),
        ("new", 5000, "usd", "si_1", "Starts with prod_pro × 5: 50.00 a month"),
    ]
    ended = deleted(AT + DAY, replace(euro, status="canceled", ended_at=AT + DAY))
    found = movements(history(*both, ended), Rules())
    assert [(one.kind, one.amount, one.currency) for one in found[2:]] == [("downgrade", -900, "eur")]


def test_what_is_back_from_being_held_back_is_a_reactivation():
    """A subscription unpaid while another stays is a downgrade, and a reactivation when it is paid, by its status."""
    other = subscription(Item("si_9", MAX, 1), name="sub_2")
    turns = [(AT + DAY, replace(other, status="unpaid")), (AT + 2 * DAY, other)]
    assert told(*life((AT, ONE)), *life((AT, other), *turns, name="sub_2"))[1:] == [
        (DAY, "downgrade", "status", -2000),
        (2 * DAY, "reactivation", "status", 2000),
    ]


def test_a_churn_under_a_full_discount_is_of_nothing():
    """Cancelled under a full discount, a customer churns all the same, with nothing to lose."""
    held = holding((PRO, 1), discounts=("di_1",))
    known = Catalogue(discounts={"di_1": said(discount())}, coupons={"coupon_1": said(coupon(percent_off="100"))})
    states = life((AT, holding((PRO, 1))), (AT + DAY, held), (AT + 2 * DAY, replace(held, status="canceled")))
    assert told(*states, catalogue=known) == [
        (0, "new", "status", 1000),
        (DAY, "discount", "discount", -1000),
        (2 * DAY, "churn", "status", 0),
    ]


def test_a_customer_s_own_discount_comes_and_goes():
    """A subscription with no discount of its own takes the customer's, from its start to its end, event or not."""
    mine = replace(discount(start=AT + DAY, end=AT + 2 * DAY), customer="cus_1")
    known = Catalogue(
        discounts={"di_1": said(mine, at=AT + DAY)},
        coupons={"coupon_1": said(coupon(percent_off="50", duration="repeating"))},
    )
    found = movements(history(*life((AT, ONE)), catalogue=known), Rules())
    assert [(one.occurred_at - AT, one.kind, one.amount, one.cause) for one in found[1:]] == [
        (DAY, "discount", -500, "evt_0"),
        (2 * DAY, "discount", 500, "evt_0"),
    ]


def test_an_added_item_has_the_discount_that_came_for_it_before():
    """A discount for a product that nobody holds yet changes nothing, and stands when that product is added."""
    terms = coupon(percent_off="50", products=("prod_reports",))
    known = Catalogue(
        discounts={"di_1": said(discount(start=AT + DAY), at=AT + DAY)}, coupons={"coupon_1": said(terms)}
    )
    offered = replace(ONE, discounts=("di_1",))
    added = holding((PRO, 1), (REPORTS, 1), discounts=("di_1",))
    states = life((AT, ONE), (AT + DAY, offered), (AT + 2 * DAY, added))
    assert told(*states, catalogue=known)[1:] == [(2 * DAY, "add_on", "add_on", 1000)]


def test_opposite_movements_of_one_driver_and_product_are_netted():
    """In one group, seats of one product that come and go are one movement of the difference."""
    before = holding((PRO, 5), (PRO, 2))
    (moved,) = movements(history(*life((AT, before), (AT + DAY, holding((PRO, 1), (PRO, 9))))), Rules())[1:]
    assert (moved.kind, moved.amount, moved.item) == ("seat", 3000, "si_2")
    assert (moved.quantity_from, moved.quantity_to) == (7, 10)


def test_plans_of_one_product_are_netted():
    """Two plans swapped for one product, one up and one down, are one movement of the difference, on the larger."""
    before = holding((PRO, 1), (price(9000, name="top"), 1))
    (moved,) = movements(history(*life((AT, before), (AT + DAY, holding((MAX, 1), (MAX, 1))))), Rules())[1:]
    assert (moved.kind, moved.driver, moved.amount, moved.item) == ("downgrade", "plan", -6000, "si_2")


def test_opposite_movements_that_cancel_out_are_none():
    """Seats of one product moved from one item to another are no movement at all."""
    before = holding((PRO, 5), (PRO, 2))
    assert len(told(*life((AT, before), (AT + DAY, holding((PRO, 2), (PRO, 5)))))) == 1


def test_an_item_may_take_over_another_one_s_price():
    """An item that keeps its id while it takes over the price of one in another role is told apart from it."""
    rules = Rules(roles={"price_reports": "add_on"})
    found = told(*life((AT, holding((REPORTS, 1), (PRO, 1))), (AT + DAY, holding((PRO, 1)))), rules=rules)
    assert found == [(0, "new", "status", 3000), (DAY, "downgrade", "add_on", -2000)]


def test_items_that_are_made_anew_move_no_more_than_a_cent():
    """An amount off that falls on new items of the same prices books the cent it is spread differently by."""
    small, large = price(1, "year", name="small"), price(13, "year", name="large")
    known = Catalogue(
        discounts={"di_1": said(discount())}, coupons={"coupon_1": said(coupon(amounts_off=(("usd", 7),)))}
    )
    again = subscription(Item("si_3", large, 1), Item("si_4", small, 1), discounts=("di_1",))
    states = life((AT, holding((small, 1), (large, 1), discounts=("di_1",))), (AT + DAY, again))
    assert [(kind, amount) for _, kind, _, amount in told(*states, catalogue=known)][1:] == [("discount", -1)]


def billed(amount, start, end, invoice="in_1", reason="subscription_cycle"):
    """Return a line of the second item, metered, finalized when its period ends."""
    return Billed(invoice, f"il_{invoice}", "sub_1", "si_2", start, end, amount, "usd", reason, end, end, voided=False)


MONTH = 31 * DAY
API = metered(name="api")
BROUGHT = [
    ("new", life((AT, holding((PRO, 1), (API, None)))), "new"),
    ("an add-on", life((AT, holding((PRO, 1))), (AT + DAY, holding((PRO, 1), (API, None)))), "add_on"),
    ("a swap", life((AT, holding((PRO, 1), (REPORTS, 1))), (AT + DAY, holding((PRO, 1), (API, None)))), "upgrade"),
    ("a reactivation", life((AT, holding((PRO, 1))), (AT + HOUR, holding((PRO, 1), status="unpaid")),
     (AT + DAY, holding((PRO, 1), (API, None)))), "reactivation"),
]  # fmt: skip


@pytest.mark.parametrize(("states", "kind"), [pytest.param(*row[1:], id=row[0]) for row in BROUGHT])
def test_a_first_usage_figure_takes_the_kind_that_brought_its_item(states, kind):
    """An item's first figure takes the kind that brought the item; only later ones are overage or downgrade."""
    first, second, third = (AT + 2 * DAY + month * MONTH for month in range(3))
    rows = [billed(3000, first, second), billed(4500, second, third, "in_2")]
    found = told(*states, billed=rows)
    assert [row[1:] for row in found[-2:]] == [(kind, "usage", 3000), ("overage", "usage", 1500)]
    assert told(*states, billed=rows, rules=Rules(usage="exclude")) == found[:-2]


def test_a_meter_that_moves_to_another_item_keeps_its_figure():
    """A metered position that replaces another has its figure; its own first one books the difference, as the swap."""
    moved = subscription(Item("si_1", PRO, 1), Item("si_3", API, None))
    states = life((AT, holding((PRO, 1), (API, None))), (AT + MONTH + DAY, moved))
    second = replace(billed(4500, AT + MONTH + DAY, AT + 2 * MONTH + DAY, "in_2"), item="si_3")
    assert [row[1:] for row in told(*states, billed=[billed(3000, AT, AT + MONTH), second])] == [
        ("new", "status", 1000),
        ("new", "usage", 3000),
        ("upgrade", "usage", 1500),
    ]


def test_usage_billed_after_the_end_moves_nothing():
    """Usage billed after the subscription ended moves nothing."""
    states = life((AT, holding((PRO, 1), (API, None))), (AT + MONTH, holding((PRO, 1), (API, None), status="canceled")))
    late = replace(billed(3000, AT, AT + MONTH), finalized_at=AT + MONTH + HOUR)
    assert [kind for _, kind, *_ in told(*states, billed=[late])] == ["new", "churn"]


@pytest.mark.parametrize(
    ("reason", "distance", "origin"),
    [
        ("quote_accept", 60, "sales"),
        ("quote_accept", HOUR, "sales"),
        ("quote_accept", HOUR + 1, "customer"),
        ("subscription_create", 60, "customer"),
    ],
)
def test_what_an_accepted_quote_brought_is_sales(reason, distance, origin):
    """``sales``: it came from an accepted quote, whose invoice is of that moment."""
    quoted = replace(billed(0, AT, AT + distance, reason=reason), line="", item="")
    (begun,) = movements(history(*life((AT, FIVE)), billed=[quoted]), Rules())
    assert begun.origin == origin


MARKED = {"sales_rep": "Fern"}
SALES = Rules(sales_keys=("deal", "sales_rep"))
ORIGINS = [
    ("on the subscription", {"metadata": MARKED}, {}, SALES, "sales"),
    ("on the customer", {}, MARKED, SALES, "sales"),
    ("emptied on the subscription", {"metadata": {"sales_rep": ""}}, MARKED, SALES, "customer"),
    ("no such key", {"metadata": {"rep": "Fern"}}, {}, SALES, "customer"),
    ("no such rule", {"metadata": MARKED}, MARKED, Rules(), "customer"),
]


@pytest.mark.parametrize(
    ("more", "metadata", "rules", "origin"), [pytest.param(*row[1:], id=row[0]) for row in ORIGINS]
)
def test_metadata_marks_what_sales_did(more, metadata, rules, origin):
    """``sales``: at the change, the subscription or its customer carried a configured metadata key."""
    known = Catalogue(customers={"cus_1": said(Customer("cus_1", metadata=metadata))})
    (begun,) = movements(history(*life((AT, holding((PRO, 5), **more))), catalogue=known), rules)
    assert begun.origin == origin


def test_a_price_change_is_the_merchant_s():
    """``merchant``: price changes, whatever metadata says."""
    rules = Rules(families={"price_pro": "a", "price_max": "a"}, sales_keys=("sales_rep",))
    states = life((AT, holding((PRO, 1), metadata=MARKED)), (AT + DAY, holding((MAX, 1), metadata=MARKED)))
    assert [one.origin for one in movements(history(*states), rules)] == ["sales", "merchant"]


BUSY = life((AT, FIVE), (AT + DAY, holding((MAX, 8), (REPORTS, 1))), (AT + 2 * DAY, holding((MAX, 7))))


def test_ids_are_stable():
    """A movement's id is the same after every rebuild."""
    found = [one.id for one in movements(history(*BUSY), Rules())]
    assert len(set(found)) == len(found)
    assert found == [one.id for one in movements(history(*BUSY[::-1]), Rules())]
    assert found[0] == "mov_c0f377facb8ca1d97a5d4d18"


def test_ids_do_not_hang_on_names_or_amounts():
    """A product that is named later, or a price whose amount becomes known, changes no id."""
    known = catalogue(pro="Pro", max="Enterprise")
    dearer = [replace(state, after=holding((replace(PRO, nickname="Pro"), 5))) for state in BUSY[:1]]
    plain = [one.id for one in movements(history(*BUSY), Rules())]
    assert [one.id for one in movements(history(*BUSY, catalogue=known), Rules())] == plain
    assert movements(history(*dearer), Rules())[0].id == plain[0]


def test_what_one_cause_does_twice_has_two_ids():
    """Two movements of one cause, kind, driver and item, as a discount that ends by itself makes them, have two ids."""
    ending = [discount(name, start=AT, end=AT + days * DAY) for name, days in (("di_1", 1), ("di_2", 2))]
    terms = {"coupon_1": said(coupon(percent_off="50", duration="repeating"))}
    known = Catalogue(discounts={one.id: said(one) for one in ending}, coupons=terms)
    found = movements(history(*life((AT, holding((PRO, 1), discounts=("di_1", "di_2")))), catalogue=known), Rules())
    assert [(one.kind, one.amount) for one in found] == [("new", 250), ("discount", 250), ("discount", 500)]
    assert len({one.cause for one in found}) == 1
    assert len({one.id for one in found}) == 3


def test_movements_that_are_not_the_difference_fail_loudly(monkeypatch):
    """The invariant is checked for every group: a walk that loses an amount is an error, and nothing is returned."""
    monkeypatch.setattr("upswell.core.movements.walk", lambda *_: [])
    with pytest.raises(InvariantError, match="cus_1"):
        movements(history(*life((AT, FIVE), (AT + DAY, EIGHT))), Rules())
