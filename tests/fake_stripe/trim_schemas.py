"""Make ``schemas.json.gz`` out of Stripe's OpenAPI description: ``python trim_schemas.py spec3.json.gz``.

The description is published by Stripe at https://github.com/stripe/openapi under the MIT licence. Kept are the
schemas of the objects below and of what they hold, as JSON Schema: names, types, enums, what is required and what may
be null. References that could be expanded stay ids, what the fake never fills in is any object, texts are left out.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

OBJECTS = (
    "account",
    "billing.meter",
    "billing.meter_event_summary",
    "coupon",
    "coupon_applies_to",
    "currency_option",
    "customer",
    "deleted_customer",
    "deleted_webhook_endpoint",
    "discount",
    "error",
    "event",
    "invoice",
    "line_item",
    "plan",
    "price",
    "price_tier",
    "product",
    "subscription",
    "subscription_schedule",
    "webhook_endpoint",
)
KEPT = ("type", "enum", "required", "additionalProperties", "items", "properties", "anyOf", "oneOf")
OPAQUE = frozenset(
    {
        "account_business_profile",
        "account_capabilities",
        "account_future_requirements",
        "account_group_membership",
        "account_requirements",
        "account_settings",
        "account_tos_acceptance",
        "account_unification_account_controller",
        "bank_account",
        "card",
        "legal_entity_company",
        "payment_intent",
        "payment_method",
        "person",
        "setup_intent",
        "source",
        "tax_id",
        "test_helpers.test_clock",
    }
)
PREFIX = "#/components/schemas/"

Schema = dict[str, Any]


def trimmed(schema: Any) -> Any:
    """Return ``schema`` as JSON Schema with its structure only."""
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        return {"$ref": "#/$defs/" + reference.removeprefix(PREFIX)}
    if "x-expansionResources" in schema:
        kept: Schema = {"type": "string"}
    else:
        kept = {key: _part(key, schema[key]) for key in KEPT if key in schema}
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") else kept


def _part(key: str, part: Any) -> Any:
    if key == "properties":
        return {name: trimmed(schema) for name, schema in part.items()}
    if key in ("anyOf", "oneOf"):
        return [trimmed(schema) for schema in part]
    return trimmed(part)


def references(schema: Any) -> set[str]:
    """Return the names of the schemas that ``schema`` refers to."""
    if isinstance(schema, list):
        return set().union(*(references(part) for part in schema))
    if not isinstance(schema, dict):
        return set()
    here = {schema["$ref"].removeprefix("#/$defs/")} if "$ref" in schema else set()
    return here.union(*(references(part) for part in schema.values()))


def closure(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Return the trimmed schemas of the objects and of everything they hold."""
    kept: dict[str, Schema] = {}
    wanted = set(OBJECTS)
    while missing := sorted(wanted - kept.keys()):
        for name in missing:
            kept[name] = {"type": "object"} if name in OPAQUE else trimmed(schemas[name])
            wanted |= references(kept[name])
    return dict(sorted(kept.items()))


def main(source: Path) -> None:
    """Write the trimmed schemas beside this file."""
    description = json.loads(gzip.decompress(source.read_bytes()))
    kept = {
        "source": "https://github.com/stripe/openapi (MIT)",
        "version": description["info"]["version"],
        "$defs": closure(description["components"]["schemas"]),
    }
    packed = gzip.compress(json.dumps(kept, separators=(",", ":")).encode(), mtime=0)
    Path(__file__).with_name("schemas.json.gz").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
