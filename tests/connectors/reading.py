"""What is read of an event, and the values that plain payloads come to."""

from connectors.sent import body
from upswell.core.discounts import Coupon, Discount
from upswell.core.prices import Amounts, Price
from upswell_connectors.shapes import facts_of

NOW = 1_800_000_000
UPDATED = "customer.subscription.updated"


def state_of(what, kind=UPDATED, previous=None):
    """Return what an event says of a subscription."""
    state = facts_of(body(what, kind, previous)).state
    assert state is not None
    return state


def told_of(what, kind):
    """Return the one catalogue object an event tells."""
    ((told,), state, found) = ((facts := facts_of(body(what, kind))).told, facts.state, facts.invoice)
    assert (told.at, state, found) == (NOW, None, None)
    return told.value


PLAIN_PRICE = Price("price_1", "prod_1", "usd", "month", amounts=Amounts("1000"), created=1_700_000_000)
OLD_DISCOUNT = Discount(
    "di_1",
    Coupon("coupon_1", "forever", "20.0", created=1_700_000_000),
    1_795_000_000,
    customer="cus_1",
    subscription="sub_1",
)
OF_SOURCE = {"coupon": ..., "source": {"type": "coupon", "coupon": "coupon_1"}}
