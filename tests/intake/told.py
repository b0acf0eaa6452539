"""Events of small accounts, what is done with them, and what a ledger holds in the end."""

from connectors.sent import body, coupon, customer, discount, item, price, subscription

from upswell.core.rules import Rules
from upswell.errors import UpswellError
from upswell.intake.applying import apply_pending
from upswell.store import books
from upswell.store.events import accept, envelope

AT = 1_800_000_000
DAY = 86_400
CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
OUR_CLOCK = ("received_at", "applied_at")


def subscribed(number=1, *items, at=AT, **more):
    """Return the event of customer ``cus_<number>`` who subscribes to ``items`` (default: five at 10.00)."""
    owner = {"id": f"sub_{number}", "customer": f"cus_{number}", "created": at, "start_date": at}
    held = items or (item(id=f"si_{number}", quantity=5),)
    return body(subscription(*held, **owner | more), CREATED, id=f"evt_sub_{number}", created=at)


def moved(number, before, after, at, name=None):
    """Return the event in which that customer's quantity goes from ``before`` to ``after``."""
    owner = {"id": f"sub_{number}", "customer": f"cus_{number}", "created": AT, "start_date": AT}
    past = {"items": {"data": [item(id=f"si_{number}", quantity=before)]}}
    held = subscription(item(id=f"si_{number}", quantity=after), **owner)
    return body(held, UPDATED, past, id=name or f"evt_moved_{number}_{at}", created=at)


def joined(number=1, at=AT, name=None, **more):
    """Return the event of a customer who comes."""
    told = customer(id=f"cus_{number}", **more)
    return body(told, "customer.updated", id=name or f"evt_cus_{number}_{at}", created=at)


def granted(number=1, at=AT, **more):
    """Return the event of a discount ``di_<number>`` that names the coupon, as since clover."""
    source = {"coupon": ..., "source": {"type": "coupon", "coupon": "coupon_1"}}
    told = discount(
        id=f"di_{number}", customer=f"cus_{number}", subscription=f"sub_{number}", start=at, **source | more
    )
    return body(told, "customer.discount.created", id=f"evt_di_{number}", created=at)


def made(at=AT, **more):
    """Return the event of the coupon: 20 % off for ever."""
    return body(coupon(**more), "coupon.created", id="evt_coupon", created=at)


def priced(at=AT, name="evt_price", **more):
    """Return the event of the price."""
    return body(price(**more), "price.updated", id=name, created=at)


BROKEN = body(subscription(customer=...), CREATED, id="evt_broken", created=AT)


def taken(ledger, *bodies):
    """Accept events in one commit."""
    accept(ledger, [envelope(one) for one in bodies])


def applied(ledger, *bodies, rules=None, lookup=None):
    """Accept events and apply what is pending."""
    taken(ledger, *bodies)
    return apply_pending(ledger, rules or Rules(), lookup)


def movements(ledger):
    """Return (customer, kind, amount) of all movements, oldest first."""
    return [(one.customer, one.kind, one.amount) for one in books.movements(ledger)]


def event(ledger, name):
    """Return an event's state and reason."""
    return ledger.connection.execute("SELECT state, reason FROM events WHERE id = ?", (name,)).fetchone()


def stale(ledger):
    """Return who is to be rebuilt, and why that failed."""
    return dict(ledger.connection.execute("SELECT account, reason FROM stale"))


def tables(ledger, *, without=()):
    """Return every row of every table, sorted, ``without`` some columns."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlite%'"
    )
    names = [name for (name,) in ledger.connection.execute(query)]
    return {name: _rows(ledger, name, without) for name in names}


def _rows(ledger, name, without):
    columns = [row[1] for row in ledger.connection.execute(f"PRAGMA table_info({name})") if row[1] not in without]
    rows = ledger.connection.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()  # noqa: S608  # our own names
    return sorted(rows, key=repr)


class Book:
    """A lookup that finds what it was given, raises what it was given, and remembers what it was asked."""

    def __init__(self, **found):
        self.found = found
        self.asked, self.coupons = [], []

    def find(self, reference, body):
        """Return the facts of ``reference``; ``body`` is the event that needs them."""
        assert body
        self.asked.append(reference)
        found = self.found[reference]
        if isinstance(found, Exception):
            raise found
        return found

    def coupon(self, name):
        """Return the facts of the coupon ``name``, where it was given them as ``coupon``; else Stripe has none."""
        self.coupons.append(name)
        found = self.found.get("coupon", UpswellError(f"Stripe does not know {name}"))
        if isinstance(found, Exception):
            raise found
        return found
