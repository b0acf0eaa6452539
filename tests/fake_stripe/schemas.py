"""Stripe's schemas of one API version, for checking what the fake emits.

``schemas.json.gz`` holds what ``trim_schemas.py`` keeps of Stripe's OpenAPI description of 2026-08-26.dahlia
(https://github.com/stripe/openapi, MIT licence, copyright Stripe, Inc.). What the live API sends beyond it, and where
other versions differ, stands in the tables below; any other key is an error.
"""

import gzip
import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]
NULL = {"type": "null"}
TEXT = {"type": ["string", "null"]}
PLAN = {"anyOf": [{"$ref": "#/$defs/plan"}, NULL]}
FLAG = {"type": "boolean"}
NUMBER = {"type": "integer"}
LIST = {"type": "array"}

# Sent by the live API, and left out of its description.
UNDESCRIBED = {
    "product": {"attributes": LIST, "type": {"enum": ["service"]}},
    "recurring": {"trial_period_days": NULL},
    "subscription": {"plan": PLAN, "quantity": {"type": ["integer", "null"]}},
    "subscription_item": {"plan": PLAN},
}

# Version: schema: what it has beyond the description, and what it lacks.
DIFFERENT: dict[str, dict[str, tuple[Schema, tuple[str, ...]]]] = {
    "2026-10-28.endive": {"subscription_item": ({"current_trial": NULL}, ())},
    "2025-08-27.basil": {
        "discount": ({"coupon": {"$ref": "#/$defs/coupon"}}, ("source", "customer_account")),
        "subscription": ({}, ("billing_schedules", "customer_account", "managed_payments")),
        "subscription_schedule": ({}, ("customer_account",)),
    },
    "2024-12-18.acacia": {
        "discount": ({"coupon": {"$ref": "#/$defs/coupon"}}, ("source", "customer_account")),
        "invoice": (
            {
                "application_fee_amount": NULL,
                "charge": TEXT,
                "discount": NULL,
                "paid": FLAG,
                "paid_out_of_band": FLAG,
                "payment_intent": TEXT,
                "quote": TEXT,
                "subscription": TEXT,
                "subscription_details": {"type": "object"},
                "tax": NULL,
                "total_tax_amounts": LIST,
                "transfer_data": NULL,
            },
            ("amount_overpaid", "amount_paid_off_stripe", "parent", "total_taxes"),
        ),
        "line_item": (
            {
                "amount_excluding_tax": NUMBER,
                "invoice_item": TEXT,
                "plan": {"$ref": "#/$defs/plan"},
                "price": {"$ref": "#/$defs/price"},
                "proration": FLAG,
                "proration_details": {"type": "object"},
                "subscription": TEXT,
                "subscription_item": TEXT,
                "tax_amounts": LIST,
                "tax_rates": LIST,
                "type": {"enum": ["subscription", "invoiceitem"]},
                "unit_amount_excluding_tax": TEXT,
            },
            ("parent", "pricing", "subtotal", "taxes"),
        ),
        "plan": ({"aggregate_usage": NULL}, ()),
        "recurring": ({"aggregate_usage": NULL}, ()),
        "subscription": (
            {
                "current_period_end": NUMBER,
                "current_period_start": NUMBER,
                "discount": {"anyOf": [{"$ref": "#/$defs/discount"}, NULL]},
            },
            ("billing_mode", "billing_schedules", "customer_account", "managed_payments"),
        ),
        "subscription_item": ({}, ("current_period_end", "current_period_start")),
        "subscription_schedule": ({}, ("billing_mode", "customer_account")),
    },
}


def validator(version: str, name: str) -> Draft202012Validator:
    """Return what checks an object of kind ``name`` in the shape of ``version``."""
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _definitions(version)})


def _definitions(version: str) -> Schema:
    packed = Path(__file__).with_name("schemas.json.gz").read_bytes()
    found: Schema = deepcopy(json.loads(gzip.decompress(packed))["$defs"])
    for name, more in UNDESCRIBED.items():
        found[name]["properties"] |= more
    for name, (more, less) in DIFFERENT[version].items():
        found[name]["properties"] |= more
        found[name]["required"] = sorted({*found[name].get("required", ()), *_always(name, more)} - set(less))
        for key in less:
            found[name]["properties"].pop(key)
    for schema in found.values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return found


def _always(name: str, more: Schema) -> set[str]:
    """Return the keys of ``more`` that are never left out."""
    return set(more) - ({"invoice_item"} if name == "line_item" else set())


loads = json.loads


@cache
def _checker(version: str, name: str) -> Draft202012Validator:
    return validator(version, name)


def wrong(version: str, shapes: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with objects in the shape of ``version``, each checked as the kind it says it is."""
    return [
        f"{shape['id']}: {error.json_path} {error.message[:200]}"
        for shape in shapes
        for error in _checker(version, shape["object"]).iter_errors(shape)
    ]
