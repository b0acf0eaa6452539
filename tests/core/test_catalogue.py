"""What the catalogue knows of prices, discounts, coupons and customers, and when."""

from dataclasses import replace

import pytest

from core.values import VOLUME, coupon, discount, price, said, tiered
from upswell.core.catalogue import Catalogue, Customer, Product, Standing, Version
from upswell.core.discounts import Discount
from upswell.core.prices import Amounts


def test_a_price_is_as_last_known_with_the_amounts_any_payload_carried():
    """Prices are as last known, for all history; tiers that came once are kept."""
    expanded, bare = tiered("volume", *VOLUME, nickname="first"), price(None, mode="volume", nickname="last")
    known = Catalogue(prices={"price_pro": said(expanded, bare)})
    found = known.price(price(None, mode="volume", nickname="of the event"))
    assert (found.nickname, found.amounts) == ("last", expanded.amounts)


def test_a_price_that_nobody_told_of_is_as_subscriptions_show_it():
    """A price with no events of its own is as the last subscription event carried it, else as this one does."""
    shown = price(1000, nickname="shown")
    assert Catalogue(shown={"price_pro": shown}).price(price(None)) == shown
    assert Catalogue().price(price(7)).amounts == Amounts("7")


def test_a_price_is_called_by_its_product_s_last_name():
    """A product's name as last known, else the price's nickname, else the product's id."""
    named = Catalogue(products={"prod_pro": said(Product("prod_pro", "Old"), Product("prod_pro", "Pro"))})
    nameless = Catalogue(products={"prod_pro": said(Product("prod_pro"))})
    starter = price(nickname="Starter")
    assert [one.name(starter) for one in (named, nameless, Catalogue())] == ["Pro", "Starter", "Starter"]
    assert nameless.name(price()) == "prod_pro"


def known(*versions, **more):
    """Return a catalogue of one discount in its versions."""
    return Catalogue(discounts={"di_1": list(versions)}, **more)


FOREVER = Version(100, "evt_1", discount(start=100))
REPEATING = Version(100, "evt_1", discount(start=100, end=200))
GONE = Version(150, "evt_2", discount(start=100, gone=True))
PROLONGED = known(REPEATING, Version(180, "evt_2", discount(start=100, end=300)))
IN_FORCE = [
    ("forever", known(FOREVER), 10**9, True),
    ("before its first word", known(FOREVER), 50, True),
    ("a second before its end", known(REPEATING), 199, True),
    ("at its end", known(REPEATING), 200, False),
    ("before it was removed", known(FOREVER, GONE), 149, True),
    ("when it was removed", known(FOREVER, GONE), 150, False),
    ("known by its removal only, before it", known(GONE), 120, True),
    ("known by its removal only, after it", known(GONE), 150, False),
    ("prolonged", PROLONGED, 250, True),
    ("prolonged, before that was told", PROLONGED, 170, True),
]  # fmt: skip


@pytest.mark.parametrize(("held", "at", "in_force"), [pytest.param(*row[1:], id=row[0]) for row in IN_FORCE])
def test_a_discount_is_in_force_until_it_ends_or_is_removed(held, at, in_force):
    """In force from the first word of it until its ``end``, event or not, or until it is removed."""
    assert (held.discount("di_1", at) is not None) is in_force


def test_an_unknown_discount_is_named():
    """A discount that nobody told of is never taken for none."""
    with pytest.raises(LookupError, match="di_1"):
        Catalogue().discount("di_1", 100)


def test_a_discount_may_change_whenever_something_was_said_or_it_ends():
    """Its moments are those at which anything was said of it, and its ends, which the event that brought it causes."""
    assert known(REPEATING, GONE).discount_times("di_1", "evt_0") == {100: "evt_1", 150: "evt_2", 200: "evt_0"}
    renewed = Version(200, "evt_3", discount(start=100, end=200))
    assert known(REPEATING, renewed).discount_times("di_1", "evt_0") == {100: "evt_1", 200: "evt_0"}
    assert Catalogue().discount_times("di_1", "evt_0") == {}


def test_a_discount_s_terms_are_those_it_carries():
    """A discount that carries its coupon whole has those terms, whatever else is known under that id."""
    mine = coupon(percent_off="10")
    held = known(Version(0, "evt", discount(held=mine)), coupons={"coupon_1": said(coupon(percent_off="50"))})
    assert held.coupon(discount(held=mine)) == mine


def test_a_discount_s_terms_are_the_last_it_carried():
    """A discount whose events carried its coupon more than once has the terms of the last."""
    first, last = coupon(percent_off="10"), coupon(percent_off="20")
    held = known(*said(discount(held=first), discount(held=last), discount(held="coupon_1")))
    assert held.coupon(discount(held="coupon_1")) == last


def test_a_discount_that_names_its_coupon_has_the_terms_known_when_it_started():
    """A coupon id can be used again for other terms: those known when the discount started count."""
    first, second = coupon(percent_off="10", created=100), coupon(percent_off="50", created=300)
    held = Catalogue(coupons={"coupon_1": said(first, second)})
    assert held.coupon(discount(start=200)) == first
    assert held.coupon(discount(start=300)) == second
    assert held.coupon(discount(start=50)) == first


def test_the_products_of_a_coupon_come_from_any_payload_of_it():
    """``applies_to`` comes only when expanded: any payload that carried it will do."""
    bare, expanded = coupon(percent_off="10"), coupon(percent_off="10", products=("prod_pro",))
    held = known(Version(0, "evt", discount(held=bare)), coupons={"coupon_1": said(expanded)})
    assert held.coupon(discount(held=bare)).products == ("prod_pro",)


def test_the_amounts_of_a_coupon_come_from_any_payload_of_it():
    """``currency_options`` come only when expanded, too; those of a coupon made anew under the id are another's."""
    bare, expanded = (coupon(amounts_off=amounts, created=5) for amounts in ((("usd", 9),), (("eur", 8), ("usd", 9))))
    anew = coupon(amounts_off=(("gbp", 7),), created=50)
    held = known(Version(0, "evt", discount(held=bare, start=10)), coupons={"coupon_1": said(expanded, anew)})
    assert held.coupon(discount(held=bare, start=10)).amounts_off == (("eur", 8), ("usd", 9))


def test_an_unknown_coupon_is_named():
    """A coupon that nobody told of is never taken for nothing off."""
    with pytest.raises(LookupError, match="coupon_1"):
        Catalogue().coupon(discount())


def own(*versions, seen=(), elsewhere=()):
    """Return the customer's own discounts, as ``versions`` tell and snapshots of the customer (at, discount) show."""
    snapshots = [Version(at, f"evt_at_{at}", Customer("cus_1", discount=name, says_discount=True)) for at, name in seen]
    held = known(*versions, customers={"cus_1": [Version(0, "evt_0", Customer("cus_1")), *snapshots]})
    return held.own_discounts("cus_1", frozenset(elsewhere))


MINE = Discount("di_1", "coupon_1", 100, customer="cus_1")
STANDINGS = [
    ("open", own(Version(100, "evt_1", MINE)), [(None, "evt_1")]),
    ("with an end", own(Version(100, "evt_1", replace(MINE, end=200))), [(200, "evt_1")]),
    ("removed", own(Version(100, "evt_1", MINE), Version(150, "evt_2", replace(MINE, gone=True))), [(150, "evt_2")]),
    ("still seen", own(Version(100, "evt_1", MINE), seen=[(120, "di_1")]), [(None, "evt_1")]),
    ("no longer seen", own(Version(100, "evt_1", MINE), seen=[(120, "di_1"), (130, None)]), [(130, "evt_at_130")]),
    ("another one seen", own(Version(100, "evt_1", MINE), seen=[(140, "di_2")]), [(140, "evt_at_140")]),
    ("not yet seen", own(Version(100, "evt_1", MINE), seen=[(100, None)]), [(None, "evt_1")]),
    ("listed elsewhere", own(Version(100, "evt_1", MINE), elsewhere=["di_1"]), []),
    ("of a subscription", own(Version(100, "evt_1", replace(MINE, subscription="sub_1"))), []),
    ("of an item", own(Version(100, "evt_1", replace(MINE, item="si_1"))), []),
    ("of somebody else", own(Version(100, "evt_1", replace(MINE, customer="cus_2"))), []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), [pytest.param(*row[1:], id=row[0]) for row in STANDINGS])
def test_a_customer_s_own_discount_stands_from_its_start_to_its_end(found, expected):
    """A customer's own discount ends at its end, when it is removed, or when the customer no longer shows it."""
    assert found == [Standing("di_1", 100, end, "evt_1", ended_by) for end, ended_by in expected]


@pytest.mark.parametrize(
    ("active", "event"),
    [([True], None), ([False], "evt_0"), ([True, False, False], "evt_1"), ([False, True, False, True], None)],
    ids=["never", "from the first word on", "and stayed so", "and is active again"],
)
def test_what_archived_a_price_is_the_event_since_which_it_is(active, event):
    """A price is archived by the event since which it has been, if it is."""
    prices = {"price_pro": said(*(price(active=one) for one in active))}
    assert Catalogue(prices=prices).archived_by(price(), 100) == event
    assert Catalogue().archived_by(price(), 100) is None


def test_a_price_that_was_only_asked_for_was_archived_by_no_event():
    """What the API says of a price today came by no event."""
    assert Catalogue(prices={"price_pro": [Version(5, "", price(active=False))]}).archived_by(price(), 100) is None


def test_a_customer_s_metadata_is_as_known_then():
    """What a customer's metadata said at a moment is what was last said before it, else what was said first."""
    versions = [
        Version(100, "evt_1", Customer("cus_1", metadata={"rep": "a"})),
        Version(200, "evt_2", Customer("cus_1")),
    ]
    held = Catalogue(customers={"cus_1": versions})
    assert [held.metadata_at("cus_1", at) for at in (50, 199, 200)] == [{"rep": "a"}, {"rep": "a"}, {}]
    assert held.metadata_at("cus_2", 100) == {}


def test_a_discount_that_no_event_told_of_names_itself():
    """A customer's own discount known from the API alone is its own cause, and no event's."""
    held = known(Version(500, "", MINE), customers={"cus_1": [Version(600, "", Customer("cus_1", says_discount=True))]})
    (standing,) = held.own_discounts("cus_1", frozenset())
    assert (standing.end, standing.event, standing.ended_by) == (600, "di_1", "di_1")
    assert (standing.source_of("di_1"), standing.source_of("evt_1")) == ("reconstructed", "observed")


def test_a_customers_look_of_the_second_of_an_event_is_not_its_cause():
    """Where an event and a look of one second both end a customer's discount, the event is why."""
    seen = [Version(150, event, Customer("cus_1", says_discount=True)) for event in ("", "evt_2")]
    (standing,) = known(Version(100, "evt_1", MINE), customers={"cus_1": seen}).own_discounts("cus_1", frozenset())
    assert (standing.end, standing.ended_by) == (150, "evt_2")


def test_metadata_asked_of_the_api_count_where_no_event_told():
    """What the API shows of a customer is taken for all time where no event told, and for none where one did."""
    asked = Version(150, "", Customer("cus_1", metadata={"rep": "b"}))
    told = Version(100, "evt_1", Customer("cus_1", metadata={"rep": "a"}))
    assert Catalogue(customers={"cus_1": [asked]}).metadata_at("cus_1", 5) == {"rep": "b"}
    assert Catalogue(customers={"cus_1": [told, asked]}).metadata_at("cus_1", 999) == {"rep": "a"}


def test_an_archiving_that_no_event_told_has_no_date():
    """An unknown archiving date counts as active: the API's word that a price is archived dates nothing."""
    old, new = price(1000, id="price_old", lookup_key="pro"), price(1200, id="price_new", created=50)
    archived = replace(old, active=False, lookup_key=None)
    told = {"price_old": [Version(60, "evt_1", archived)], "price_new": [Version(50, "evt_2", new)]}
    asked = {"price_old": [Version(0, "", archived)], "price_new": [Version(0, "", replace(new, lookup_key="pro"))]}
    assert Catalogue(prices=told).replaced(old, new, 100)
    assert not Catalogue(prices=asked).replaced(old, new, 100)
