"""What a merchant does to the catalogue: products, prices and their replacement, coupons."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from upswell_connectors.fake_stripe.account import Account
from upswell_connectors.fake_stripe.values import NOTHING, Coupon, Meter, Price, Product


def add_product(
    account: Account, name: str, *, unit_label: str | None = None, metadata: Mapping[str, str] = NOTHING
) -> str:
    """Create a product and return its id."""
    product = Product(
        id=account.ids.make("prod"),
        name=name,
        created=account.now,
        updated=account.now,
        unit_label=unit_label,
        metadata=metadata,
    )
    account.add(product)
    return product.id


def add_price(account: Account, product: str, *, transfer_lookup_key: bool = False, **fields: Any) -> str:
    """Create a price and return its id; ``fields`` are those of ``values.Price``.

    ``transfer_lookup_key`` takes the lookup key from the price that holds it. A product's first price becomes its
    default.
    """
    price = Price(id=account.ids.make("price"), product=product, created=account.now, **fields)
    if transfer_lookup_key:
        for holder in account.store.prices.values():
            if holder.lookup_key == price.lookup_key:
                account.update(replace(holder, lookup_key=None))
                break
    account.add(price)
    if account.store.products[product].default_price is None:
        _make_default(account, price)
    return price.id


def add_meter(account: Account, name: str, event_name: str, *, id_: str | None = None) -> str:
    """Create a meter and return its id; one that is given stands for a meter that was there before."""
    meter = Meter(id=id_ or account.ids.make("mtr"), name=name, event_name=event_name, created=account.now)
    account.add(meter, silent=id_ is not None)
    return meter.id


def archive_price(account: Account, price: str) -> None:
    """Make a price inactive: subscriptions on it stay, new ones cannot begin."""
    account.update(replace(account.store.prices[price], active=False))


def replace_price(account: Account, old: str, unit_amount: str) -> str:
    """Raise or lower a price the way Stripe wants it, by a new one that takes over its place; return the new id.

    The old one stays active until it is archived, which is a request of its own.
    """
    before = account.store.prices[old]
    new = add_price(
        account,
        before.product,
        transfer_lookup_key=before.lookup_key is not None,
        unit_amount=unit_amount,
        currency=before.currency,
        interval=before.interval,
        interval_count=before.interval_count,
        lookup_key=before.lookup_key,
        nickname=before.nickname,
    )
    if account.store.products[before.product].default_price == old:
        _make_default(account, account.store.prices[new])
    return new


def _make_default(account: Account, price: Price) -> None:
    product = account.store.products[price.product]
    account.update(replace(product, default_price=price.id, updated=account.now))


def delete_coupon(account: Account, coupon: str) -> None:
    """Delete a coupon: nobody can redeem it any more, and the discounts it gave stay."""
    account.delete(account.store.coupons[coupon])


def add_coupon(account: Account, id_: str, name: str, duration: str, **fields: Any) -> str:
    """Create a coupon and return its id; ``fields`` are those of ``values.Coupon``."""
    account.add(Coupon(id=id_, name=name, duration=duration, created=account.now, **fields))
    return id_
