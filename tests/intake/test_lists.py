"""What lists showed, in the ledger: any order of the looks, any number of times, leaves the same."""

from itertools import permutations

import pytest
from connectors.sent import body, discount, invoice, item, price, subscription

from intake.told import AT, DAY, granted, moved, movements, stale, tables, taken
from upswell.core.rules import Rules
from upswell.intake.applying import apply_pending
from upswell.store.records import history_of, write_facts
from upswell_connectors.shapes import facts_of_object


def looked(ledger, *looks):
    """Write what the API showed: (when, object)."""
    for at, shown in looks:
        with ledger.write() as connection:
            write_facts(connection, None, facts_of_object(shown, at), Rules())


def held(quantity):
    """Return the subscription with so many seats."""
    return subscription(item(quantity=quantity))


def seen(ledger):
    """Return (when, quantity) of each look that is remembered."""
    found = history_of(ledger.connection, "cus_1").snapshots
    return [(look.at, look.subscription.items[0].quantity) for look in found]


LOOKS = [
    ("one", [(1, 5)], [(1, 5)]),
    ("the same again", [(1, 5), (2, 5), (3, 5)], [(1, 5), (3, 5)]),
    ("a change", [(1, 5), (2, 6)], [(1, 5), (2, 6)]),
    ("there and back", [(1, 5), (2, 6), (3, 5)], [(1, 5), (2, 6), (3, 5)]),
    ("twice there and back", [(1, 5), (2, 6), (3, 5), (4, 5)], [(1, 5), (2, 6), (3, 5), (4, 5)]),
]


@pytest.mark.parametrize(("looks", "expected"), [pytest.param(*row[1:], id=row[0]) for row in LOOKS])
def test_looks_in_any_order_leave_the_same(fresh, looks, expected):
    """What a list showed is kept with when it first and last did; the order in which looks are told is nothing."""
    for order in permutations(looks):
        ledger = fresh()
        looked(ledger, *((at, held(quantity)) for at, quantity in [*order, *order]))
        assert seen(ledger) == expected


def test_two_looks_of_one_second_leave_one(fresh):
    """Of two looks of one second that show different things, the same one counts in either order."""
    one, other = (1, held(5)), (1, held(6))
    first, second = fresh(), fresh()
    looked(first, one, other)
    looked(second, other, one)
    assert len(seen(first)) == 1
    assert tables(first) == tables(second)


def test_a_look_makes_its_customer_stale_once(ledger):
    """What a list shows concerns its customer; showing it again rebuilds nobody."""
    looked(ledger, (1, held(5)))
    assert stale(ledger) == {"cus_1": None}
    apply_pending(ledger, Rules())
    looked(ledger, (1, held(5)), (2, held(5)))
    assert stale(ledger) == {}


def test_a_look_that_shows_what_an_event_changed_makes_its_customer_stale(ledger):
    """A list that shows again what it did before an event tells that something happened after the event."""
    looked(ledger, (AT - 3 * DAY, held(5)))
    taken(ledger, moved(1, 5, 8, AT))
    apply_pending(ledger, Rules())
    looked(ledger, (AT + 3 * DAY, held(5)))
    assert stale(ledger) == {"cus_1": None}
    apply_pending(ledger, Rules())
    assert [kind for _, kind, _ in movements(ledger)] == ["new", "seat", "downgrade"]


def test_the_api_told_the_same_twice_is_told_at_first(ledger):
    """An answer that says what was said before is no news, whatever came first."""
    looked(ledger, (5, price()), (9, price()), (3, price()))
    assert [row[1] for row in tables(ledger)["prices"]] == [3]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "reversed"])
def test_an_older_answer_never_takes_the_place_of_a_newer_one(ledger, order):
    """Of two different answers of the API the later one counts."""
    answers = (5, price(nickname="old")), (9, price(nickname="new"))
    looked(ledger, *(answers[place] for place in order))
    ((_, at, _, value),) = tables(ledger)["prices"]
    assert (at, '"new"' in value) == (9, True)


def test_a_price_that_only_an_invoice_names_concerns_its_customer(ledger):
    """Whoever was billed by a price, or under a discount, is rebuilt when that is told of."""
    looked(ledger, (1, invoice(discounts=["di_1"])))
    apply_pending(ledger, Rules())
    looked(ledger, (2, price()))
    assert stale(ledger) == {"cus_1": None}
    apply_pending(ledger, Rules())
    taken(ledger, granted())
    looked(ledger, (3, discount()))
    assert stale(ledger) == {"cus_1": None}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["price first", "invoice first"])
def test_a_product_that_only_an_invoice_leads_to_concerns_its_customer(ledger, order):
    """Whoever was billed by a price is rebuilt when its product's name is told, whichever of the two came first."""
    looked(ledger, *(((1, price()), (2, invoice()))[place] for place in order))
    apply_pending(ledger, Rules())
    looked(ledger, (3, {"id": "prod_1", "object": "product", "name": "Pro", "metadata": {}}))
    assert stale(ledger) == {"cus_1": None}


def test_what_an_invoice_line_says_comes_back(ledger):
    """An invoice's rows come back from the ledger as they were told."""
    told = facts_of_object(invoice(discounts=["di_1"]), AT)
    looked(ledger, (AT + DAY, invoice(discounts=["di_1"])))
    assert tuple(history_of(ledger.connection, "cus_1").billed) == told.invoice.rows


SOON, LATE = 3600, 2 * DAY


@pytest.mark.parametrize(("after", "kinds"), [(0, "new seat"), (SOON, "new seat"), (LATE, "new downgrade seat")])
def test_a_look_shows_what_an_event_of_its_day_tells(ledger, after, kinds):
    """A look that shows the state after an event of the next day missed nothing; before a later event it did."""
    begun = 1_790_000_000
    changed = {"items": {"data": [item(quantity=5)]}}
    looked(ledger, (begun + 100 * DAY, held(8)))
    told = body(held(8), "customer.subscription.updated", changed, created=begun + 100 * DAY + after)
    taken(ledger, told)
    apply_pending(ledger, Rules())
    found = ledger.connection.execute("SELECT kind FROM movements ORDER BY step").fetchall()
    assert " ".join(kind for (kind,) in found) == kinds
