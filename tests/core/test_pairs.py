"""Which position before a change is which after it, and how a price difference is named."""

from dataclasses import replace
from fractions import Fraction

import pytest

from core.values import by_item, metered, position, price, said
from upswell.core.catalogue import Catalogue, Product
from upswell.core.pairs import largest, naming, pairs
from upswell.core.rules import Rules

PRO, MAX, EXTRA = price(name="pro"), price(2000, name="max"), price(300, name="extra")


def paired(before, after, rules=None):
    """Return the ids of what is paired, removed (with None after) and added (with None before)."""
    found = pairs(by_item(*before), by_item(*after), Catalogue(), rules or Rules())
    return [(pair.before and pair.before.item, pair.after and pair.after.item) for pair in found]


def test_the_same_item_is_a_pair():
    """The same item id is a pair, whatever it holds now."""
    before = [position(PRO, item="si_1"), position(MAX, item="si_2")]
    after = [position(MAX, item="si_1"), position(PRO, item="si_2")]
    assert paired(before, after) == [("si_1", "si_1"), ("si_2", "si_2")]


def test_the_same_product_is_a_pair():
    """What has another item id is paired by product, also on another subscription."""
    before = [position(PRO, item="si_1"), position(MAX, item="si_2")]
    after = [position(MAX, item="si_3"), position(PRO, item="si_4", subscription="sub_2")]
    assert paired(before, after) == [("si_2", "si_3"), ("si_1", "si_4")]


def test_the_same_product_goes_before_size():
    """A product is paired with itself, even where another one is of its size now."""
    before = [position(PRO, item="si_1"), position(MAX, item="si_2")]
    after = [position(PRO, 9, item="si_3"), position(MAX, item="si_4")]
    assert paired(before, after) == [("si_1", "si_3"), ("si_2", "si_4")]


def test_what_is_left_is_paired_by_size():
    """What was removed and what was added is paired largest first, metered last, ties by item id."""
    before = [
        position(price(500, name="a"), item="si_1"),
        position(price(500, name="b"), item="si_2"),
        position(price(900, name="c"), item="si_3"),
        position(metered(name="d"), item="si_4"),
    ]
    after = [
        position(metered(name="e"), item="si_5"),
        position(price(1, name="f"), item="si_6"),
        position(price(2, name="g"), item="si_7"),
        position(price(3, name="h"), item="si_8"),
    ]
    assert paired(before, after) == [("si_4", "si_5"), ("si_2", "si_6"), ("si_1", "si_7"), ("si_3", "si_8")]


def test_metered_is_last_whatever_it_billed():
    """Metered positions come last, however much their usage is worth."""
    before = [position(metered(name="a"), item="si_1", figure=Fraction(9000)), position(PRO, item="si_2")]
    after = [position(MAX, item="si_3")]
    assert paired(before, after) == [("si_1", None), ("si_2", "si_3")]


def test_size_is_before_discounts():
    """Size is the whole MRR of the position, quantity and interval included."""
    before = [position(price(1000, name="a"), 3, item="si_1"), position(price(12000, "year", "b"), item="si_2")]
    after = [position(price(1, name="c"), item="si_3"), position(price(2, name="d"), item="si_4")]
    assert paired(before, after) == [("si_2", "si_3"), ("si_1", "si_4")]


def test_the_rest_is_added_or_removed():
    """Whatever has no partner was added or removed."""
    assert paired([position(PRO)], []) == [("si_1", None)]
    assert paired([], [position(PRO)]) == [(None, "si_1")]


def test_what_did_not_change_has_no_pair():
    """Only what differs between before and after is walked over."""
    held = [position(PRO, item="si_1"), position(EXTRA, item="si_2")]
    assert paired(held, held) == []
    assert paired(held[:1], held) == [(None, "si_2")]


@pytest.mark.parametrize("role", ["add_on", "seat"])
def test_a_role_is_never_paired_with_another(role):
    """An add_on or seat is never paired with a plan, not even where it takes over its item id."""
    rules = Rules(roles={"price_extra": role})
    assert paired([position(PRO)], [position(EXTRA, item="si_2")], rules) == [("si_1", None), (None, "si_2")]
    same_id = pairs(by_item(position(PRO)), by_item(position(EXTRA)), Catalogue(), rules)
    assert {(pair.before is None, pair.after is None) for pair in same_id} == {(False, True), (True, False)}


def test_a_currency_is_paired_with_itself_first():
    """Pairs are within one currency; what is left over in two is a switch of currency."""
    euro = price(900, name="pro", currency="eur")
    before = [position(PRO, item="si_1"), position(euro, item="si_2")]
    after = [position(euro, item="si_3"), position(MAX, item="si_4")]
    assert paired(before, after) == [("si_2", "si_3"), ("si_1", "si_4")]
    before = [position(MAX, item="si_1"), position(euro, item="si_2")]
    after = [position(price(3000, name="c", currency="eur"), item="si_3"), position(EXTRA, item="si_4")]
    assert paired(before, after) == [("si_2", "si_3"), ("si_1", "si_4")]
    assert paired([position(PRO)], [position(euro), position(PRO, item="si_2")]) == [(None, "si_1"), ("si_1", "si_2")]
    (switched,) = pairs(by_item(position(PRO)), by_item(position(euro)), Catalogue(), Rules())
    assert switched.crosses
    (kept,) = pairs(by_item(position(PRO)), by_item(position(MAX)), Catalogue(), Rules())
    assert not kept.crosses


def test_the_largest_position_is_the_one_worth_most():
    """The largest position is that of the highest MRR before discounts, ties by item id."""
    held = [position(PRO, item="si_3"), position(PRO, item="si_2"), position(EXTRA, item="si_1")]
    assert largest(held).item == "si_2"


OLD = price(1000, name="old", product="prod_pro", lookup_key="pro")
NEW = price(1200, name="new", product="prod_pro")
YEARLY = price(12000, "year", name="yearly", product="prod_pro")
OTHER = price(5000, name="other")
ARCHIVED = price(1000, name="old", product="prod_pro", active=False)
FAMILIES = {"price_old": "pro", "price_new": "pro", "price_yearly": "pro", "price_other": "max"}
NAMED = [
    ("declared", NEW, Rules(price_changes=frozenset({("price_old", "price_new")})), "price"),
    ("declared the other way round", NEW, Rules(price_changes=frozenset({("price_new", "price_old")})), "plan"),
    ("declared against families", OTHER, Rules(price_changes=frozenset({("price_old", "price_other")})), "price"),
    ("one family", NEW, Rules(families=FAMILIES), "price"),
    ("one family, another product", OTHER, Rules(families={"price_old": "pro", "price_other": "pro"}), "price"),
    ("one family, another interval", YEARLY, Rules(families=FAMILIES), "term"),
    ("another family", OTHER, Rules(families=FAMILIES), "plan"),
    ("another family of one product", NEW, Rules(families={"price_old": "pro", "price_new": "max"}), "plan"),
    ("a family on one side only", NEW, Rules(families={"price_old": "pro"}), "plan"),
    ("a family by product", NEW, Rules(families={"prod_pro": "pro"}), "price"),
    ("one product, another interval", YEARLY, Rules(), "term"),
    ("one product, another price", NEW, Rules(), "plan"),
    ("another product", OTHER, Rules(), "plan"),
]


@pytest.mark.parametrize(("new", "rules", "driver"), [pytest.param(*row[1:], id=row[0]) for row in NAMED])
def test_a_price_difference_is_named_by_the_first_rule_that_fits(new, rules, driver):
    """The difference between two prices of one pair is named by the first of these that fits."""
    assert naming(OLD, new, 100, Catalogue(), rules).driver == driver


def test_families_and_roles_may_stand_in_metadata():
    """The configuration goes before metadata, a price before its product, and without a word the role is plan."""
    of_product = Product("prod_pro", "Pro", {"upswell_plan": "pro", "upswell_role": "seat"})
    held = Catalogue(products={"prod_pro": said(of_product)})
    own = price(name="pro", metadata={"upswell_plan": "max", "upswell_role": "add_on"})
    assert (held.family(PRO, Rules()), held.role(PRO, Rules())) == ("pro", "seat")
    assert (held.family(own, Rules()), held.role(own, Rules())) == ("max", "add_on")
    rules = Rules(families={"price_pro": "team"}, roles={"prod_pro": "plan"})
    assert (held.family(own, rules), held.role(own, rules)) == ("team", "plan")
    assert (Catalogue().family(PRO, Rules()), Catalogue().role(PRO, Rules())) == (None, "plan")


def test_families_and_roles_are_as_last_known():
    """What a product's metadata said last counts for all history."""
    first, last = (Product("prod_pro", "Pro", {"upswell_plan": name, "upswell_role": name}) for name in ("a", "seat"))
    held = Catalogue(products={"prod_pro": said(first, last)})
    assert (held.family(PRO, Rules()), held.role(PRO, Rules())) == ("seat", "seat")


def prices(*rivals, archived_at=50, new=NEW):
    """Return a catalogue in which the old price was archived at a second, beside ``rivals``."""
    old = [*said(OLD), *said(ARCHIVED, at=archived_at)] if archived_at is not None else said(OLD)
    return Catalogue(prices={"price_old": old, "price_new": said(new), **{one.id: said(one) for one in rivals}})


RIVAL = price(1100, name="rival", product="prod_pro")
REPLACED = [
    ("archived, and the new one is alone", prices(), NEW, "price"),
    ("archived in the second of the change", prices(archived_at=100), NEW, "price"),
    ("archived later", prices(archived_at=101), NEW, "plan"),
    ("never archived", prices(archived_at=None), NEW, "plan"),
    ("beside an active rival", prices(RIVAL), NEW, "plan"),
    ("beside an archived rival", prices(price(1, name="rival", product="prod_pro", active=False)), NEW, "price"),
    ("beside a yearly one", prices(YEARLY), NEW, "price"),
    ("beside one in another currency", prices(price(1, name="eu", product="prod_pro", currency="eur")), NEW, "price"),
    ("beside a rival that came later", Catalogue(
        prices={**prices().prices, "price_rival": said(price(1, name="rival", product="prod_pro", created=200), at=200)}
    ), NEW, "price"),
    ("it took over the lookup key", prices(RIVAL, new=price(1200, name="new", product="prod_pro", lookup_key="pro")),
     price(1200, name="new", product="prod_pro", lookup_key="pro"), "price"),
    ("it has another lookup key", prices(RIVAL, new=price(1200, name="new", product="prod_pro", lookup_key="max")),
     price(1200, name="new", product="prod_pro", lookup_key="max"), "plan"),
    ("nothing is known", Catalogue(), NEW, "plan"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "new", "driver"), [pytest.param(*row[1:], id=row[0]) for row in REPLACED])
def test_a_successor_is_a_price_change(known, new, driver):
    """Archived by then, and its product's only active price or the heir of its lookup key: a price change."""
    assert naming(OLD, new, 100, known, Rules()).driver == driver


def test_a_rival_known_only_from_subscriptions_counts():
    """A price that only subscriptions ever showed is as active as it was then."""
    rivals = [replace(RIVAL, created=at) for at in (100, 101)]
    known = [Catalogue(prices=prices().prices, shown={"price_rival": rival}) for rival in rivals]
    assert [naming(OLD, NEW, 100, one, Rules()).driver for one in known] == ["plan", "price"]
