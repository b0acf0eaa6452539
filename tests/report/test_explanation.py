"""How a movement comes about: the steps that are its own, the rule, the settings and the evidence."""

from dataclasses import replace

import pytest
from core.test_movements import AT, DAY, FREE, MONTH, billed, holding, life
from core.test_walk import MAX, PRO, REPORTS
from core.values import coupon, discount, history, metered, price, said, subscription

from upswell.core.catalogue import Catalogue
from upswell.core.movements import chapters
from upswell.core.portfolio import Item
from upswell.core.rules import Rules
from upswell.report.explanation import explain

API, YEARLY = metered(name="api"), price(9600, "year", "yearly", product="prod_pro")
NEXT = price(1200, name="next", product="prod_pro")


def explained(*states, rules=None, **more):
    """Return the explanations of all movements of the group that came last."""
    held, rules = history(*states, **more), rules or Rules()
    *_, last = chapters(held, rules)
    return [explain(last, movement, held.catalogue, rules) for movement in last.movements]


SETTLE = "[rules] settle_minutes = 60"
PLAN = ("[[rules.price_change]]: none", "[rules.families]: none", SETTLE)
HALF = Catalogue(discounts={"di_1": said(discount())}, coupons={"coupon_1": said(coupon(percent_off="50"))})
PAID = holding((PRO, 1), (REPORTS, 1))
OTHER = subscription(Item("si_9", MAX, 1), name="sub_2")
SETTINGS = [
    ("a plan", holding((PRO, 1)), holding((MAX, 1)), PLAN),
    ("a term", holding((PRO, 1)), holding((YEARLY, 1)), ("[rules.families]: none", SETTLE)),
    ("seats", holding((PRO, 1)), holding((PRO, 2)), ("[rules.roles]: none", SETTLE)),
    ("an add-on", holding((PRO, 1)), PAID, ("[rules.roles]: none", SETTLE)),
    ("a discount", holding((PRO, 1)), holding((PRO, 1), discounts=("di_1",)),
     ('[rules] discounts = "recurring"', SETTLE)),
    ("a life that ends in a free plan", holding((PRO, 1)), holding((FREE, 1)),
     ('[rules] churn_at = "end"', '[rules] past_due = "count"', SETTLE)),
    ("a life that ends", PAID, replace(PAID, status="unpaid"),
     ('[rules] churn_at = "end"', '[rules] past_due = "count"', SETTLE)),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "settings"), [pytest.param(*row[1:], id=row[0]) for row in SETTINGS])
def test_the_settings_are_those_that_could_decide_otherwise(before, after, settings):
    """A movement is told with the settings that could name it otherwise, each with its value."""
    (found,) = explained(*life((AT, before), (AT + DAY, after)), catalogue=HALF)
    assert found.settings == settings


def test_every_driver_has_a_rule_and_its_settings():
    """A subscription held back while another stays is told by its status, and which settings make it so."""
    states = [
        *life((AT, holding((PRO, 1)))),
        *life((AT, OTHER), (AT + DAY, replace(OTHER, status="unpaid")), name="sub_2"),
    ]
    (found,) = explained(*states)
    assert (found.movement.driver, found.rule) == (
        *("status", "a subscription held back, or back again, while others stayed (unpaid)"),
    )
    assert found.settings == ('[rules] churn_at = "end"', '[rules] past_due = "count"', SETTLE)


PARTS = [
    ([(PRO, 1)], [(PRO, 1), (REPORTS, 2)], "added", "prod_reports × 2", 4000),
    ([(PRO, 1), (REPORTS, 1)], [(PRO, 1)], "removed", "prod_reports", -2000),
    ([(PRO, 1)], [(PRO, 3)], "quantity", "prod_pro → prod_pro × 3", 2000),
    ([(PRO, 1)], [(MAX, 1)], "price, at the old quantity", "prod_pro → prod_max", 1000),
]


@pytest.mark.parametrize(("before", "after", "part", "name", "amount"), PARTS, ids=[row[2] for row in PARTS])
def test_a_step_says_what_it_changed_on_which_position(before, after, part, name, amount):
    """Each step is told with its part, its position as it was and is, its amount and the customer's MRR after it."""
    states = life((AT, holding(*before)), (AT + DAY, holding(*after)))
    (found,) = explained(*states)
    ((step,), opening) = (found.steps, sum(held.mrr for held in found.before))
    assert (step.part, step.position, step.amount) == (part, name, amount)
    assert (step.total, step.own) == (opening + amount, True)


@pytest.mark.parametrize(("statuses", "part"), [(["unpaid"], "held back"), (["unpaid", "active"], "back")])
def test_a_step_says_what_was_held_back_and_came_back(statuses, part):
    """What goes to unpaid, paused or a collection pause is held back, and it is back when that is over."""
    turns = [(AT + DAY * day, replace(OTHER, status=status)) for day, status in enumerate(statuses, 1)]
    (found,) = explained(*life((AT, holding((PRO, 1)))), *life((AT, OTHER), *turns, name="sub_2"))
    assert [(step.part, step.position) for step in found.steps] == [(part, "prod_max")]


def test_only_the_first_figure_of_an_item_goes_by_what_brought_it():
    """A first usage figure says that it takes the kind of its item; a later one, up or down, what it is against."""
    states = life((AT, holding((PRO, 1), (API, None))))
    rows = [billed(3000, AT, AT + MONTH)]
    assert [one.rule for one in explained(*states, billed=rows)] == [
        "an item's first usage figure is of the kind that brought the item"
    ]
    for amount in (4000, 2000):
        later = billed(amount, AT + MONTH, AT + 2 * MONTH, "in_2")
        assert [one.rule for one in explained(*states, billed=[*rows, later])] == [
            "what finalized invoices billed for a whole period, against the period before"
        ]


def test_what_archived_a_price_is_evidence_only_where_it_decided():
    """Where the configuration declares a price change, the event that archived the old price decided nothing."""
    old, archived = replace(PRO, product="prod_pro"), replace(PRO, active=False)
    known = Catalogue(prices={PRO.id: [*said(old), *said(archived, at=AT + 5)], NEXT.id: said(NEXT)})
    states = life((AT, holding((PRO, 1))), (AT + DAY, holding((NEXT, 1))))
    rules = Rules(price_changes=frozenset({(PRO.id, NEXT.id)}))
    cause = f"evt_sub_1_{DAY}"
    assert [one.evidence for one in explained(*states, catalogue=known)] == [("evt_0", cause)]
    assert [one.evidence for one in explained(*states, catalogue=known, rules=rules)] == [(cause,)]


def test_what_archived_a_price_is_evidence_of_its_own_movement_only():
    """An event that archived the price of one position says nothing of what else moved with it."""
    archived = replace(PRO, active=False)
    known = Catalogue(prices={PRO.id: [*said(PRO), *said(archived, at=AT + 5)], NEXT.id: said(NEXT)})
    states = life((AT, holding((PRO, 1))), (AT + DAY, holding((NEXT, 1), (REPORTS, 1))))
    found = {one.movement.kind: one.evidence for one in explained(*states, catalogue=known)}
    cause = f"evt_sub_1_{DAY}"
    assert found == {"price_change": ("evt_0", cause), "add_on": (cause,)}


def test_plans_that_were_netted_say_their_rule_once():
    """A movement that stands for several steps names the rule of the first."""
    before, after = holding((PRO, 1), (price(9000, name="top"), 1)), holding((MAX, 1), (MAX, 1))
    (found,) = explained(*life((AT, before), (AT + DAY, after)))
    assert found.rule == "one plan was swapped for another (neither declared nor shown to be a price change)"
    assert [step.own for step in found.steps] == [True, True]
