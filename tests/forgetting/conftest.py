"""A ledger that knows a person by name in every place there is."""

from connectors.sent import body, coupon, customer, discount, invoice, item, line, subscription
from intake.told import AT, CREATED, DAY, UPDATED
from posting.conftest import mail, slack

__all__ = ["mail", "slack"]
NAME = "Ülle O'Fernandez & Söhne Kunstschmiede"
MAIL = "fern@blacksmith.example"
TRACES = ("Fernandez", "Kunstschmiede", "blacksmith", "Fernville")
"""What nobody may find any more."""

METADATA = {"contact": "Fernandez", "rep": "Fernandez", "account_id": "Kunstschmiede"}
OWNER = {"id": "sub_1", "customer": "cus_1", "created": AT, "start_date": AT, "metadata": METADATA}


def sent(number=0):
    """Return what Stripe sent of the person and one other, in the ``number``-th telling."""
    told = {"name": NAME, "email": MAIL, "metadata": METADATA, "address": {"city": "Fernville"}}
    before = {
        "items": {"data": [item(id="si_1", quantity=7 + number if number else 5)]},
        "metadata": {"contact": "Kunstschmiede"},
    }
    tag = f"{number}" if number else ""
    other = {"id": "sub_2", "customer": "cus_2", "created": AT, "start_date": AT}
    return [
        body(customer(**told), "customer.created", id=f"evt_cus{tag}", created=AT + number),
        body(customer(id="cus_2", name="Moss"), "customer.created", id=f"evt_moss{tag}", created=AT + number),
        body(subscription(item(id="si_1"), **OWNER), CREATED, id=f"evt_sub{tag}", created=AT),
        body(subscription(item(id="si_2"), **other), CREATED, id=f"evt_other{tag}", created=AT),
        body(
            subscription(item(id="si_1", quantity=8 + number), description=NAME, **OWNER),
            *(UPDATED, before),
            id=f"evt_more{tag}",
            created=AT + (9 + number) * DAY,
        ),
        body(
            invoice(
                line(description=NAME), id=f"in_{number}", customer_name=NAME, customer_email=MAIL, hosted_url=MAIL
            ),
            "invoice.finalized",
            id=f"evt_bill{tag}",
            created=AT + 10 * DAY,
        ),
        body(
            {"id": "ch_1", "object": "charge", "customer": "cus_1", "name": NAME}, "charge.succeeded", id=f"evt_ch{tag}"
        ),
        body(
            {"id": "cs_1", "object": "checkout.session", "customer_email": MAIL},
            "checkout.session.completed",
            id=f"evt_cs{tag}",
        ),
        body(
            discount(customer="cus_1", coupon=coupon()),
            "customer.discount.created",
            id=f"evt_di{tag}",
            created=AT + 11 * DAY,
        ),
        body(subscription(items=None, **OWNER), UPDATED, id=f"evt_broken{tag}", created=AT + 12 * DAY),
        body(
            subscription(item(id="si_1", discounts=["di_unknown"]), **OWNER),
            UPDATED,
            id=f"evt_waits{tag}",
            created=AT + 13 * DAY,
        ),
    ]
