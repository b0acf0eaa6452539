"""The core's values in few words: prices, positions, subscriptions and what was said of them."""

from fractions import Fraction

from hypothesis import settings

from upswell.core.catalogue import Catalogue, Product, Version
from upswell.core.discounts import Coupon, Cut, Discount
from upswell.core.history import History
from upswell.core.portfolio import Item, Position, Subscription
from upswell.core.prices import Amounts, Price, Tier
from upswell.core.states import State

calm = settings(deadline=None, derandomize=True, database=None)
"""How properties are tried: the same examples every time, however slow the machine."""
VOLUME = ((5, 700), (10, 650), (None, 600))
STAIRS = ((5, 500, 1000), (10, 400, 2000), (15, 300, 3000), (20, 200, 4000), (None, 100, 5000))


def price(amount=1000, every="month", name="pro", **more):
    """Return a price of ``amount`` minor units ``every`` month, 3 months, …; ``name`` is its product's too."""
    count, interval = every.split() if " " in every else (1, every)
    unit = None if amount is None else str(amount)
    given = {"id": f"price_{name}", "product": f"prod_{name}", "currency": "usd"}
    given |= {"interval": interval.removesuffix("s"), "interval_count": int(count), "amounts": Amounts(unit)}
    return Price(**given | more)


def tiered(mode, *tiers, **more):
    """Return a price of ``tiers``: up to, unit amount and, where there is one, flat amount."""
    steps = tuple(Tier(up_to, *(str(amount) for amount in amounts)) for up_to, *amounts in tiers)
    return price(mode=mode, amounts=Amounts(tiers=steps), **more)


def metered(amount=1, **more):
    """Return a metered price."""
    return price(amount, usage="metered", **more)


def percent(number, name="di_percent", own=False, products=None):
    """Return a cut of ``number`` percent."""
    return Cut(name, own, Fraction(number, 100), 0, products)


def off(amount, name="di_off", own=False, products=None):
    """Return a cut of ``amount`` minor units an invoice."""
    return Cut(name, own, None, amount, products)


def position(held, quantity=1, item="si_1", subscription="sub_1", **more):
    """Return a position of ``quantity`` units of the price ``held``; a metered one has no quantity."""
    count = None if held.metered else quantity
    given = {"currency": held.currency, "figure": None, "cuts": (), "shelf": subscription}
    return Position(subscription=subscription, item=item, price=held, quantity=count, **given | more)


def by_item(*positions):
    """Return ``positions`` by item id, as a portfolio holds them."""
    return {one.item: one for one in positions}


def subscription(*held, name="sub_1", status="active", **more):
    """Return a subscription: ``held`` are items, or prices of which it holds one each."""
    items = tuple(one if isinstance(one, Item) else Item(f"si_{n}", one, 1) for n, one in enumerate(held, 1))
    given = {"customer": "cus_1", "currency": "usd", "start_date": more.get("created", 0)}
    return Subscription(id=name, status=status, items=items, **given | more)


def seats(quantity, **more):
    """Return a subscription that differs from others of its kind in nothing but ``quantity``."""
    return subscription(Item("si_1", price(), quantity), **more)


def created(at, after, event="evt_created"):
    """Return what an event says that brings the subscription ``after``."""
    return State(at, "customer.subscription.created", event, after)


def updated(at, before, after, event):
    """Return what an event says that turns ``before`` (None: it does not say) into ``after``."""
    return State(at, "customer.subscription.updated", event, after, before)


def deleted(at, after, event="evt_deleted"):
    """Return what an event says that ends the subscription ``after``."""
    return State(at, "customer.subscription.deleted", event, after)


def history(*states, **more):
    """Return the history of the customer whose subscriptions ``states`` tell of."""
    return History("cus_1", states, **more)


def catalogue(**names):
    """Return a catalogue of products ``prod_<key>`` with their names."""
    return Catalogue(
        products={f"prod_{key}": [Version(0, "evt", Product(f"prod_{key}", name))] for key, name in names.items()}
    )


def coupon(name="coupon_1", duration="forever", **more):
    """Return a coupon."""
    return Coupon(name, duration, **more)


def discount(name="di_1", held="coupon_1", start=0, **more):
    """Return a discount that names the coupon ``held``, or carries it."""
    return Discount(name, held, start, **more)


def said(*values, at=0):
    """Return ``values`` of one object as said one second after another, from ``at`` on."""
    return [Version(at + step, f"evt_{step}", value) for step, value in enumerate(values)]
