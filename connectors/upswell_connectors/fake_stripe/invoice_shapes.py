"""Invoices and their lines as JSON, in the shape of an API version."""

from upswell_connectors.fake_stripe.shapes import NESTED, Shape, plan_shape, price_shape
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.values import Invoice, Line
from upswell_connectors.fake_stripe.versions import Version


def invoice_shape(invoice: Invoice, store: Store, version: Version) -> Shape:
    """Render an invoice with its first ten lines."""
    return (
        _base(invoice, store)
        | _money(invoice)
        | _customer(invoice, store)
        | {"lines": lines_shape(invoice, store, version)}
        | (_parent(invoice) if version.basil else _legacy(invoice))
    )


def lines_shape(invoice: Invoice, store: Store, version: Version) -> Shape:
    """Render the first page of an invoice's lines as a list object."""
    return {
        "object": "list",
        "data": [line_shape(line, invoice, store, version) for line in invoice.lines[:NESTED]],
        "has_more": len(invoice.lines) > NESTED,
        "total_count": len(invoice.lines),
        "url": f"/v1/invoices/{invoice.id}/lines",
    }


def _base(invoice: Invoice, store: Store) -> Shape:
    return {
        "id": invoice.id,
        "object": "invoice",
        "account_country": "US",
        "account_name": None,
        "account_tax_ids": None,
        "application": None,
        "attempt_count": invoice.attempts,
        "attempted": invoice.attempts > 0,
        "auto_advance": invoice.status in ("draft", "open"),
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": invoice.reason,
        "collection_method": "charge_automatically",
        "created": invoice.created,
        "custom_fields": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": list(invoice.discounts),
        "due_date": None,
        "effective_at": invoice.finalized_at,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": store.livemode,
        "metadata": {},
        "next_payment_attempt": invoice.next_attempt,
        "number": invoice.number,
        "on_behalf_of": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": invoice.period_end,
        "period_start": invoice.period_start,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "statement_descriptor": None,
        "status": invoice.status,
        "status_transitions": {
            "finalized_at": invoice.finalized_at,
            "marked_uncollectible_at": invoice.uncollectible_at,
            "paid_at": invoice.paid_at,
            "voided_at": invoice.voided_at,
        },
        "test_clock": None,
        "webhooks_delivered_at": invoice.created,
    }


def _money(invoice: Invoice) -> Shape:
    due = max(invoice.total, 0)
    paid = due if invoice.status == "paid" else 0
    return {
        "amount_due": due,
        "amount_paid": paid,
        "amount_remaining": due - paid,
        "amount_shipping": 0,
        "currency": invoice.currency,
        "ending_balance": None if invoice.finalized_at is None else min(invoice.total, 0),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "subtotal": invoice.subtotal,
        "subtotal_excluding_tax": invoice.subtotal,
        "total": invoice.total,
        "total_discount_amounts": [{"amount": amount, "discount": id_} for id_, amount in invoice.off.items()],
        "total_excluding_tax": invoice.total,
        "total_pretax_credit_amounts": [],
    }


def _customer(invoice: Invoice, store: Store) -> Shape:
    customer = store.customers.known(invoice.customer)
    return {
        "customer": customer.id,
        "customer_address": None,
        "customer_email": customer.email,
        "customer_name": customer.name,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
    }


def _parent(invoice: Invoice) -> Shape:
    details = {"metadata": dict(invoice.metadata), "subscription": invoice.subscription}
    return {
        "amount_overpaid": 0,
        "amount_paid_off_stripe": 0,
        "parent": {"quote_details": None, "subscription_details": details, "type": "subscription_details"},
        "total_taxes": [],
    }


def _legacy(invoice: Invoice) -> Shape:
    """Return what basil removed."""
    return {
        "application_fee_amount": None,
        "charge": None,
        "discount": None,
        "paid": invoice.status == "paid",
        "paid_out_of_band": False,
        "payment_intent": None,
        "quote": None,
        "subscription": invoice.subscription,
        "subscription_details": {"metadata": dict(invoice.metadata)},
        "tax": None,
        "total_tax_amounts": [],
        "transfer_data": None,
    }


def line_shape(line: Line, invoice: Invoice, store: Store, version: Version) -> Shape:
    """Render one line of an invoice."""
    shape: Shape = {
        "id": line.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": invoice.currency,
        "description": line.description,
        "discount_amounts": [{"amount": amount, "discount": id_} for id_, amount in line.discounts],
        "discountable": not line.proration,
        "discounts": list(line.own_discounts),
        "invoice": invoice.id,
        "livemode": store.livemode,
        "metadata": {},
        "period": {"end": line.end, "start": line.start},
        "pretax_credit_amounts": [],
        "quantity": line.quantity,
    }
    return shape | (_line_parent(line, store) if version.basil else _line_legacy(line, store, version))


def _line_parent(line: Line, store: Store) -> Shape:
    credited = _credited(line)
    details = {
        "invoice_item": line.invoice_item,
        "proration": line.proration,
        "proration_details": {"credited_items": credited},
        "subscription": line.subscription,
        "subscription_item": line.item,
    }
    price = {"price": line.price, "product": store.prices.known(line.price).product}
    return {
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "pricing": {"price_details": price, "type": "price_details", "unit_amount_decimal": line.unit_amount},
        "subtotal": line.amount,
        "taxes": [],
    }


def _line_legacy(line: Line, store: Store, version: Version) -> Shape:
    price = store.prices.known(line.price)
    item = {} if line.invoice_item is None else {"invoice_item": line.invoice_item}
    return item | {
        "amount_excluding_tax": line.amount,
        "plan": plan_shape(price, store, version),
        "price": price_shape(price, store, version),
        "proration": line.proration,
        "proration_details": {"credited_items": _credited(line)},
        "subscription": line.subscription,
        "subscription_item": line.item,
        "tax_amounts": [],
        "tax_rates": [],
        "type": "invoiceitem" if line.proration else "subscription",
        "unit_amount_excluding_tax": line.unit_amount,
    }


def _credited(line: Line) -> Shape | None:
    if line.credits is None:
        return None
    invoice, credited = line.credits
    return {"invoice": invoice, "invoice_line_items": [credited]}
