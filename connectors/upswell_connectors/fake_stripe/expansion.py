"""``expand[]``: ids made into the objects they name, and what comes only when asked for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from upswell_connectors.fake_stripe import refusals
from upswell_connectors.fake_stripe.emission import render
from upswell_connectors.fake_stripe.shapes import Shape, option_shapes, tier_shapes
from upswell_connectors.fake_stripe.shelves import Shelf
from upswell_connectors.fake_stripe.store import Store
from upswell_connectors.fake_stripe.versions import Version

# What may be named first in a path, by the object it is named of; what follows is not checked, as at Stripe.
EXPANDABLE: Mapping[str, frozenset[str]] = {
    "product": frozenset({"default_price"}),
    "price": frozenset({"product", "tiers", "currency_options"}),
    "coupon": frozenset({"applies_to", "currency_options"}),
    "customer": frozenset({"discount"}),
    "subscription": frozenset({"customer", "discount", "discounts", "items", "latest_invoice", "schedule"}),
    "subscription_item": frozenset({"discounts", "price"}),
    "subscription_schedule": frozenset({"customer", "phases", "subscription"}),
    "invoice": frozenset(
        {"customer", "discount", "discounts", "lines", "parent", "subscription", "total_discount_amounts"}
    ),
    "line_item": frozenset({"discount_amounts", "discounts", "parent", "price", "pricing"}),
}

# Where the ids under a name are found in the store.
_COLLECTIONS = {
    "coupon": "coupons",
    "customer": "customers",
    "default_price": "prices",
    "discount": "discounts",
    "discounts": "discounts",
    "latest_invoice": "invoices",
    "price": "prices",
    "product": "products",
    "schedule": "schedules",
    "subscription": "subscriptions",
}


def _applies_to(store: Store, id_: str) -> Shape | None:
    products = store.coupons.known(id_).products
    return {"products": list(products)} if products else None


def _amounts_off(store: Store, id_: str) -> Shape | None:
    coupon = store.coupons.known(id_)
    return {coupon.currency: {"amount_off": coupon.amount_off}} if coupon.currency else None


# What an object has only when it is expanded; None: not even then.
_INCLUDED: Mapping[tuple[str, str], Callable[[Store, str], Any]] = {
    ("price", "tiers"): lambda store, id_: tier_shapes(store.prices.known(id_)) or None,
    ("price", "currency_options"): lambda store, id_: option_shapes(store.prices.known(id_)),
    ("coupon", "applies_to"): _applies_to,
    ("coupon", "currency_options"): _amounts_off,
}


def check(paths: Iterable[str], kind: str, *, listed: bool) -> None:
    """Raise Refused where a path does not begin with what can be expanded of a ``kind`` of object, or of its list."""
    allowed = EXPANDABLE.get(kind, frozenset())
    for path in paths:
        first, *rest = path.split(".")
        if listed and first != "data":
            raise refusals.not_expandable(first, f"data.{path}" if first in allowed else "")
        name = rest[0] if listed and rest else first
        if name not in allowed:
            raise refusals.not_expandable(name)


def expand(shape: Shape, paths: Iterable[str], store: Store, version: Version) -> None:
    """Expand ``paths`` in a rendered object or list, in place."""
    for path in paths:
        _expand(shape, path.split("."), store, version)


def _expand(node: Any, names: list[str], store: Store, version: Version) -> None:
    if isinstance(node, list):
        for one in node:
            _expand(one, names, store, version)
    elif isinstance(node, dict):
        name, *rest = names
        _open(node, name, store, version)
        if rest and name in node:
            _expand(node[name], rest, store, version)


def _open(node: Shape, name: str, store: Store, version: Version) -> None:
    """Put the objects that ``name`` refers to into their places."""
    include = _INCLUDED.get((node.get("object", ""), name))
    if include is not None:
        included = include(store, node["id"])
        if included is not None:
            node[name] = included
        return
    if name not in _COLLECTIONS or name not in node:
        return
    value, collection = node[name], getattr(store, _COLLECTIONS[name])
    if isinstance(value, list):
        node[name] = [_object(one, collection, store, version) for one in value]
    else:
        node[name] = _object(value, collection, store, version)


def _object(id_: Any, collection: Mapping[str, Any], store: Store, version: Version) -> Any:
    """Return the object that ``id_`` names; one that was deleted is only said to be."""
    if not isinstance(id_, str):
        return id_
    if id_ in collection:
        return render(collection[id_], store, version)
    if isinstance(collection, Shelf) and id_ in collection.gone:
        return deleted(render(collection.gone[id_], store, version))
    return id_


def deleted(shape: Shape) -> Shape:
    """Return what is left to say about an object that was deleted."""
    return {"id": shape["id"], "object": shape["object"], "deleted": True}
