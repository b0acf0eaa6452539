"""Invoices in few words, for what is inferred from them; times are days after ``AT``."""

from dataclasses import replace

from core.values import price, said
from upswell.core.catalogue import Catalogue
from upswell.core.history import History, entries
from upswell.core.movements import movements
from upswell.core.rules import Rules
from upswell.core.states import Snapshot
from upswell.core.usage import Billed

AT = 1_800_000_000
DAY = 86_400
MONTH = 30
PRO, TEAM, EXTRA = price(1000), price(2000, name="team"), price(300, name="extra")
YEARLY = price(9600, "year", name="yearly")


def at(day):
    """Return the second that ``day`` is."""
    return AT + int(day * DAY)


def charge(quantity, held=PRO, item="si_1", span=None, **more):
    """Return a line that charges for a period: the invoice's first month where ``span`` names no other."""
    return {"item": item, "price": held, "quantity": quantity, "span": span, "amount": None} | more


def back(day, quantity, held=PRO, item="si_1", until=MONTH):
    """Return a proration that gives the unused time back."""
    return charge(quantity, held, item, (day, until), amount=-1, proration=True)


def rest(day, quantity, held=PRO, item="si_1", until=MONTH):
    """Return a proration that charges for the rest of the period."""
    return charge(quantity, held, item, (day, until), amount=1, proration=True)


def bill(name, day, *lines, **more):
    """Return the rows of an invoice made on ``day``; ``more`` are fields of all its rows."""
    given = {"subscription": "sub_1", "currency": "usd", "billing_reason": "subscription_cycle", "voided": False}
    whole = Billed(
        invoice=name,
        line="",
        item="",
        period_start=at(day),
        period_end=at(day),
        amount=0,
        invoiced_at=at(day),
        finalized_at=at(day) + 3600,
        **given | more,
    )
    return [whole, *(_row(whole, number, line, day) for number, line in enumerate(lines, 1))]


def _row(whole, number, line, day):
    line = dict(line)
    start, end = line.pop("span") or (day, day + MONTH)
    held, amount = line.pop("price"), line.pop("amount")
    full = int(held.amounts.unit or 0) * (line["quantity"] or 0)
    told = {"price": held.id, "amount": full if amount is None else amount, "discounts": ()} | line
    name = f"il_{whole.invoice}_{number}"
    return replace(whole, line=name, period_start=at(start), period_end=at(end), **told)


KNOWN = {one.id: one for one in (PRO, TEAM, EXTRA, YEARLY)}


def known(*prices, **more):
    """Return a catalogue that knows the prices."""
    return Catalogue(prices={one.id: said(one) for one in (*KNOWN.values(), *prices)}, **more)


def lived(seen, *bills, states=(), day=400, catalogue=None):
    """Return the history of a customer of whom a list showed the subscription ``seen`` on ``day`` (None: none did)."""
    looks = [] if seen is None else [Snapshot(at(day), seen)]
    rows = [row for rows in bills for row in rows]
    return History("cus_1", list(states), rows, catalogue or known(), looks)


def held(entry):
    """Say what an entry holds: ``pro×5 team×1``, with the status where it is not active."""
    items = sorted(entry.subscription.items, key=lambda item: item.id)
    said = " ".join(
        item.price.id.removeprefix("price_") + ("" if item.quantity is None else f"×{item.quantity}") for item in items
    )
    return said if entry.subscription.status == "active" else f"{said} {entry.subscription.status}".strip()


def past(*given, rules=None, **more):
    """Return (day, what is held, cause, source) of each entry of the one subscription."""
    (found,) = entries(lived(*given, **more), rules or Rules()).values()
    return [((one.at - AT) / DAY, held(one), one.event, one.source) for one in found]


def moved(*given, rules=None, **more):
    """Return (day, kind, amount, source) of each movement."""
    found = movements(lived(*given, **more), rules or Rules())
    return [((one.occurred_at - AT) / DAY, one.kind, one.amount, one.source) for one in found]
