"""Invoices and their lines: what a period billed, and the events it gives."""

from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.streams import LEGACY, Json, Price, Record
from scenarios.subscriptions import Item, Subscription


def bill(
    owner: Subscription,
    usage: Mapping[Price, float | Iterable[float]] | None = None,
    *,
    reason: str = "subscription_cycle",
    period: tuple[int, int] | Mapping[Price, tuple[int, int]] | None = None,
    hours: int = 1,
    licensed: bool = True,
    extra: Iterable[tuple[Price, float]] = (),
) -> Record:
    """Invoice ``owner``: a line for every licensed item's next period, and metered ``usage`` of the one that closed.

    ``usage`` gives units a metered price, one number a line; ``period`` is the closed period, or that of each price,
    where it is not the item's last; ``licensed`` is False where usage alone is billed; ``extra`` are
    prorations, units a price. The invoice is finalized ``hours`` after the clock, which moves on, and paid a minute later.
    """
    account = owner.account
    created, metered = account.clock, dict(usage or {})
    account.clock += hours * 3600
    name = f"in_{account.number():03}"
    held = [item for item in owner.items if licensed and item.quantity is not None]
    lines = [_line(owner, item, name, _licensed(item), item.period) for item in held]
    for price, amounts in metered.items():
        item = owner.items_ever[price]
        closed = period.get(price) if isinstance(period, Mapping) else period
        several = amounts if isinstance(amounts, Iterable) else [amounts]
        lines += [_line(owner, item, name, round(amount * 100), closed or item.past) for amount in several]
    lines += [_line(owner, owner.items_ever[price], name, round(units * 100), proration=True) for price, units in extra]
    total = sum(line["amount"] for line in lines)
    listed = {"object": "list", "data": lines, "has_more": False, "total_count": len(lines), "url": f"/v1/{name}/lines"}
    fields: Json = {"id": name, "object": "invoice", "customer": owner.fields["customer"], "created": created}
    fields |= {"currency": owner.fields["currency"], "billing_reason": reason, "status": "open", "lines": listed}
    fields |= {"period_start": created, "period_end": created, "subtotal": total, "total": total, "discounts": []}
    fields |= {"livemode": False, "metadata": {}, "auto_advance": True}
    fields["status_transitions"] = {"finalized_at": account.clock, "paid_at": None, "voided_at": None}
    fields |= _owner(owner)
    invoice = Record(account, fields)
    invoice.tell("finalized")
    account.emit("invoice.paid", invoice.told() | {"status": "paid"}, created=account.clock + 60)
    return invoice


def void(invoice: Record) -> None:
    """Void an invoice."""
    invoice.fields["status"] = "void"
    invoice.fields["status_transitions"]["voided_at"] = invoice.account.clock
    invoice.tell("voided")


def _licensed(item: Item) -> int:
    return (item.price.fields["unit_amount"] or 0) * (item.quantity or 0)


def _owner(owner: Subscription) -> Json:
    if owner.account.shape in LEGACY:
        return {"subscription": owner.id, "subscription_details": {"metadata": {}}}
    details = {"metadata": {}, "subscription": owner.id}
    return {"parent": {"type": "subscription_details", "quote_details": None, "subscription_details": details}}


def _line(
    owner: Subscription,
    item: Item,
    invoice: str,
    amount: int,
    period: tuple[int, int] | None = None,
    *,
    proration: bool = False,
) -> Json:
    price, (start, end) = item.price.render(), period or (owner.account.clock, item.period[1])
    body: dict[str, Any] = {"id": f"il_{owner.account.number():03}", "object": "line_item", "amount": amount}
    body |= {
        "currency": owner.fields["currency"],
        "discountable": not proration,
        "discounts": [],
        "discount_amounts": [],
    }
    body |= {"invoice": invoice, "livemode": False, "metadata": {}, "quantity": item.quantity or 1}
    body |= {"period": {"start": start, "end": end}, "description": None}
    if owner.account.shape in LEGACY:
        same = {"subscription": owner.id, "subscription_item": item.id, "type": "subscription", "proration": proration}
        return body | same | {"price": price, "plan": item.render()["plan"]}
    details = {"invoice_item": None, "proration": proration, "proration_details": {"credited_items": None}}
    details |= {"subscription": owner.id, "subscription_item": item.id}
    parent = {"type": "subscription_item_details", "invoice_item_details": None, "subscription_item_details": details}
    named = {"price": price["id"], "product": price["product"]}
    pricing = {"type": "price_details", "price_details": named, "unit_amount_decimal": price["unit_amount_decimal"]}
    return body | {"parent": parent, "pricing": pricing, "subtotal": amount, "taxes": []}
