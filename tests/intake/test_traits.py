"""What the ledger knows of who moved: metadata, country and plan as they were then."""

from itertools import pairwise

from connectors.sent import body, item, price, subscription

from intake.told import AT, DAY, UPDATED, applied, joined, moved, priced, subscribed
from upswell.core.rules import Rules
from upswell.store import books
from upswell.store.traits import traits

TEAM, REGION = "customer.metadata.team", "subscription.metadata.region"


def found(ledger, *keys, rules=None):
    """Return the values of every movement, oldest first, one tuple a movement."""
    booked = books.movements(ledger)
    told = traits(ledger, rules or Rules(), booked, keys)
    return [tuple(told[movement.id][key] for key in keys) for movement in booked]


def product(name, number=1, at=AT, **more):
    """Return the event of a product."""
    held = {"id": f"prod_{number}", "object": "product", "name": name, "metadata": {}} | more
    return body(held, "product.updated", id=f"evt_prod_{number}_{at}", created=at)


def test_a_customers_metadata_is_as_it_was_at_the_movement(fresh):
    """A customer that changes teams keeps the old one on what it bought before."""
    ledger = fresh()
    east, west = {"metadata": {"team": "east"}}, {"metadata": {"team": "west"}}
    applied(ledger, joined(at=AT, **east), subscribed(), moved(1, 5, 7, AT + DAY))
    applied(ledger, joined(at=AT + 2 * DAY, **west), moved(1, 7, 9, AT + 3 * DAY))
    assert found(ledger, TEAM) == [("east",), ("east",), ("west",)]


def test_what_is_told_first_counts_for_the_time_before(fresh):
    """Where nothing was told up to a movement, the first word on the customer counts."""
    ledger = fresh()
    applied(ledger, subscribed(), moved(1, 5, 7, AT + DAY), joined(at=AT + 2 * DAY, metadata={"team": "east"}))
    assert found(ledger, TEAM, "country") == [("east", None), ("east", None)]


def test_a_subscriptions_metadata_is_as_it_was_at_the_movement(fresh):
    """Metadata of the subscription count after the last event up to the movement, the movement's own included."""
    ledger = fresh()
    old, new = {"metadata": {"region": "north"}}, {"metadata": {"region": "south"}}
    owner = {"id": "sub_1", "created": AT, "start_date": AT}
    change = body(
        subscription(item(quantity=7), **owner, **new),
        UPDATED,
        {"items": {"data": [item()]}, **old},
        id="evt_2",
        created=AT + DAY,
    )
    applied(ledger, subscribed(1, item(), **old), change)
    assert found(ledger, REGION, TEAM) == [("north", None), ("south", None)]


def test_the_country_is_that_of_the_address(fresh):
    """The two letters of the customer's address, as told up to the movement, else as told first after it."""
    ledger = fresh()
    applied(ledger, joined(at=AT), subscribed(), moved(1, 5, 7, AT + 2 * DAY))
    assert found(ledger, "country") == [(None,), (None,)]
    applied(ledger, joined(at=AT + DAY, address={"country": "DE", "city": "Fernville"}))
    applied(ledger, joined(at=AT + 3 * DAY, address={"country": "FR"}), moved(1, 7, 9, AT + 4 * DAY))
    assert found(ledger, "country") == [("DE",), ("DE",), ("FR",)]
    applied(ledger, joined(at=AT + 5 * DAY, address=None), moved(1, 9, 10, AT + 6 * DAY))
    assert found(ledger, "country")[-1] == ("FR",)
    values = ledger.connection.execute("SELECT group_concat(value) FROM customers").fetchone()[0]
    assert "Fernville" not in values


def test_the_plan_is_what_the_customer_chose_last(fresh):
    """Seats and add-ons count for the plan that they are bought beside; an upgrade for the plan it went to."""
    ledger = fresh()
    pro, ent, add = (
        price(),
        price(id="price_2", product="prod_2", unit_amount=2000, unit_amount_decimal="2000"),
        price(id="price_3", product="prod_3"),
    )
    owner = {"id": "sub_1", "created": AT, "start_date": AT}

    def states(*held):
        return [item(id=f"si_{number}", price=one, quantity=many) for number, (one, many) in enumerate(held, 1)]

    steps = [states((pro, 5)), states((pro, 5), (add, 1)), states((ent, 5), (add, 1)), states((ent, 6), (add, 1))]
    changes = [
        body(subscription(*after, **owner), UPDATED, {"items": {"data": before}}, id=f"evt_{n}", created=AT + n * DAY)
        for n, (before, after) in enumerate(pairwise(steps), 1)
    ]
    applied(ledger, subscribed(1, *steps[0]), *changes, product("Pro"), product("Enterprise", 2))
    assert [movement.kind for movement in books.movements(ledger)] == ["new", "add_on", "upgrade", "seat"]
    assert found(ledger, "plan") == [("Pro",), ("Pro",), ("Enterprise",), ("Enterprise",)]
    families = Rules(families={"prod_2": "big", "price_1": "small"})
    assert found(ledger, "plan", rules=families) == [("small",), ("small",), ("big",), ("big",)]
    applied(ledger, priced(at=AT, metadata={"upswell_plan": "first"}))
    assert found(ledger, "plan")[0] == ("first",)


def test_usage_is_a_plan_only_where_there_is_no_other(fresh):
    """The first usage of what came with a plan counts for the plan; who has nothing but usage has that as its plan."""
    from booked import put

    ledger = fresh()
    put(
        ledger,
        """
        2026-01-01 cus_1 new +100 product_to=prod_1 price_to=price_1
        2026-02-01 cus_1 new +30 driver=usage product_to=prod_2 price_to=price_2
        2026-03-01 cus_1 overage +5 product_to=prod_2 price_to=price_2
        2026-02-01 cus_2 new +30 driver=usage product_to=prod_2 price_to=price_2
        2026-03-01 cus_2 overage +5 product_to=prod_2 price_to=price_2
        """,
    )
    held = books.movements(ledger)
    told = traits(ledger, Rules(), held, ["plan"])
    plans = [(one.customer, told[one.id]["plan"]) for one in held if one.kind == "overage"]
    assert plans == [("cus_1", "prod_1"), ("cus_2", "prod_2")]


def test_an_add_on_is_no_plan(fresh):
    """What plays the role of an add-on is passed over; a customer of nothing else has no plan."""
    ledger = fresh()
    applied(ledger, subscribed(), moved(1, 5, 7, AT + DAY))
    assert found(ledger, "plan", rules=Rules(roles={"prod_1": "add_on"})) == [(None,), (None,)]


def test_several_stripe_customers_are_told_apart(fresh):
    """Where one customer of the summary is several at Stripe, the one whose subscription moved counts."""
    ledger, rules = fresh(), Rules(customer_key="metadata.account")
    for number, team in ((1, "east"), (2, "west")):
        applied(ledger, joined(number, metadata={"account": "acme", "team": team}), rules=rules)
    applied(ledger, subscribed(1), subscribed(2, at=AT + DAY), rules=rules)
    assert {movement.customer for movement in books.movements(ledger)} == {"acme"}
    assert found(ledger, TEAM, "currency") == [("east", "usd"), ("west", "usd")]


def test_who_is_known_from_movements_alone_has_no_traits(fresh):
    """Nothing is invented where the ledger knows nothing."""
    from booked import put

    ledger = fresh()
    put(ledger, "2026-01-01 cus_1 new +100\n2026-01-02 cus_1 seat +5")
    assert found(ledger, TEAM, REGION, "country", "plan", "currency") == [(None, None, None, None, "usd")] * 2
    assert traits(ledger, Rules(), books.movements(ledger), []) == {}


def test_products_are_called_as_they_were_last(fresh):
    """The last name that was told is the name; what nobody told of has none."""
    ledger = fresh()
    applied(ledger, product("Pro"), product("Professional", at=AT + DAY), product(None, 2))
    assert books.product_names(ledger, ["prod_1", "prod_2", "prod_3"]) == {"prod_1": "Professional"}


def test_who_began_when_is_known_of_those_who_paid(fresh):
    """A customer began with its first payment, however often it came back."""
    ledger = fresh()
    applied(ledger, subscribed(), moved(1, 5, 7, AT + DAY), subscribed(2, at=AT + DAY))
    assert books.began(ledger, ["cus_1", "cus_2", "cus_3"]) == {"cus_1": AT, "cus_2": AT + DAY}


def test_a_forgotten_customer_has_no_country(fresh):
    """Where a person lives goes with the person."""
    from upswell.intake.forgetting import forget

    ledger = fresh()
    applied(ledger, joined(address={"country": "DE"}, metadata={"team": "east"}), subscribed())
    forget(ledger, Rules(), "cus_1")
    assert found(ledger, "country", TEAM) == [(None, None)]
    applied(ledger, joined(at=AT + DAY, address={"country": "DE"}), moved(1, 5, 7, AT + DAY))
    assert found(ledger, "country", TEAM) == [(None, None)] * 2
